"""Stop a training when a metric has not improved for some time.

Only one number and one count have to be kept. Everything hangs on what is asked: "is it better?"
is False for NaN, while "is it not worse?" is True for it. And `best` may only change together with
the count. Were it to follow each small gain, then a loss that falls slowly but steadily would never
be better than it by more than min_delta.

In practice one calls `lightning.pytorch.callbacks.EarlyStopping`, or writes these lines.
"""

import math

HINTS = (
    "Keep two things: the best metric, and the number of calls since it was found.",
    "Ask whether the metric is better, not whether it is worse: NaN is neither.",
    "`best` changes only with an improvement, and then the count goes back to 0.",
    "Before the first number `best` is None; NaN (`metric != metric`) does not change that.",
)


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
        if patience < 1 or min_delta < 0 or mode not in ("min", "max"):
            raise ValueError("patience is at least 1, min_delta at least 0, mode min or max")
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.best: float | None = None
        self.count = 0

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
        if self.best is None:
            is_improvement = not math.isnan(metric)
        elif self.mode == "min":
            is_improvement = metric < self.best - self.min_delta
        else:
            is_improvement = metric > self.best + self.min_delta
        if is_improvement:
            self.best = metric
            self.count = 0
        else:
            self.count += 1
        return self.count >= self.patience
