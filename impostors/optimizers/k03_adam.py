"""Wrong and right answers to optimizers/k03_adam."""

import math

import torch

from dojo.impostors import alternative, impostor


class Sound(torch.optim.Optimizer):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        if lr < 0 or eps < 0 or min(betas) < 0 or max(betas) >= 1:
            raise ValueError("an option makes no sense")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

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
    "Adam",
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
    "Adam",
    diagnosis="t grows by 1 with each parameter that is changed, so it runs ahead.",
    aspect="values",
)
class CountsEveryParameter(Sound):
    def count(self, p):
        group = self.param_groups[0]
        group["t"] = group.get("t", 0) + 1
        return group["t"]


@impostor(
    "Adam",
    diagnosis="t begins at 0: the first correction divides by 1 - 1.",
    aspect="values",
)
class CountsFromZero(Sound):
    def count(self, p):
        return super().count(p) - 1

    def corrected(self, m, v, t, betas):
        if t:
            return super().corrected(m, v, t, betas)
        return m / torch.zeros_like(m), v / torch.zeros_like(v)


@impostor(
    "Adam",
    diagnosis="eps is added under the root, where 1e-8 is as much as 1e-4 outside.",
    aspect="values",
)
class HasEpsInTheRoot(Sound):
    def size(self, v, eps):
        return (v + eps).sqrt()


@impostor(
    "Adam",
    diagnosis="eps is added before the correction, which divides it too: 30 times at first.",
    aspect="values",
)
class AddsEpsEarly(Sound):
    def change(self, p, g, group):
        m, v = self.averages(p, g, group["betas"])
        t, (beta1, beta2) = self.count(p), group["betas"]
        rate = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        p.sub_(rate * m / (v.sqrt() + group["eps"]))


@impostor(
    "Adam",
    diagnosis="Nothing is corrected: both averages begin at 0, and are too small at first.",
    aspect="values",
)
class CorrectsNothing(Sound):
    def corrected(self, m, v, t, betas):
        return m, v


@impostor(
    "Adam",
    diagnosis="Only m is corrected; v is too small at first, and the steps are too long.",
    aspect="values",
)
class CorrectsMAlone(Sound):
    def corrected(self, m, v, t, betas):
        return m / (1 - betas[0] ** t), v


@impostor(
    "Adam",
    diagnosis="Only v is corrected; m is too small at first, and so are the steps.",
    aspect="values",
)
class CorrectsVAlone(Sound):
    def corrected(self, m, v, t, betas):
        return m, v / (1 - betas[1] ** t)


@impostor(
    "Adam",
    diagnosis="The betas are swapped: the slow average is that of the squares.",
    aspect="values",
)
class SwapsTheBetas(Sound):
    def averages(self, p, g, betas):
        return super().averages(p, g, betas[::-1])

    def corrected(self, m, v, t, betas):
        return super().corrected(m, v, t, betas[::-1])


@impostor(
    "Adam",
    diagnosis="The corrected m and v are stored, and corrected again at the next step.",
    aspect="values",
)
class StoresTheCorrected(Sound):
    def corrected(self, m, v, t, betas):
        m.div_(1 - betas[0] ** t)
        v.div_(1 - betas[1] ** t)
        return m, v


@impostor(
    "Adam",
    diagnosis="v averages the sizes of the gradients, and no squares.",
    aspect="values",
)
class AveragesSizes(Sound):
    def averages(self, p, g, betas):
        state = self.state[p]
        for name, value, beta in (("m", g, betas[0]), ("v", g.abs(), betas[1])):
            state[name] = beta * state.get(name, torch.zeros_like(p)) + (1 - beta) * value
        return state["m"], state["v"]

    def size(self, v, eps):
        return v + eps


@impostor(
    "Adam",
    diagnosis="m and v of all parameters are made at once, also for those without a gradient.",
    aspect="memory",
)
class MakesAllStateAtOnce(Sound):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas, eps)
        for group in self.param_groups:
            for p in group["params"]:
                zeros = torch.zeros_like(p, requires_grad=False)
                self.state[p].update(m=zeros, v=zeros.clone(), t=0)


