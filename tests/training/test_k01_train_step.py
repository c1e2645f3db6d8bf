"""The checks of training/k01_train_step: small models beside a twin, which takes the step right."""

import torch

from dojo.checks import aspect, describe, expect, module_untouched, untouched
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import numbers_text
from dojo.checks.scenes import BatchScene, expect_moved, expect_once, expect_states, states_of

A_FLOAT = "`loss.item()` is a Python float. The loss itself would keep its graph in memory."
BEFORE = "The loss is that of the only forward, before the step: a mean, as loss_fn returns it."
DIGITS = "Only the last digits differ: return the loss as it is, not rounded."
TWICE = "One call of the model is enough: its result is what is differentiated and returned."
SWAPPED = "loss_fn takes what the model returns first, and y second."
ADDED = "The old gradient was added here: backward adds to .grad. Clear it before the backward."
WHOSE = "This one belongs to loss_fn, and is in a second group: `optimizer.zero_grad()` clears all."
NAN = "The old .grad is NaN here, and NaN * 0 is NaN: set it to None, or fill it with 0."
STEP = (
    "The optimizer moves a parameter by -lr times the gradient of the loss: once, and not clipped."
)
LACKED = "The optimizer lacks this parameter. Leave the moving to the optimizer."
MODES = "`model.train()` before the model is called; and leave it so."
ALONE = "`model.training` is that of the model itself: call `model.train()` whatever it says."
ONCE = "Model, loss, backward and step come once each; `model.forward(x)` runs no hooks."
BUFFERS = "A BatchNorm counts each call of the model in train mode: there is one."
KEEP = "Only parameters, .grad, modes and buffers change."
STATE = "The optimizer changes its state in its own step; lr and the rest of its settings stay."
AGAIN = "An evaluation may come between two steps: `model.train()` belongs into each of them."

TIED = "nn.Sequential(one := nn.Linear(3, 3), nn.Tanh(), one, nn.Linear(3, 2))"
NORMED = "nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Tanh()), "
NORMED += "nn.Linear(4, 2))"


class Heated(BatchScene):
    """A scene whose loss divides by a temperature; it notes which modules are in eval mode."""

    def __init__(self, words="nn.Linear(3, 2)", part="", learns=False, **options):
        super().__init__(words, part=part, **options)
        self.named["temperature"] = torch.tensor(1.75, **self.options, requires_grad=learns)
        if learns:
            self.optimizer.add_param_group({"params": [self.named["temperature"]], "lr": 0.5})

    def seen(self, _event):
        return [name for name, one in self.model.named_modules() if not one.training]

    def loss(self, out, y):
        return super().loss(out / self.named["temperature"], y)

    def step(self, solution, hint):
        """Take a step as the answer does."""
        solution.hint = hint
        return solution.train_step(self.model, self.optimizer, self.loss_fn, self.x, self.y)


def expect_step(solution, scene, twin, hint, stale=None):
    """Take a step, and compare the loss and all parameters with those of the twin."""
    if stale is not None:
        scene.make_stale(stale)
    out = twin.model.train()(twin.x)
    loss, swapped = twin.loss(out, twin.y), twin.loss(twin.y, out).item()
    slopes = twin.slopes(loss)
    before, right = twin.moved({}), twin.moved(slopes)
    added = scene.added(slopes)
    got = scene.step(solution, hint)
    was = "" if stale is None else f", every .grad full of {stale}"
    solution.last_call = f"With model = {scene.words}{was}: train_step(model, …)"

    def mistakes():
        twin.place(before)
        wrong = twin.moved(added)
        of_loss = {"temperature": wrong.pop("temperature")}
        return {NAN: wrong} if stale != stale else {ADDED: wrong, f"{ADDED} {WHOSE}": of_loss}

    twin.place(right)
    wrong = {TWICE: twin.loss(twin.model(twin.x), twin.y).item(), SWAPPED: swapped}
    whys = [why for why, number in wrong.items() if abs(number - got) < 1e-5]
    rtol = 1e-5 if loss.dtype is torch.float32 else 1e-10
    is_right = abs(got - loss.item()) <= rtol * max(1, abs(loss.item()))
    if abs(got - loss.item()) <= 1e-3 * max(1, abs(loss.item())):
        whys.append(DIGITS)
    shown = f"returned {got:.9g}; expected {loss.item():.9g}."
    expect(is_right, shown, *(whys or [BEFORE])[:1])
    expect_moved(scene, before, right, mistakes, STEP, LACKED)


