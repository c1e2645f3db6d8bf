"""Let the learning rate rise in a straight line, then fall along half a cosine.

At the first steps the weights are random and the state of the optimizer is empty, so a small
learning rate is safe; at the end a small one lets the weights settle. GPT-3 and Llama were trained
with this schedule, and Hugging Face has it as `get_cosine_schedule_with_warmup`.

    [cosine_with_warmup(step, 1.0, 3, 7) for step in range(9)]
        ->  [0.25, 0.5, 0.75, 1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]

What holds for every kata stands in katas/README.md.
"""


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
