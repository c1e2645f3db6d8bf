"""Wrong and right answers to training/k16_early_stopping."""

import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor


class Sound:
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.check(patience, min_delta, mode)
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best, self.count = None, 0

    def check(self, patience, min_delta, mode):
        if patience < 1 or min_delta < 0 or mode not in ("min", "max"):
            raise ValueError("an option makes no sense")

    def step(self, metric):
        if self.is_better(metric):
            self.best, self.count = metric, 0
        else:
            self.missed(metric)
        return self.count >= self.patience

    def missed(self, metric):
        self.count += 1

    def is_better(self, metric):
        if self.best is None:
            return metric == metric
        return self.is_below(metric) if self.mode == "min" else self.is_above(metric)

    def is_below(self, metric):
        return metric < self.best - self.min_delta

    def is_above(self, metric):
        return metric > self.best + self.min_delta

    def is_any_gain(self, metric):
        if self.best is None:
            return metric == metric
        return metric < self.best if self.mode == "min" else metric > self.best


@impostor(
    "EarlyStopping",
    diagnosis="Training stops one call too early: patience - 1 calls without an improvement"
    " are enough here.",
    aspect="values",
)
class StopsEarly(Sound):
    def step(self, metric):
        super().step(metric)
        return self.count >= self.patience - 1


@impostor(
    "EarlyStopping",
    diagnosis="Training stops one call too late: `count > patience` asks for one more.",
    aspect="values",
)
class StopsLate(Sound):
    def step(self, metric):
        super().step(metric)
        return self.count > self.patience


@impostor(
    "EarlyStopping",
    diagnosis="An improvement does not set the count back: all bad calls together count, not those"
    " in a row.",
    aspect="values",
)
class NeverResets(Sound):
    def step(self, metric):
        before = self.count
        super().step(metric)
        self.count = max(before, self.count) if self.count == 0 else self.count
        return self.count >= self.patience


@impostor(
    "EarlyStopping",
    diagnosis="best follows each gain, also one below min_delta: slow progress never counts.",
    aspect="values",
)
class Creeps(Sound):
    def step(self, metric):
        is_gain = self.is_any_gain(metric)
        stop = super().step(metric)
        self.best = metric if is_gain else self.best
        return stop


@impostor(
    "EarlyStopping",
    diagnosis="A gain below min_delta sets the count back, though it is no improvement.",
    aspect="values",
)
class RestartsAtAnyGain(Sound):
    def step(self, metric):
        is_gain = self.is_any_gain(metric)
        super().step(metric)
        self.count = 0 if is_gain else self.count
        return self.count >= self.patience


@impostor(
    "EarlyStopping",
    diagnosis="Each metric is compared with the one before it, and not with the best one.",
    aspect="values",
)
class ComparesWithTheLast(Sound):
    def step(self, metric):
        stop = super().step(metric)
        self.best = metric
        return stop


@impostor(
    "EarlyStopping",
    diagnosis='With mode "max", min_delta is taken from best; it is to be added to it.',
    aspect="values",
)
class HasOneSignForBothModes(Sound):
    def is_above(self, metric):
        return metric > self.best - self.min_delta


@impostor(
    "EarlyStopping",
    diagnosis="min_delta is on the wrong side: a metric that is worse by less than it counts as"
    " an improvement.",
    aspect="values",
)
class ForgivesALittle(Sound):
    def is_below(self, metric):
        return metric < self.best + self.min_delta

    def is_above(self, metric):
        return metric > self.best - self.min_delta


@impostor(
    "EarlyStopping",
    diagnosis="min_delta is never looked at: each gain counts as an improvement.",
    aspect="values",
)
class IgnoresMinDelta(Sound):
    is_better = Sound.is_any_gain


@impostor(
    "EarlyStopping",
    diagnosis="min_delta is taken as a share of best; it is a difference.",
    aspect="values",
)
class TakesAShare(Sound):
    def is_below(self, metric):
        return metric < self.best - abs(self.best) * self.min_delta

    def is_above(self, metric):
        return metric > self.best + abs(self.best) * self.min_delta


