"""Saboteurs of optimizers: one fault in how they are made, called, saved and loaded."""

import functools

import torch

from .optimizers import of_optimizer, parameters_in

# ---------------------------------------------------------------- steps, closures, states


@of_optimizer
def steps_twice(made, mark):
    def step(self, closure=None):
        loss = made.step(self, closure)
        made.step(self)
        if any(p.grad is not None and p.numel() for p, _ in parameters_in(self)):
            mark()
        return loss

    return {"step": step}


@of_optimizer
def ignores_the_closure(made, mark):
    def step(self, closure=None):
        if closure is not None:
            mark()
        return made.step(self)

    return {"step": step}


def with_closure(answer):
    """Add a saboteur by how it takes a step with a closure: (step, closure) → result."""

    @functools.wraps(answer)
    def change(made, mark):
        def step(self, closure=None):
            if closure is None:
                return made.step(self)
            mark()
            return answer(functools.partial(made.step, self), closure)

        return {"step": step}

    return of_optimizer(change)


@with_closure
def calls_the_closure_twice(step, closure):
    closure()
    return step(closure)


@with_closure
def calls_the_closure_last(step, closure):
    step()
    with torch.enable_grad():
        return closure()


@with_closure
def calls_the_closure_without_grad_mode(step, closure):
    with torch.no_grad():
        loss = closure()
    step()
    return loss


@with_closure
def forgets_the_loss(step, closure):
    step(closure)


@with_closure
def copies_the_loss(step, closure):
    loss = step(closure)
    return loss.clone() if isinstance(loss, torch.Tensor) else float(loss)


@of_optimizer
def returns_itself(made, mark):
    def step(self, closure=None):
        loss = made.step(self, closure)
        if closure is None:
            mark()
        return self if closure is None else loss

    return {"step": step}


@of_optimizer
def saves_no_state(made, mark):
    def state_dict(self):
        state = made.state_dict(self)
        if state["state"]:
            mark()
        return {**state, "state": {}}

    return {"state_dict": state_dict}


@of_optimizer
def loads_no_options(made, mark):
    def load_state_dict(self, state):
        groups = self.state_dict()["param_groups"]
        if groups != state["param_groups"]:
            mark()
        made.load_state_dict(self, {**state, "param_groups": groups})

    return {"load_state_dict": load_state_dict}


# ---------------------------------------------------------------- making


@of_optimizer
def takes_all_options(made, mark):
    def __init__(self, params, *args, **kwargs):  # noqa: N807
        params = list(params)
        try:
            made.__init__(self, params, *args, **kwargs)
        except ValueError:
            mark()
            made.__init__(self, params)

    return {"__init__": __init__}


@of_optimizer
def refuses_lr_0(made, mark):
    def __init__(self, params, *args, **kwargs):  # noqa: N807
        made.__init__(self, params, *args, **kwargs)
        if self.defaults["lr"] == 0:
            mark()
            raise ValueError("lr is 0")

    return {"__init__": __init__}


@of_optimizer
def has_other_defaults(made, mark):
    def __init__(self, params, *args, **kwargs):  # noqa: N807
        if not args and "lr" not in kwargs:
            mark()
            kwargs["lr"] = 0.123
        made.__init__(self, params, *args, **kwargs)

    return {"__init__": __init__}


@of_optimizer
def takes_lists_only(made, mark):
    def __init__(self, params, *args, **kwargs):  # noqa: N807
        if not isinstance(params, list):
            mark()
        assert isinstance(params, list)
        made.__init__(self, params, *args, **kwargs)

    return {"__init__": __init__}


# ---------------------------------------------------------------- what is done when it is made


def when_made(act):
    """Add a saboteur by what it does to each parameter once the optimizer is made."""

    @functools.wraps(act)
    def change(made, mark):
        def init(self, *args, **kwargs):
            made.__init__(self, *args, **kwargs)
            mark()
            for p, _ in parameters_in(self):
                act(p)

        return {"__init__": init}

    return of_optimizer(change)


@when_made
def clears_gradients_when_made(p):
    p.grad = None


@when_made
def moves_parameters_when_made(p):
    p.data = p.data.clone()


@when_made
def hangs_a_hook_when_made(p):
    if p.requires_grad:
        p.register_hook(lambda gradient: gradient)


@when_made
def seeds_when_made(p):
    torch.manual_seed(p.numel())
