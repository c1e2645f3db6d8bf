"""Right variants: they give right results in another way, and must stay green."""

import functools

import torch

from .kinds import (
    RIGHT_VARIANTS,
    Saboteur,
    each,
    shares,
    tensors_in,
)

# ---------------------------------------------------------------- right variants


def may_lie_elsewhere(contract):
    """Whether a result may have any strides and any memory."""
    return contract.memory != "view" and not contract.fixes_strides


def keeps_right(kind, change):
    """Add a right variant by what it does to a result in new memory."""

    def vary(v, inputs):
        is_own = not any(v is x or shares(v, x) for x in inputs)
        return change(v) if is_own and v.dim() and v.numel() > 1 else v

    def wrap(function, mark):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            inputs = list(tensors_in([*args, *kwargs.values()]))

            def vary_and_mark(one):
                new = vary(one, inputs)
                if new is not one:
                    mark()
                return new

            return each(function(*args, **kwargs), vary_and_mark)

        return wrapper

    RIGHT_VARIANTS.append(Saboteur(kind, wrap, may_lie_elsewhere))


keeps_right("gives_every_second_number", lambda v: torch.stack([v, v], -1)[..., 0])
keeps_right(
    "gives_part_of_a_larger_memory",
    lambda v: torch.cat([v.flatten()] * 2)[v.numel() :].view(v.shape),
)
