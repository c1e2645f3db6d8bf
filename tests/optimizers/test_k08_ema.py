"""The checks of optimizers/k08_ema: averages in float64, and what a model holds when."""

import contextlib

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_raises,
    expect_values,
    module_untouched,
    shares_storage,
)
from dojo.checks.laws.settings import settings_watched

BEGIN = "The first averages are copies of what the model holds when the EMA is made."
AVERAGE = "average = decay * average + (1 - decay) * parameter, once for each parameter."
WIDE = "Average 16 bits in float32: with a decay of 0.999, smaller dtypes lose each change."
LIKE = "An average has its parameter's dtype and device; only 16 bits are kept in float32."
BUFFERS = "A buffer is copied, whatever its dtype is; only parameters are averaged."
ALL = "All parameters have an average, frozen ones too."
TIED = "A tied parameter is averaged once; it stands under all its keys, and a tied buffer too."
KEYS = "The keys are those of model.state_dict()."
INSIDE = "Inside the block, each parameter holds its average, and each buffer the kept one."
IN_PLACE = "Write into the parameters with copy_: they stay the same objects in their memory."
BACK = "Clone what the model holds before you write, and put all of it back in a finally."
GOES_ON = "An exception inside the block goes on: finally, and no except."
KEEP = "The model is only read here: averages are tensors of their own, without a graph."
COPIES = "state_dict returns clones: updates write into what is kept."
GRADS = "Write under no_grad, but leave that before the yield: grad mode is the caller's."
LOADED = "load_state_dict copies what it gets into the averages, and keeps none of it."
DECAY = "decay lies between 0 and 1, both allowed; else ValueError is raised."
OF_KEY = {"hidden.bias": ALL, "embed.weight": TIED, "head.weight": TIED}
HALVES = (torch.float16, torch.bfloat16)
TOLERANCES = {torch.float32: 1e-5, torch.float64: 1e-12, torch.float16: 2e-3, torch.bfloat16: 2e-2}


class Net(nn.Module):
    """Tied, frozen, 0-d and transposed parameters, and buffers of several dtypes."""

    def __init__(self, dtype=torch.float32):
        super().__init__()
        self.embed = nn.Embedding(4, 3)
        self.norm = nn.BatchNorm1d(3)
        self.hidden = nn.Linear(3, 2)
        self.head = nn.Linear(3, 4, bias=False)
        self.head.weight = self.embed.weight
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.turned = nn.Parameter(torch.ones(3, 2).T)
        self.hidden.bias.requires_grad_(False)
        self.register_buffer("mask", torch.tensor([True, False]))
        self.to(dtype)


def filled(model, seed):
    """Write other numbers into all parameters and buffers of the model, as a training does."""
    spread = torch.arange(64, dtype=torch.float64).add(101 * seed).mul(0.61803398875)
    all_numbers = 0.5 + 2.5 * (spread % 1)
    with torch.no_grad():
        for one in [*model.parameters(), *model.buffers()]:
            numbers = all_numbers[: one.numel()].view(one.shape)
            all_numbers = all_numbers[one.numel() :]
            if one.dtype == torch.bool:
                numbers = numbers > 1.5
            one.copy_(numbers if one.is_floating_point() else numbers * 10)
    return model


def held(model):
    """What the model holds now, as float64: key → (is it a parameter, numbers)."""
    names = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    state = model.state_dict().items()
    return {key: (key in names, one.double().cpu().numpy().copy()) for key, one in state}


def made(solution, model, hint, **options):
    solution.hint = hint
    return solution.EMA(model, **options)


def kept(solution, ema, when):
    """The state_dict of the EMA."""
    got = ema.state_dict()
    solution.last_call = f"EMA(model): state_dict() {when}"
    if not isinstance(got, dict):
        raise CheckFailed(f"returned {describe(got)}; expected a dict.", KEYS)
    return got


