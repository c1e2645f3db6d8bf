"""The checks of training/k02_evaluate: means by hand, and notes of modes at every call."""

import copy

import torch
from torch import nn

from dojo.checks import aspect, describe, expect, expect_raises, module_untouched, untouched
from dojo.checks.laws.settings import settings_watched

A_FLOAT = "Count in Python numbers: `loss.item()` is one."
WEIGHTS = "Multiply each batch's mean by its len(x), and divide the sum by the number of samples."
MEANS = f"This is the mean of the batch means: samples of small batches count more. {WEIGHTS}"
LAST = f"This is the loss of the last batch alone. {WEIGHTS}"
SUM = "This is the sum over all samples: divide it by their number."
SWAPPED = "loss_fn takes what the model returns first, and y second."
LENGTH = "The samples of a batch are len(x), however long y and what the model returns are."
GENERATOR = "A list has no dataset, a generator no length: it can be gone through only once."
DIGITS = "Add up as Python floats (`.item()`): a float32 sum loses small losses beside a large one."
EVAL = "`model.eval()` reaches all modules; then the loop runs under `torch.no_grad()`."
OWN_MODE = "Note the mode of each one in `model.modules()`, and set `module.training` to it again."
ONCE = "The model is called once per batch, as `model(x)`: its hooks run."
COPIED = "Evaluate the model itself; a copy of it takes as much memory again."
SMALL = "Round nothing: a loss may be small, and the mean is right within 1e-6 of its size."
KEEP = "An evaluation changes nothing of the model or the data."
TRAINED = "A BatchNorm in train mode changes its numbers: call `model.eval()` before the loop."
EMPTY = "Without a batch there is no mean: ValueError, and the modes are as before."
RAISES = "Whatever is raised goes on to the caller; `finally` puts the modes back also then."
STOPPED = "Ctrl-C (KeyboardInterrupt) goes on to the caller too, and the modes go back: `finally`"
STOPPED += " does both, and `except Exception` misses it."

SHARED = "nn.Sequential(nn.Sequential(one := nn.Tanh(), nn.Dropout()), nn.Sequential(one))"
NORMED = "nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)))"
MODES = [(NORMED, []), (NORMED, ["", "0", "1", "1.0", "1.1"]), (NORMED, ["1.0"])]
MODES += [(NORMED, ["", "0"]), (SHARED, ["1"]), (SHARED, ["0.0", "0"])]


def loss_fn(out, y):
    """A mean over samples and features, in which out and y mean different things."""
    return ((out - y).square() + out).mean()


def made(words="nn.Linear(3, 2)", dtype=torch.float32, device="cpu"):
    """A model in train mode, with plain numbers."""
    model = eval(words, {"nn": nn})
    for place, one in enumerate([*model.parameters(), *model.buffers()]):
        if one.is_floating_point():
            numbers = torch.arange(1, one.numel() + 1).view(one.shape) * 3 + place
            one.data.copy_(numbers % 7 / 4 + 0.25)
    return model.to(device, dtype)


def batches(sizes, dtype=torch.float32, device="cpu"):
    """Pairs (n, 3), (n, 2); no two samples are alike."""
    options = {"dtype": dtype, "device": device}
    x = torch.arange(3 * sum(sizes), **options).view(-1, 3) % 11 / 4
    y = torch.arange(2 * sum(sizes), **options).view(-1, 2) % 5 - 2
    return list(zip(x.split(sizes), y.split(sizes), strict=True))


def truth(model, pairs):
    """The mean over all samples at once, in float64, and what known mistakes give."""
    twin = copy.deepcopy(model).cpu().double().eval()
    outs = [(twin(x.cpu().double()), y.cpu().double()) for x, y in pairs]
    losses = [((out - y).square() + out).mean(1) for out, y in outs]
    means, right = [one.mean().item() for one in losses], torch.cat(losses).mean().item()
    total = torch.cat(losses).sum().item()
    return right, {MEANS: sum(means) / len(means), LAST: means[-1], SUM: total}


def expect_mean(solution, model, loader, right, words, hint, wrong=()):
    solution.hint = hint
    got = solution.evaluate(model, loader, loss_fn)
    solution.last_call = f"evaluate(model, {words}, loss_fn)"
    for why, number in dict(wrong).items():
        if abs(got - number) <= 1e-5 * abs(number) and abs(number - right) > 1e-4 * abs(right):
            hint = why
            break
    is_close = abs(got - right) <= 1e-6 * abs(right)
    expect(is_close, f"returned {got:.9g}; expected {right:.9g}.", hint)


@aspect("type")
def test_returns_a_float(solution, device):
    """evaluate returns a Python float."""
    solution.hint = GENERATOR
    got = solution.evaluate(made(device=device), batches([2, 2], device=device), loss_fn)
    expect(type(got) is float, f"returned {describe(got)}; expected a float.", A_FLOAT)


@aspect("values")
def test_counts_each_sample_alike(solution, device):
    """The mean is that over samples, in batches of any sizes."""
    for dtype in (torch.float32, torch.float64) if device == "cpu" else (torch.float32,):
        for sizes in ([4], [2, 2], [3, 3, 1], [1, 5, 2], [1, 1, 1, 4]):
            model, pairs = made(dtype=dtype, device=device), batches(sizes, dtype, device)
            right, wrong = truth(model, pairs)
            words, hint = f"batches of {sizes} samples", f"{WEIGHTS} {SWAPPED}"
            expect_mean(solution, model, pairs, right, words, hint, wrong)


