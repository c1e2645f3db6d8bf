"""Wrong and right answers to shapes/k02_split_heads."""

import torch

from dojo.impostors import alternative, impostor


def check(x, heads):
    """The error that is asked for, for answers that are about something else."""
    if x.shape[-1] % heads != 0:
        raise ValueError("heads must divide the features")
    return x.shape[-1] // heads


@impostor(
    "split_heads",
    diagnosis="One view or reshape to (batch, heads, sequence, size) gives heads whole tokens.",
    aspect="values",
)
def views_at_once(x, heads):
    size = check(x, heads)
    return x.reshape(x.shape[0], heads, x.shape[1], size)


@impostor(
    "split_heads",
    diagnosis="The features were split, but the heads still come after the sequence.",
    aspect="shape",
)
def forgets_to_transpose(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, check(x, heads))


@impostor(
    "split_heads",
    diagnosis="(size, heads) deals the features out in turn; a head has them in a row.",
    aspect="values",
)
def deals_features_out(x, heads):
    return x.view(x.shape[0], x.shape[1], check(x, heads), heads).permute(0, 3, 1, 2)


@impostor(
    "split_heads",
    diagnosis="contiguous, clone, stack and cat copy the numbers; the result has to be a view.",
    aspect="memory",
)
def copies(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, check(x, heads)).transpose(1, 2).contiguous()


@impostor(
    "split_heads",
    diagnosis="contiguous before the view copies an x that is not contiguous.",
    aspect="memory",
)
def makes_x_contiguous_first(x, heads):
    size = check(x, heads)
    return x.contiguous().view(x.shape[0], x.shape[1], heads, size).transpose(1, 2)


@impostor(
    "split_heads",
    diagnosis="view(batch * sequence, …) joins two dimensions, which strides may not allow.",
    aspect="values",
)
def joins_batch_and_sequence(x, heads):
    size = check(x, heads)
    return x.view(-1, heads, size).view(*x.shape[:2], heads, size).transpose(1, 2)


@impostor(
    "split_heads",
    diagnosis="Without a check of yours, view and unflatten raise RuntimeError.",
    aspect="errors",
)
def leaves_the_check_to_view(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


@impostor("split_heads", diagnosis="assert raises AssertionError.", aspect="errors")
def asserts(x, heads):
    assert x.shape[-1] % heads == 0, "heads must divide the features"
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


@impostor(
    "split_heads",
    diagnosis="The features that heads does not divide are dropped without a word.",
    aspect="errors",
)
def drops_the_rest(x, heads):
    size = x.shape[-1] // heads
    return x[:, :, : heads * size].view(*x.shape[:2], heads, size).transpose(1, 2)


@impostor(
    "split_heads",
    diagnosis="heads has to divide the features, not the number of all elements.",
    aspect="errors",
)
def checks_all_elements(x, heads):
    if x.numel() % heads:
        raise ValueError
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


@impostor(
    "split_heads",
    diagnosis="heads has to divide the features, x.shape[2]; x.shape[1] is the sequence.",
    aspect="errors",
)
def checks_the_sequence(x, heads):
    if x.shape[1] % heads:
        raise ValueError
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


@alternative("split_heads")
def by_reshape_and_permute(x, heads):
    check(x, heads)
    return x.reshape(x.shape[0], x.shape[1], heads, -1).permute(0, 2, 1, 3)


@alternative("split_heads")
def by_unflatten(x, heads):
    if x.size(2) < heads or x.size(2) % heads > 0:
        raise ValueError(heads)
    return x.unflatten(-1, (heads, -1)).movedim(2, 1)


@alternative("split_heads")
def by_unfold(x, heads):
    size = check(x, heads)
    return x.unfold(-1, size, size).transpose(1, 2)


@alternative("split_heads")
def by_strides(x, heads):
    size = check(x, heads)
    a, b, c = x.stride()
    shape = (x.shape[0], heads, x.shape[1], size)
    return x.as_strided(shape, (a, size * c, b, c), x.storage_offset())


@alternative("split_heads")
def transposes_first(x, heads):
    size = check(x, heads)
    return x.mT.unflatten(1, (heads, size)).mT


@alternative("split_heads")
def by_einsum(x, heads):
    if x.shape[-1] // heads * heads != x.shape[-1]:
        raise ValueError("no")
    return torch.einsum("bshd->bhsd", x.view(*x.shape[:-1], heads, -1))


@alternative("split_heads")
def turns_an_error_into_another(x, heads):
    try:
        return x.unflatten(2, (heads, x.shape[2] // heads)).swapaxes(1, 2)
    except RuntimeError as error:
        raise ValueError("heads must divide the features") from error