def expect_kept(solution, ema, model, right, when, hint):
    """The state holds these numbers under the model's keys; what is 16 bits has float32."""
    got = kept(solution, ema, when)
    for key in right:
        is_tied = hint == TIED or key in OF_KEY
        expect(key in got, f"has no key {key}.", TIED if is_tied else KEYS)
    more = [key for key in got if key not in right]
    expect(not more, f"has keys that are not the model's: {more}.", KEYS)
    state = model.state_dict().items()
    for key, one in sorted(state, key=lambda item: item[1].is_floating_point()):
        is_parameter, numbers = right[key]
        dtype = torch.float32 if is_parameter and one.dtype in HALVES else one.dtype
        where = OF_KEY.get(key, hint) if hint == AVERAGE else hint
        expect_numbers(got[key], numbers, dtype, key, where if is_parameter else BUFFERS)
    return got


def expect_numbers(got, numbers, dtype, key, hint):
    near = TOLERANCES.get(dtype, 0)
    if type(got) is torch.Tensor and got.dtype == dtype and got.shape == numbers.shape:
        found = got.detach().cpu().double().numpy()
        if (np.abs(found - numbers) <= near * np.abs(numbers)).all():
            return  # the usual case, in a fraction of the time
    expect_dtype(got, dtype, WIDE if dtype == torch.float32 else LIKE, key)
    expect_values(got, torch.tensor(numbers).to(dtype), hint, key, rtol=near, atol=near)


def expect_averages(solution, model, steps, hint, **options):
    """Averages and buffers are right after each update."""
    decay = options.get("decay", 0.999)
    ema = made(solution, model, hint, **options)
    right = held(model)
    for step in range(1, steps + 1):
        now = held(filled(model, step))
        before = right
        right = {
            key: (is_p, decay * before[key][1] + (1 - decay) * one if is_p else one)
            for key, (is_p, one) in now.items()
        }
        ema.update()
        try:
            when = f"after {step} update{'s' * (step > 1)} with decay {decay}"
            expect_kept(solution, ema, model, right, when, hint)
        except CheckFailed as error:
            if error.hint in (hint, *OF_KEY.values()):  # not the keys, dtypes or buffers
                error.hint = mistake(ema.state_dict(), before, now, decay, step) or error.hint
            raise
    return ema, right


def mistakes(average, p, decay, step):
    """What people compute in place of the average, by the sentence that names it."""
    once, low = (one * average + (1 - one) * p for one in (decay, (1 + step) / (10 + step)))
    return {
        "decay and 1 - decay have changed places: decay is for the old average.": (1 - decay)
        * average
        + decay * p,
        "The average begins at 0 here; it begins with the model's values.": (1 - decay) * p,
        "The average stands still here.": average,
        "This is the parameter itself, without an average.": p,
        "This is averaged twice in one update.": decay * once + (1 - decay) * p,
        "The decay is (1 + n) / (10 + n) at first here; it is always decay.": low,
    }


def mistake(got, before, now, decay, step):
    """The sentence for what explains all averages after an update; empty if nothing does."""
    others = [
        (got[key].double().cpu(), mistakes(before[key][1], p, decay, step))
        for key, (is_parameter, p) in now.items()
        if is_parameter
    ]
    for words in others[0][1]:
        if all(np.allclose(one, wrong[words], 1e-4) for one, wrong in others):
            return words
    return ""


@aspect("dtype")
def test_has_dtypes(solution, device):
    """Averages have their parameter's dtype and device, and float32 for 16 bits."""
    for dtype in list(TOLERANCES) if device == "cpu" else [torch.float16]:
        model = Net(dtype).to(device)
        ema = made(solution, model, LIKE)
        ema.update()
        got = kept(solution, ema, f"of a {dtype_name(dtype)} model")
        for name, p in model.named_parameters():
            expect(name in got, f"has no key {name}.", KEYS)
            wide = torch.float32 if dtype in HALVES else dtype
            expect_dtype(got[name], wide, WIDE if dtype in HALVES else LIKE, name)
            expect_device(got[name], p.device.type, LIKE, name)


@aspect("values")
def test_begins_with_the_model(solution):
    """At first the averages are what the model holds, whatever it holds later."""
    for dtype in (torch.float32, torch.bfloat16):
        model = filled(Net(dtype), 7)
        right = held(model)
        ema = made(solution, model, BEGIN)
        filled(model, 8)
        expect_kept(solution, ema, model, right, "before the first update", BEGIN)


