"""The checks of training/k12_mixed_precision: steps beside a twin, with notes of autocast."""

import contextlib

import torch

from dojo.checks import aspect, describe, dtype_name, expect, module_untouched, untouched
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import numbers_text
from dojo.checks.scenes import CLIP, BatchScene, clipped, clipped_wrong, expect_moved, expect_once
from dojo.devices.select import gpu

A_FLOAT = "`loss.item()` is a Python float. The loss itself would keep its graph in memory."
OF_X = "The device of x decides, and not whether there is a GPU: `x.device.type`."
UNDER = "Only the model and loss_fn run under `torch.autocast(x.device.type, dtype)`."
SCALED_LOSS = "Return the loss without the scale: keep `loss` beside `scaler.scale(loss)`."
LOSS = "The loss is `loss_fn(model(x), y)`, of the only forward: nothing is cast in between."
LATE = "These gradients were clipped with the scale in them: `scaler.unscale_(optimizer)` is first."
SCALED = "These gradients still hold the scale: unscale them, or leave the step to the scaler."
TWICE = "The scale was taken out more often than `scaler.scale(loss)` has put it in."
ADDED = "The old gradient was added here: backward adds to .grad. Clear it before the backward."
NAN = "The old .grad is NaN here: clear it, with `optimizer.zero_grad()`, before the backward."
OVERFLOW = "A gradient is not finite here. Let `scaler.step(optimizer)` decide about the step."
DECIDES = (
    "Call `scaler.step(optimizer)` always: it leaves the step out where a gradient is not finite."
)
UPDATE = "`scaler.update()` comes last in each call: it makes the scale fall or grow."
FACTOR = "Differentiate `scaler.scale(loss)`: without it, float16 makes small gradients 0."
ONCE = "Model, loss, backward, scaler.step and scaler.update come once each."
KEEP = "Only parameters, .grad, buffers and the scaler change; the mode of the model is not set."

BF16, F16 = torch.bfloat16, torch.float16
# dtype, scale, max_norm, what is in .grad before
ROWS = [
    (BF16, 8.0, 20.0, None),
    (BF16, 8.0, 1.0, 2.0),
    (BF16, 1024.0, 0.5, float("nan")),
    (F16, 8.0, 2.0, 2.0),
    (F16, 1024.0, 0.25, 0.0),
    (F16, 0.5, 100.0, None),
]
NORMED = "nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Tanh()), "
NORMED += "nn.Linear(4, 2))"
CALLED = {"loss": "loss_fn", "step": "step of the optimizer"}


class NotingScaler(torch.amp.GradScaler):
    """A scaler that notes its steps and updates; its scale doubles after each step."""

    def __init__(self, note, device, scale):
        super().__init__(device, init_scale=scale, growth_interval=1)
        self.note = note

    def step(self, optimizer, *args, **kwargs):
        self.note("scaler.step")
        return super().step(optimizer, *args, **kwargs)

    def update(self, new_scale=None):
        self.note("scaler.update")
        super().update(new_scale)


class Mixed(BatchScene):
    """A scene with a scaler; it notes the dtype of autocast, and what the loss is multiplied by."""

    def __init__(self, words="nn.Linear(3, 2)", scale=8.0, **options):
        super().__init__(words, **options)
        self.kind, self.factors = self.x.device.type, []
        self.scaler = NotingScaler(self.note, self.kind, scale)

    def seen(self, _event):
        is_on = torch.is_autocast_enabled(self.kind)
        return torch.get_autocast_dtype(self.kind) if is_on else None

    def noted_backward(self, grad):
        self.factors.append(grad.item())
        super().noted_backward(grad)

    def step(self, solution, hint, max_norm, dtype=BF16, was=""):
        """Take a step as the answer does."""
        solution.hint, scale = hint, self.scaler.get_scale()
        first = (self.model, self.optimizer, self.scaler, self.loss_fn, self.x, self.y, max_norm)
        got = solution.amp_step(*first, *([] if dtype is BF16 else [dtype]))
        seen = f"With model = {self.words}, the scale {scale:g}{was}"
        solution.last_call = f"{seen}: amp_step(…, max_norm={max_norm}, dtype={dtype})"
        return got

    def truth(self, scale, max_norm, dtype):
        """The loss, and the gradients of scale * loss; none after an overflow."""
        with torch.autocast(self.kind, dtype):
            loss = self.loss(self.model(self.x), self.y)
        raw = self.slopes(loss * scale)
        return loss.item(), raw if all(one.isfinite().all() for one in raw.values()) else {}


def divided(slopes, scale):
    return {name: one / scale for name, one in slopes.items()}