@impostor(
    "EarlyStopping",
    diagnosis="A tie counts as an improvement: a gain of exactly min_delta is none.",
    aspect="values",
)
class TakesTies(Sound):
    def is_below(self, metric):
        return metric <= self.best - self.min_delta

    def is_above(self, metric):
        return metric >= self.best + self.min_delta


@impostor(
    "EarlyStopping",
    diagnosis="NaN counts as an improvement, since it is not worse: `not metric >= bound` is True"
    " for it.",
    aspect="values",
)
class AsksForWorse(Sound):
    def is_better(self, metric):
        if self.best is None:
            return True
        if self.mode == "min":
            return not metric >= self.best - self.min_delta
        return not metric <= self.best + self.min_delta


@impostor(
    "EarlyStopping",
    diagnosis="A first NaN becomes best, and then no number is better than it.",
    aspect="values",
)
class KeepsAFirstNan(Sound):
    def is_better(self, metric):
        return self.best is None or super().is_better(metric)


@impostor(
    "EarlyStopping",
    diagnosis="NaN is skipped: a training that has broken down never stops.",
    aspect="values",
)
class SkipsNan(Sound):
    def missed(self, metric):
        self.count += not math.isnan(metric)


@impostor(
    "EarlyStopping",
    diagnosis="Calls with NaN before the first number do not count here.",
    aspect="values",
)
class BeginsWithTheFirstNumber(Sound):
    def missed(self, metric):
        self.count += self.best is not None


@impostor(
    "EarlyStopping",
    diagnosis="`if not self.best` takes a best of 0.0 for no best at all.",
    aspect="values",
)
class TakesZeroForNone(Sound):
    def is_better(self, metric):
        return metric == metric if not self.best else super().is_better(metric)


@impostor(
    "EarlyStopping",
    diagnosis="best begins as a number such as inf, and not as None.",
    aspect="values",
)
class BeginsWithInfinity(Sound):
    def __init__(self, patience, min_delta=0.0, mode="min"):
        super().__init__(patience, min_delta, mode)
        self.best = math.inf if mode == "min" else -math.inf


@impostor(
    "EarlyStopping",
    diagnosis="A large number stands for no best: a first metric that is worse than it is no"
    " improvement.",
    aspect="values",
)
class BeginsWithALargeNumber(Sound):
    def is_better(self, metric):
        if self.best is None:
            return metric < 1e9 if self.mode == "min" else metric > -1e9
        return super().is_better(metric)


@impostor(
    "EarlyStopping",
    diagnosis='The mode is not looked at: with "max", smaller metrics count as better.',
    aspect="values",
)
class IgnoresTheMode(Sound):
    is_above = Sound.is_below


@impostor(
    "EarlyStopping",
    diagnosis='With mode "max", best is the negated metric.',
    aspect="values",
)
class ShowsTheNegatedMetric(Sound):
    def step(self, metric):
        self.mode, mode = "min", self.mode
        stop = super().step(metric if mode == "min" else -metric)
        self.mode = mode
        return stop


@impostor(
    "EarlyStopping",
    diagnosis="float32 keeps some 7 digits of a Python float: a small gain gets lost.",
    aspect="values",
)
class ComparesInFloat32(Sound):
    def is_below(self, metric):
        return bool(np.float32(metric) < np.float32(self.best - self.min_delta))

    def is_above(self, metric):
        return bool(np.float32(metric) > np.float32(self.best + self.min_delta))

    def step(self, metric):
        with np.errstate(over="ignore"):
            return super().step(metric)


@impostor(
    "EarlyStopping",
    diagnosis="Nothing comes back where training goes on: None is no bool.",
    aspect="type",
)
class ReturnsTrueOrNone(Sound):
    def step(self, metric):
        if super().step(metric):
            return True


@impostor(
    "EarlyStopping",
    diagnosis="A tensor comes back; a Python bool is asked for.",
    aspect="type",
)
class ReturnsATensor(Sound):
    def step(self, metric):
        return torch.tensor(super().step(metric))


