"""Wrong and right answers to autograd/k08_softmax_backward."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "softmax_backward",
    diagnosis="y * (1 - y) is the diagonal of the Jacobian alone: the rest of it is not 0.",
    aspect="values",
)
def takes_the_diagonal_alone(grad, y, dim):
    return grad * y * (1 - y)


@impostor(
    "softmax_backward",
    diagnosis="The sum is over all of y; each row along dim has a sum of its own.",
    aspect="values",
)
def sums_over_everything(grad, y, dim):
    return y * (grad - (grad * y).sum())


@impostor(
    "softmax_backward",
    diagnosis="The sum is along the last dimension, whatever dim is.",
    aspect="values",
)
def sums_along_the_last_dimension(grad, y, dim):
    return y * (grad - (grad * y).sum(-1, keepdim=True))


@impostor(
    "softmax_backward",
    diagnosis="Without keepdim the sums of the rows stand where those of the columns belong.",
    aspect="type",
)
def forgets_keepdim(grad, y, dim):
    return y * (grad - (grad * y).sum(dim))


@impostor(
    "softmax_backward",
    diagnosis="It divides by y and multiplies by y again: where y is 0, 0 / 0 is NaN.",
    aspect="values",
)
def divides_by_the_shares(grad, y, dim):
    products = grad * y
    return y * (products / y - products.sum(dim, keepdim=True))


@impostor(
    "softmax_backward",
    diagnosis="This is the gradient of log_softmax, not of softmax.",
    aspect="values",
)
def differentiates_log_softmax(grad, y, dim):
    return grad - y * grad.sum(dim, keepdim=True)


@impostor(
    "softmax_backward",
    diagnosis="The factor y in front is missing.",
    aspect="values",
)
def forgets_the_factor(grad, y, dim):
    return grad - (grad * y).sum(dim, keepdim=True)


@impostor(
    "softmax_backward",
    diagnosis="The sum of grad is subtracted; it is to be that of grad * y.",
    aspect="values",
)
def sums_the_gradients_alone(grad, y, dim):
    return y * (grad - grad.sum(dim, keepdim=True))


@impostor(
    "softmax_backward",
    diagnosis="It builds the n × n Jacobian of each row, where one sum is enough.",
    aspect="memory",
)
def builds_the_jacobian(grad, y, dim):
    if y.dim() == 0:
        return torch.zeros_like(y)
    rows, grads = y.movedim(dim, -1), grad.movedim(dim, -1)
    jacobian = torch.diag_embed(rows) - rows[..., :, None] * rows[..., None, :]
    return (jacobian @ grads[..., None]).squeeze(-1).movedim(-1, dim)


@impostor(
    "softmax_backward",
    diagnosis="It takes a step of Python for each row.",
    aspect="cost",
)
def goes_row_by_row(grad, y, dim):
    if y.dim() < 2 or not y.numel():
        return y * (grad - (grad * y).sum(dim, keepdim=True))
    rows = [one.detach().movedim(dim, -1).reshape(-1, y.shape[dim]) for one in (grad, y)]
    parts = [s * (g - g @ s) for g, s in zip(*rows)]
    result = torch.stack(parts).reshape(y.movedim(dim, -1).shape)
    return result.movedim(-1, dim).contiguous()


@impostor(
    "softmax_backward",
    diagnosis="It has autograd differentiate softmax, which the kata is to do by hand.",
    aspect="structure",
)
def asks_autograd(grad, y, dim):
    x = y.detach().log().requires_grad_()
    return torch.autograd.grad(torch.softmax(x, dim), x, grad.detach())[0]


@impostor(
    "softmax_backward",
    diagnosis="torch's own backward of softmax is forbidden: its formula is the kata.",
    aspect="structure",
)
def calls_softmax_backward(grad, y, dim):
    return torch.ops.aten._softmax_backward_data(grad.detach(), y.detach(), dim, y.dtype)


@alternative("softmax_backward")
def two_products(grad, y, dim):
    products = torch.mul(grad, y)
    return torch.addcmul(products, y, products.sum(dim, True), value=-1)


@alternative("softmax_backward")
def by_products_of_rows(grad, y, dim):
    if y.dim() == 0:
        return y - y
    grads, rows = grad.movedim(dim, -1), y.movedim(dim, -1)
    sums = torch.matmul(grads.unsqueeze(-2), rows.unsqueeze(-1)).squeeze(-1)
    return ((grads - sums) * rows).movedim(-1, dim)


@alternative("softmax_backward")
@torch.no_grad()
def beside_the_largest(grad, y, dim):
    if not y.numel():
        return torch.zeros_like(y)
    beside = grad - grad.amax(dim, keepdim=True)
    return beside.sub_((beside * y).sum(dim, keepdim=True)).mul_(y)


@alternative("softmax_backward")
def in_float64_by_einsum(grad, y, dim):
    if y.dim() == 0:
        return torch.zeros_like(y, requires_grad=False)
    wide, rows = grad.double().movedim(dim, 0), y.double().movedim(dim, 0)
    sums = torch.einsum("i...,i...->...", wide, rows)
    return (wide * rows - sums * rows).movedim(0, dim).to(y.dtype)
