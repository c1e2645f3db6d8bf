"""Compute again in backward what there is no memory for.

`forward` of a torch.autograd.Function is not recorded, so nothing inside of f is kept. backward
runs f again on detached arguments, under enable_grad, and goes backward through that new graph:
this fills the `.grad` of parameters and of the detached arguments, and the latter are returned.

A Function's result requires grad only if an argument does. A number that does goes along, for where
f has parameters and its arguments are plain data. Random numbers are the same if the generators
are set back to where they were; afterwards they go on from where they are now.

In practice one calls `torch.utils.checkpoint.checkpoint(f, *args, use_reentrant=False)`, which does
it by hooks of saved tensors, so that `torch.autograd.grad` works too.
"""

from collections.abc import Callable

import torch

HINTS = (
    "In `forward` of a torch.autograd.Function nothing is recorded: run f there.",
    "In backward, detach the arguments, run f under torch.enable_grad(), and go backward from it.",
    "Which argument makes the result require grad, if only the parameters of f do?",
    "Note the generators' states before f runs, and go back to them for the second run alone.",
    "`torch.get_rng_state()` is that of the CPU; torch.cuda.get_rng_state_all() those of GPUs.",
)


def _states() -> tuple[torch.Tensor, list[torch.Tensor]]:
    return torch.get_rng_state(), torch.cuda.get_rng_state_all()


def _go_to(states: tuple[torch.Tensor, list[torch.Tensor]]) -> None:
    torch.set_rng_state(states[0])
    torch.cuda.set_rng_state_all(states[1])


class _Checkpoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, _tracked: torch.Tensor, f: Callable, *args: object) -> torch.Tensor:
        ctx.f, ctx.states = f, _states()
        ctx.save_for_backward(*(one for one in args if isinstance(one, torch.Tensor)))
        ctx.others = [None if isinstance(one, torch.Tensor) else (one,) for one in args]
        return f(*args)

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        saved = iter(ctx.saved_tensors)
        args = [next(saved).detach() if one is None else one[0] for one in ctx.others]
        for one, is_tracked in zip(args, ctx.needs_input_grad[2:], strict=True):
            if is_tracked:
                one.requires_grad_()
        now = _states()
        _go_to(ctx.states)
        try:
            with torch.enable_grad():
                total = (ctx.f(*args) * grad).sum()  # its gradient for f's result is grad
        finally:
            _go_to(now)
        total.backward()
        return None, None, *(a.grad if isinstance(a, torch.Tensor) else None for a in args)


def checkpoint(f: Callable[..., torch.Tensor], *args: object) -> torch.Tensor:
    """f(*args), whose intermediate results are not kept, but computed again in backward.

    The call runs f once. `backward()` on what is computed from the result runs f once more, with
    the same arguments and the same random numbers, and adds the gradients to the `.grad` of the
    tracked arguments and of the parameters of f, as it does without checkpoint.

    torch.utils.checkpoint is forbidden.

    Args:
        f: a function or an `nn.Module`; it is made of torch's differentiable operations, returns
            one new tensor, and gives the same for the same arguments and random numbers. Its
            parameters, those of the module or leaves that a function uses, may require grad or not.
        args: what f is called with: tensors of any dtype, also int, and anything else, which f
            gets as it is. Tensors may require grad, as leaves or as results of other operations,
            or not; one may come twice. A tensor inside of a list or dict does not require grad.

    Returns:
        What f returns: its values, shape, dtype and device. It requires grad.

    Exactly:
        An argument or a parameter of f requires grad, and the result depends on it. It may be
        parameters alone: they get their gradients also if no argument requires grad, if none is a
        tensor, or if there are no arguments.

        Between the call and backward, args (no copies of them), the states of random generators
        and one number may be kept. All other memory that the call has made is free again, except
        for the result. Several calls may wait for their backward at the same time, and one may get
        what another has returned.

        Random numbers come from torch's global generators, that of the CPU and that of the GPU if
        there is one. The call draws what f alone would draw. backward leaves the generators as they
        were before it, whatever was drawn since the call.

        Under `torch.no_grad()` f runs once and the result does not require grad.

        Arguments and parameters keep their requires_grad, and a module keeps its mode. `backward()`
        is called once, without `inputs=` or create_graph.
    """
    return _Checkpoint.apply(torch.zeros((), requires_grad=True), f, *args)