@aspect("values")
def test_takes_any_iterable(solution):
    """The loader may be a generator, or any object that can be looped over once."""
    model, pairs = made(), batches([3, 1, 2])
    loaders = {"a generator": (one for one in pairs), "an iterator": iter(pairs)}
    for words, loader in loaders.items():
        right, words = truth(model, pairs)[0], f"{words} of 3 batches"
        expect_mean(solution, model, loader, right, words, GENERATOR)


@aspect("values")
def test_counts_by_len_of_x(solution):
    """The number of samples is len(x), whatever the length of y and of the result."""
    pairs = [(torch.full((n, 2), float(n)), torch.zeros(1, 1)) for n in (1, 3, 2)]
    right = (1 * 2 + 3 * 12 + 2 * 6) / 6
    words = "x of the shapes (1, 2), (3, 2), (2, 2), and y of the shape (1, 1)"
    expect_mean(solution, nn.Identity(), pairs, right, words, LENGTH)
    model = nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (1, -1)))
    words += ", where the model returns (1, 2 * len(x))"
    expect_mean(solution, model, pairs, right, words, LENGTH)


@aspect("values")
def test_keeps_digits(solution):
    """Small losses beside a large one are not lost."""
    pairs = [(torch.full((1, 1), x), torch.zeros(1, 1)) for x in (2.0**13.5, *[2.0] * 50)]
    right = (loss_fn(*pairs[0]).item() + 50 * 6) / 51
    words = "a batch with the loss 1.3e8, and 50 with the loss 6"
    expect_mean(solution, nn.Identity(), pairs, right, words, DIGITS)
    pairs = [(torch.full((n, 1), n / 8192), torch.zeros(1, 1)) for n in (1, 3)]
    right = (loss_fn(*pairs[0]).item() + 3 * loss_fn(*pairs[1]).item()) / 4
    words = "2 batches with losses below 0.001"
    expect_mean(solution, nn.Identity(), pairs, right, words, SMALL)


@aspect("memory")
def test_changes_nothing(solution):
    """Parameters, buffers, .grad, hooks, data and torch's settings stay as they are."""
    model, pairs = made(NORMED).eval(), batches([2, 3])
    model[0].weight.grad = torch.ones(2, 3)
    model[0].bias.requires_grad_(False)
    with module_untouched(model, KEEP, ["modes"]), settings_watched(solution, True) as found:
        solution.hint = KEEP
        with untouched(KEEP, x=pairs[0][0], y=pairs[0][1]):
            solution.evaluate(model, pairs, loss_fn)
    expect(not found.text, found.text, KEEP)


def expect_fails(solution, error, model, loader, loss, words, hint):
    """This exception comes out, and the model is as before."""
    solution.hint = hint
    with (
        module_untouched(model, TRAINED),
        module_untouched(model, hint, ["values"]),
        settings_watched(solution) as found,
    ):
        expect_raises(error, lambda: solution.evaluate(model, loader, loss), hint, words)
        solution.last_call = f"With {words}: evaluate(…)"
    expect(not found.text, found.text, hint)


def failing(function, calls, error=KeyError):
    """The function, which raises an error once it was called that often."""
    left = [None] * calls

    def call(*arguments):
        if not left:
            raise error("from inside")
        left.pop()
        return function(*arguments)

    return call


@aspect("errors")
def test_raises(solution):
    """What is raised goes on, no batch is a ValueError, and the modes are as before."""
    for nothing in ([], iter(())):
        expect_fails(solution, ValueError, made(NORMED), nothing, loss_fn, "no batch", EMPTY)
    for calls in (0, 1):
        model, pairs = made(NORMED), batches([2, 3])
        when = f"that raises KeyError in batch {calls}"
        loss, loader = failing(loss_fn, calls), map(failing(tuple, calls), pairs)
        expect_fails(solution, KeyError, model, loader, loss_fn, f"a loader {when}", RAISES)
        expect_fails(solution, KeyError, model, pairs, loss, f"a loss_fn {when}", RAISES)
        model[1].register_forward_pre_hook(failing(lambda *_: None, calls))
        expect_fails(solution, KeyError, model, pairs, loss_fn, f"a model {when}", RAISES)
    error, loss = KeyboardInterrupt, failing(loss_fn, 1, KeyboardInterrupt)
    words = "a loss_fn in which Ctrl-C is pressed"
    expect_fails(solution, error, made(NORMED), batches([2, 3]), loss, words, STOPPED)


@aspect("structure")
def test_runs_in_eval_mode(solution):
    """While model and loss_fn run, all is in eval mode and untracked; then as before."""
    for words, in_eval in MODES:
        model, notes, pairs = made(words), [], batches([2, 3])
        for name in in_eval:
            model.get_submodule(name).training = False
        names = dict(model.named_modules())

        def note(what, notes=notes, names=names):
            active = [name or "the model itself" for name, one in names.items() if one.training]
            notes.append((what, active, torch.is_grad_enabled()))

        def noting(out, y, note=note):
            note("loss_fn")
            return out.mean()

        def note_call(called, _, note=note, model=model):
            note("the model" if called is model else "a copy of the model")

        model.register_forward_pre_hook(note_call)
        before = ", ".join(one or "the model itself" for one in in_eval) or "nothing"
        with module_untouched(model, OWN_MODE):
            solution.hint = EVAL
            solution.evaluate(model, pairs, noting)
            solution.last_call = f"With model = {words}, and {before} in eval mode: evaluate(…)"
            for what, active, tracked in notes:
                expect(what != "a copy of the model", f"called {what}.", COPIED)
                expect(not active, f"had in train mode in {what}: {', '.join(active)}.", EVAL)
                expect(not tracked, f"let autograd record {what}.", EVAL)
            calls = [what for what, *_ in notes].count("the model")
            expect(calls == 2, f"called the model {calls} times for 2 batches.", ONCE)
