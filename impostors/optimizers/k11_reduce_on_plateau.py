"""Wrong and right answers to optimizers/k11_reduce_on_plateau."""

import math

import torch

from dojo.impostors import alternative, impostor


class Sound:
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, min_lr=0.0):
        self.check(mode, factor, patience)
        self.optimizer, self.mode, self.factor = optimizer, mode, factor
        self.patience, self.threshold, self.min_lr = patience, threshold, min_lr
        self.best = math.inf if mode == "min" else -math.inf
        self.count = 0

    def check(self, mode, factor, patience):
        if mode not in ("min", "max") or factor <= 0 or factor >= 1 or patience < 0:
            raise ValueError("an option makes no sense")

    def step(self, metric):
        number = self.number(metric)
        if self.is_better(number):
            self.best, self.count = number, 0
        else:
            self.missed(number)
        if self.is_over():
            self.reset()
            self.reduce()

    def number(self, metric):
        return float(metric)

    def is_better(self, number):
        if self.mode == "min":
            return number < self.best - self.threshold
        return number > self.best + self.threshold

    def missed(self, number):
        self.count += 1

    def is_over(self):
        return self.count > self.patience

    def reset(self):
        self.count = 0

    def reduce(self):
        for group in self.optimizer.param_groups:
            group["lr"] = self.reduced(group["lr"])

    def reduced(self, lr):
        return min(lr, max(lr * self.factor, self.min_lr))

    def state_dict(self):
        return {"best": self.best, "count": self.count}

    def load_state_dict(self, state):
        self.best, self.count = state["best"], state["count"]


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The default of threshold is 1e-3 here; it is 1e-4.",
    aspect="values",
)
class HasAnotherDefault(Sound):
    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-3, min_lr=0.0):
        super().__init__(optimizer, mode, factor, patience, threshold, min_lr)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="lr is reduced when the count equals patience, which is one step too early.",
    aspect="values",
)
class LosesPatience(Sound):
    def is_over(self):
        return self.count >= max(self.patience, 1)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The count is not set back after lr was reduced: each later step reduces it again.",
    aspect="values",
)
class KeepsCounting(Sound):
    def reset(self):
        pass


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The best metric is forgotten when lr is reduced.",
    aspect="values",
)
class ForgetsTheBest(Sound):
    def reset(self):
        self.count = 0
        self.best = math.inf if self.mode == "min" else -math.inf


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The threshold is a share of the best metric: negative ones turn it the wrong way.",
    aspect="values",
)
class TakesAShare(Sound):
    def is_better(self, number):
        if self.mode == "min":
            return number < self.best * (1 - self.threshold)
        return number > self.best * (1 + self.threshold)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="A metric that is better by exactly the threshold counts as better here.",
    aspect="values",
)
class TakesTheBorder(Sound):
    def is_better(self, number):
        if math.isinf(self.best):
            return super().is_better(number)
        if self.mode == "min":
            return number <= self.best - self.threshold
        return number >= self.best + self.threshold


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The threshold is on the wrong side: what is a little worse counts as better.",
    aspect="values",
)
class IsGenerous(Sound):
    def is_better(self, number):
        if self.mode == "min":
            return number < self.best + self.threshold
        return number > self.best - self.threshold


@impostor(
    "ReduceLROnPlateau",
    diagnosis="Each metric is compared with the one before it, not with the best one.",
    aspect="values",
)
class ComparesWithTheLast(Sound):
    def missed(self, number):
        self.count += 1
        self.best = number


@impostor(
    "ReduceLROnPlateau",
    diagnosis="Gains below the threshold become the best metric too, so they never add up.",
    aspect="values",
)
class Creeps(Sound):
    def missed(self, number):
        self.count += 1
        self.best = min(self.best, number) if self.mode == "min" else max(self.best, number)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="It asks whether the metric is worse: NaN is not, and becomes the best one.",
    aspect="values",
)
class TakesNaNAsBetter(Sound):
    def is_better(self, number):
        if self.mode == "min":
            return not number >= self.best - self.threshold
        return not number <= self.best + self.threshold


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The first metric is the best one whatever it is; if it is NaN, nothing is better.",
    aspect="values",
)
class BeginsWithTheFirst(Sound):
    def is_better(self, number):
        if math.isinf(self.best):
            return True
        return super().is_better(number)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="best is a large number at first, in place of inf: metrics beyond it do not count.",
    aspect="values",
)
class BeginsWithALargeNumber(Sound):
    def __init__(self, optimizer, mode="min", *options, **more):
        super().__init__(optimizer, mode, *options, **more)
        self.best = 1e10 if mode == "min" else -1e10


@impostor(
    "ReduceLROnPlateau",
    diagnosis="A step with NaN is left out; it counts as no better.",
    aspect="values",
)
class SkipsNaN(Sound):
    def missed(self, number):
        self.count += not math.isnan(number)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="max(lr * factor, min_lr) raises an lr that is below min_lr already.",
    aspect="values",
)
class RaisesTheRate(Sound):
    def reduced(self, lr):
        return max(lr * self.factor, self.min_lr)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="Where lr * factor is below min_lr, lr stays: it never gets to min_lr.",
    aspect="values",
)
class StopsAboveTheFloor(Sound):
    def reduced(self, lr):
        return lr * self.factor if lr * self.factor >= self.min_lr else lr


@impostor(
    "ReduceLROnPlateau",
    diagnosis="Changes of lr below 1e-8 are left out, as in torch's own; here each one is made.",
    aspect="values",
)
class LeavesSmallChangesOut(Sound):
    def reduced(self, lr):
        new = super().reduced(lr)
        return new if lr - new > 1e-8 else lr


