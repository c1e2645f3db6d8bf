"""Stop a training when a metric has not improved for some time.

A network that trains too long learns its training data by heart, and its loss on other data grows
again. PyTorch Lightning and Keras have a callback `EarlyStopping` with these options, and the
Trainer of Hugging Face's Transformers has an `EarlyStoppingCallback`.

    stopping = EarlyStopping(patience=2)
    stopping.step(metric) with    3.0,   2.0,   2.5,   1.0,   1.5,   1.0
        ->                        False, False, False, False, False, True
    stopping.best is then         3.0,   2.0,   2.0,   1.0,   1.0,   1.0

What holds for every kata stands in katas/README.md.
"""


class EarlyStopping:
    """Says after each epoch whether to stop, by a metric of the validation data.

    A metric is an improvement if it is better than `best` by more than min_delta:

    - mode "min": it is below best - min_delta.
    - mode "max": it is above best + min_delta.

    The first number is always an improvement. NaN is none.

    Args:
        patience: an int, at least 1: after so many calls of step in a row without an improvement,
            training is to stop.
        min_delta: a finite float, at least 0. It is an absolute difference, no share of `best`.
        mode: "min" if a smaller metric is better, such as a loss; "max" if a larger one is, such
            as an accuracy.

    Attributes:
        best: the metric of the last improvement, a Python float; None if there was none yet.

    Raises:
        ValueError: patience below 1, min_delta below 0, or another mode. It is raised when the
            object is made.
    """

    def __init__(self, patience: int, min_delta: float = 0.0, mode: str = "min") -> None:
        """Begin without a best metric, and with no calls of step so far."""
        raise NotImplementedError

    def step(self, metric: float) -> bool:
        """Look at a new metric, and say whether to stop.

        If the metric is an improvement, it becomes `best`, and the calls without one are counted
        from 0 again. If it is none, `best` stays, even if the metric is better by a little: many
        small gains are an improvement once they are more than min_delta together.

        Args:
            metric: a Python float, finite or NaN.

        Returns:
            True if this call and the patience - 1 calls before it were no improvements, else False;
            a Python bool.

        Exactly:
            A metric that is better by exactly min_delta is no improvement; neither is one that
            equals `best`, where min_delta is 0.

            A call with NaN counts as a call without an improvement. That holds for the first calls
            too: then `best` is still None, and the next number is the first one.

            Rounding decides nothing: you may as well compare best - metric with min_delta. But a
            Python float has 53 bits, and a gain that is seen in the last of them counts.

            After step has returned True, what it returns and what `best` is are up to you.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
