"""Wrong and right answers to shapes/k08_is_view_of."""

import torch

from dojo.impostors import alternative, impostor


def end_of(x):
    """The address behind the last byte of x, found by its last element."""
    return x[(-1,) * x.dim()].data_ptr() + x.element_size()


@impostor(
    "share_memory",
    diagnosis="Equal data_ptr() means that both begin at one address; views may begin later.",
    aspect="values",
)
def compares_first_addresses(a, b):
    return a.data_ptr() == b.data_ptr()


@impostor(
    "share_memory",
    diagnosis="Two parts of one storage need not meet: x[:4] and x[4:] do not.",
    aspect="values",
)
def compares_storages(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


@impostor(
    "share_memory",
    diagnosis="Tensors around one NumPy array have storages of their own in one memory.",
    aspect="values",
)
def asks_for_one_storage(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    if a.untyped_storage().data_ptr() != b.untyped_storage().data_ptr():
        return False
    return a.data_ptr() < end_of(b) and b.data_ptr() < end_of(a)


@impostor(
    "share_memory",
    diagnosis="numel() * element_size() is the length of a contiguous tensor only.",
    aspect="values",
)
def takes_both_for_contiguous(a, b):
    a_end = a.data_ptr() + a.numel() * a.element_size()
    b_end = b.data_ptr() + b.numel() * b.element_size()
    return a.numel() > 0 and b.numel() > 0 and a.data_ptr() < b_end and b.data_ptr() < a_end


@impostor(
    "share_memory",
    diagnosis="The last element has bytes of its own: its address is not the end.",
    aspect="values",
)
def forgets_the_last_element(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    a_last, b_last = a[(-1,) * a.dim()].data_ptr(), b[(-1,) * b.dim()].data_ptr()
    return a.data_ptr() <= b_last and b.data_ptr() <= a_last


@impostor(
    "share_memory",
    diagnosis="Where one range ends, the next may begin: `<` is meant, not `<=`.",
    aspect="values",
)
def takes_neighbours_for_shared(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    return a.data_ptr() <= end_of(b) and b.data_ptr() <= end_of(a)


@impostor(
    "share_memory",
    diagnosis="An empty tensor shares with nothing; by its address alone it seems to.",
    aspect="values",
)
def forgets_empty_tensors(a, b):
    def end(x):
        steps = sum((n - 1) * s for n, s in zip(x.shape, x.stride(), strict=True) if n > 0)
        return x.data_ptr() + (steps + 1) * x.element_size()

    return a.data_ptr() < end(b) and b.data_ptr() < end(a)


@impostor(
    "share_memory",
    diagnosis="b may begin before a, and a inside of b: ask in both directions.",
    aspect="values",
)
def looks_in_one_direction(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    return a.data_ptr() <= b.data_ptr() < end_of(a)


@impostor(
    "share_memory",
    diagnosis="Strides count elements: times element_size() they count bytes.",
    aspect="values",
)
def counts_elements_as_bytes(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    a_end = a.data_ptr() + sum((n - 1) * s for n, s in zip(a.shape, a.stride(), strict=True)) + 1
    b_end = b.data_ptr() + sum((n - 1) * s for n, s in zip(b.shape, b.stride(), strict=True)) + 1
    return a.data_ptr() < b_end and b.data_ptr() < a_end


@impostor(
    "share_memory",
    diagnosis="storage_offset() counts elements, and those of two dtypes differ in size.",
    aspect="values",
)
def compares_offsets_in_elements(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    if a.untyped_storage().data_ptr() != b.untyped_storage().data_ptr():
        return False
    a_last = a.storage_offset() + sum((n - 1) * s for n, s in zip(a.shape, a.stride(), strict=True))
    b_last = b.storage_offset() + sum((n - 1) * s for n, s in zip(b.shape, b.stride(), strict=True))
    return a.storage_offset() <= b_last and b.storage_offset() <= a_last


@impostor(
    "share_memory",
    diagnosis="Ranges count, gaps included: x[::2] and x[1::2] meet without a common element.",
    aspect="values",
)
def looks_for_a_common_byte(a, b):
    def addresses(x):
        found = {x.data_ptr()} if x.numel() else set()
        for n, s in zip(x.shape, x.stride(), strict=True):
            found = {p + i * s * x.element_size() for p in found for i in range(n)}
        return {p + i for p in found for i in range(x.element_size())}

    return bool(addresses(a) & addresses(b))


@impostor(
    "share_memory",
    diagnosis="The way to the last element goes along all dimensions, not the longest only.",
    aspect="values",
)
def goes_along_one_dimension(a, b):
    def end(x):
        ways = [(n - 1) * s for n, s in zip(x.shape, x.stride(), strict=True)]
        return x.data_ptr() + (max(ways, default=0) + 1) * x.element_size()

    both = a.numel() > 0 and b.numel() > 0
    return both and a.data_ptr() < end(b) and b.data_ptr() < end(a)


@impostor(
    "share_memory",
    diagnosis="torch.iinfo knows no bool; element_size() knows the bytes of every dtype.",
    aspect="values",
)
def counts_the_bits_of_a_number(a, b):
    def end(x):
        steps = sum((n - 1) * s for n, s in zip(x.shape, x.stride(), strict=True))
        if x.is_complex():
            return x.data_ptr() + (steps + 1) * torch.finfo(x.dtype).bits // 4
        info = torch.finfo if x.is_floating_point() else torch.iinfo
        return x.data_ptr() + (steps + 1) * info(x.dtype).bits // 8

    both = a.numel() > 0 and b.numel() > 0
    return both and a.data_ptr() < end(b) and b.data_ptr() < end(a)


@impostor(
    "share_memory",
    diagnosis="Both are copied to the GPU first, where the copies have addresses of their own.",
    aspect="device",
)
def moves_both_to_the_gpu(a, b):
    if 0 in (a.numel(), b.numel()):
        return False
    if a.device == b.device:
        place = "cuda" if torch.cuda.is_available() else "cpu"
        a, b = a.to(place), b.to(place)
    return a.data_ptr() < end_of(b) and b.data_ptr() < end_of(a)


@impostor("share_memory", diagnosis="A tensor is returned, and no Python bool.", aspect="type")
def returns_a_tensor(a, b):
    if 0 in (a.numel(), b.numel()):
        return torch.tensor(False)
    return torch.tensor(a.data_ptr() < end_of(b) and b.data_ptr() < end_of(a))


@alternative("share_memory")
def by_the_last_element(a, b):
    both = a.numel() > 0 and b.numel() > 0
    return both and max(a.data_ptr(), b.data_ptr()) < min(end_of(a), end_of(b))


@alternative("share_memory")
def by_ranges_of_addresses(a, b):
    def touched(x):
        if x.numel() == 0:
            return range(0)
        length = 1 + sum(s * (n - 1) for s, n in zip(x.stride(), x.size(), strict=True))
        return range(x.data_ptr(), x.data_ptr() + length * x.itemsize)

    return not set(touched(a)).isdisjoint(touched(b))


@alternative("share_memory")
def by_storage_and_offset(a, b):
    def ends(x):
        first = x.untyped_storage().data_ptr() + x.storage_offset() * x.dtype.itemsize
        last = first + x.dtype.itemsize - 1
        for n, s in zip(x.shape, x.stride(), strict=True):
            last += (n - 1) * s * x.dtype.itemsize
        return first, last

    if not a.nelement() or not b.nelement():
        return False
    (a_first, a_last), (b_first, b_last) = ends(a), ends(b)
    return not (a_last < b_first or b_last < a_first)


@alternative("share_memory")
def by_indices(a, b):
    def ends(x):
        places = torch.arange(x.untyped_storage().nbytes() // x.element_size())
        places = places.as_strided(x.shape, x.stride(), x.storage_offset())
        start = x.untyped_storage().data_ptr()
        low, high = int(places.min()), int(places.max()) + 1
        return start + low * x.element_size(), start + high * x.element_size()

    if min(a.numel(), b.numel()) == 0:
        return False
    (a_first, a_end), (b_first, b_end) = ends(a), ends(b)
    return len(range(max(a_first, b_first), min(a_end, b_end))) > 0


class Span:
    def __init__(self, x):
        self.first = x.data_ptr()
        self.end = end_of(x) if 0 not in x.shape else self.first

    def __contains__(self, address):
        return self.first <= address < self.end


@alternative("share_memory")
def by_a_class(a, b):
    if 0 in (*a.shape, *b.shape):
        return False
    return a.data_ptr() in Span(b) or b.data_ptr() in Span(a)
