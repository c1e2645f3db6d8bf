"""Saboteurs that spoil what autograd records."""

import functools

import torch

from dojo.checks.laws import BackwardByHand
from dojo.checks.laws.layouts import STRIDED, TRANSPOSED
from dojo.checks.laws.tracking import TrackedFunction

from .kinds import (
    FLOATS,
    SABOTEURS,
    Saboteur,
    each,
    gives,
    has,
    records,
    saboteur,
    takes_tracked,
    tensors_in,
)

# ---------------------------------------------------------------- autograd


@saboteur(records, must_show=True)
def detached(function, mark):
    return detached_in(None, function, mark)


def has_layouts(contract):
    """Whether a tracked input may lie in memory with gaps or with its dimensions reversed."""
    names = [name for name in contract.tensors if name not in contract.fixed]
    layouts = {layout for name in names for layout in contract.layouts_of(name)}
    return records(contract) and bool({STRIDED, TRANSPOSED} & layouts)


@saboteur(has_layouts, must_show=True)
def detached_where_not_contiguous(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires_grad]
        if all(x.is_contiguous() for x in inputs):
            return function(*args, **kwargs)
        mark()
        with torch.no_grad():
            return function(*args, **kwargs)

    return wrapper


def detached_in(dtype, function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))
        if not any(x.requires_grad and dtype in (None, x.dtype) for x in inputs):
            return function(*args, **kwargs)
        mark()
        with torch.no_grad():
            return function(*args, **kwargs)

    return wrapper


def hooks_gradient(dtype, change, function, mark):
    """The function with another gradient of each result in this dtype, or in any."""

    def hook(v):
        if v.requires_grad and v.grad_fn is not None and dtype in (None, v.dtype):
            v.register_hook(change)
            mark()
        return v

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return each(function(*args, **kwargs), hook)

    return wrapper


for dtype in (*FLOATS, torch.complex64):
    name = str(dtype).replace("torch.", "")

    def has_gradient_in(contract, dtype=dtype):
        return contract.recorded and dtype in contract.dtypes and gives(dtype)(contract)

    wrap = functools.partial(detached_in, dtype)
    SABOTEURS.append(Saboteur(f"detached_in_{name}", wrap, has_gradient_in, True))
    wrap = functools.partial(hooks_gradient, dtype, lambda g: g * 2)
    SABOTEURS.append(Saboteur(f"gradient_doubled_in_{name}", wrap, has_gradient_in, True))


@saboteur(records, must_show=True)
def gradient_off_5_percent(function, mark):
    return hooks_gradient(None, lambda g: g * 1.05, function, mark)


@saboteur(lambda contract: records(contract) and torch.float64 in contract.dtypes, must_show=True)
def gradient_through_float32(function, mark):
    return hooks_gradient(torch.float64, lambda g: g.float().double(), function, mark)


@saboteur(lambda contract: gives(*FLOATS)(contract) and not contract.written, must_show=True)
def tracks_untracked(function, mark):
    def track(inputs, v):
        if v.dtype not in FLOATS or any(x.requires_grad for x in inputs):
            return v
        mark()
        return v.detach().requires_grad_()

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))
        return each(function(*args, **kwargs), functools.partial(track, inputs))

    return wrapper