@aspect("values")
def test_averages(solution, device):
    """Each update moves the averages towards the parameters, and copies the buffers."""
    count = 3 if device == "cpu" else 1
    for decay, dtype in ((0.9, torch.float32), (0.6, torch.float64))[:count]:
        expect_averages(solution, Net(dtype).to(device), count, AVERAGE, decay=decay)
    if device == "cpu":
        mixed = Net().eval()
        mixed.norm.double()
        mixed.hidden.half()
        expect_averages(solution, mixed, 2, AVERAGE, decay=0.5)


@aspect("values")
def test_averages_16_bits(solution):
    """Averages of 16 bits keep small changes."""
    for dtype in HALVES:
        expect_averages(solution, filled(Net(dtype), 0), 2, WIDE)


@aspect("values")
def test_takes_any_decay(solution):
    """The decay is 0.999 at first; 0 and 1 are allowed."""
    for options in ({}, {"decay": 0.0}, {"decay": 1.0}):
        expect_averages(solution, filled(nn.BatchNorm1d(3), 0), 1, AVERAGE, **options)


@aspect("values")
def test_averages_frozen_and_tied(solution):
    """Frozen parameters have averages, and tied ones are averaged once."""
    frozen = filled(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).requires_grad_(False), 0)
    expect_averages(solution, frozen, 2, ALL, decay=0.75)
    block = filled(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)), 0)
    expect_averages(solution, nn.Sequential(block, nn.ReLU(), block), 2, TIED, decay=0.75)
    expect_averages(solution, nn.Sequential(nn.ReLU()), 1, KEYS)


@aspect("values")
def test_shows_the_averages(solution, device):
    """Inside the block the model holds the averages and kept buffers, each time anew."""
    for dtype in list(TOLERANCES) if device == "cpu" else [torch.bfloat16]:
        model = filled(Net(dtype).to(device), 0)
        ema, right = expect_averages(solution, model, 1, AVERAGE, decay=0.75)
        for seed in (5, 6) if dtype == torch.float32 else (5,):
            filled(model, seed)
            with ema.averaged():
                solution.last_call = "EMA(model): in averaged() the model"
                for key, one in model.state_dict().items():
                    is_p, numbers = right[key]
                    hint = INSIDE if is_p else BUFFERS
                    expect_numbers(one.detach().clone(), numbers, one.dtype, key, hint)
        expect_kept(solution, ema, model, right, "after averaged()", INSIDE)


@aspect("memory")
def test_writes_in_place(solution, device):
    """Inside the block parameters and buffers are the same objects in the same memory."""
    model = trained(Net().to(device))
    ema = made(solution, model, IN_PLACE, decay=0.5)
    filled(model, 3)
    with contextlib.ExitStack() as stack:
        solution.last_call = "EMA(model): averaged()"
        with (
            settings_watched(solution) as found,
            module_untouched(model, IN_PLACE, ["values"]),
        ):
            stack.enter_context(ema.averaged())
        expect(not found.text, found.text, GRADS)


def trained(model):
    """A model in the midst of a training: with .grad, and a part in eval mode."""
    model.norm.eval()
    for p in model.parameters():
        p.grad = torch.ones_like(p) if p.requires_grad else None
    return model


class Stop(Exception):
    """What ends a block."""


@aspect("memory")
def test_puts_everything_back(solution):
    """Behind the block the model is as before, whatever was written, and by an exception too."""
    for error in (None, Stop, KeyboardInterrupt):
        for dtype in (torch.float32, torch.bfloat16) if error is Stop else (torch.float16,):
            model = filled(Net(dtype), 0)
            ema = made(solution, model, BACK, decay=0.5)
            ema.update()
            kind = f"ended by {error.__name__}" if error else "left"
            for time in ("", " a second time") if error is None else ("",):
                filled(trained(model), 1 + len(time))
                solution.last_call = f"EMA(model): averaged(), {kind}{time},"
                with (
                    module_untouched(model, BACK),
                    contextlib.suppress(Stop, KeyboardInterrupt),
                    ema.averaged(),
                ):
                    filled(model, 2)
                    if error:
                        raise error


@aspect("errors")
def test_lets_an_exception_through(solution):
    """An exception inside the block goes on to the caller."""
    ema = made(solution, nn.Linear(1, 1), GOES_ON)

    def block():
        with ema.averaged():
            raise Stop

    solution.last_call = "EMA(model): averaged()"
    expect_raises(Stop, block, GOES_ON, "a block that raises Stop")


