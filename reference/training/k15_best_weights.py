"""Keep the weights of the best epoch, and put them back at the end.

`state_dict()` copies nothing. Its tensors lie in the memory of the parameters, and the next step of
the optimizer writes into that memory; so `best = model.state_dict()` is the state of the last
epoch in the end. `.copy()` copies the dict, not the tensors. Each tensor needs a `clone`.

On the way back, `load_state_dict` copies the numbers into the parameters that are there, which the
optimizer knows. A model that is put in the place of another one would have new parameters, and the
optimizer would go on training the old ones.

In practice one writes these lines, or saves each best state with `torch.save` into a file.
"""

import math

from torch import Tensor, nn

HINTS = (
    "What is the state of a model? `model.state_dict()` has parameters and buffers.",
    "The tensors of a state_dict lie in the memory of the model: clone each of them.",
    "`model.load_state_dict` writes into the parameters that are there.",
    "Ask whether the metric is better, not whether it is worse: NaN is neither.",
    "Before the first number `best` is None. Ask with `is None`: 0.0 and an empty dict are False.",
)


class KeepBest:
    """Keeps a copy of a model's state from the moment when its metric was best.

    Args:
        mode: "min" if a smaller metric is better, such as a loss; "max" if a larger one is, such
            as an accuracy.

    Attributes:
        best: the best metric so far, the Python float that update got; None before there is one.

    Raises:
        ValueError: another mode. It is raised when the object is made.
    """

    def __init__(self, mode: str = "min") -> None:
        """Begin with nothing kept."""
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', not {mode!r}")
        self.mode = mode
        self.best: float | None = None
        self.state: dict[str, Tensor] = {}

    def update(self, metric: float, model: nn.Module) -> bool:
        """Keep the state of the model if the metric is better than all metrics before.

        The state is all that `model.state_dict()` holds: parameters, frozen ones too, and buffers,
        such as the running mean of a batch norm. What is kept is a copy: it stays as it is when the
        model trains on. The model stays as it is, too.

        Args:
            metric: a Python float. inf and -inf are numbers like any other.
            model: any module on one device, in train or eval mode.

        Returns:
            True if the state was kept, else False; a Python bool.

        Exactly:
            The first number is always better. Then better means strictly less than `best`, or
            strictly more with mode "max"; a metric that equals `best` is not better.

            NaN is never better, and never becomes `best`. A first NaN keeps nothing.

            Only the state of the best metric is kept. It may lie on the CPU or on the model's
            device, and it has its own dtypes and all digits.
        """
        if self.best is None:
            is_better = not math.isnan(metric)
        elif self.mode == "min":
            is_better = metric < self.best
        else:
            is_better = metric > self.best
        if is_better:
            self.best = metric
            self.state = {name: one.clone() for name, one in model.state_dict().items()}
        return is_better

    def restore(self, model: nn.Module) -> None:
        """Write the kept state into a model, in place.

        Each parameter and buffer of the state_dict is the same object in the same memory
        afterwards, so an optimizer goes on with them. requires_grad, `.grad`, modes and hooks stay.
        So does what is not in the state_dict, such as a buffer with persistent=False.

        The state stays kept, and `best` stays: later training changes nothing of it, and restore
        can be called again.

        Args:
            model: the module that update got, or another one that was built alike: its state_dict
                has the same names, shapes and dtypes, on the same device.

        Raises:
            RuntimeError: nothing is kept yet. The model is as before.

        Exactly:
            A model may have no parameters and no buffers. Its state is empty, and is kept all the
            same: then restore changes nothing and raises nothing.

            Two names may stand for one Parameter (tied weights). All values of the state_dict are
            tensors.
        """
        if self.best is None:
            raise RuntimeError("nothing is kept yet")
        model.load_state_dict(self.state)
