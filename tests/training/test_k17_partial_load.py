"""The checks of training/k17_partial_load: one model and many states, with the report of each."""

import contextlib
import functools
import types

import torch
from torch import nn

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_raises,
    in_layout,
    module_untouched,
    shares_storage,
    untouched,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import numbers_text

LISTS = ("loaded", "mismatched", "missing", "unexpected")
REPORT = 'Return a dict with the lists "loaded", "mismatched", "missing", "unexpected".'
BY_NAME = "A value fits if its name is in model.state_dict(), buffers too, and its shape is equal."
SHAPES = "Compare value.shape with the model's own: copy_, view_as and torch let more shapes in."
MISSING = "Missing is each name of model.state_dict() without a value, num_batches_tracked too."
PLACE = "Unexpected is each key whose name is not in model.state_dict(), by its own key."
ORDER = "The first three lists follow model.state_dict(), the last one follows the state."
RENAME = "Only rename(key) counts then; a key without a place is listed as it stands in state."
CONVERT = "`tensor.copy_(value)` converts the dtype and moves between devices by itself."
CAST = "Copy values as they are: cast to float32 before, they lose digits of float64 and int64."
TIED = "A tied Parameter has two names in model.state_dict(): each is reported for itself."
STAYS = "Only numbers change, and only where a value fits: copy into the tensors that are there."
OWN = "Copy the numbers: the model and the state share no memory, now or later."
READ = "The state is only read."
VALUES = f"{READ} `assign=True` makes its values the parameters of the model."
TWO = "First make a dict of all new names: two keys with one name raise ValueError, fit or not."
BEFORE = "Look for two keys with one name before you copy the first value."


class Net(nn.Module):
    """A model with all that a state_dict can hold, and modes, .grad, a hook, a buffer beside."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.body = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2).eval(), nn.Dropout())
        self.frozen = nn.Parameter(torch.full((2,), 0.5, dtype=torch.float64), False)
        self.head = nn.Linear(2, 4)
        self.register_buffer("none", torch.empty(0))
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        for number, one in enumerate(self.parameters()):
            one.data.fill_(number / 8)
        self.head.weight.grad, self.scale.grad = torch.ones(4, 2), torch.tensor(torch.nan)
        self.body[0].register_forward_hook(print)


SHAPES_OF = {name: (one.shape, one.dtype) for name, one in Net().state_dict().items()}
NAMES = list(SHAPES_OF)


def full_state(changes=(), device="cpu"):
    """A value for each name, no two numbers alike; changes: key → shape, or None for no value.

    Those of float64 and int64 need all digits of their dtype.

    Keys that the model has keep their places; other keys come first.
    """
    changes, state = dict(changes), {}
    for key in [*(key for key in changes if key not in NAMES), *NAMES]:
        shape, dtype = SHAPES_OF.get(key, ((), torch.float32))
        shape = changes.get(key, shape)
        if shape is not None:
            count = torch.Size(shape).numel()
            numbers = torch.arange(count, dtype=dtype) + 10 * len(state) + 3
            numbers += {torch.float64: 1 / 3, torch.int64: 2**60}.get(dtype, 0)
            state[key] = numbers.view(shape).to(device)
    return state


def expect_numbers(before, model, values, hint):
    """All numbers of the model are those in values, by name, or else as before."""
    for name, now in model.state_dict().items():
        right = values.get(name, before[name]).detach().to(now.device, now.dtype)
        if not torch.equal(now, right):
            sentence = f"left {name} as{numbers_text(now)}; expected{numbers_text(right)}."
            if name in values and torch.allclose(now.double(), right.double(), rtol=1e-2):
                sentence, hint = f"left {name} as {now.tolist()}; expected {right.tolist()}.", CAST
            raise CheckFailed(sentence, hint, now, right)


def numbers_of(model):
    return {name: one.detach().clone() for name, one in model.state_dict().items()}


def expect_list(mine, kind, report, hint):
    """A list of the report is as expected; if not, the first name that is wrong is told."""
    right = report[kind]
    if mine == right:
        return
    expect(isinstance(mine, list), f'returned as "{kind}" {describe(mine)}.', REPORT)
    for name in [one for one in mine if one not in right]:
        places = [f'as "{other}"' for other, names in report.items() if name in names]
        place = places[0] if places else "nowhere"
        raise CheckFailed(f'listed {name!r} as "{kind}"; expected it {place}.', hint)
    lacking = [name for name in right if name not in mine]
    expect(not lacking, f'did not list {"".join(lacking[:1])!r} as "{kind}".', hint)
    raise CheckFailed(f'returned as "{kind}" {mine}; expected {right}.', ORDER)


def expect_loaded(solution, model, state, report, hint, words, rename=None):
    """The report is this one, and the numbers of the model are those of the state where loaded."""
    before, values = numbers_of(model), {rename(k) if rename else k: v for k, v in state.items()}
    solution.hint = hint
    got = solution.load_matching_(model, state, *([rename] if rename else []))
    solution.last_call = f"With {words}: load_matching_(model, state{', rename' * bool(rename)})"
    for kind in LISTS:
        expect_list(got.get(kind), kind, report, hint)
    expect_numbers(before, model, {name: values[name] for name in report["loaded"]}, hint)


def reported(mismatched=(), missing=(), unexpected=()):
    """A report in which all other names are loaded."""
    loaded = [name for name in NAMES if name not in mismatched and name not in missing]
    return dict(zip(LISTS, (loaded, *map(list, (mismatched, missing, unexpected))), strict=True))


def expect_cases(solution, cases, hint):
    """For each case: its changes of a full state, and the report's lists, one after the other."""
    model = Net()
    for changes, *lists in cases:
        words = [f"no {k!r}" if shape is None else f"{k!r} {shape}" for k, shape in changes.items()]
        words = f"a full state, but {', '.join(words)}" if words else "a full state"
        expect_loaded(solution, model, full_state(changes), reported(*lists), hint, words)


