"""Wrong and right answers to optimizers/k04_adamw."""

import math

import torch

from dojo.impostors import alternative, impostor


class Sound(torch.optim.Optimizer):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        if min(lr, eps, weight_decay, *betas) < 0 or max(betas) >= 1:
            raise ValueError("an option makes no sense")
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, options)

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
        p.mul_(1 - group["lr"] * group["weight_decay"])
        self.move(p, g, group)

    def move(self, p, g, group):
        m, v = self.averages(p, g, group["betas"])
        t = self.count(p)
        m, v = self.corrected(m, v, t, group["betas"])
        p.sub_(group["lr"] * m / self.size(v, group["eps"]))

    def averages(self, p, g, betas):
        state = self.state[p]
        for name, value, beta in (("m", g, betas[0]), ("v", g * g, betas[1])):
            state[name] = beta * state.get(name, torch.zeros_like(p)) + (1 - beta) * value
        return state["m"], state["v"]

    def count(self, p):
        self.state[p]["t"] = self.state[p].get("t", 0) + 1
        return self.state[p]["t"]

    def corrected(self, m, v, t, betas):
        return m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)

    def size(self, v, eps):
        return v.sqrt() + eps


@impostor(
    "AdamW",
    diagnosis="The decay is added to the gradient, as in Adam's L2: it is divided by the size too.",
    aspect="values",
)
class DecaysInTheGradient(Sound):
    def change(self, p, g, group):
        self.move(p, g + group["weight_decay"] * p, group)


@impostor(
    "AdamW",
    diagnosis="p decays by itself, but the averages see a decayed gradient as well.",
    aspect="values",
)
class LetsTheAveragesSee(Sound):
    def move(self, p, g, group):
        super().move(p, g + group["weight_decay"] * p, group)

    def change(self, p, g, group):
        shrunk = 1 - group["lr"] * group["weight_decay"]
        old = p.clone()
        self.move(p, g, group)
        p.add_(old, alpha=shrunk - 1)


@impostor(
    "AdamW",
    diagnosis="The decay is not times lr: a scheduler does not change it.",
    aspect="values",
)
class DecaysWithoutTheRate(Sound):
    def change(self, p, g, group):
        p.mul_(1 - group["weight_decay"])
        self.move(p, g, group)


@impostor(
    "AdamW",
    diagnosis="The decay comes after the step, and shrinks the step as well.",
    aspect="values",
)
class DecaysLast(Sound):
    def change(self, p, g, group):
        self.move(p, g, group)
        p.mul_(1 - group["lr"] * group["weight_decay"])


@impostor(
    "AdamW",
    diagnosis="The decay is computed with lr and weight_decay as they were when it was made.",
    aspect="values",
)
class RemembersTheRate(Sound):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)
        for group in self.param_groups:
            group["shrunk"] = 1 - group["lr"] * group["weight_decay"]

    def change(self, p, g, group):
        p.mul_(group.setdefault("shrunk", 1 - group["lr"] * group["weight_decay"]))
        self.move(p, g, group)


@impostor(
    "AdamW",
    diagnosis="Parameters without a gradient decay too.",
    aspect="values",
)
class DecaysAll(Sound):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                if p.grad is not None:
                    self.move(p, p.grad, group)
        return loss


@impostor(
    "AdamW",
    diagnosis="A gradient of zeros is skipped: the parameter should decay, and m and v shrink.",
    aspect="values",
)
class SkipsZeros(Sound):
    def change(self, p, g, group):
        if torch.count_nonzero(g):
            super().change(p, g, group)


@impostor(
    "AdamW",
    diagnosis="Biases and other vectors do not decay: that is for groups to say.",
    aspect="values",
)
class DecaysMatricesOnly(Sound):
    def change(self, p, g, group):
        super().change(p, g, group if p.dim() > 1 else group | {"weight_decay": 0.0})


@impostor(
    "AdamW",
    diagnosis="The decay of the first group is taken for all.",
    aspect="values",
)
class DecaysByTheFirstGroup(Sound):
    def change(self, p, g, group):
        first = self.param_groups[0]
        p.mul_(1 - group["lr"] * first["weight_decay"])
        self.move(p, g, group)


@impostor(
    "AdamW",
    diagnosis="One t counts the steps of all: a parameter whose gradients begin late has another.",
    aspect="values",
)
class CountsTheCalls(Sound):
    def step(self, closure=None):
        group = self.param_groups[0]
        group["calls"] = group.get("calls", 0) + 1
        return super().step(closure)

    def count(self, p):
        return self.param_groups[0]["calls"]


