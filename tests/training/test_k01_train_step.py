"""The checks of training/k01_train_step: small models beside a twin, which takes the step right."""

import collections

import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, describe, expect, module_untouched, untouched
from dojo.checks.differences import differing
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import numbers_text

A_FLOAT = "`loss.item()` is a Python float. The loss itself would keep its graph in memory."
BEFORE = "The loss is that of the only forward, before the step: a mean, as loss_fn returns it."
TWICE = "One call of the model is enough: its result is what is differentiated and returned."
SWAPPED = "loss_fn takes what the model returns first, and y second."
STANDS = "Clear .grad, `loss.backward()`, `optimizer.step()`: in this order, with nothing between."
ADDED = "The old gradient was added here: backward adds to .grad. Clear it before the backward."
WHOSE = "This one belongs to loss_fn: `model.zero_grad()` does not know it."
NAN = "The old .grad is NaN here, and NaN * 0 is NaN: set it to None, or fill it with 0."
STEP = "The optimizer moves a parameter by -lr times the gradient of the loss, once."
LACKED = "The optimizer lacks this parameter. Leave the moving to the optimizer."
MODES = "`model.train()` before the model is called; and leave it so."
ONCE = "Model, loss, backward and step come once each; `model.forward(x)` runs no hooks."
BUFFERS = "A BatchNorm counts each call of the model in train mode: there is one."
KEEP = "Only parameters, .grad, modes and buffers change."

TIED = "nn.Sequential(one := nn.Linear(3, 3), nn.Tanh(), one, nn.Linear(3, 2))"
NORMED = "nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Tanh()), "
NORMED += "nn.Linear(4, 2))"


class Noting(torch.optim.Optimizer):
    """Plain SGD; it notes each step."""

    def __init__(self, groups, note):
        super().__init__(groups, {"lr": 0.1})
        self.note = note

    def step(self, closure=None):
        loss = None if closure is None else closure()
        self.note("step")
        for group in self.param_groups:
            for p in group["params"]:
                p.data -= 0 if p.grad is None else group["lr"] * p.grad.detach()
        return loss


class Scene:
    """A model, a loss with a temperature, an optimizer of what moves, a batch; it notes calls."""

    def __init__(self, words="nn.Linear(3, 2)", moving="all", dtype=torch.float32, device="cpu"):
        self.words, self.notes = words, []
        self.model = eval(words, {"nn": nn}).to(device, dtype)
        options = {"dtype": dtype, "device": device}
        self.heat = torch.tensor(1.5, **options, requires_grad="temperature" in moving)
        self.named = dict(self.model.named_parameters()) | {"temperature": self.heat}
        for place, p in enumerate(self.named.values()):
            with torch.no_grad():
                p += (torch.arange(p.numel(), **options).view(p.shape) * 3 + place) % 7 / 8 - p
        self.heat.data += 1.5
        self.x = torch.tensor([[1, 2, -1], [0, 1, 3], [-2, 1, 1], [1, 0, 2]], **options)
        self.y = torch.tensor([[2, 0], [1, 3], [0, 1], [4, 2]], **options)
        part = self.model if "all" in moving else self.model[-1]
        first, *rest = part.parameters()
        groups = [{"params": [first]}, {"params": rest, "lr": 0.2}]
        if "temperature" in moving:
            groups.append({"params": [self.heat], "lr": 0.5})
        self.optimizer = Noting(groups, self.note)
        self.model.register_forward_pre_hook(lambda *_: self.note("model"))

    def note(self, event):
        is_eval = [name for name, one in self.model.named_modules() if not one.training]
        self.notes.append((event, is_eval))

    def loss_fn(self, out, y):
        self.note("loss")
        out = out / self.heat
        loss = (out.exp() - y * out).mean()
        if loss.requires_grad:
            loss.register_hook(lambda _: self.note("backward"))
        return loss

    def step(self, solution, hint):
        """Take a step as the answer does."""
        solution.hint, self.notes = hint, []
        return solution.train_step(self.model, self.optimizer, self.loss_fn, self.x, self.y)

    def truth(self):
        """Take a step right; returns the loss, and what the model returned."""
        out = self.model.train()(self.x)
        loss = self.loss_fn(out, self.y)
        rates = {p: one["lr"] for one in self.optimizer.param_groups for p in one["params"]}
        for p, slope in zip(rates, torch.autograd.grad(loss, list(rates)), strict=True):
            p.data -= rates[p] * slope
        return loss.detach(), out.detach()


