"""Wrong and right answers to indexing/k09_top_k_mask."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def marked(x, places):
    """True at the given places of each row."""
    return torch.zeros_like(x, dtype=torch.bool).scatter_(-1, places, True)


def kth_largest(x, k):
    return x.sort(-1, descending=True).values[..., k - 1 : k]


@impostor(
    "top_k_mask",
    diagnosis="x >= the k-th largest marks all that are equal to it, more than k.",
    aspect="values",
)
def at_least_the_kth(x, k):
    return x >= kth_largest(x, k) if k else torch.zeros_like(x, dtype=torch.bool)


@impostor(
    "top_k_mask",
    diagnosis="x > the k-th largest leaves out the k-th largest itself.",
    aspect="values",
)
def more_than_the_kth(x, k):
    return x > kth_largest(x, k) if k else torch.zeros_like(x, dtype=torch.bool)


@impostor(
    "top_k_mask", diagnosis="topk takes any of the equal entries, not the earlier.", aspect="values"
)
def takes_topk(x, k):
    return marked(x, x.topk(k, dim=-1).indices)


@impostor(
    "top_k_mask",
    diagnosis="argsort is not asked to be stable: in long rows equal entries change places.",
    aspect="values",
)
def sorts_unstably(x, k):
    return marked(x, x.argsort(dim=-1, descending=True)[..., :k])


@impostor(
    "top_k_mask",
    diagnosis="The end of an ascending sort holds, of equal entries, the later ones.",
    aspect="values",
)
def takes_the_end_of_a_sort(x, k):
    return marked(x, x.argsort(dim=-1, stable=True)[..., x.shape[-1] - k :])


@impostor("top_k_mask", diagnosis="[-k:] is everything for k = 0.", aspect="values")
def takes_everything_for_nothing(x, k):
    order = x.flip(-1).argsort(dim=-1, stable=True)
    return marked(x, x.shape[-1] - 1 - order[..., -k:])


@impostor(
    "top_k_mask",
    diagnosis="-x of the smallest integer is itself, and of uint8 it is another order.",
    aspect="values",
)
def sorts_negated(x, k):
    return marked(x, (-x).argsort(dim=-1, stable=True)[..., :k])


@impostor("top_k_mask", diagnosis="As float32, different numbers become equal.", aspect="values")
def compares_as_float32(x, k):
    return marked(x, x.float().argsort(dim=-1, descending=True, stable=True)[..., :k])


@impostor(
    "top_k_mask",
    diagnosis="A small number is subtracted for each index: close entries change their order.",
    aspect="values",
)
def breaks_ties_by_small_numbers(x, k):
    penalty = torch.arange(x.shape[-1], device=x.device, dtype=torch.float64) * 1e-7
    return marked(x, (x.double() - penalty).topk(k, dim=-1).indices)


@impostor(
    "top_k_mask",
    diagnosis="What is taken is overwritten by the smallest value, and may be taken again.",
    aspect="values",
)
def overwrites_what_is_taken(x, k):
    left, mask = x.clone(), torch.zeros_like(x, dtype=torch.bool)
    lowest = -torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    for _ in range(k):
        place = left.argmax(-1, keepdim=True)
        mask.scatter_(-1, place, True)
        left.scatter_(-1, place, lowest)
    return mask


@impostor(
    "top_k_mask",
    diagnosis="inf is replaced by the largest finite number, which may be in the row as well.",
    aspect="values",
)
def makes_everything_finite(x, k):
    finite = x.nan_to_num() if x.is_floating_point() else x
    return marked(x, finite.argsort(dim=-1, descending=True, stable=True)[..., :k])


@impostor("top_k_mask", diagnosis="The k largest of the whole tensor are marked.", aspect="values")
def forgets_rows(x, k):
    flat = x.reshape(-1)
    return marked(flat, flat.argsort(descending=True, stable=True)[:k]).reshape(x.shape)


@impostor("top_k_mask", diagnosis="The k smallest are marked.", aspect="values")
def marks_the_smallest(x, k):
    return marked(x, x.argsort(dim=-1, stable=True)[..., :k])


@impostor(
    "top_k_mask",
    diagnosis="argsort says which entry is at a rank, not which rank an entry has.",
    aspect="values",
)
def takes_order_for_rank(x, k):
    return x.argsort(dim=-1, descending=True, stable=True) < k


@impostor("top_k_mask", diagnosis="The mask consists of numbers, 0 and 1.", aspect="dtype")
def returns_numbers(x, k):
    order = x.argsort(dim=-1, descending=True, stable=True)
    return torch.zeros_like(x).scatter_(-1, order[..., :k], 1)


@impostor(
    "top_k_mask",
    diagnosis="The bits of a float are compared as an integer: 0. and -0. are equal, their bits "
    "are not.",
    aspect="values",
)
def compares_bits_of_halves(x, k):
    key = x
    if x.dtype in (torch.float16, torch.bfloat16):
        bits = x.contiguous().view(torch.int16)
        key = torch.where(bits < 0, bits ^ 0x7FFF, bits)
    return marked(x, key.argsort(dim=-1, descending=True, stable=True)[..., :k])


@impostor(
    "top_k_mask",
    diagnosis="As float16, different numbers of bfloat16 and of int16 become equal.",
    aspect="values",
)
def compares_small_dtypes_as_float16(x, k):
    key = x.half() if x.dtype.itemsize == 2 else x
    return marked(x, key.argsort(dim=-1, descending=True, stable=True)[..., :k])


@alternative("top_k_mask")
def by_rank(x, k):
    return x.sort(dim=-1, descending=True, stable=True).indices.argsort(-1) < k


@alternative("top_k_mask")
def by_counting_who_is_ahead(x, k):
    n = x.shape[-1]
    earlier = torch.arange(n, device=x.device) < torch.arange(n, device=x.device)[:, None]
    one, other = x.unsqueeze(-1), x.unsqueeze(-2)
    return ((other > one) | (other == one) & earlier).sum(-1) < k


@alternative("top_k_mask")
def fills_up_with_ties(x, k):
    if k == 0:
        return torch.zeros(x.shape, dtype=torch.bool, device=x.device)
    kth = x.topk(k).values.min(-1, keepdim=True).values
    above, equal = x > kth, x == kth
    return above | (equal & (equal.cumsum(-1) <= k - above.sum(-1, keepdim=True)))


@alternative("top_k_mask")
def sorted_in_python(x, k):
    rows = []
    for row in x.reshape(-1, x.shape[-1]).tolist():
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:k]
        rows.append([i in order for i in range(len(row))])
    return torch.tensor(rows, device=x.device).reshape(x.shape)


@alternative("top_k_mask")
def by_numpy_from_behind(x, k):
    values = x.cpu().float().numpy() if x.dtype == torch.bfloat16 else x.cpu().numpy()
    order = np.argsort(values[..., ::-1], -1, kind="stable")[..., ::-1]
    mask = np.zeros(values.shape, bool)
    np.put_along_axis(mask, values.shape[-1] - 1 - order[..., :k], True, -1)
    return torch.from_numpy(mask).to(x.device)


@alternative("top_k_mask")
def one_after_the_other(x, k):
    mask = torch.zeros_like(x, dtype=torch.bool)
    places = torch.arange(x.shape[-1], device=x.device).expand(x.shape)
    for _ in range(k):
        lowest = x.amin(-1, keepdim=True)
        top = torch.where(mask, lowest, x).amax(-1, keepdim=True)
        first = places.masked_fill(mask | (x != top), x.shape[-1]).amin(-1, keepdim=True)
        mask = mask | (places == first)
    return mask


@alternative("top_k_mask")
def flipped_twice(x, k):
    order = torch.sort(x.flip(-1), dim=-1, stable=True).indices.flip(-1)
    ahead = (torch.arange(x.shape[-1], device=x.device) < k).expand(x.shape)
    mask = torch.empty(x.shape, dtype=torch.bool, device=x.device)
    return mask.scatter(-1, x.shape[-1] - 1 - order, ahead)
