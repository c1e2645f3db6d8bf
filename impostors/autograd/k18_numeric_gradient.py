"""Wrong and right answers to autograd/k18_numeric_gradient."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def require_float64(x):
    """Refuse another dtype."""
    if x.dtype != torch.float64:
        raise ValueError("x has to be float64")


def slopes_by(f, x, difference):
    """One number for each entry, from a step in that entry of x."""
    require_float64(x)
    x = x.detach()
    units = torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    found = [difference(x, unit.reshape(x.shape)).detach() for unit in units]
    return torch.stack(found).reshape(x.shape) if found else x.new_zeros(x.shape)


def slopes_in_place(f, x, flat, eps, put_back):
    """Moves the entries of a flat view up and down, while f looks at x."""
    found = []
    for place in range(flat.numel()):
        old = flat[place].item()
        flat[place] += eps
        above = f(x).detach()
        flat[place] -= 2 * eps
        below = f(x).detach()
        put_back(flat, place, old)
        found.append((above - below) / (2 * eps))
    return torch.stack(found).reshape(x.shape) if found else x.new_zeros(x.shape)


def writable(x):
    """x itself where a flat view of it can be made, else a copy."""
    x = x.detach()
    return x if x.is_contiguous() else x.clone(memory_format=torch.contiguous_format)


@impostor(
    "numeric_gradient",
    diagnosis="The difference goes to one side of x alone: its error is far larger.",
    aspect="values",
)
def goes_forward_alone(f, x, eps=1e-6):
    return slopes_by(f, x, lambda x, unit: (f(x + eps * unit) - f(x)) / eps)


@impostor(
    "numeric_gradient",
    diagnosis="The two sides are 2 * eps apart; the difference is divided by eps here.",
    aspect="values",
)
def divides_by_eps(f, x, eps=1e-6):
    return slopes_by(f, x, lambda x, unit: (f(x + eps * unit) - f(x - eps * unit)) / eps)


@impostor(
    "numeric_gradient",
    diagnosis="autograd computes this gradient: it is to come from the values of f alone.",
    aspect="values",
)
def asks_autograd(f, x, eps=1e-6):
    require_float64(x)
    point = x.detach().requires_grad_()
    y = f(point)
    return torch.autograd.grad(y, point)[0] if y.requires_grad else torch.zeros_like(point).detach()


@impostor(
    "numeric_gradient",
    diagnosis="eps is added and subtracted again: x is off in its last digits afterwards.",
    aspect="memory",
)
def moves_x_back_by_eps(f, x, eps=1e-6):
    def back(flat, place, old):
        flat[place] += eps

    require_float64(x)
    x = writable(x)
    return slopes_in_place(f, x, x.view(-1), eps, back)


@impostor(
    "numeric_gradient",
    diagnosis="`reshape(-1)` of a transposed x is a copy: f never sees what is moved there.",
    aspect="values",
)
def moves_a_flat_copy(f, x, eps=1e-6):
    def back(flat, place, old):
        flat[place] = old

    require_float64(x)
    x = x.detach()
    return slopes_in_place(f, x, x.reshape(-1), eps, back)


@impostor(
    "numeric_gradient",
    diagnosis="Where f raises, x stays moved: it has to be put back in a `finally`.",
    aspect="errors",
)
def leaves_x_moved_after_an_error(f, x, eps=1e-6):
    def back(flat, place, old):
        flat[place] = old

    require_float64(x)
    x = writable(x)
    return slopes_in_place(f, x, x.view(-1), eps, back)


@impostor(
    "numeric_gradient",
    diagnosis="x is converted to float64 here; another dtype is to raise ValueError.",
    aspect="errors",
)
def converts_to_float64(f, x, eps=1e-6):
    return slopes_by(
        f, x.double(), lambda x, unit: (f(x + eps * unit) - f(x - eps * unit)) / (2 * eps)
    )


@impostor(
    "numeric_gradient",
    diagnosis="The result is tracked: x, or what f returns, has to be detached.",
    aspect="gradient",
)
def stays_tracked(f, x, eps=1e-6):
    require_float64(x)
    units = eps * torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    found = [f(x + unit.reshape(x.shape)) - f(x - unit.reshape(x.shape)) for unit in units]
    return torch.stack(found).reshape(x.shape) / (2 * eps) if found else x.new_zeros(x.shape)


@impostor(
    "numeric_gradient",
    diagnosis="All entries are moved at once: that is the slope along one direction.",
    aspect="values",
)
def moves_all_at_once(f, x, eps=1e-6):
    require_float64(x)
    x = x.detach()
    slope = ((f(x + eps) - f(x - eps)) / (2 * eps)).detach()
    return slope.expand(x.shape).clone()


@impostor(
    "numeric_gradient",
    diagnosis="f gets x in one dimension here; it expects x's shape.",
    aspect="shape",
)
def hands_f_a_flat_x(f, x, eps=1e-6):
    require_float64(x)
    flat = x.detach().reshape(-1)
    units = eps * torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    found = [(f(flat + unit) - f(flat - unit)).detach() / (2 * eps) for unit in units]
    return torch.stack(found).reshape(x.shape) if found else x.new_zeros(x.shape)


@alternative("numeric_gradient")
def with_unit_vectors(f, x, eps=1e-6):
    return slopes_by(f, x, lambda x, unit: (f(x + eps * unit) - f(x - eps * unit)) / (2 * eps))


@alternative("numeric_gradient")
def in_a_copy_of_x(f, x, eps=1e-6):
    def back(flat, place, old):
        flat[place] = old

    require_float64(x)
    copy = x.detach().clone(memory_format=torch.contiguous_format)
    return slopes_in_place(f, copy, copy.view(-1), eps, back)


@alternative("numeric_gradient")
def in_x_itself(f, x, eps=1e-6):
    require_float64(x)
    data = x.detach()
    if 0 in data.stride():
        data = data.clone(memory_format=torch.contiguous_format)
    result = x.new_zeros(x.shape).detach()
    entries = torch.ones(x.shape, dtype=torch.bool).nonzero().tolist()
    for place in map(tuple, entries):
        old = data[place].clone()
        try:
            data[place] = old + eps
            above = f(data).detach()
            data[place] = old - eps
            below = f(data).detach()
        finally:
            data[place] = old
        result[place] = (above - below) / (2 * eps)
    return result


@alternative("numeric_gradient")
def all_steps_at_once(f, x, eps=1e-6):
    require_float64(x)
    x = x.detach()
    if not x.numel():
        return torch.zeros_like(x)
    steps = eps * torch.eye(x.numel(), dtype=x.dtype, device=x.device).view((-1, *x.shape))
    differences = torch.func.vmap(lambda step: f(x + step) - f(x - step))(steps)
    return differences.detach().reshape(x.shape) / (2 * eps)


@alternative("numeric_gradient")
def through_numpy(f, x, eps=1e-6):
    """Arrays of NumPy are moved, and f gets tensors that are made of them."""
    require_float64(x)
    array = x.detach().cpu().numpy().copy()
    result = np.zeros_like(array)

    def at(number, place):
        moved = array.copy()
        moved[place] = number
        return f(torch.from_numpy(moved).to(x.device)).item()

    for place in np.ndindex(array.shape):
        above, below = (at(array[place] + step, place) for step in (eps, -eps))
        result[place] = (above - below) / (2 * eps)
    return torch.from_numpy(result).to(x.device)