@impostor(
    "ReduceLROnPlateau",
    diagnosis="lr is computed from the first one: what was written in between is lost.",
    aspect="values",
)
class ReducesTheFirstRate(Sound):
    def reduce(self):
        if not hasattr(self, "rates"):
            self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.rates = [self.reduced(lr) for lr in self.rates]
        for group, lr in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = lr


@impostor(
    "ReduceLROnPlateau",
    diagnosis="It compares tensors: in bfloat16 the threshold is lost in rounding.",
    aspect="values",
)
class ComparesTensors(Sound):
    def number(self, metric):
        return metric.detach().clone() if isinstance(metric, torch.Tensor) else metric

    def state_dict(self):
        return {"best": float(self.best), "count": self.count}


@impostor(
    "ReduceLROnPlateau",
    diagnosis="best is the metric's own tensor: when it is written anew, best changes with it.",
    aspect="values",
)
class KeepsTheTensor(Sound):
    def number(self, metric):
        return metric.detach() if isinstance(metric, torch.Tensor) else metric

    def state_dict(self):
        return {"best": float(self.best), "count": self.count}


@impostor(
    "ReduceLROnPlateau",
    diagnosis="All metrics are kept as they came: tensors with their graphs.",
    aspect="memory",
)
class KeepsAHistory(Sound):
    def step(self, metric):
        self.history = [*getattr(self, "history", []), metric]
        super().step(metric)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The count is not saved: after loading, patience begins anew.",
    aspect="structure",
)
class SavesTheBestAlone(Sound):
    def state_dict(self):
        return {"best": self.best}

    def load_state_dict(self, state):
        self.best, self.count = state["best"], 0


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The best metric is not saved: after loading, the next one is always better.",
    aspect="structure",
)
class SavesTheCountAlone(Sound):
    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.best = math.inf if self.mode == "min" else -math.inf
        self.count = state["count"]


@impostor(
    "ReduceLROnPlateau",
    diagnosis="The state holds the optimizer: it is all that the schedule has.",
    aspect="structure",
)
class SavesEverything(Sound):
    def state_dict(self):
        return dict(self.__dict__)

    def load_state_dict(self, state):
        self.best, self.count = state["best"], state["count"]


@impostor(
    "ReduceLROnPlateau",
    diagnosis="A factor of 1 is taken, which never reduces anything.",
    aspect="errors",
)
class TakesAFactorOfOne(Sound):
    def check(self, mode, factor, patience):
        super().check(mode, 0.5 if factor == 1 else factor, patience)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="Another mode than min is taken as max.",
    aspect="errors",
)
class TakesAnyMode(Sound):
    def check(self, mode, factor, patience):
        super().check("min", factor, patience)


@impostor(
    "ReduceLROnPlateau",
    diagnosis="It is torch's own ReduceLROnPlateau, which is forbidden here.",
    aspect="structure",
)
class HasTorchsInside(Sound):
    def step(self, metric):
        if not hasattr(self, "inner"):
            self.inner = torch.optim.lr_scheduler.ReduceLROnPlateau(
                self.optimizer, self.mode, patience=10**9
            )
        super().step(metric)


@alternative("ReduceLROnPlateau")
class WithASign:
    """Larger metrics are turned round, so there is one comparison."""

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, min_lr=0.0):
        signs = {"min": 1.0, "max": -1.0}
        if mode not in signs or not 0.0 < factor < 1.0 or patience <= -1:
            raise ValueError(mode, factor, patience)
        self._options = signs[mode], factor, patience, threshold, min_lr
        self._optimizer, self._state = optimizer, (math.inf, patience)

    def step(self, metric):
        sign, factor, patience, threshold, min_lr = self._options
        best, left = self._state
        metric = sign * (metric.item() if isinstance(metric, torch.Tensor) else metric)
        if metric < best - threshold:
            self._state = metric, patience
            return
        self._state = best, left - 1
        if left == 0:
            self._state = best, patience
            for group in self._optimizer.param_groups:
                if group["lr"] > min_lr:
                    group["lr"] = max(factor * group["lr"], min_lr)

    def state_dict(self):
        return {"state": self._state}

    def load_state_dict(self, state):
        self._state = tuple(state["state"])


@alternative("ReduceLROnPlateau")
class WithTheWholeState(Sound):
    """It saves all but the optimizer, options and lrs too."""

    def state_dict(self):
        kept = {name: one for name, one in vars(self).items() if name != "optimizer"}
        return {**kept, "lrs": [group["lr"] for group in self.optimizer.param_groups]}

    def load_state_dict(self, state):
        for name, one in state.items():
            if name != "lrs":
                setattr(self, name, one)
        for group, lr in zip(self.optimizer.param_groups, state["lrs"], strict=True):
            group["lr"] = lr


@alternative("ReduceLROnPlateau")
class WithAHistory(Sound):
    """It counts the steps, and remembers in which one the last good thing happened."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = self.since = 0

    def step(self, metric):
        self.now += 1
        number = torch.as_tensor(metric, dtype=torch.float64).item()
        sign = 1 if self.mode == "min" else -1
        gain = sign * (self.best - number) - self.threshold
        if gain > 0 and super().is_better(number):
            self.best, self.since = number, self.now
        elif self.now - self.since > self.patience:
            self.since = self.now
            self.reduce()

    def state_dict(self):
        return {"best": self.best, "now": self.now, "since": self.since}

    def load_state_dict(self, state):
        vars(self).update(state)
