"""Saboteurs of optimizers: a right class with one fault, in what a step does or keeps."""

import contextlib
import fractions
import functools

import torch

from .kinds import SABOTEURS, Saboteur


def is_optimizer(contract):
    """Whether the contract is of a class of optimizers."""
    return hasattr(contract, "all_runs")


def of_optimizer(change):
    """Add a saboteur by the methods that it gives to a class: (class, mark) → name → method."""

    def wrap(made, mark):
        return type(made.__name__, (made,), {**change(made, mark), "__module__": made.__module__})

    kind = change.__name__
    SABOTEURS.append(Saboteur(kind, wrap, is_optimizer, must_show=True, of_optimizer=True))
    return change


def parameters_in(optimizer):
    """All parameters, each with its group."""
    return [(p, group) for group in optimizer.param_groups for p in group["params"]]


# ---------------------------------------------------------------- what stands around a step


def around_step(around):
    """Add a saboteur by a context in which each step is taken: ``around(optimizer, mark)``."""

    @functools.wraps(around)
    def change(made, mark):
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with torch.enable_grad():
                    loss = closure()
            with torch.no_grad(), around(self, mark):
                made.step(self)
            return loss

        return {"step": step}

    return of_optimizer(change)


@contextlib.contextmanager
def other_gradients(optimizer, mark, exchange):
    """Give parameters other gradients for a while: ``exchange(p, gradient)``."""
    old = [(p, p.grad) for p, _ in parameters_in(optimizer)]
    for p, grad in old:
        p.grad = exchange(p, grad)
        if (p.grad is None) != (grad is None) or (grad is not None and (p.grad != grad).any()):
            mark()
    try:
        yield
    finally:
        for p, grad in old:
            p.grad = grad


@contextlib.contextmanager
def other_options(optimizer, mark, exchange):
    """Give groups other options for a while: ``exchange(number, options)``."""
    groups = optimizer.param_groups
    old = [{name: one for name, one in group.items() if name != "params"} for group in groups]
    for number, group in enumerate(groups):
        group.update(exchange(number, old))
        if any(group[name] != one for name, one in old[number].items()):
            mark()
    try:
        yield
    finally:
        for group, options in zip(groups, old, strict=True):
            group.update(options)


def skips(is_so):
    """Add a saboteur by which parameters it skips: ``is_so(p, gradient, number of the group)``."""

    @functools.wraps(is_so)
    def around(self, mark):
        groups = {
            p: number for number, group in enumerate(self.param_groups) for p in group["params"]
        }
        return other_gradients(
            self, mark, lambda p, grad: None if is_so(p, grad, groups[p]) else grad
        )

    return around_step(around)


@skips
def skips_the_second_group(_p, _grad, group):
    return group == 1


@skips
def skips_a_late_group(_p, _grad, group):
    return group == 2


@skips
def skips_0d_parameters(p, _grad, _group):
    return p.dim() == 0


@skips
def skips_transposed_parameters(p, _grad, _group):
    return not p.is_contiguous()


@skips
def skips_frozen_parameters(p, _grad, _group):
    return not p.requires_grad


@skips
def skips_zero_gradients(_p, grad, _group):
    return grad is not None and not grad.any()


def exchanges(exchange):
    """Add a saboteur by the gradient that it takes in place of another."""

    @functools.wraps(exchange)
    def around(self, mark):
        return other_gradients(self, mark, lambda _, grad: None if grad is None else exchange(grad))

    return around_step(around)


@exchanges
def clamps_large_gradients(grad):
    return grad.clamp(-1e4, 1e4)


@exchanges
def flushes_small_gradients(grad):
    return torch.where(grad.abs() < 1e-5, torch.zeros_like(grad), grad)


@exchanges
def rounds_gradients_to_bfloat16(grad):
    return grad.bfloat16().to(grad.dtype)


@around_step
def takes_none_as_zeros(self, mark):
    def exchange(p, grad):
        return torch.zeros_like(p) if grad is None and self.state.get(p) else grad

    return other_gradients(self, mark, exchange)


@around_step
def remembers_lr(self, mark):
    rates = self.__dict__.setdefault("rates", [])
    rates.extend(group["lr"] for group in self.param_groups[len(rates) :])
    return other_options(self, mark, lambda number, _: {"lr": rates[number]})


@around_step
def takes_the_options_of_the_first_group(self, mark):
    return other_options(self, mark, lambda _, old: old[0])


@around_step
def remembers_options_but_lr(self, mark):
    kept = self.__dict__.setdefault("options", [])
    kept.extend(
        {name: one for name, one in group.items() if name not in ("params", "lr")}
        for group in self.param_groups[len(kept) :]
    )
    return other_options(self, mark, lambda number, _: kept[number])


# ---------------------------------------------------------------- what follows a step


def after_step(act):
    """Add a saboteur by what it does to each parameter that has a gradient, after each step.

    It says whether that shows.
    """

    @functools.wraps(act)
    @contextlib.contextmanager
    def around(self, mark):
        yield
        for p, group in parameters_in(self):
            if p.grad is not None and act(self, p, group):
                mark()

    return around_step(around)


@after_step
def writes_into_gradients(_self, p, _group):
    p.grad.mul_(0.5)
    return bool(p.grad.any())


@after_step
def drops_gradients(_self, p, _group):
    p.grad = None
    return True


@after_step
def rebinds_data(_self, p, _group):
    p.data = p.data.clone()
    return True


@after_step
def freezes_what_it_trains(_self, p, _group):
    p.requires_grad_(False)
    return True


@after_step
def trains_what_is_frozen(_self, p, _group):
    was_frozen = not p.requires_grad
    p.requires_grad_()
    return was_frozen


@after_step
def rounds_to_float32(_self, p, _group):
    old = p.clone()
    p.copy_(p.float())
    return bool((old != p).any())


@after_step
def stretches_parameters(_self, p, _group):
    p.mul_(1.001)
    return p.numel() > 0


@after_step
def changes_the_option_lr(_self, _p, group):
    group["lr"] *= 0.999
    return group["lr"] > 0


@after_step
def keeps_the_gradient(self, p, _group):
    self.state[p]["gradient"] = p.grad
    return p.numel() > 0


@after_step
def keeps_the_parameter(self, p, _group):
    self.state[p]["parameter"] = p.detach()
    return p.numel() > 0


@after_step
def keeps_another_dtype(self, p, _group):
    other = torch.float32 if p.dtype == torch.float64 else torch.float64
    self.state[p]["more"] = torch.zeros_like(p, dtype=other)
    return True


@after_step
def keeps_a_graph(self, p, _group):
    self.state[p]["more"] = torch.zeros_like(p).requires_grad_()
    return True


@after_step
def keeps_what_cannot_be_loaded(self, p, _group):
    self.state[p]["more"] = fractions.Fraction(1, 3)
    return True


@around_step
@contextlib.contextmanager
def keeps_a_state_for_all(self, mark):
    yield
    for p, _ in parameters_in(self):
        if p.grad is None and not self.state.get(p):
            self.state[p]["more"] = torch.zeros_like(p)
            mark()


@around_step
@contextlib.contextmanager
def forgets_its_state(self, mark):
    if any(self.state.values()):
        mark()
        self.state.clear()
    yield
