"""Make the learning rate smaller when a metric has stopped getting better.

`float` takes the number out of a tensor, so neither its graph nor its memory is kept. One question
decides: is it better? NaN answers every comparison with False, so it lands among what is no better,
if one asks for better and not for worse. What is better by less than the threshold does not become
the best: else many tiny gains together would never count as one.

In practice one calls `torch.optim.lr_scheduler.ReduceLROnPlateau`. Its threshold is a share of the
best metric unless one says threshold_mode="abs", and it leaves out changes of lr below its eps.
"""

from typing import Any

from torch import Tensor
from torch.optim import Optimizer

HINTS = (
    "Two things are remembered between steps: the best metric, and how many steps were no better.",
    "Take the number out of a tensor at once; float(metric) does so.",
    "Ask whether the metric is better. All that is not better counts, and NaN is never better.",
    "With patience = 1 the second step that is no better reduces lr; the count is 0 then.",
    "min_lr is a floor for what is reduced: max(lr * factor, min_lr), but never above lr itself.",
)


class ReduceLROnPlateau:
    """Multiplies the lr of each group by a factor when the metric has not improved for long.

    It keeps the best metric so far, and counts the steps since then that were no better.

    It is made without `torch.optim.lr_scheduler`, under whatever name. To make it changes no lr.

    Args:
        optimizer: any `torch.optim.Optimizer`. The lr of a group is a Python float, and stays one.
        mode: "min" if a smaller metric is better, such as a loss; "max" if a larger one is.
        factor: a float between 0 and 1, neither of them; lr is multiplied by it.
        patience: an int, at least 0: how many steps may be no better, and lr stays.
        threshold: a float, at least 0: by more than this much a metric has to be better than the
            best one. It is an absolute difference, no share of the best one.
        min_lr: a float, at least 0: lr is not reduced below it.

    Raises:
        ValueError: another mode, a factor that is not between 0 and 1, or patience below 0.

    Exactly:
        `optimizer.load_state_dict` puts new dicts in the place of the groups. A schedule works on
        the groups that the optimizer has at that moment. No groups are added or taken away.

        Only lr is changed: the optimizer gets no hook, and no other method in place of its own. A
        group may get entries of your own beside lr.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        min_lr: float = 0.0,
    ) -> None:
        """Begin with a count of 0, and a best metric that every number is better than."""
        if mode not in ("min", "max"):
            raise ValueError(f"mode is {mode!r}; expected 'min' or 'max'")
        if not 0 < factor < 1:
            raise ValueError("expected a factor between 0 and 1")
        if patience < 0:
            raise ValueError("expected patience of at least 0")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.min_lr = min_lr
        self.best = float("inf") if mode == "min" else float("-inf")
        self.count = 0

    def step(self, metric: float | Tensor) -> None:
        """Look at a new metric, and reduce each lr if patience is at its end.

        The metric is better if it is below best - threshold; with mode "max", if it is above
        best + threshold. Then it becomes the best one, and the count is 0. If not, 1 is added to
        the count, and the best one stays, even if the metric is better by less than the threshold.

        If the count is above patience now, it goes back to 0, and each lr becomes lr * factor, or
        min_lr if that is larger. An lr that is below min_lr already stays: none is ever raised.

        Args:
            metric: a Python float, or a 0-d tensor of a float dtype, on any device, which may
                require grad. Nothing of a tensor is kept but its number: it stays as it is, may be
                written anew for the next step, and its graph is freed.

        Exactly:
            At first best is inf, with mode "max" -inf. So a first metric that is no better than
            that (inf, or -inf with "max") counts as no better.

            NaN is never better, at the first step neither, and never becomes the best one.

            A tensor stands for its number as a Python float. best - threshold is that of Python
            floats too: no 16 or 32 bits.

            The lr is multiplied that stands in the group at that moment, whoever wrote it; it is
            right within 1e-12 of itself. However small a change is, it is made.
        """
        number = float(metric)
        if self.mode == "min":
            is_better = number < self.best - self.threshold
        else:
            is_better = number > self.best + self.threshold
        if is_better:
            self.best, self.count = number, 0
        else:
            self.count += 1
        if self.count > self.patience:
            self.count = 0
            for group in self.optimizer.param_groups:
                reduced = max(group["lr"] * self.factor, self.min_lr)
                group["lr"] = min(group["lr"], reduced)

    def state_dict(self) -> dict[str, Any]:
        """Return all that has changed here since it was made, and is needed to go on later.

        It is made of numbers, strings, bools and None, in dicts, lists and tuples. No later step
        changes it. lr itself stands in the optimizer's own state.
        """
        return {"best": self.best, "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the schedule from which the state came; the state may be loaded again later.

        This schedule was made with the same arguments, over an optimizer with as many groups. The
        optimizer's own state of that moment is loaded too, before or after.
        """
        self.best, self.count = state["best"], state["count"]