@impostor(
    "Adam",
    diagnosis="t is an attribute of the optimizer, which state_dict() does not save.",
    aspect="values",
)
class KeepsTheCountOnSelf(Sound):
    def count(self, p):
        counts = self.__dict__.setdefault("counts", {})
        counts[p] = counts.get(p, 0) + 1
        return counts[p]


@impostor(
    "Adam",
    diagnosis="β₁ᵗ and β₂ᵗ are float32 tensors, too coarse for a float64 parameter.",
    aspect="values",
)
class ComputesThePowersInFloat32(Sound):
    def corrected(self, m, v, t, betas):
        powers = torch.tensor(betas, dtype=torch.float32) ** t
        return m / (1 - powers[0].item()), v / (1 - powers[1].item())


@impostor(
    "Adam",
    diagnosis="The gradient itself is squared in place.",
    aspect="memory",
)
class SquaresInPlace(Sound):
    def averages(self, p, g, betas):
        state = self.state[p]
        state["m"] = betas[0] * state.get("m", torch.zeros_like(p)) + (1 - betas[0]) * g
        square = g.mul_(g)
        state["v"] = betas[1] * state.get("v", torch.zeros_like(p)) + (1 - betas[1]) * square
        return state["m"], state["v"]


@impostor(
    "Adam",
    diagnosis="A beta of 1 is taken: its average stays 0 forever, and is divided by 0.",
    aspect="errors",
)
class TakesABetaOfOne(Sound):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        if lr < 0 or eps < 0 or min(betas) < 0 or max(betas) > 1:
            raise ValueError("an option makes no sense")
        torch.optim.Optimizer.__init__(self, params, {"lr": lr, "betas": betas, "eps": eps})


@impostor(
    "Adam",
    diagnosis="It inherits from torch.optim.Adam, which is what the kata makes.",
    aspect="structure",
)
class InheritsTorchs(torch.optim.Adam):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr, betas, eps)


@impostor(
    "Adam",
    diagnosis="It calls torch's fused operation, which is what the kata makes.",
    aspect="structure",
)
class CallsTheFusedOperation(Sound):
    def change(self, p, g, group):
        state = self.state[p]
        if not state:
            count = torch.zeros((), device=p.device)
            state.update(m=torch.zeros_like(p), v=torch.zeros_like(p), step=count)
        state["step"] += 1
        torch._fused_adam_(
            [p],
            [g.clone()],
            [state["m"]],
            [state["v"]],
            [],
            [state["step"]],
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=0.0,
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )


@alternative("Adam")
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
        rates = [-group["lr"] / (1 - beta1**t) for t in counts]
        torch._foreach_addcdiv_([p.detach() for p in params], first, sizes, rates)


@alternative("Adam")
class ByScaledEps(Sound):
    """The correction is a part of lr and of eps."""

    def change(self, p, g, group):
        (beta1, beta2), state = group["betas"], self.state[p]
        if len(state) == 0:
            state["step"] = torch.zeros((), dtype=torch.int64)
            state["m"], state["v"] = torch.zeros_like(p.data), torch.zeros_like(p.data)
        state["step"] += 1
        t = int(state["step"])
        state["m"].lerp_(g, 1 - beta1)
        state["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = math.sqrt(1 - beta2**t)
        size = state["v"].sqrt().add_(group["eps"] * root)
        p.data.addcdiv_(state["m"], size, value=-group["lr"] * root / (1 - beta1**t))


@alternative("Adam")
class BySums(Sound):
    """It keeps sums, of which the averages are (1 - β) times as large, in one tuple."""

    def change(self, p, g, group):
        (beta1, beta2), state = group["betas"], self.state[p]
        t, m, v = state.get("all", (0, torch.zeros_like(p), torch.zeros_like(p)))
        m, v = m * beta1 + g - beta1 * g, v * beta2 + g.square() - beta2 * g.square()
        state["all"] = (t + 1, m, v)
        step = m.double() / (1 - beta1 ** (t + 1))
        step /= (v.double() / (1 - beta2 ** (t + 1))) ** 0.5 + group["eps"]
        p.copy_(p.double() - group["lr"] * step)


@alternative("Adam")
class ByLogarithms(Sound):
    """1 - βᵗ by expm1, and no sum but that of p."""

    def corrected(self, m, v, t, betas):
        parts = [-math.expm1(t * math.log(beta)) if beta else 1.0 for beta in betas]
        return m / parts[0], v / parts[1]
