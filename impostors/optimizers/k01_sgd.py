"""Wrong and right answers to optimizers/k01_sgd."""

import torch

from dojo.impostors import alternative, impostor


class Sound(torch.optim.Optimizer):
    """What most of the classes below share: they differ from it in one place."""

    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        if min(lr, momentum, weight_decay) < 0 or (nesterov and momentum == 0):
            raise ValueError("an option makes no sense")
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, options | {"nesterov": nesterov})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p, group)
        return loss

    def change(self, p, group):
        g = self.decayed(p, group)
        if group["momentum"]:
            g = self.ahead(g, self.speed(p, g, group), group)
        p.sub_(group["lr"] * g)

    def decayed(self, p, group):
        return p.grad + group["weight_decay"] * p

    def speed(self, p, g, group):
        old = self.state[p].get("v")
        self.state[p]["v"] = g.clone() if old is None else group["momentum"] * old + g
        return self.state[p]["v"]

    def ahead(self, g, v, group):
        return g + group["momentum"] * v if group["nesterov"] else v


@impostor(
    "SGD",
    diagnosis="lr is a part of v here: a new lr acts on new gradients only, not on all of v.",
    aspect="values",
)
class HasTheRateInside(Sound):
    def change(self, p, group):
        g = group["lr"] * self.decayed(p, group)
        if group["momentum"]:
            g = self.ahead(g, self.speed(p, g, group), group)
        p.sub_(g)


@impostor(
    "SGD",
    diagnosis="v is the gradient tensor itself at first, and is overwritten with it.",
    aspect="values",
)
class KeepsTheGradient(Sound):
    def speed(self, p, g, group):
        old = self.state[p].get("v")
        if old is None and not group["weight_decay"]:
            g = p.grad
        self.state[p]["v"] = g if old is None else group["momentum"] * old + g
        return self.state[p]["v"]


@impostor(
    "SGD",
    diagnosis="The decay is added to `.grad` itself, which belongs to the caller.",
    aspect="memory",
)
class DecaysTheGradient(Sound):
    def decayed(self, p, group):
        return p.grad.add_(p, alpha=group["weight_decay"])


@impostor(
    "SGD",
    diagnosis="g is weighted by 1 - momentum, as in Adam; here v is a sum, and no average.",
    aspect="values",
)
class Averages(Sound):
    def speed(self, p, g, group):
        momentum = group["momentum"]
        v = self.state[p].setdefault("v", torch.zeros_like(p))
        return v.mul_(momentum).add_(g, alpha=1 - momentum)


@impostor(
    "SGD",
    diagnosis="After the first gradient it dampens: g comes in times 1 - momentum.",
    aspect="values",
)
class Dampens(Sound):
    def speed(self, p, g, group):
        if "v" not in self.state[p]:
            return super().speed(p, g, group)
        return super().speed(p, (1 - group["momentum"]) * g, group)


@impostor(
    "SGD",
    diagnosis="g + momentum * v with the old v is the new v itself: nesterov changes nothing here.",
    aspect="values",
)
class LooksAlongTheOld(Sound):
    def change(self, p, group):
        g = self.decayed(p, group)
        if group["momentum"]:
            old = self.state[p].get("v", torch.zeros_like(p))
            v = self.speed(p, g, group)
            g = g + group["momentum"] * old if group["nesterov"] else v
        p.sub_(group["lr"] * g)


@impostor(
    "SGD",
    diagnosis="Options are kept on self: the groups' own are ignored.",
    aspect="values",
)
class KeepsOptionsOnSelf(Sound):
    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, momentum, weight_decay, nesterov)
        self.options = dict(self.defaults)

    def change(self, p, group):
        super().change(p, self.options)


@impostor(
    "SGD",
    diagnosis="lr is remembered from when the optimizer was made; a scheduler changes it later.",
    aspect="values",
)
class RemembersTheRate(Sound):
    def change(self, p, group):
        super().change(p, group | {"lr": self.state[p].setdefault("lr", group["lr"])})


@impostor(
    "SGD",
    diagnosis="The decay goes around v: it shrinks p by itself, as in AdamW.",
    aspect="values",
)
class DecaysApart(Sound):
    def change(self, p, group):
        old = p.clone()
        super().change(p, group)
        p.sub_(group["lr"] * group["weight_decay"] * old)

    def decayed(self, p, group):
        return p.grad.clone()


@impostor(
    "SGD",
    diagnosis="Velocities are kept in a dict of its own, which state_dict() does not save.",
    aspect="values",
)
class KeepsStateOutside(Sound):
    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, momentum, weight_decay, nesterov)
        self.velocities = {}

    def speed(self, p, g, group):
        old = self.velocities.get(p)
        self.velocities[p] = g.clone() if old is None else group["momentum"] * old + g
        return self.velocities[p]