@aspect("type")
def test_returns_a_report(solution):
    """load_matching_ returns a dict with four lists."""
    solution.hint = REPORT
    for state in ({}, full_state()):
        got = solution.load_matching_(Net(), state)
        is_report = isinstance(got, dict) and set(got) == set(LISTS)
        expect(is_report, f"returned {describe(got)}; expected a dict of four lists.", REPORT)


def expect_converted(solution, model, state, words):
    """The parameters have the numbers of the state; the rest is asked elsewhere."""
    solution.hint, values = CONVERT, {key: one.clone() for key, one in state.items()}
    solution.load_matching_(model, state)
    solution.last_call = f"With {words}: load_matching_(model, state)"
    weights = {name: values[name] for name, _ in model.named_parameters()}
    expect_numbers(numbers_of(model), model, weights, CONVERT)


@aspect("dtype")
def test_converts(solution):
    """Values of any dtype, in any layout, are converted to the dtype of the model."""
    expect_converted(solution, Net(), full_state(), "a state of the model's own dtypes")
    layouts = ("contiguous", "transposed", "every second element", "at an offset")
    for dtype, layout in zip(("float64", "float16", "bfloat16", "int32"), layouts, strict=True):
        wanted = getattr(torch, dtype)
        state = {key: in_layout(one.to(wanted), layout) for key, one in full_state().items()}
        expect_converted(solution, Net(), state, f"a state of {dtype}, in memory {layout}")


@aspect("device")
def test_moves(solution, device):
    """A state on another device is copied to that of the model."""
    for model, where in ((Net().to(device), "cpu"), (Net(), device)):
        words = f"a model on {model.scale.device.type}, and a state on {where}"
        expect_converted(solution, model, full_state((), where), words)


@aspect("values")
def test_loads_what_fits(solution):
    """What fits is copied, and what does not is left as it is and reported."""
    head = {"head.weight": (10, 2), "head.bias": (10,)}
    expect_cases(solution, [({}, [], [], []), (head, list(head), [], [])], BY_NAME)
    some = (NAMES[::2], NAMES[1::2], NAMES, ["body.1.num_batches_tracked"])
    expect_cases(solution, [(dict.fromkeys(one), [], one, []) for one in some], MISSING)


@aspect("values")
def test_compares_shapes_exactly(solution):
    """A shape that could be broadcast, viewed or cut to the right one does not fit."""
    viewed = {"frozen": (2, 1), "head.weight": (2, 4)}
    broadcast = {"body.0.bias": (1,), "body.1.weight": (), "head.weight": (2,), "head.bias": (1, 4)}
    cut = {"scale": (1,), "body.1.num_batches_tracked": (1,)}
    sizes = {"scale": (2,), "frozen": (3,), "head.weight": (5, 2), "head.bias": (0,)}
    empty = {"none": (0, 1), "head.weight": (1, 4, 2), "head.bias": (4, 1)}
    cases = (viewed, broadcast, cut, sizes, empty, {"none": (1,)})
    expect_cases(solution, [(one, list(one), [], []) for one in cases], SHAPES)


@aspect("values")
def test_reports_keys_without_a_place(solution):
    """A key that is no name of the model's state_dict is unexpected, buffers outside of it too."""
    keys = {"scratch": (2,), "head": (4, 2), "": (), "weight": (2, 3), "body.2.weight": (2,)}
    both = {"z": (1,), "scale": (2,), "frozen": None, "a": (4,)}
    cases = [(keys, [], [], list(keys)), (both, ["scale"], ["frozen"], ["z", "a"])]
    expect_cases(solution, cases, PLACE)


@aspect("values")
def test_keeps_orders(solution):
    """Lists of names are in the model's order, whatever that of the state is."""
    changes = {"z": (2,), "b": (), "scale": (3,), "head.bias": (1,), "frozen": None, "none": None}
    state = types.MappingProxyType(dict(reversed(full_state(changes).items())))
    report = reported(["scale", "head.bias"], ["frozen", "none"], ["b", "z"])
    expect_loaded(solution, Net(), state, report, ORDER, "a mapping whose keys are in reverse")