def expect_step(solution, scene, twin, hint, stale=None):
    """Take a step, and compare the loss and all parameters with those of the twin."""
    old = {name: p.detach().clone() for name, p in scene.named.items()}
    for p in scene.named.values() if stale is not None else ():
        p.grad = torch.full_like(p, stale) if p.requires_grad else None
    grads = {name: None if p.grad is None else p.grad.clone() for name, p in scene.named.items()}
    loss, before = twin.truth()
    got = scene.step(solution, hint)
    was = "" if stale is None else f", every .grad full of {stale}"
    solution.last_call = f"With model = {scene.words}{was}: train_step(model, …)"
    out, y = twin.model(twin.x), twin.y
    wrong = {TWICE: (out, y), SWAPPED: (y, before)}
    whys = [why for why, pair in wrong.items() if abs(twin.loss_fn(*pair).item() - got) < 1e-5]
    is_right = abs(got - loss.item()) <= 1e-5 * max(1, abs(loss.item()))
    expect(is_right, f"returned {got:.6g}; expected {loss.item():.6g}.", *(whys or [BEFORE])[:1])
    rates = {id(p): one["lr"] for one in scene.optimizer.param_groups for p in one["params"]}
    for name, p in scene.named.items():
        expected, now = twin.named[name].detach(), p.detach()
        if not differing(now.cpu(), expected.cpu(), None, None):
            continue
        rate, grad = rates.get(id(p)), grads[name]
        why = STEP if rate else LACKED
        if torch.equal(now, old[name]):
            raise CheckFailed(f"left {name} as it was.", STANDS, now, expected)
        if rate:
            moved, right = (one.double().sub(old[name]).flatten() for one in (now, expected))
            length = (moved @ right / (right @ right)).item()
            if torch.allclose(moved, length * right, 1e-3, 1e-6):
                why = f"It moved {length:.4g} times as far as it should. {STEP}"
        if rate and grad is not None:
            is_added = torch.allclose(now, expected - rate * grad, 1e-4, 1e-6)
            why = NAN if now.isnan().any() else ADDED if is_added else why
            why += f" {WHOSE}" if name == "temperature" and why is not NAN else ""
        sentence = f"left {name} as{numbers_text(now)}; expected{numbers_text(expected)}."
        raise CheckFailed(sentence, why, now, expected)


@aspect("type")
def test_returns_a_float(solution, device):
    """train_step returns a Python float."""
    got = Scene(device=device).step(solution, A_FLOAT)
    expect(type(got) is float, f"returned {describe(got)}; expected a float.", A_FLOAT)


@aspect("values")
def test_takes_steps(solution, device):
    """Step after step, the parameters move by the gradient of the loss."""
    for dtype in (torch.float32, torch.float64) if device == "cpu" else (torch.float32,):
        scene, twin = (Scene(dtype=dtype, device=device) for _ in range(2))
        for _ in range(3):
            expect_step(solution, scene, twin, f"{BEFORE} {SWAPPED}")


@aspect("values")
def test_knows_all_of_the_optimizer(solution):
    """All of the optimizer moves, and nothing else; whatever was in .grad before."""
    for words, moving in (("nn.Linear(3, 2)", "all temperature"), (TIED, "all"), (TIED, "last")):
        for stale in (None, 2.0, float("nan"), 0.0):
            expect_step(solution, Scene(words, moving), Scene(words, moving), STEP, stale)


@aspect("memory")
def test_changes_nothing_else(solution):
    """x, y, requires_grad, hooks and torch's settings stay as they are."""
    scene = Scene(NORMED)
    scene.model[0].weight.requires_grad_(False)
    for group in scene.optimizer.param_groups:
        group["params"].pop(0)
    with (
        untouched(KEEP, x=scene.x, y=scene.y),
        module_untouched(scene.model, KEEP, ["values", "grad", "modes"]),
        settings_watched(solution, thoroughly=True) as found,
    ):
        scene.step(solution, KEEP)
    expect(not found.text, found.text, KEEP)


@aspect("structure")
def test_runs_each_once_in_train_mode(solution):
    """Model, loss, backward and step run once, with all modules in train mode."""
    twin = Scene(NORMED)
    twin.truth()
    for places in ([], [""], ["", "0", "1", "1.0", "1.1", "2"], ["1.0"]):
        scene = Scene(NORMED)
        for name in places:
            scene.model.get_submodule(name).training = False
        scene.step(solution, MODES)
        before = ", ".join(one or "the model itself" for one in places) or "no module"
        solution.last_call = f"With model = {NORMED}, and {before} in eval mode: train_step(…)"
        scene.note("end")
        for event, is_eval in scene.notes:
            when = "afterwards" if event == "end" else f"at the {event}"
            names = ", ".join(one or "the model itself" for one in is_eval)
            expect(not names, f"had in eval mode {when}: {names}.", MODES)
        for name, buffer in scene.model.named_buffers():
            right = twin.model.get_buffer(name)
            sentence = f"left {name} as{numbers_text(buffer)}; expected{numbers_text(right)}."
            expect(torch.allclose(buffer, right), sentence, BUFFERS)
        counts = collections.Counter(event for event, _ in scene.notes)
        for event in ("model", "loss", "backward", "step"):
            expect(counts[event] == 1, f"ran the {event} {counts[event]} times, not once.", ONCE)
