"""Keep the weights of the best epoch, and put them back at the end.

The last epoch of a training is seldom the best one. Keras has `restore_best_weights` for that, the
Trainer of Hugging Face's Transformers `load_best_model_at_end`; both watch a metric of the
validation data.

    keep = KeepBest("max")
    keep.update(0.5, net)    ->  True      the first number is the best one so far
    keep.update(0.75, net)   ->  True      say net.weight holds 1.0 at this moment
    keep.update(0.625, net)  ->  False     and 2.0 at this one
    keep.restore(net)                      now net.weight holds 1.0 again
    keep.best                ->  0.75

What holds for every kata stands in katas/README.md.
"""

from torch import nn


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
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
