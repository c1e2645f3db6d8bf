"""Wrong and right answers to autograd/k06_unbroadcast."""

import torch

from dojo.impostors import alternative, impostor


def require_fit(grad, shape):
    """Refuse a shape that does not broadcast to that of grad."""
    try:
        torch.empty(shape).expand(grad.shape)
    except RuntimeError:
        raise ValueError("the shape does not broadcast to that of grad") from None


def stretched(grad, shape):
    """The dimensions whose size differs, once grad has as many as shape."""
    return [dim for dim, size in enumerate(shape) if grad.shape[dim] != size]


@impostor(
    "unbroadcast",
    diagnosis="Only added dimensions are summed; those that were stretched from 1 are summed too.",
    aspect="shape",
)
def sums_leading_dimensions_only(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    return grad


@impostor(
    "unbroadcast",
    diagnosis="Without keepdim a stretched dimension is gone, where it should have the size 1.",
    aspect="shape",
)
def sums_without_keepdim(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    dims = stretched(grad, shape)
    return grad.sum(dims) if dims else grad


@impostor(
    "unbroadcast",
    diagnosis="Each sum without keepdim shifts the dimensions behind it, so that others are hit.",
    aspect="values",
)
def sums_shifted_dimensions(grad, shape):
    require_fit(grad, shape)
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    for dim in stretched(grad, padded):
        grad = grad.sum(min(dim, grad.dim() - 1))
    return grad.reshape(shape)


@impostor(
    "unbroadcast",
    diagnosis="`sum` over an empty list of dimensions sums everything, not nothing.",
    aspect="shape",
)
def sums_over_no_dimension(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    return grad.sum(stretched(grad, shape), keepdim=True)


@impostor(
    "unbroadcast",
    diagnosis="The shapes are aligned at the left; broadcasting aligns them at the right.",
    aspect="shape",
)
def aligns_at_the_left(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.sum(-1)
    dims = [dim for dim, size in enumerate(shape) if size == 1]
    return grad.sum(dims, keepdim=True) if dims else grad


@impostor(
    "unbroadcast",
    diagnosis="The mean is taken where numbers were copied; the gradient is their sum.",
    aspect="values",
)
def takes_the_mean(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.mean(0)
    dims = stretched(grad, shape)
    return grad.mean(dims, keepdim=True) if dims else grad


@impostor(
    "unbroadcast",
    diagnosis="squeeze drops every size of 1, also those that shape has itself.",
    aspect="shape",
)
def squeezes_at_the_end(grad, shape):
    require_fit(grad, shape)
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    dims = stretched(grad, padded)
    return (grad.sum(dims, keepdim=True) if dims else grad).squeeze()


@impostor(
    "unbroadcast",
    diagnosis="Only sizes above 1 count as stretched: from (0, 3) to (1, 3) there is a sum too.",
    aspect="shape",
)
def forgets_the_size_0(grad, shape):
    require_fit(grad, shape)
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    for dim, size in enumerate(shape):
        if size == 1 and grad.shape[dim] > 1:
            grad = grad.sum(dim, keepdim=True)
    return grad


@impostor(
    "unbroadcast",
    diagnosis="It is not asked whether shape broadcasts to that of grad.",
    aspect="errors",
)
def checks_nothing(grad, shape):
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    dims = [dim for dim, size in enumerate(shape) if size == 1]
    return grad.sum(dims, keepdim=True) if dims else grad


@impostor(
    "unbroadcast",
    diagnosis="That the two shapes broadcast with each other is not enough: the result of that has"
    " to be the shape of grad.",
    aspect="errors",
)
def takes_what_broadcasts_to_more(grad, shape):
    try:
        torch.broadcast_shapes(grad.shape, shape)
    except RuntimeError:
        raise ValueError("the shapes do not broadcast") from None
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    dims = [dim for dim, size in enumerate(shape) if size == 1 and grad.dim() == len(shape)]
    return grad.sum(dims, keepdim=True) if dims else grad


@impostor(
    "unbroadcast",
    diagnosis="The error is torch's RuntimeError; a ValueError is asked for.",
    aspect="errors",
)
def raises_the_error_of_torch(grad, shape):
    torch.empty(shape).expand(grad.shape)
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    dims = stretched(grad, padded)
    return (grad.sum(dims, keepdim=True) if dims else grad).reshape(shape)


@impostor(
    "unbroadcast",
    diagnosis="It calls sum_to_size, which is what the kata makes.",
    aspect="structure",
)
def calls_sum_to_size(grad, shape):
    require_fit(grad, shape)
    return grad.sum_to_size(shape)


@alternative("unbroadcast")
def by_two_loops(grad, shape):
    require_fit(grad, shape)
    for _ in range(grad.dim() - len(shape)):
        grad = grad.sum(0)
    for dim, size in enumerate(shape):
        if grad.shape[dim] != size:
            grad = grad.sum(dim, keepdim=True)
    return grad


@alternative("unbroadcast")
def by_the_gradient_of_expand(grad, shape):
    require_fit(grad, shape)
    x = grad.new_zeros(shape).requires_grad_()
    (found,) = torch.autograd.grad(
        x.expand(grad.shape), x, grad, create_graph=grad.requires_grad, materialize_grads=True
    )
    return found


@alternative("unbroadcast")
def by_places(grad, shape):
    require_fit(grad, shape)
    count = torch.empty(shape).numel()
    places = torch.arange(count, device=grad.device).reshape(shape).expand(grad.shape)
    sums = grad.new_zeros(count).index_add(0, places.reshape(-1), grad.reshape(-1))
    return sums.reshape(shape)


@alternative("unbroadcast")
def by_einsum(grad, shape):
    require_fit(grad, shape)
    letters = "abcdefgh"[: grad.dim()]
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    pairs = zip(letters, padded, grad.shape, strict=True)
    kept = "".join(letter for letter, before, after in pairs if before == after)
    return torch.einsum(f"{letters}->{kept}", grad).reshape(shape).clone()


@alternative("unbroadcast")
def as_a_matrix_times_ones(grad, shape):
    require_fit(grad, shape)
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    summed = stretched(grad, padded)
    kept = [dim for dim in range(grad.dim()) if dim not in summed]
    columns = 1
    for dim in summed:
        columns *= grad.shape[dim]
    rows = torch.empty(shape).numel()
    return (grad.permute(kept + summed).reshape(rows, columns) @ grad.new_ones(columns)).view(shape)
