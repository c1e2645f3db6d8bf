"""Wrong and right answers to optimizers/k02_rmsprop."""

import torch

from dojo.impostors import alternative, impostor


class Sound(torch.optim.Optimizer):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0):
        if min(lr, alpha, eps, momentum) < 0:
            raise ValueError("an option is negative")
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p, p.grad, group)
        return loss

    def change(self, p, g, group):
        u = g / self.size(self.average(p, g, group), group)
        p.sub_(group["lr"] * self.summed(p, u, group))

    def average(self, p, g, group):
        return self.averaged(p, "s", g * g, group["alpha"])

    def averaged(self, p, name, value, share, begin=0.0):
        state = self.state[p]
        old = state.get(name, torch.full_like(p, begin))
        state[name] = share * old + (1 - share) * value
        return state[name]

    def size(self, s, group):
        return s.sqrt() + group["eps"]

    def summed(self, p, u, group):
        if not group["momentum"]:
            return u
        state = self.state[p]
        state["b"] = group["momentum"] * state.get("b", torch.zeros_like(p)) + u
        return state["b"]


@impostor(
    "RMSprop",
    diagnosis="eps is under the root, as in TensorFlow: there 1e-8 is as much as 1e-4 outside.",
    aspect="values",
)
class HasEpsInTheRoot(Sound):
    def size(self, s, group):
        return (s + group["eps"]).sqrt()


@impostor(
    "RMSprop",
    diagnosis="The average of squares begins at 1, as in TensorFlow: first steps are too short.",
    aspect="values",
)
class BeginsAtOne(Sound):
    def average(self, p, g, group):
        return self.averaged(p, "s", g * g, group["alpha"], 1.0)


@impostor(
    "RMSprop",
    diagnosis="The average begins at the first square, so that the first step has the length lr.",
    aspect="values",
)
class BeginsAtTheFirstSquare(Sound):
    def average(self, p, g, group):
        if "s" not in self.state[p]:
            self.state[p]["s"] = g * g
        return super().average(p, g, group)


@impostor(
    "RMSprop",
    diagnosis="alpha is reversed: it is the weight of the old average.",
    aspect="values",
)
class ReversesAlpha(Sound):
    def average(self, p, g, group):
        return self.averaged(p, "s", g * g, 1 - group["alpha"])


@impostor(
    "RMSprop",
    diagnosis="The momentum is of g, and divided afterwards; u is divided first.",
    aspect="values",
)
class SumsGradients(Sound):
    def change(self, p, g, group):
        size = self.size(self.average(p, g, group), group)
        p.sub_(group["lr"] * self.summed(p, g, group) / size)


@impostor(
    "RMSprop",
    diagnosis="lr is a part of b: a new lr acts on new gradients only.",
    aspect="values",
)
class HasTheRateInside(Sound):
    def change(self, p, g, group):
        u = g / self.size(self.average(p, g, group), group)
        p.sub_(self.summed(p, group["lr"] * u, group))


@impostor(
    "RMSprop",
    diagnosis="The average is corrected for its begin at 0, which Adam does and RMSprop does not.",
    aspect="values",
)
class CorrectsTheAverage(Sound):
    def average(self, p, g, group):
        s = super().average(p, g, group)
        self.state[p]["t"] = self.state[p].get("t", 0) + 1
        return s / (1 - group["alpha"] ** self.state[p]["t"])


@impostor(
    "RMSprop",
    diagnosis="The root is taken before the averaging: this averages sizes, and no squares.",
    aspect="values",
)
class AveragesSizes(Sound):
    def average(self, p, g, group):
        return self.averaged(p, "s", g.abs(), group["alpha"])

    def size(self, s, group):
        return s + group["eps"]


@impostor(
    "RMSprop",
    diagnosis="The momentum is an average: u comes in times 1 - momentum.",
    aspect="values",
)
class AveragesTheSteps(Sound):
    def summed(self, p, u, group):
        return self.averaged(p, "b", u, group["momentum"]) if group["momentum"] else u


@impostor(
    "RMSprop",
    diagnosis="The mean is subtracted from the squares: this is the centred variant.",
    aspect="values",
)
class Centres(Sound):
    def average(self, p, g, group):
        mean = self.averaged(p, "mean", g, group["alpha"])
        return (super().average(p, g, group) - mean**2).clamp(min=0)