@aspect("errors")
def test_refuses_a_decay(solution):
    """A decay below 0 or above 1 raises ValueError."""
    model = nn.Linear(1, 1)
    for decay in (-0.1, 1.001, 2.0, -1e-9, 999.0):
        solution.hint = DECAY
        expect_raises(ValueError, lambda one=decay: solution.EMA(model, one), DECAY, f"{decay=}")


@aspect("memory")
def test_leaves_the_model_alone(solution):
    """Only averaged() writes into the model; averages are no part of it, nor of a graph."""
    model = filled(trained(Net()), 0)
    solution.hint = KEEP
    with module_untouched(model, KEEP), settings_watched(solution, thoroughly=True) as found:
        ema = solution.EMA(model, 0.5)
        solution.last_call = "EMA(model): update(), state_dict() or load_state_dict()"
        ema.update()
        state = ema.state_dict()
        ema.load_state_dict({key: one + 1 if one.dim() else one for key, one in state.items()})
        ema.update()
    expect(not found.text, found.text, KEEP)
    for key, one in kept(solution, ema, "after an update").items():
        expect(not one.requires_grad, f"has {key} as a part of autograd's graph.", KEEP)
        is_apart = not any(shares_storage(one, other) for other in model.state_dict().values())
        expect(is_apart, f"has {key} in the model's own memory.", COPIES)


@aspect("structure")
def test_saves_copies(solution):
    """What state_dict returned stays as it is, and writing into it changes nothing."""
    model = filled(Net(), 0)
    ema, right = expect_averages(solution, model, 1, AVERAGE, decay=0.5)
    solution.EMA(filled(Net(), 3), 0.25).update()
    first = expect_kept(
        solution, ema, model, right, "after an update, and one of another EMA", COPIES
    )
    before = {key: one.clone() for key, one in first.items()}
    filled(model, 9)
    ema.update()
    for key, one in first.items():
        is_same = torch.equal(one, before[key])
        expect(is_same, f"returned {key}, which a later update has changed.", COPIES)
    second = kept(solution, ema, "after an update")
    before = {key: one.clone() for key, one in second.items()}
    for one in second.values():
        one.zero_()
    for key, one in kept(solution, ema, "after writing into what it returned").items():
        expect(torch.equal(one, before[key]), f"returned another {key}.", COPIES)


@aspect("structure")
def test_goes_on_from_a_state(solution, device):
    """An EMA that loads a state holds it, and goes on from there."""
    for dtype in (torch.float64, torch.bfloat16) if device == "cpu" else (torch.float32,):
        _, right = expect_averages(solution, source := filled(Net(dtype), 0), 1, AVERAGE, decay=0.5)
        saved = {key: torch.tensor(one) for key, (_, one) in right.items()}
        for key, one in source.state_dict().items():
            is_half = right[key][0] and one.dtype in HALVES
            saved[key] = saved[key].to(torch.float32 if is_half else one.dtype)
        before = {key: one.clone() for key, one in saved.items()}
        model = filled(Net(dtype).to(device), 4)
        ema = made(solution, model, LOADED, decay=0.25)
        ema.update()
        ema.load_state_dict(saved)
        got = expect_kept(solution, ema, model, right, "after load_state_dict", LOADED)
        for key, one in got.items():
            expect_device(one, device, LOADED, key)
        for key, one in saved.items():
            is_same = torch.equal(one, before[key])
            expect(is_same, f"changed {key} in the state that was loaded.", LOADED)
            one.zero_()
        when = "after load_state_dict and zeros in what was loaded"
        for key, one in kept(solution, ema, when).items():
            expect(torch.equal(one, got[key]), f"returned another {key}.", LOADED)
        now = held(filled(model, 5))
        ema.update()
        then = {
            k: (is_p, right[k][1] / 4 + 0.75 * p if is_p else p) for k, (is_p, p) in now.items()
        }
        for key, one in saved.items():
            solution.last_call = "EMA(model): an update after load_state_dict"
            expect(not one.any(), f"changed {key} in the state that was loaded.", LOADED)
        when = "after load_state_dict, zeros in what was loaded, and an update"
        expect_kept(solution, ema, model, then, when, LOADED)
