"""The checks of shapes/k08_is_view_of: parts of one memory whose bytes were counted by hand."""

import numpy as np
import torch

from dojo.checks import CheckFailed, aspect, describe, expect, no_gpu, untouched

BOOL = "Comparisons of addresses are Python bools already; bool(…) makes one of another value."
KEEP = "Ask for addresses, sizes and strides; write nothing."
BEGINS = "At which byte does each begin and end? A view may begin inside of another tensor."
ONE_STORAGE = "Parts of one storage need not meet: where does each begin, and where does it end?"
STRIDES = "A range goes from the first byte to the last, gaps included: the strides tell its end."
BYTES = "Addresses count bytes; strides and offsets count elements of each tensor's own dtype."
EMPTY = "A tensor without elements touches no byte, wherever it begins."
ADDRESS = (
    "Here each tensor has a storage of its own, in one and the same memory: compare addresses."
)
THEMSELVES = "A tensor that is moved to another device has other addresses there."
ANYWHERE = (
    "`data_ptr()`, `stride()` and `element_size()` tell all on every device. NumPy reads the memory"
    " of the CPU alone, and a copy of x there has other addresses than x."
)
APART = "Equal numbers are no shared memory: only addresses tell."

NO_BOOL = "returned {got}; expected True or False."
WRONG = (
    "returned {got} for a = {a} and b = {b}, where {x}; expected {expected}: "
    "a touches {bytes_of_a}, b touches {bytes_of_b}."
)
COPIED = "returned True for x and {copy}; expected False: the copy lies in other memory."

VECTOR, MATRIX = "x = arange(12.)", "x = arange(12.).view(3, 4)"
CUBE = "x = arange(12.).view(2, 2, 3)"
COMPLEX = "x = zeros(6, dtype=complex64)"


def parts(text):
    """Parts of x, each with the first and the last byte that it touches: 0 -1 is none."""
    words = [part.rsplit(maxsplit=2) for part in text.split(" | ")]
    return {name: (int(first), int(last)) for name, first, last in words}


# a float has 4 bytes
FEW = parts("x 0 47 | x[5:] 20 47 | x[:4] 0 15")
SLICES = parts("x 0 47 | x[:4] 0 15 | x[4:] 16 47 | x[11] 44 47 | x[:11].view(11, 1) 0 43")
STRIDED_VECTOR = parts(
    "x[::2] 0 43 | x[1::2] 4 47 | x[:6:3] 0 15 | x[4:6] 16 23 | x[0].expand(5) 0 3 | "
    "x.unfold(0, 5, 1)[:3] 0 27 | x[1:3] 4 11"
)
STRIDED_MATRIX = parts(
    "x[:, 0] 0 35 | x[:, 3] 12 47 | x[2, 1:] 36 47 | x[:2, :2] 0 23 | x[1, 1:] 20 31 | "
    "x[1, 2:] 24 31"
)
STRIDED_CUBE = parts(
    "x[:, :1] 0 35 | x[..., 2:] 8 47 | x[1:] 24 47 | x[:1, 1:, 2:] 20 23 | "
    "x[:1, :1].expand(2, 4, 3) 0 11"
)
OF_OTHER_DTYPES = parts(
    "x[:1] 0 3 | x[1:2] 4 7 | x[2:] 8 47 | x.view(torch.int8)[3:4] 3 3 | "
    "x.view(torch.int8)[4:8] 4 7 | x.view(torch.int8)[::9] 0 45 | "
    "x.view(torch.bool)[2:4] 2 3 | x.view(torch.bfloat16)[3:5] 6 9 | "
    "x[:2].detach().requires_grad_() 0 7 | x.view(torch.float64)[:1] 0 7 | "
    "x.view(torch.float64)[1] 8 15"
)
OF_COMPLEX = parts("x[:2] 0 15 | x.real 0 43 | x.imag 4 47 | x.imag[:1] 4 7 | x.real[:1] 0 3")
OF_STORAGES = parts("x[:6] 0 23 | x[4:8] 16 31 | x[6:] 24 47 | x[2::4] 8 43")
EMPTY_VECTORS = parts("x 0 47 | x[2:2] 0 -1 | x[3:3].view(0, 5) 0 -1 | x[4:2] 0 -1")
EMPTY_MATRICES = parts("x 0 47 | x[:, 1:1] 0 -1 | x[1:1] 0 -1 | x[1] 16 31")


def in_words(first, last):
    if last <= first:
        return f"byte {first} of x" if last == first else "no byte"
    return f"bytes {first} to {last} of x"


def share(solution, a, b):
    """What share_memory says, once it is a bool and both tensors are as they were."""
    solution.hint = ANYWHERE
    with untouched(KEEP, a=a, b=b):
        got = solution.share_memory(a, b)
    expect(type(got) is bool, NO_BOOL.format(got=describe(got)), BOOL)
    return got