@impostor(
    "AdamW",
    diagnosis="The share that is left is held at one half: lr * weight_decay may be near 1.",
    aspect="values",
)
class ClampsTheShrinking(Sound):
    def change(self, p, g, group):
        p.mul_(max(1 - group["lr"] * group["weight_decay"], 0.5))
        self.move(p, g, group)


@impostor(
    "AdamW",
    diagnosis="The decay is added to `.grad` itself, which belongs to the caller.",
    aspect="memory",
)
class ChangesTheGradient(Sound):
    def change(self, p, g, group):
        super().change(p, g.clone(), group)
        g.add_(p, alpha=group["weight_decay"])


@impostor(
    "AdamW",
    diagnosis="`p.data = …` gives the parameter other memory: views and flat buffers lose it.",
    aspect="memory",
)
class ReplacesData(Sound):
    def change(self, p, g, group):
        p.data = p.data * (1 - group["lr"] * group["weight_decay"])
        self.move(p, g, group)


@impostor(
    "AdamW",
    diagnosis="A negative weight_decay is taken: the parameters would grow.",
    aspect="errors",
)
class TakesANegativeDecay(Sound):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, abs(weight_decay))
        for group in self.param_groups:
            group.setdefault("weight_decay", weight_decay)


@impostor(
    "AdamW",
    diagnosis="It inherits from torch.optim.AdamW, which is what the kata makes.",
    aspect="structure",
)
class InheritsTorchs(torch.optim.AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)


@alternative("AdamW")
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
                self.change_all(params, group, *group["betas"])
        return loss

    def change_all(self, params, group, beta1, beta2):
        grads, states = [p.grad for p in params], [self.state[p] for p in params]
        for p, state in zip(params, states, strict=True):
            if not state:
                state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
                state["step"] = torch.tensor(0.0, dtype=torch.float64)
        first, second = ([one[name] for one in states] for name in ("exp_avg", "exp_avg_sq"))
        for one in states:
            one["step"] += 1
        torch._foreach_lerp_(first, grads, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, grads, grads, 1 - beta2)
        counts = [one["step"].item() for one in states]
        sizes = torch._foreach_sqrt(second)
        torch._foreach_div_(sizes, [math.sqrt(1 - beta2**t) for t in counts])
        torch._foreach_add_(sizes, group["eps"])
        held = [p.detach() for p in params]
        torch._foreach_mul_(held, 1 - group["lr"] * group["weight_decay"])
        rates = [-group["lr"] / (1 - beta1**t) for t in counts]
        torch._foreach_addcdiv_(held, first, sizes, rates)


@alternative("AdamW")
class ByOneFormula(Sound):
    """Decay and step in one sum, as published."""

    def change(self, p, g, group):
        (beta1, beta2), state = group["betas"], self.state[p]
        if "step" not in state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = g.new_zeros(g.shape), g.new_zeros(g.shape)
        state["step"] += 1
        t = state["step"].item()
        m = state["exp_avg"].lerp_(g, 1 - beta1)
        v = state["exp_avg_sq"].lerp_(g.square(), 1 - beta2)
        step = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + group["eps"])
        p.sub_((step + group["weight_decay"] * p) * group["lr"])


@alternative("AdamW")
class WithoutNoGrad(Sound):
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p.data, p.grad.detach(), group, self.state[p])
        return loss

    def change(self, p, g, group, state):
        (beta1, beta2), lr = group["betas"], group["lr"]
        state.setdefault("m", torch.zeros_like(p)).mul_(beta1).add_(g, alpha=1 - beta1)
        state.setdefault("v", torch.zeros_like(p)).mul_(beta2).addcmul_(g, g, value=1 - beta2)
        state["t"] = t = state.get("t", 0) + 1
        root = math.sqrt(1 - beta2**t)
        size = state["v"].sqrt().div_(root).add_(group["eps"])
        p.mul_(1 - lr * group["weight_decay"]).addcdiv_(
            state["m"], size, value=-lr / (1 - beta1**t)
        )


@alternative("AdamW")
class InFloat64(Sound):
    def change(self, p, g, group):
        (beta1, beta2), state, g = group["betas"], self.state[p], g.double()
        t, m, v = state.get("kept", (0, torch.zeros_like(p), torch.zeros_like(p)))
        m, v = beta1 * m.double() + (1 - beta1) * g, beta2 * v.double() + (1 - beta2) * g**2
        state["kept"] = (t + 1, m.to(p.dtype), v.to(p.dtype))
        m, v = self.corrected(m, v, t + 1, group["betas"])
        shrunk = p.double() * (1 - group["lr"] * group["weight_decay"])
        p.copy_(shrunk - group["lr"] * m / (v**0.5 + group["eps"]))
