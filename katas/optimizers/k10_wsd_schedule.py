"""Set the learning rate of an optimizer: warmup, then stable, then a short decay at the end.

A cosine has to know the length of the training beforehand. Here the long stable part can go on for
as long as one likes, and only the decay ends it. MiniCPM named it warmup-stable-decay; SmolLM2 was
trained so too, and Hugging Face has it as `get_wsd_schedule`.

    optimizer = torch.optim.SGD(params, lr=1.0)
    schedule = WarmupStableDecay(optimizer, warmup_steps=3, stable_steps=2, decay_steps=4)
    lr of the updates 0 to 10, with schedule.step() after each
        ->  0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0

What holds for every kata stands in katas/README.md.
"""

from typing import Any

from torch.optim import Optimizer


class WarmupStableDecay:
    """Sets the lr of each group of an optimizer to base * factor(t), where t counts the steps.

    The lr that a group has when the schedule is made is its base: each group has its own. The
    factor is the same for all groups:

        warmup, while t < warmup_steps:     (t + 1) / (warmup_steps + 1)
        stable, for stable_steps more:      1
        decay, for decay_steps more:        1 - (1 - final) * i / decay_steps, with i = 0, 1, ...
        for ever after:                     final

    When it is made, t is 0, and lr is base * factor(0) at once: the first update has it already.

    It is made without `torch.optim.lr_scheduler`, under whatever name.

    Args:
        optimizer: any `torch.optim.Optimizer`. The lr of a group is a Python float, and stays one.
        warmup_steps, stable_steps, decay_steps: ints, at least 0; a part with 0 is left out.
        final: a float from 0 to 1, the factor of the end.

    Raises:
        ValueError: one of the ints is below 0; no lr is changed then.

    Exactly:
        lr is within 1e-12 * base, and computed from the base at each step: what else was written
        into lr meanwhile does not count.

        Only lr is changed: the optimizer gets no hook, and no other method in place of its own. A
        group may get entries of your own beside lr. Entries that stand there already, such as the
        initial_lr that torch's schedulers leave, say nothing about the base.

        `optimizer.load_state_dict` puts new dicts in the place of the groups. A schedule works on
        the groups that the optimizer has at that moment. No groups are added or taken away.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_steps: int,
        stable_steps: int,
        decay_steps: int,
        final: float = 0.0,
    ) -> None:
        """Take each group's lr as its base, and set lr for t = 0."""
        raise NotImplementedError

    def step(self) -> None:
        """Add 1 to t, and set the lr of each group; it is called after each optimizer.step()."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on later: what has changed since, and the bases.

        It is made of numbers, strings, bools and None, in dicts, lists and tuples. No later step
        changes it.
        """
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the schedule from which the state came; the state may be loaded again later.

        This schedule was made with the same arguments, over an optimizer with as many groups.
        Whatever lr it has found there, the bases are those of the state, and each lr is set at
        once to what it was when the state was saved. The optimizer's own state may be loaded
        before or after.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