def pairs(x, names):
    """Each two parts of x, in both orders, and each one twice: names, tensors, bytes, the truth."""
    tensors = {part: eval(part, {"x": x, "torch": torch}) for part in names}
    for a, of_a in names.items():
        for b, of_b in names.items():
            meet = max(of_a[0], of_b[0]) <= min(of_a[1], of_b[1])
            yield (a, b), (tensors[a], tensors[b]), (of_a, of_b), meet


def expect_right(solution, x, name, bytes_of, hint, hint_if_true=""):
    """share_memory is right for each two of the parts of x, in both orders, and for one twice."""
    for (a, b), two, (of_a, of_b), meet in pairs(x, bytes_of):
        solution.hint = hint
        got = solution.share_memory(*two)
        if type(got) is not bool or got != meet:
            touched = {"bytes_of_a": in_words(*of_a), "bytes_of_b": in_words(*of_b)}
            names = {"a": a, "b": b, "x": name, "expected": meet}
            where = (got is True and hint_if_true) or hint
            raise CheckFailed(WRONG.format(got=describe(got), **names, **touched), where)


def numbers(device):
    """12 numbers, inside of a larger memory."""
    return torch.arange(-3.0, 15.0).to(device)[3:15]


@aspect("type")
def test_returns_a_bool(solution, device):
    """share_memory returns True or False, and leaves both tensors as they are."""
    x = numbers(device)
    for a, b in ((x, x[5:]), (x[:4], x[4:]), (x, x[:0])):
        share(solution, a, b)


@aspect("device")
def test_looks_where_the_tensors_lie(solution, device):
    """The addresses are those of the tensors themselves, whether there is a GPU or not."""
    try:
        expect_right(solution, numbers(device), VECTOR, FEW, THEMSELVES)
    except CheckFailed:
        failed = solution.last_call, solution.last_line
        with no_gpu():  # what is wrong there, too, is no matter of devices
            x = numbers("cpu")
            is_right = all(solution.share_memory(*two) is meet for _, two, _, meet in pairs(x, FEW))
        solution.last_call, solution.last_line = failed
        if is_right:
            raise


@aspect("values")
def test_knows_where_a_view_begins_and_ends(solution, device):
    """Slices of one vector share memory exactly where they overlap."""
    expect_right(solution, numbers(device), VECTOR, SLICES, BEGINS, ONE_STORAGE)


@aspect("values")
def test_knows_strides(solution):
    """A range goes from the first element to the last one, by the strides."""
    expect_right(solution, numbers("cpu"), VECTOR, STRIDED_VECTOR, STRIDES)
    expect_right(solution, numbers("cpu").view(3, 4), MATRIX, STRIDED_MATRIX, STRIDES)
    expect_right(solution, numbers("cpu").view(2, 2, 3), CUBE, STRIDED_CUBE, STRIDES)


@aspect("values")
def test_knows_dtypes(solution):
    """Ranges are counted in bytes, whatever the two dtypes are."""
    x = numbers("cpu").clone()  # a memory that begins where float64 may begin
    expect_right(solution, x, VECTOR, OF_OTHER_DTYPES, BYTES)
    x = torch.zeros(6, dtype=torch.complex64)
    expect_right(solution, x, COMPLEX, OF_COMPLEX, BYTES)


@aspect("values")
def test_nothing_is_shared_with_an_empty_tensor(solution, device):
    """An empty tensor shares with nothing, not even with itself."""
    expect_right(solution, numbers(device), VECTOR, EMPTY_VECTORS, EMPTY)
    expect_right(solution, numbers(device).view(3, 4), MATRIX, EMPTY_MATRICES, EMPTY)


@aspect("values")
def test_a_copy_shares_nothing(solution, device):
    """A copy has memory of its own, and so has one on another device."""
    x = numbers(device)
    copies = {"x.clone()": x.clone(), "x + 0": x + 0}
    if device != "cpu":
        copies["x.cpu()"] = x.cpu()
    for name, copy in copies.items():
        for a, b in ((x, copy), (copy, x)):
            expect(share(solution, a, b) is False, COPIED.format(copy=name), APART)


@aspect("values")
def test_two_storages_may_lie_in_one_memory(solution):
    """Tensors around one NumPy array share memory as its views do."""
    array = np.arange(12, dtype=np.float32)

    class Part:
        """Slices of the array, each as a tensor with a storage of its own."""

        def __getitem__(self, key):
            return torch.from_numpy(array[key])

    name = "x[…] is torch.from_numpy of that part of one NumPy array"
    expect_right(solution, Part(), name, OF_STORAGES, ADDRESS)
