"""Make the learning rate smaller when a metric has stopped getting better.

Nobody knows beforehand when a training no longer profits from its learning rate; the loss on the
validation data shows it. The authors of AlexNet and ResNet divided theirs by 10 when the error
stood still. Today torch and Keras have it under this name.

    optimizer = torch.optim.SGD(params, lr=1.0)
    schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    schedule.step(metric) with     3.0, 2.0, 2.5, 2.0, 2.0, 2.0,  1.0
        ->  lr is then             1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25

What holds for every kata stands in katas/README.md.
"""

from typing import Any

from torch import Tensor
from torch.optim import Optimizer


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
        raise NotImplementedError

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
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Return all that has changed here since it was made, and is needed to go on later.

        It is made of numbers, strings, bools and None, in dicts, lists and tuples. No later step
        changes it. lr itself stands in the optimizer's own state.
        """
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the schedule from which the state came; the state may be loaded again later.

        This schedule was made with the same arguments, over an optimizer with as many groups. The
        optimizer's own state of that moment is loaded too, before or after.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
