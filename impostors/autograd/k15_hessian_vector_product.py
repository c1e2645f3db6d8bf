"""Wrong and right answers to autograd/k15_hessian_vector_product."""

import torch

from dojo.impostors import alternative, impostor


def gradient(y, point, create_graph=False):
    """The gradient of one number, which may depend on nothing."""
    if not y.requires_grad:
        return torch.zeros_like(point)
    (found,) = torch.autograd.grad(y, point, create_graph=create_graph, allow_unused=True)
    return torch.zeros_like(point) if found is None else found


def slope_at(f, x):
    """A leaf of its own, and the gradient of f there, which can be differentiated."""
    point = x.detach().requires_grad_()
    return point, gradient(f(point), point, create_graph=True)


@impostor(
    "hvp",
    diagnosis="That is the gradient times v: it has to be differentiated once more.",
    aspect="values",
)
def multiplies_the_gradient(f, x, v):
    return (slope_at(f, x)[1] * v).detach()


@impostor(
    "hvp",
    diagnosis="v goes in before the second derivative; afterwards it scales the sums of the rows.",
    aspect="values",
)
def multiplies_afterwards(f, x, v):
    point, slope = slope_at(f, x)
    return (gradient(slope.sum(), point) * v).detach()


@impostor(
    "hvp",
    diagnosis="Only the diagonal of the Hessian is taken: derivatives for two entries count too.",
    aspect="values",
)
def takes_the_diagonal(f, x, v):
    point, slope = slope_at(f, x)
    if not slope.requires_grad:
        return torch.zeros_like(x, requires_grad=False)
    found = []
    for place, one in enumerate(slope.flatten()):
        (row,) = torch.autograd.grad(one, point, retain_graph=True, allow_unused=True)
        found.append(x.new_zeros(()) if row is None else row.flatten()[place])
    diagonal = torch.stack(found) if found else x.new_zeros(0)
    return (diagonal.reshape(x.shape) * v).detach()


@impostor(
    "hvp",
    diagnosis="The gradient of a linear f is a constant, and `torch.autograd.grad` raises for it.",
    aspect="shape",
)
def fails_where_f_is_linear(f, x, v):
    point = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(point), point, create_graph=True)
    (product,) = torch.autograd.grad((slope * v.detach()).sum(), point)
    return product


@impostor(
    "hvp",
    diagnosis="Differences of gradients are near the product, and no more than that.",
    aspect="values",
)
def takes_a_difference_of_gradients(f, x, v):
    eps = 1e-3 if x.dtype == torch.float32 else 1e-6
    ends = [slope_at(f, x.detach() + sign * eps * v.detach())[1] for sign in (1, -1)]
    return ((ends[0] - ends[1]) / (2 * eps)).detach()


@impostor(
    "hvp",
    diagnosis="The result still requires grad: create_graph is for the first derivative alone.",
    aspect="gradient",
)
def keeps_the_graph(f, x, v):
    point, slope = slope_at(f, x)
    return gradient((slope * v).sum(), point, create_graph=True)


@impostor(
    "hvp",
    diagnosis="`backward` twice adds to the `.grad` of f's parameters.",
    aspect="memory",
)
def goes_backward_twice(f, x, v):
    point = x.detach().requires_grad_()
    y = f(point)
    if not y.requires_grad:
        return torch.zeros_like(x, requires_grad=False)
    y.backward(create_graph=True)
    slope, point.grad = point.grad, None
    if slope is None or not slope.requires_grad:
        return torch.zeros_like(x, requires_grad=False)
    (slope * v.detach()).sum().backward()
    return torch.zeros_like(x, requires_grad=False) if point.grad is None else point.grad


@impostor(
    "hvp",
    diagnosis="All of the Hessian is made, in one pass, to be multiplied with v.",
    aspect="memory",
)
def makes_the_hessian_at_once(f, x, v):
    if not x.numel():
        return torch.zeros_like(x, requires_grad=False)
    hessian = torch.func.jacrev(torch.func.grad(f))(x.detach())
    return torch.tensordot(hessian, v.detach(), x.dim()).detach()


@impostor(
    "hvp",
    diagnosis="The rows of the Hessian are computed one after another: that grows with x.",
    aspect="cost",
)
def goes_row_by_row(f, x, v):
    point, slope = slope_at(f, x)
    if not slope.requires_grad:
        return torch.zeros_like(x, requires_grad=False)
    result = torch.zeros_like(x, requires_grad=False)
    for one, weight in zip(slope.flatten(), v.detach().flatten()):
        (row,) = torch.autograd.grad(one, point, retain_graph=True, allow_unused=True)
        if row is not None:
            result = result + row * weight
    return result


@impostor(
    "hvp",
    diagnosis="It calls torch.autograd.functional.hvp, which is what the kata makes.",
    aspect="structure",
)
def calls_torchs_hvp(f, x, v):
    return torch.autograd.functional.hvp(f, x.detach(), v.detach())[1].clone()


@alternative("hvp")
def forward_over_backward(f, x, v):
    _, product = torch.func.jvp(torch.func.grad(f), (x.clone(),), (v.clone(),))
    return product.detach()


@alternative("hvp")
def backward_over_forward(f, x, v):
    def slope_along_v(point):
        return torch.func.jvp(f, (point,), (v.detach().clone(),))[1]

    return torch.func.grad(slope_along_v)(x.detach().clone()).detach()


@alternative("hvp")
def backward_over_backward(f, x, v):
    _, pull_back = torch.func.vjp(torch.func.grad(f), x.detach())
    return pull_back(v.detach())[0].detach()


@alternative("hvp")
def with_v_as_the_weights(f, x, v):
    point, slope = slope_at(f, x)
    if not slope.requires_grad:
        return torch.zeros_like(x, requires_grad=False)
    (product,) = torch.autograd.grad(slope, point, v.detach(), allow_unused=True)
    return torch.zeros_like(x, requires_grad=False) if product is None else product


@alternative("hvp")
def along_a_line(f, x, v):
    """The gradient at x + t * v, as a function of the one number t, at t = 0."""
    t = torch.zeros((), dtype=x.dtype, device=x.device, requires_grad=True)
    point = x.detach() + t * v.detach()
    slope = gradient(f(point), point, create_graph=True)
    weights = torch.zeros_like(slope, requires_grad=True)
    if not slope.requires_grad:
        return weights.detach()
    (along,) = torch.autograd.grad((slope * weights).sum(), t, create_graph=True, allow_unused=True)
    if along is None or not along.requires_grad:
        return weights.detach()
    (product,) = torch.autograd.grad(along, weights, allow_unused=True)
    return weights.detach() if product is None else product.detach()