def expect_step(solution, scene, twin, max_norm, dtype, stale=None, hint=CLIP):
    """Take a step, and compare the loss, the parameters and the scale with those of the twin."""
    scale, was = scene.scaler.get_scale(), ""
    if stale is not None:
        scene.make_stale(stale)
        was = f", every .grad full of {stale}"
    loss, raw = twin.truth(scale, max_norm, dtype)
    true, added = divided(raw, scale), divided(scene.added(raw), scale)
    right = clipped(true, max_norm)
    before, there = twin.moved({}), twin.moved(right)
    got = scene.step(solution, hint, max_norm, dtype, was)
    is_right = abs(got - loss) <= 1e-5 * max(1, abs(loss))
    why = SCALED_LOSS if abs(got - scale * loss) < 1e-3 * scale else LOSS
    expect(is_right, f"returned {got:.6g}; expected {loss:.6g}.", why)
    for factor in scene.factors[-1:]:
        sentence = f"differentiated {factor:g} * loss; expected {scale:g} * loss."
        expect(factor == scale, sentence, FACTOR)

    def mistakes():
        wrong = clipped_wrong(true, max_norm) | {
            LATE: divided(clipped(raw, max_norm), scale),
            SCALED: raw,
            f"{SCALED} They are clipped with it.": clipped(raw, max_norm),
            TWICE: divided(right, scale),
            ADDED: clipped(added, max_norm),
        }
        found = {why: twin.moved(one) for why, one in wrong.items() if one}
        return found | ({NAN: before} if stale != stale else {})

    expect_moved(scene, before, there, mistakes, hint)
    twin.place(there)
    now, after = scene.scaler.get_scale(), scale * (2 if raw else 0.5)
    expect(now == after, f"left the scale at {now:g}; expected {after:g}.", UPDATE)
    return bool(raw)


@aspect("type")
def test_returns_a_float(solution, device):
    """amp_step returns a Python float."""
    got = Mixed(device=device).step(solution, A_FLOAT, 1.0)
    expect(type(got) is float, f"returned {describe(got)}; expected a float.", A_FLOAT)


@aspect("dtype")
def test_runs_the_forward_under_autocast(solution, device):
    """Model and loss_fn run under autocast in dtype, on the device of x; the rest does not."""
    for dtype, machine, hint in (
        (BF16, contextlib.nullcontext(), UNDER),
        (F16, contextlib.nullcontext(), UNDER),
        (BF16, gpu() if device == "cpu" else contextlib.nullcontext(), OF_X),
    ):
        with machine:
            scene = Mixed(device=device)
            scene.step(solution, hint, 1.0, dtype)
            scene.note("end")
        for event, got in scene.notes:
            right = dtype if event in ("model", "loss") else None
            on, expected = (dtype_name(one) if one else "off" for one in (got, right))
            where = f"for {device} at the {CALLED.get(event, event)}"
            expect(got is right, f"had autocast {on} {where}; expected {expected}.", hint)


@aspect("values")
def test_steps_by_clipped_gradients(solution, device):
    """Parameters move by the true gradients, clipped together, whatever scale and .grad are."""
    for dtype, scale, max_norm, stale in ROWS if device == "cpu" else ROWS[1:2]:
        scene, twin = (Mixed(scale=scale, device=device) for _ in range(2))
        for _ in range(1 if stale is not None else 2):
            expect_step(solution, scene, twin, max_norm, dtype, stale)


@aspect("values")
def test_leaves_out_a_step_that_overflows(solution):
    """After an overflow nothing moves and the scale falls, until the gradients are finite."""
    scene, twin = Mixed(scale=2.0**18), Mixed()
    taken = 0
    while taken < 2:
        taken += expect_step(solution, scene, twin, 0.5, F16, hint=OVERFLOW)
        more = scene.ran("step") - taken
        expect(not more, f"had the optimizer step {more} times after an overflow.", OVERFLOW)
        count, seen = scene.ran("scaler.step"), scene.ran("scaler.update")
        sentence = f"ran scaler.step {count} times in {seen} calls; expected once in each."
        expect(count == seen, sentence, DECIDES)


@aspect("memory")
def test_changes_nothing_else(solution):
    """x, y, modes, requires_grad, hooks and torch's settings stay as they are."""
    for name in ("", "1"):
        scene, twin = Mixed(NORMED), Mixed(NORMED)
        for one in (scene, twin):
            one.model.train(not name).get_submodule(name).train()
            one.model[0].eval()
        with (
            untouched(KEEP, x=scene.x, y=scene.y),
            module_untouched(scene.model, KEEP, ["values", "grad"]),
            settings_watched(solution, thoroughly=True) as found,
        ):
            scene.step(solution, KEEP, 1.0)
        expect(not found.text, found.text, KEEP)
        twin.truth(8.0, 1.0, BF16)
        for key, buffer in scene.model.named_buffers():
            right = twin.model.get_buffer(key)
            sentence = f"left {key} as{numbers_text(buffer)}; expected{numbers_text(right)}."
            expect(torch.allclose(buffer, right), sentence, ONCE)


@aspect("structure")
def test_runs_each_once(solution):
    """Model, loss, backward, scaler.step, the optimizer's step and scaler.update run once each."""
    scene = Mixed()
    scene.step(solution, ONCE, 1.0)
    expect_once(scene, ("model", "loss", "backward", "scaler.step", "step", "scaler.update"), ONCE)