@aspect("values")
def test_renames(solution):
    """rename makes each key the name that counts."""
    prefixed = {f"module.{key}": one for key, one in full_state({"head.bias": (3,)}).items()}
    del prefixed["module.head.weight"]
    prefixed |= {"head.weight": torch.ones(4, 2), "epoch": torch.ones(())}
    pairs = {"body.0.bias": "body.1.bias", "body.1.bias": "body.0.bias", "old": "new"}
    gone = {"scale": "size", "head.weight": "head.kernel"}
    swapped, lacking = reported([], [], ["old"]), reported([], list(gone), list(gone))
    for words, rename, state, report in [
        ("removeprefix('module.')", None, prefixed, reported(["head.bias"], [], ["epoch"])),
        (f"{pairs}.get(key, key)", pairs, full_state({"old": (1,)}), swapped),
        (f"{gone}.get(key, key)", gone, full_state(), lacking),
    ]:

        def call(key, rename=rename):
            return rename.get(key, key) if rename else key.removeprefix("module.")

        expect_loaded(solution, Net(), state, report, RENAME, f"rename = {words}", call)


@aspect("values")
def test_reports_both_names_of_a_tied_parameter(solution):
    """Two names of one Parameter are both reported."""
    model, state = Net(), full_state()
    model.head.tied = model.scale
    for tied, kind in (
        (state["scale"], "loaded"),
        (torch.ones(3), "mismatched"),
        (None, "missing"),
    ):
        own = state if tied is None else {**state, "head.tied": tied}
        report = reported()
        report[kind].append("head.tied")
        report["loaded"].sort(key=list(model.state_dict()).index)
        words = f"model.head.tied = model.scale, and a full state, head.tied {kind},"
        solution.hint = TIED
        got = solution.load_matching_(model, own)
        solution.last_call = f"With {words}: load_matching_(model, state)"
        for one in LISTS:
            expect_list(got.get(one), one, report, TIED)


@aspect("memory")
def test_copies_in_place(solution):
    """The model keeps its objects, memory, .grad, requires_grad, modes and hooks; so does state."""
    model, changes = Net(), {"head.weight": (3, 2), "frozen": None, "more": (2,)}
    model.tied = model.body[0].weight
    state = full_state(changes)
    state["body.1.weight"].requires_grad_().grad = torch.ones(2)
    state["frozen"] = nn.Parameter(torch.ones(2, dtype=torch.float64))
    items, but = list(state.items()), [name for name in NAMES if name != "head.weight"]
    solution.hint, solution.last_call = STAYS, "load_matching_(model, state)"
    with contextlib.ExitStack() as stack:
        stack.enter_context(module_untouched(model, STAYS, {"values": [*but, "tied"]}))
        stack.enter_context(untouched(VALUES, **state))
        found = stack.enter_context(settings_watched(solution, thoroughly=True))
        solution.load_matching_(model, state)
        now = list(state.items())
        same = [(k, id(one)) for k, one in now] == [(k, id(one)) for k, one in items]
        expect(same, "changed what the state holds.", READ)
    expect(not found.text, found.text, READ)
    for name, one in model.state_dict().items():
        shares = name in state and shares_storage(one, state[name])
        expect(not shares, f"left {name} of the model in the memory of the state.", OWN)


@aspect("memory")
def test_remembers_nothing(solution):
    """A second state is loaded over the first, and the reports are apart."""
    solution.hint, model = OWN, Net()
    first = solution.load_matching_(model, full_state({"head.bias": (1,), "more": ()}))
    report = reported((), (), [""])
    expect_loaded(solution, model, full_state({"": ()}), report, OWN, "another state before")
    right = reported(["head.bias"], (), ["more"])
    expect(dict(first) == right, "changed the report of an earlier call.", OWN)


@aspect("errors")
def test_refuses_two_keys_with_one_name(solution):
    """Two keys that become one name raise ValueError, and nothing is changed."""
    shape = {"head.bias": (4,), "scale": ()}
    for words, *keys in [
        ("two keys for 'head.bias'", "old.head.bias", "new.head.bias"),
        ("'new.head.bias' beside 'head.bias'", "new.head.bias", "head.bias"),
        ("two keys of other shapes for 'frozen'", "old.frozen", "new.frozen"),
        ("two keys for 'else', a name that the model lacks", "old.else", "new.else"),
    ]:
        state = {"scale": torch.ones(())}
        state |= {key: torch.ones(shape.get(key.split(".", 1)[1], (2,))) for key in keys}
        state |= {"old.frozen": torch.ones(3)} if "frozen" in words else {}

        def rename(key):
            return key.removeprefix("old.").removeprefix("new.")

        solution.hint, model = TWO, Net()
        with module_untouched(model, BEFORE):
            call = functools.partial(solution.load_matching_, model, state, rename)
            expect_raises(ValueError, call, TWO, words)
