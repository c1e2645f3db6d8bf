"""Set the learning rate of an optimizer: warmup, then stable, then a short decay at the end.

All that a schedule remembers is t and the bases. Each lr is computed from them anew, so an error of
one step is never multiplied into the next, and a state is two entries. To begin, to step and to
load are the same then: take t and the bases, and set each lr. The bases belong to the state: after
an interruption the optimizer comes back with the lr of that moment, which may be decayed already,
and the base cannot be found in it any more.

In practice one calls `get_wsd_schedule` of transformers, or hands the factor as a function to
`torch.optim.lr_scheduler.LambdaLR`, which keeps the base in each group as initial_lr.
"""

from typing import Any

from torch.optim import Optimizer

HINTS = (
    "The factor is a function of t alone: write it first, with its four parts in order.",
    "Read the lr of each group once, when the schedule is made, and keep a list of them.",
    "Never multiply the lr that stands in a group: write base * factor(t) into it.",
    "t begins with 0, and lr is set when the schedule is made; step() adds 1 before it sets.",
    "The state has t and the bases. Loading takes both, and then sets each lr.",
)


def _factor(t, warmup_steps, stable_steps, decay_steps, final):
    if t < warmup_steps:
        return (t + 1) / (warmup_steps + 1)
    i = t - warmup_steps - stable_steps
    if i < 0:
        return 1.0
    if i < decay_steps:
        return 1 - (1 - final) * i / decay_steps
    return final


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
        if min(warmup_steps, stable_steps, decay_steps) < 0:
            raise ValueError("expected ints of at least 0")
        self.optimizer = optimizer
        self.parts = warmup_steps, stable_steps, decay_steps, final
        self.load_state_dict({"t": 0, "bases": [group["lr"] for group in optimizer.param_groups]})

    def step(self) -> None:
        """Add 1 to t, and set the lr of each group; it is called after each optimizer.step()."""
        self.load_state_dict({"t": self.t + 1, "bases": self.bases})

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on later: what has changed since, and the bases.

        It is made of numbers, strings, bools and None, in dicts, lists and tuples. No later step
        changes it.
        """
        return {"t": self.t, "bases": list(self.bases)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the schedule from which the state came; the state may be loaded again later.

        This schedule was made with the same arguments, over an optimizer with as many groups.
        Whatever lr it has found there, the bases are those of the state, and each lr is set at
        once to what it was when the state was saved. The optimizer's own state may be loaded
        before or after.
        """
        self.t = state["t"]
        self.bases = list(state["bases"])
        factor = _factor(self.t, *self.parts)
        for group, base in zip(self.optimizer.param_groups, self.bases, strict=True):
            group["lr"] = base * factor