@aspect("type")
def test_returns_a_float(solution, device):
    """train_step returns a Python float."""
    got = Heated(device=device).step(solution, A_FLOAT)
    expect(type(got) is float, f"returned {describe(got)}; expected a float.", A_FLOAT)


@aspect("values")
def test_takes_steps(solution, device):
    """Step after step, the parameters move by the gradient of the loss."""
    for dtype in (torch.float32, torch.float64) if device == "cpu" else (torch.float32,):
        scene, twin = (Heated(dtype=dtype, device=device) for _ in range(2))
        for factor in (1, 1, 1000):  # the last gradient is large, which nothing may clip
            for one in (scene, twin):
                one.y *= factor
            expect_step(solution, scene, twin, f"{BEFORE} {SWAPPED}")


@aspect("values")
def test_knows_all_of_the_optimizer(solution):
    """All of the optimizer moves, and nothing else; whatever was in .grad before."""
    for made in (("nn.Linear(3, 2)", "", True), (TIED, ""), (TIED, "3")):
        for stale in (None, 2.0, float("nan"), 0.0):
            expect_step(solution, Heated(*made), Heated(*made), STEP, stale)


@aspect("memory")
def test_changes_nothing_else(solution):
    """x, y, requires_grad, hooks and torch's settings stay as they are."""
    scene = Heated(NORMED)
    scene.model[0].weight.requires_grad_(False)
    for group in scene.optimizer.param_groups:
        group["params"].pop(0)
    scene.optimizer.state[scene.model[2].bias]["momentum"] = torch.ones(2)
    before = states_of(optimizer=scene.optimizer)
    with (
        untouched(KEEP, x=scene.x, y=scene.y),
        module_untouched(scene.model, KEEP, ["values", "grad", "modes"]),
        settings_watched(solution, thoroughly=True) as found,
    ):
        scene.step(solution, KEEP)
    expect(not found.text, found.text, KEEP)
    expect_states("left", STATE, before, optimizer=scene.optimizer)


def expect_all_in_train_mode(scene, hint):
    """Model, loss, backward and step ran with all in train mode, which is left so."""
    scene.note("end")
    for event, is_eval in scene.notes:
        when = "afterwards" if event == "end" else f"while the {event} ran"
        names = ", ".join(one or "the model itself" for one in is_eval)
        expect(not names, f"had modules in eval mode {when}: {names}.", hint)


@aspect("structure")
def test_runs_each_once_in_train_mode(solution):
    """Model, loss, backward and step run once, with all modules in train mode."""
    twin = Heated(NORMED)
    twin.model(twin.x)
    for places in ([], [""], ["", "0", "1", "1.0", "1.1", "2"], ["1.0"]):
        scene = Heated(NORMED)
        for name in places:
            scene.model.get_submodule(name).training = False
        scene.step(solution, MODES)
        before = ", ".join(one or "the model itself" for one in places) or "no module"
        solution.last_call = f"With model = {NORMED}, and {before} in eval mode: train_step(…)"
        expect_all_in_train_mode(scene, ALONE if places == ["1.0"] else MODES)
        for name, buffer in scene.model.named_buffers():
            right = twin.model.get_buffer(name)
            sentence = f"left {name} as{numbers_text(buffer)}; expected{numbers_text(right)}."
            expect(torch.allclose(buffer, right), sentence, BUFFERS)
        expect_once(scene, ("model", "loss", "backward", "step"), ONCE)
    scene.notes.clear()
    scene.model.eval()
    scene.step(solution, AGAIN)
    solution.last_call = "With a model that is in eval mode after an earlier step: train_step(…)"
    expect_all_in_train_mode(scene, AGAIN)