@impostor(
    "EarlyStopping",
    diagnosis="best is a tensor; it is to be a Python float, as the metric is.",
    aspect="values",
)
class KeepsATensor(Sound):
    def step(self, metric):
        return bool(super().step(torch.tensor(metric, dtype=torch.float64)))


@impostor(
    "EarlyStopping",
    diagnosis="best and the count stand in the class: all objects share them.",
    aspect="values",
)
class SharesItsState(Sound):
    best, count = None, 0

    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.check(patience, min_delta, mode)
        self.patience, self.min_delta, self.mode = patience, min_delta, mode

    def step(self, metric):
        if self.is_better(metric):
            type(self).best, type(self).count = metric, 0
        else:
            type(self).count += 1
        return self.count >= self.patience


@impostor(
    "EarlyStopping",
    diagnosis="Bad options are not refused when the object is made.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def check(self, patience, min_delta, mode):
        pass


@impostor(
    "EarlyStopping",
    diagnosis="patience=0 is let through; it is at least 1.",
    aspect="errors",
)
class TakesPatienceZero(Sound):
    def check(self, patience, min_delta, mode):
        super().check(patience + 1, min_delta, mode)


@impostor(
    "EarlyStopping",
    diagnosis="The mode is looked up in lower case: 'MIN' is another mode, and is to be refused.",
    aspect="errors",
)
class TakesCapitals(Sound):
    def check(self, patience, min_delta, mode):
        super().check(patience, min_delta, mode.lower())


@alternative("EarlyStopping")
class ByHistory:
    def __init__(self, patience, min_delta=0.0, mode="min"):
        if not patience >= 1:
            raise ValueError(f"{patience=}")
        if not min_delta >= 0:
            raise ValueError(f"{min_delta=}")
        if mode not in {"min", "max"}:
            raise ValueError(f"{mode=}")
        self.options = patience, min_delta, -1.0 if mode == "min" else 1.0
        self.metrics = []

    def improvements(self):
        _, min_delta, sign = self.options
        best = None
        for place, metric in enumerate(self.metrics):
            if math.isnan(metric):
                continue
            if best is None or (metric - best) * sign > min_delta:
                best = metric
                yield place, metric

    @property
    def best(self):
        return ([None] + [metric for _, metric in self.improvements()])[-1]

    def step(self, metric):
        self.metrics.append(metric)
        last = max((place for place, _ in self.improvements()), default=-1)
        return len(self.metrics) - 1 - last >= self.options[0]


@alternative("EarlyStopping")
class BySignedScore:
    best = None

    def __init__(self, patience, min_delta=0.0, mode="min"):
        try:
            self.sign = {"min": 1, "max": -1}[mode]
        except KeyError:
            raise ValueError(mode) from None
        if patience <= 0 or min_delta < 0:
            raise ValueError("too small")
        self.left = self.patience = patience
        self.bound, self.min_delta = math.inf, min_delta

    def step(self, metric):
        score = self.sign * metric
        self.left -= 1
        if score < self.bound:
            self.best, self.bound, self.left = metric, score - self.min_delta, self.patience
        return self.left <= 0


@alternative("EarlyStopping")
class ByTensors:
    def __init__(self, patience, min_delta=0.0, mode="min"):
        if patience < 1 or min_delta < 0:
            raise ValueError("patience or min_delta")
        if mode not in ("min", "max"):
            raise ValueError("mode")
        self.patience, self.mode = patience, mode
        self.delta = torch.tensor(min_delta, dtype=torch.float64)
        self.kept = torch.tensor(math.nan, dtype=torch.float64)
        self.bad = []

    @property
    def best(self):
        return None if self.kept.isnan() else self.kept.item()

    def step(self, metric):
        new = torch.tensor(metric, dtype=torch.float64)
        gain = self.kept - new if self.mode == "min" else new - self.kept
        if bool(gain > self.delta) or bool(self.kept.isnan() & ~new.isnan()):
            self.kept = new
            self.bad.clear()
        else:
            self.bad.append(metric)
        return len(self.bad) >= self.patience