@impostor(
    "RMSprop",
    diagnosis="A gradient of zeros is skipped: the average should shrink, and b go on.",
    aspect="values",
)
class SkipsZeros(Sound):
    def change(self, p, g, group):
        if g.any():
            super().change(p, g, group)


@impostor(
    "RMSprop",
    diagnosis="A parameter without a gradient is treated as if it had zeros.",
    aspect="values",
)
class TakesNoneAsZeros(Sound):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None or self.state[p]:
                    self.change(p, torch.zeros_like(p) if p.grad is None else p.grad, group)
        return loss


@impostor(
    "RMSprop",
    diagnosis="The average is kept on self, by the number of the parameter: it is not saved.",
    aspect="values",
)
class KeepsAveragesOutside(Sound):
    def average(self, p, g, group):
        kept = self.__dict__.setdefault("averages", {})
        kept[p] = group["alpha"] * kept.get(p, 0.0) + (1 - group["alpha"]) * g * g
        return kept[p]


@impostor(
    "RMSprop",
    diagnosis="The average is kept in float32, and so loses the digits of a float64 parameter.",
    aspect="dtype",
)
class KeepsFloat32(Sound):
    def averaged(self, p, name, value, share, begin=0.0):
        new = super().averaged(p, name, value, share, begin)
        self.state[p][name] = new.float()
        return new


@impostor(
    "RMSprop",
    diagnosis="It inherits from torch.optim.RMSprop, which is what the kata makes.",
    aspect="structure",
)
class InheritsTorchs(torch.optim.RMSprop):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, lr, alpha, eps, momentum=momentum)


@alternative("RMSprop")
class ByForeach(Sound):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if params:
                self.change_all([p.detach() for p in params], params, group)
        return loss

    def change_all(self, held, params, group):
        grads = [p.grad for p in params]
        squares = [self.state[p].setdefault("square_avg", torch.zeros_like(p)) for p in params]
        torch._foreach_mul_(squares, group["alpha"])
        torch._foreach_addcmul_(squares, grads, grads, value=1 - group["alpha"])
        sizes = torch._foreach_sqrt(squares)
        torch._foreach_add_(sizes, group["eps"])
        if group["momentum"]:
            sums = [self.state[p].setdefault("sums", torch.zeros_like(p)) for p in params]
            torch._foreach_mul_(sums, group["momentum"])
            torch._foreach_addcdiv_(sums, grads, sizes)
            torch._foreach_add_(held, sums, alpha=-group["lr"])
        else:
            torch._foreach_addcdiv_(held, grads, sizes, value=-group["lr"])


@alternative("RMSprop")
class ByLerp(Sound):
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p.data, p.grad.data, group, self.state[p])
        return loss

    def change(self, p, g, group, state):
        if not state:
            state["s"], state["b"] = torch.zeros_like(p), torch.zeros_like(p)
        state["s"].lerp_(g.square(), 1 - group["alpha"])
        u = g * (state["s"].sqrt() + group["eps"]).reciprocal()
        state["b"].copy_(u if not group["momentum"] else state["b"] * group["momentum"] + u)
        p.sub_(state["b"], alpha=group["lr"])


@alternative("RMSprop")
class InFloat64(Sound):
    def change(self, p, g, group):
        state, wide = self.state[p], g.double()
        s = wide**2 * (1 - group["alpha"])
        s += group["alpha"] * state["both"][0].double() if "both" in state else 0
        b = wide / (torch.sqrt(s) + group["eps"])
        b += group["momentum"] * state["both"][1].double() if "both" in state else 0
        state["both"] = (s.to(p.dtype), b.to(p.dtype))
        p.copy_(p.double() - group["lr"] * b)


@alternative("RMSprop")
class ByOneTensorOfState(Sound):
    """It keeps s and b as two rows of one tensor."""

    def change(self, p, g, group):
        state = self.state[p]
        if not state:
            state["rows"] = torch.zeros(2, *p.shape, dtype=p.dtype, device=p.device)
        s, b = state["rows"]
        s.mul_(group["alpha"]).addcmul_(g, g, value=1 - group["alpha"])
        b.mul_(group["momentum"]).addcdiv_(g, s.sqrt().add_(group["eps"]))
        p.add_(b, alpha=-group["lr"])
