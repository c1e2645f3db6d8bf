"""Let the learning rate rise in a straight line, then fall along half a cosine.

The three parts are asked in order, and the two that are simple come first: what is left has at
least one step between warmup and end, so nothing is divided by 0. step + 1 and warmup_steps + 1
make the rate of the first update more than 0, and let the line meet the cosine in max_lr once.

In practice one calls `get_cosine_schedule_with_warmup` of transformers, or joins `LinearLR` and
`CosineAnnealingLR` by `SequentialLR`, all in `torch.optim.lr_scheduler`. A function of the step, as
here, can also be handed to `LambdaLR`; it needs no state to go on after an interruption.
"""

import math

HINTS = (
    "There are three parts: the warmup, the cosine, and all that comes after. Which one is it?",
    "Ask for the two simple parts first and return; what is left can divide without fear.",
    "progress begins with 0 at the end of the warmup, not at step 0, and would reach 1 at the end.",
    "min_lr is the floor of the cosine: only what is above it, max_lr - min_lr, is scaled.",
)


def cosine_with_warmup(
    step: int, max_lr: float, warmup_steps: int, total_steps: int, min_lr: float = 0.0
) -> float:
    """The learning rate of the update number `step`; the first update has the number 0.

    While step < warmup_steps, it is max_lr * (step + 1) / (warmup_steps + 1): a straight line, on
    which the first update is not lost at a rate of 0, and which does not reach max_lr yet.

    Then, while step < total_steps, it falls from max_lr to min_lr:

        min_lr + (max_lr - min_lr) * (1 + cos(pi * progress)) / 2
        progress = (step - warmup_steps) / (total_steps - warmup_steps)

    From total_steps on it is min_lr, for ever. So max_lr comes exactly once, at
    step = warmup_steps, if that is less than total_steps.

    Args:
        step: an int, at least 0.
        max_lr: a float above 0.
        warmup_steps: an int, from 0 to total_steps; with 0 there is no warmup.
        total_steps: an int, at least 0, warmup included.
        min_lr: a float, from 0 to max_lr. It has no part in the warmup.

    Returns:
        A Python float, within 1e-12 * max_lr.

    Raises:
        ValueError: step < 0, warmup_steps < 0 or warmup_steps > total_steps.

    Exactly:
        With warmup_steps = total_steps nothing is left for the cosine: min_lr follows the warmup.
        With both 0, every step has min_lr.
    """
    if step < 0 or not 0 <= warmup_steps <= total_steps:
        raise ValueError("expected step >= 0 and 0 <= warmup_steps <= total_steps")
    if step < warmup_steps:
        return max_lr * (step + 1) / (warmup_steps + 1)
    if step >= total_steps:
        return min_lr
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (max_lr - min_lr) * (1 + math.cos(math.pi * progress)) / 2