@saboteur(has(*FLOATS), must_show=True)
def requires_grad_on_its_input(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        floats = [x for x in tensors_in([*args, *kwargs.values()]) if x.dtype in FLOATS]
        for x in floats[:1]:
            if not x.requires_grad:
                x.requires_grad_()
                mark()
        return value

    return wrapper


def keeps_inputs(contract):
    """Whether inputs may require grad, and none of them may be written."""
    return takes_tracked(contract) and not contract.written


@saboteur(keeps_inputs, must_show=True)
def leaves_a_hook_on_its_input(function, mark):
    """The function that hooks an input, which then also acts on the gradients of other uses."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        for x in tensors_in([*args, *kwargs.values()]):
            if x.requires_grad:
                x.register_hook(lambda g: g)
                mark()
        return value

    return wrapper


def keeps_computed_inputs(contract):
    """Whether, beside that, an input may have been computed; a parameter never is."""
    handed = getattr(contract, "handed", contract.trackable)
    is_function = isinstance(contract, TrackedFunction)  # a made module gets leaves alone
    return is_function and keeps_inputs(contract) and bool({*handed} & {*contract.trackable})


@saboteur(keeps_computed_inputs, must_show=True)
def retains_the_grad_of_its_input(function, mark):
    """The function that has a later backward of the caller fill the .grad of an input."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        for x in tensors_in([*args, *kwargs.values()]):
            if x.requires_grad and not x.is_leaf and not x.retains_grad:
                x.retain_grad()
                mark()
        return value

    return wrapper


# ---------------------------------------------------------------- by hand


def is_by_hand(contract):
    """Whether autograd may compute nothing during a call."""
    return isinstance(contract, BackwardByHand)


def beside(act, function, mark):
    """The function, which lets autograd compute a derivative too, and throws that away."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with torch.enable_grad():
            act()
        mark()
        return function(*args, **kwargs)

    return wrapper


def run_backward():
    x = torch.ones(2, requires_grad=True)
    (x * x).sum().backward()


def run_forward_mode():
    with torch.autograd.forward_ad.dual_level():
        x = torch.autograd.forward_ad.make_dual(torch.ones(2), torch.ones(2))
        torch.autograd.forward_ad.unpack_dual(x * x)


def run_vjp():
    _, pull_back = torch.func.vjp(torch.sin, torch.ones(2))
    pull_back(torch.ones(2))


for kind, act in {
    "runs_backward": run_backward,
    "runs_forward_mode": run_forward_mode,
    "runs_vjp": run_vjp,
}.items():
    SABOTEURS.append(Saboteur(kind, functools.partial(beside, act), is_by_hand, must_show=True))


# ---------------------------------------------------------------- second gradients


def records_twice(contract):
    """Whether the gradients have right gradients themselves."""
    return isinstance(contract, TrackedFunction) and records(contract) and contract.twice


def hooks_recorded_gradient(change, function, mark):
    """The function with another gradient of each result, where that is tracked itself."""

    def replace(gradient):
        if not gradient.requires_grad:
            return None
        mark()
        return change(gradient)

    return hooks_gradient(None, replace, function, lambda: None)


@saboteur(records_twice, must_show=True)
def second_gradient_for_what_comes_in_lost(function, mark):
    return hooks_recorded_gradient(torch.Tensor.detach, function, mark)


@saboteur(records_twice, must_show=True)
def second_gradient_for_what_comes_in_doubled(function, mark):
    def change(gradient):
        same = gradient.clone()
        same.register_hook(lambda one: one * 2)
        return same

    return hooks_recorded_gradient(change, function, mark)


class WritesIntoGrad(torch.autograd.Function):
    """The identity, with a backward that leaves zeros in the gradient that came in."""

    @staticmethod
    def forward(ctx, x, mark):
        ctx.mark = mark
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        result = grad.clone()
        if not torch.is_grad_enabled() and grad.is_contiguous() and grad.any():
            grad.zero_()
            ctx.mark()
        return result, None


@saboteur(records_twice, must_show=True)
def writes_into_the_incoming_gradient(function, mark):
    def write(v):
        return WritesIntoGrad.apply(v, mark) if v.requires_grad else v

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return each(function(*args, **kwargs), write)

    return wrapper


class ConstantSlope(torch.autograd.Function):
    """A call of which the first gradients are right, and are constants but for what comes in."""

    @staticmethod
    def forward(ctx, call, mark, *inputs):
        ctx.mark = mark
        ctx.leaves = [x.detach().requires_grad_(x.requires_grad) for x in inputs]
        with torch.enable_grad():
            ctx.value = call(*ctx.leaves)
        return ctx.value.detach()

    @staticmethod
    def backward(ctx, grad):
        leaves = [x for x in ctx.leaves if x.requires_grad]
        of = functools.partial(torch.autograd.grad, allow_unused=True, retain_graph=True)
        found = of(ctx.value, leaves, grad, create_graph=torch.is_grad_enabled())
        for one in found:
            if one is not None and one.requires_grad:
                lost = of(one.sum(), leaves)
                if any(x is not None and x.any() for x in lost):
                    ctx.mark()
        rest = iter(found)
        return None, None, *(next(rest) if x.requires_grad else None for x in ctx.leaves)


@saboteur(records_twice)
def second_gradient_for_an_input_lost(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = [x for x in args if isinstance(x, torch.Tensor)]
        if not any(x.requires_grad for x in inputs):
            return function(*args, **kwargs)

        def call(*tensors):
            rest = iter(tensors)
            given = (next(rest) if isinstance(x, torch.Tensor) else x for x in args)
            return function(*given, **kwargs)

        return ConstantSlope.apply(call, mark, *inputs)

    return wrapper


@saboteur(records, must_show=True)
def leaves_a_gradient(function, mark):
    """The function that runs a backward pass, as if it were to compute its gradients at once."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        tracked = [one for one in tensors_in([value]) if one.requires_grad]
        for one in tracked:
            one.sum().abs().backward(retain_graph=True)
        if tracked:
            mark()
        return value

    return wrapper


def has_optional_tensors(contract):
    """Whether gradients reach a tensor that may be left out."""
    if not isinstance(contract, TrackedFunction) or not records(contract):
        return False
    return bool(set(contract.optional) & set(contract.trackable))


@saboteur(has_optional_tensors, must_show=True)
def takes_zeros_for_nothing(function, mark):
    """The function that treats a tensor of zeros behind the first as if it were not given."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        given = list(args)
        for n, one in enumerate(args[1:], start=1):
            is_tracked = isinstance(one, torch.Tensor) and one.requires_grad
            if is_tracked and one.numel() and not one.any():
                given[n] = one.detach()
                mark()
        return function(*given, **kwargs)

    return wrapper


@saboteur(
    lambda contract: records(contract) and bool(getattr(contract, "hidden", ())), must_show=True
)
def leaks_what_is_hidden(function, mark):
    """The function with so little of each input added everywhere that no digit shows it."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.is_floating_point()]
        if any(x.requires_grad for x in inputs):
            mark()
        return each(function(*args, **kwargs), lambda v: v + sum(x.sum() for x in inputs) * 1e-20)

    return wrapper