@impostor(
    "SGD",
    diagnosis="The list of parameters is made once: a group that comes later is never changed.",
    aspect="values",
)
class ListsParametersOnce(Sound):
    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, momentum, weight_decay, nesterov)
        self.places = [(n, p) for n, one in enumerate(self.param_groups) for p in one["params"]]

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for n, p in self.places:
            if p.grad is not None:
                self.change(p, self.param_groups[n])
        return loss


@impostor(
    "SGD",
    diagnosis="`p.data = …` gives the parameter other memory: views and flat buffers lose it.",
    aspect="memory",
)
class RebindsData(Sound):
    def change(self, p, group):
        new = p.detach().clone()
        new.grad = p.grad
        g = self.decayed(p, group)
        if group["momentum"]:
            g = self.ahead(g, self.speed(p, g, group), group)
        p.data = new - group["lr"] * g


@impostor(
    "SGD",
    diagnosis="The decay is computed while autograd records: v holds a graph that grows.",
    aspect="memory",
)
class RecordsTheDecay(Sound):
    def speed(self, p, g, group):
        with torch.enable_grad():
            g = p.grad + group["weight_decay"] * p
            old = self.state[p].get("v")
            self.state[p]["v"] = g if old is None else group["momentum"] * old + g
        return self.state[p]["v"].detach()


@impostor(
    "SGD",
    diagnosis="The closure runs under no_grad, so its backward() has no graph.",
    aspect="type",
)
class CallsTheClosureUntracked(Sound):
    @torch.no_grad()
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        super().step()
        return loss


@impostor(
    "SGD",
    diagnosis="nesterov without momentum is taken, and does nothing of what its name says.",
    aspect="errors",
)
class TakesNesterovAlone(Sound):
    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, momentum, weight_decay, nesterov and momentum > 0)


@impostor(
    "SGD",
    diagnosis="It inherits from torch.optim.SGD, which is what the kata makes.",
    aspect="structure",
)
class InheritsTorchs(torch.optim.SGD):
    def __init__(self, params, lr=1e-3, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, momentum, 0, weight_decay, nesterov)


@impostor(
    "SGD",
    diagnosis="It calls torch's fused operation, which is what the kata makes.",
    aspect="structure",
)
class CallsTheFusedOperation(Sound):
    def change(self, p, group):
        state = self.state[p]
        is_first = "v" not in state
        if group["momentum"] and is_first:
            state["v"] = torch.zeros_like(p)
        torch._fused_sgd_(
            [p],
            [p.grad.clone()],
            [state["v"]] if group["momentum"] else [],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0.0,
            nesterov=group["nesterov"],
            maximize=False,
            is_first_step=is_first,
        )


@alternative("SGD")
class ByForeach(Sound):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            held = [p.detach() for p in params]
            g = torch._foreach_add([p.grad for p in params], held, alpha=group["weight_decay"])
            if group["momentum"]:
                v = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in params]
                torch._foreach_mul_(v, group["momentum"])
                torch._foreach_add_(v, g)
                g = torch._foreach_add(g, v, alpha=group["momentum"]) if group["nesterov"] else v
            torch._foreach_add_(held, g, alpha=-group["lr"])
        return loss


@alternative("SGD")
class WithoutNoGrad(Sound):
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.change(p, group)
        return loss

    def change(self, p, group):
        g = p.grad.data.add(p.data, alpha=group["weight_decay"])
        if group["momentum"]:
            state = self.state[p]
            if not state:
                state["step"], state["v"] = 0, torch.empty_like(p.data).zero_()
            state["step"] += 1
            v = state["v"].lerp_(g, 1.0) if state["step"] == 1 else state["v"]
            if state["step"] > 1:
                v.copy_(group["momentum"] * v + g)
            g = g.add(v, alpha=group["momentum"]) if group["nesterov"] else v
        p.data.add_(g, alpha=-group["lr"])


@alternative("SGD")
class InFloat64(Sound):
    def change(self, p, group):
        state, momentum = self.state[p], group["momentum"]
        g = p.grad.double() + group["weight_decay"] * p.double()
        v = g
        if momentum:
            v = g + (momentum * state["buffers"][0].double() if "buffers" in state else 0)
            state["buffers"] = [v.to(p.dtype)]
        move = g + momentum * v if group["nesterov"] else v
        p.copy_((p.double() - group["lr"] * move).to(p.dtype))


@alternative("SGD")
class ByAScaledSpeed(Sound):
    """It keeps -v, and adds."""

    def change(self, p, group):
        g = torch.add(p.grad, p, alpha=group["weight_decay"]).neg()
        if group["momentum"]:
            down = self.state[p].get("down")
            down = g.clone() if down is None else torch.add(g, down, alpha=group["momentum"])
            self.state[p]["down"] = down
            g = torch.add(g, down, alpha=group["momentum"]) if group["nesterov"] else down
        torch.add(p, g, alpha=group["lr"], out=p.detach())
