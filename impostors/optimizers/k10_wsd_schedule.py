"""Wrong and right answers to optimizers/k10_wsd_schedule."""

import bisect

import torch

from dojo.impostors import alternative, impostor


class Sound:
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, optimizer, warmup_steps, stable_steps, decay_steps, final=0.0):
        self.check(warmup_steps, stable_steps, decay_steps)
        self.optimizer, self.final = optimizer, final
        self.parts = warmup_steps, stable_steps, decay_steps
        self.bases = self.found()
        self.t = 0
        self.write()

    def check(self, *parts):
        if any(part < 0 for part in parts):
            raise ValueError("a number of steps is negative")

    def found(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self):
        self.t += 1
        self.write()

    def state_dict(self):
        return {"t": self.t, "bases": list(self.bases)}

    def load_state_dict(self, state):
        self.t, self.bases = state["t"], list(state["bases"])
        self.write()

    def write(self):
        for group, base in zip(self.optimizer.param_groups, self.bases, strict=True):
            group["lr"] = base * self.factor(self.t)

    def factor(self, t):
        warmup, stable, decay = self.parts
        if t < warmup:
            return self.rise(t, warmup)
        i = t - warmup - stable
        if i < 0:
            return 1.0
        return self.fall(i, decay) if i < decay else self.final

    def rise(self, t, warmup):
        return (t + 1) / (warmup + 1)

    def fall(self, i, decay):
        return 1 - (1 - self.final) * i / decay


@impostor(
    "WarmupStableDecay",
    diagnosis="The lr that stands in the group is multiplied by the factor, again at each step.",
    aspect="values",
)
class MultipliesOnAndOn(Sound):
    def write(self):
        for group in self.optimizer.param_groups:
            group["lr"] *= self.factor(self.t)


@impostor(
    "WarmupStableDecay",
    diagnosis="lr is multiplied by the ratio of two factors: it is not computed from the base.",
    aspect="values",
)
class MultipliesByTheRatio(Sound):
    def step(self):
        old = self.factor(self.t)
        self.t += 1
        for group in self.optimizer.param_groups:
            group["lr"] = group["lr"] * self.factor(self.t) / old if old else group["lr"]


@impostor(
    "WarmupStableDecay",
    diagnosis="The lr of the first group is the base of all groups.",
    aspect="values",
)
class HasOneBase(Sound):
    def found(self):
        return [self.optimizer.param_groups[0]["lr"]] * len(self.optimizer.param_groups)


@impostor(
    "WarmupStableDecay",
    diagnosis="lr is set by step() only: the first update has the full lr.",
    aspect="values",
)
class BeginsAtFullRate(Sound):
    def write(self):
        if self.t:
            super().write()


@impostor(
    "WarmupStableDecay",
    diagnosis="The warmup is t / warmup_steps: the first update has lr 0 and is lost.",
    aspect="values",
)
class BeginsAtZero(Sound):
    def rise(self, t, warmup):
        return t / warmup


@impostor(
    "WarmupStableDecay",
    diagnosis="The warmup is (t + 1) / warmup_steps: it reaches the base one step too early.",
    aspect="values",
)
class WarmsUpTooFast(Sound):
    def rise(self, t, warmup):
        return (t + 1) / warmup


@impostor(
    "WarmupStableDecay",
    diagnosis="The decay counts i from 1: it falls one step too early.",
    aspect="values",
)
class FallsTooEarly(Sound):
    def fall(self, i, decay):
        return 1 - (1 - self.final) * (i + 1) / decay


@impostor(
    "WarmupStableDecay",
    diagnosis="The decay falls to 0, and then jumps up to final.",
    aspect="values",
)
class FallsToZero(Sound):
    def fall(self, i, decay):
        return 1 - i / decay


@impostor(
    "WarmupStableDecay",
    diagnosis="final is taken as an lr; it is a factor of each base.",
    aspect="values",
)
class TakesFinalAsRate(Sound):
    def write(self):
        for group, base in zip(self.optimizer.param_groups, self.bases, strict=True):
            end, self.final = self.final, self.final / base
            group["lr"] = base * self.factor(self.t)
            self.final = end


@impostor(
    "WarmupStableDecay",
    diagnosis="With decay_steps = 0 it divides by 0 at the end of the stable part.",
    aspect="values",
)
class DividesByZero(Sound):
    def factor(self, t):
        warmup, stable, decay = self.parts
        if t < warmup:
            return self.rise(t, warmup)
        i = t - warmup - stable
        return 1.0 if i < 0 else self.fall(min(i, decay), decay)


@impostor(
    "WarmupStableDecay",
    diagnosis="A base is read from initial_lr, which an earlier schedule may have left there.",
    aspect="values",
)
class TrustsInitialLr(Sound):
    def found(self):
        return [
            group.setdefault("initial_lr", group["lr"]) for group in self.optimizer.param_groups
        ]


@impostor(
    "WarmupStableDecay",
    diagnosis="It holds on to the first groups; the optimizer has new ones after a load.",
    aspect="values",
)
class KeepsTheGroups(Sound):
    def found(self):
        self.groups = list(self.optimizer.param_groups)
        return super().found()

    def write(self):
        for group, base in zip(self.groups, self.bases, strict=True):
            group["lr"] = base * self.factor(self.t)


@impostor(
    "WarmupStableDecay",
    diagnosis="The bases are not in the state: after resuming, a decayed lr is the base.",
    aspect="structure",
)
class SavesNoBases(Sound):
    def state_dict(self):
        return {"t": self.t}

    def load_state_dict(self, state):
        self.t = state["t"]
        self.write()


@impostor(
    "WarmupStableDecay",
    diagnosis="Loading sets no lr: until the next step, the old one stays.",
    aspect="structure",
)
class LoadsWithoutSetting(Sound):
    def load_state_dict(self, state):
        self.t, self.bases = state["t"], list(state["bases"])


@impostor(
    "WarmupStableDecay",
    diagnosis="Loading calls step(), so t is one too large afterwards.",
    aspect="structure",
)
class StepsWhenLoading(Sound):
    def load_state_dict(self, state):
        self.t, self.bases = state["t"], list(state["bases"])
        self.step()


@impostor(
    "WarmupStableDecay",
    diagnosis="The state is the schedule's own dict: the optimizer is in it, and later steps too.",
    aspect="structure",
)
class HandsOutItself(Sound):
    def state_dict(self):
        return self.__dict__

    def load_state_dict(self, state):
        self.t, self.bases = state["t"], list(state["bases"])
        self.write()


@impostor(
    "WarmupStableDecay",
    diagnosis="Numbers of steps are not checked one by one: only their sum is.",
    aspect="errors",
)
class ChecksTheSum(Sound):
    def check(self, *parts):
        if sum(parts) < 0:
            raise ValueError("too few steps")


@impostor(
    "WarmupStableDecay",
    diagnosis="optimizer.step is replaced, so that it steps the schedule too.",
    aspect="memory",
)
class ReplacesTheStep(Sound):
    def __init__(self, optimizer, *parts, **final):
        super().__init__(optimizer, *parts, **final)
        own = optimizer.step

        def step(*args):
            result = own(*args)
            self.step()
            return result

        optimizer.step = step


@impostor(
    "WarmupStableDecay",
    diagnosis="It is torch's LambdaLR, which is forbidden here.",
    aspect="structure",
)
class IsLambdaLR(Sound):
    def found(self):
        bases = super().found()
        for group in self.optimizer.param_groups:
            group.pop("initial_lr", None)
        torch.optim.lr_scheduler.LambdaLR(self.optimizer, self.factor)
        return bases


@impostor(
    "WarmupStableDecay",
    diagnosis="The dict that is handed out is the one in which step() counts on.",
    aspect="structure",
)
class CountsInTheState(Sound):
    def found(self):
        self.kept = {"t": 0, "bases": super().found()}
        return self.kept["bases"]

    def step(self):
        super().step()
        self.kept["t"] = self.t

    def state_dict(self):
        return self.kept


@impostor(
    "WarmupStableDecay",
    diagnosis="step() counts on in the dict that was loaded: it can't be loaded again.",
    aspect="structure",
)
class CountsInWhatWasLoaded(Sound):
    def step(self):
        super().step()
        if hasattr(self, "loaded"):
            self.loaded["t"] = self.t

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.loaded = state


@alternative("WarmupStableDecay")
class WithATable:
    """It knows all factors from the beginning, and stays at the last one."""

    def __init__(self, optimizer, warmup_steps, stable_steps, decay_steps, final=0.0):
        for steps in (warmup_steps, stable_steps, decay_steps):
            if steps < 0:
                raise ValueError(steps)
        table = [(n + 1) / (warmup_steps + 1) for n in range(warmup_steps)]
        table += [1.0] * stable_steps
        table += [(final * i + decay_steps - i) / decay_steps for i in range(decay_steps)]
        self._table, self._optimizer = [*table, float(final)], optimizer
        self._state = {"at": -1, "lrs": tuple(g["lr"] for g in optimizer.param_groups)}
        self.step()

    def step(self):
        self._state["at"] += 1
        self._set()

    def _set(self):
        factor = self._table[min(self._state["at"], len(self._table) - 1)]
        for base, group in zip(self._state["lrs"], self._optimizer.param_groups, strict=True):
            group.update(lr=factor * base)

    def state_dict(self):
        return self._state.copy()

    def load_state_dict(self, state):
        self._state = state.copy()
        self._set()


@alternative("WarmupStableDecay")
class InTheGroups(Sound):
    """The bases stand in the groups, as torch's own schedulers keep them."""

    def found(self):
        for group in self.optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self):
        kept = {name: one for name, one in self.__dict__.items() if name != "optimizer"}
        return {**kept, "bases": list(self.bases), "last": self.found_now()}

    def found_now(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def load_state_dict(self, state):
        self.__dict__.update(state)
        for group, base, lr in zip(
            self.optimizer.param_groups, self.bases, state["last"], strict=True
        ):
            group.update(initial_lr=base, lr=lr)


@alternative("WarmupStableDecay")
class BetweenPoints(Sound):
    """Straight lines between the points where the factor bends."""

    def factor(self, t):
        warmup, stable, decay = self.parts
        xs = [-1, warmup, warmup + stable, warmup + stable + decay]
        ys = [0.0, 1.0, 1.0, self.final]
        if t >= xs[-1]:
            return self.final
        n = bisect.bisect_right(xs, t)
        share = (t - xs[n - 1]) / (xs[n] - xs[n - 1])
        return ys[n - 1] * (1 - share) + ys[n] * share
