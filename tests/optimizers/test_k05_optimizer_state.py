"""The checks of optimizers/k05_optimizer_state: what is saved, and runs that go on from it."""

import contextlib
import copy
import functools
import inspect
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import optimizer as torchs  # torch.optim has no attribute of that name

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_raises,
    runs_of,
    shares_storage,
)
from dojo.checks.laws.settings import settings_watched

LAYOUT = 'Return {"state": {position: state}, "param_groups": [{…, "params": [positions]}]}.'
POSITIONS = "Positions are counted through all groups, parameters without a state too."
KEYS = "A position counts all parameters before it. Parameter 1 has no state yet: save none for it."
OPTIONS = 'Save all that stands in the group; only "params" is replaced, by positions.'
STATES = "Each parameter that is in optimizer.state has its state saved, under its position."
COPY = "Steps write into the tensors of a state, in place: `copy.deepcopy` makes a copy."
COPY_TOO = "Load a copy: else steps write into the tensors of saved, and of all who have loaded it."
READ = "To save is to read. `optimizer.state[p]` makes an empty state: ask `p in optimizer.state`."
GRADS = "To save and to refuse change nothing: let the .grad of the parameters alone."
NONE = "The work is done in the optimizer: leave `return` out."
ALL_OPTIONS = "Each group gets the saved options and no others; only its parameters stay."
ALL_STATES = (
    "Each state goes to the parameter at its position, counted through all groups; states that were"
    " there before go away."
)
DTYPES = "Copies keep their dtype: the count of steps is float32, whatever its parameter is."
DEFAULT = "`optimizer.state` is a defaultdict, from which step() gets empty states: keep it one."
SIZES = "Compare the number of groups, and of the parameters in each, before you change anything."
STAY = "The parameters stay as they are: only options and states are saved and loaded."
SAME_BITS = "All that a step reads is in the state and in the options: load both."
SAVED = "saved stays as it is: copy it before you change it."
OWN = "Read and write `optimizer.param_groups` and `optimizer.state` yourself."
SETTINGS = "Whoever calls the function does not expect it to change how torch works from then on."

NAMES = {name: getattr(torch.optim, name) for name in ("SGD", "RMSprop", "Adam", "AdamW")}
KINDS = [
    "SGD(groups, lr=0.1, momentum=0.9)",
    "Adam(groups, lr=0.1, betas=(0.8, 0.99), amsgrad=True)",
    "SGD(groups, lr=0.5)",
    "RMSprop(groups, lr=0.1, alpha=0.9, momentum=0.3, centered=True)",
    "AdamW(groups, lr=0.1, weight_decay=0.2, foreach=False)",
]
# a group is a list of shapes, with options of its own
SHAPES = [[(2, 3), (2,)], [], [(), (1, 2)]]
OWN_OPTIONS = [{}, {"lr": 0.3}, {"lr": 0.25, "name": "head", "initial_lr": None, "sizes": (1, 2.5)}]
LATE = 1  # the parameter at this position has no gradient before step BEFORE
BEFORE, MORE = 2, 2


@dataclass
class Run:
    """An optimizer, its parameters in order, and how it was made, in words."""

    optimizer: torch.optim.Optimizer
    parameters: list
    words: str

    def step(self, start, count):
        """Take some steps; the gradients depend on the number of the step."""
        for number in range(start, start + count):
            for position, p in enumerate(self.parameters):
                grad = torch.full_like(p, 0.3 + number / 7 - position / 3)
                p.grad = None if position == LATE and number < BEFORE else grad
            # the wrapper around step would import torch's compiler, for seconds, and only at first
            with torch.no_grad():
                inspect.unwrap(type(self.optimizer).step)(self.optimizer)
        return self


def made(words, steps=0, like=None, shapes=SHAPES, device="cpu"):
    """A run after some steps; the parameters begin as copies of those of another run."""
    parameters, groups = [], []
    for sizes, options in zip(shapes, OWN_OPTIONS, strict=False):
        begin = len(parameters)
        for number, shape in enumerate(sizes, begin):
            dtype = torch.float64 if number % 2 else torch.float32
            x = torch.full(shape, 1.5 + number, dtype=dtype, device=device)
            x = x if like is None else like.parameters[number].detach().clone()
            parameters.append(nn.Parameter(x))
        groups.append({"params": parameters[begin:], **options})
    return Run(eval(words, {"groups": groups, **NAMES}), parameters, words).step(0, steps)


def unlike_it(words):
    """How another optimizer of this class is made."""
    return f"{words.partition('(')[0]}(groups, lr=0.7)"


def kept(run):
    """What is right to save, by hand; its tensors are those of the optimizer."""
    positions = {p: number for number, p in enumerate(run.parameters)}
    state = {positions[p]: one for p, one in run.optimizer.state.items() if one}
    groups = [
        {**group, "params": [positions.get(p) for p in group["params"]]}
        for group in run.optimizer.param_groups
    ]
    return {"state": state, "param_groups": groups}


@functools.cache
def right(words):
    """What is right to save of such an optimizer after its first steps."""
    return kept(made(words, BEFORE))


def saved_by(solution, run, hint, when="after some steps"):
    solution.hint = hint
    got = solution.save_state(run.optimizer)
    solution.last_call = f"With optimizer = {run.words}, {when}: save_state(optimizer)"
    return got


def is_id(one):
    """Whether a number can only be an id, which is another one in each run."""
    return type(one) is int and one > 2**31


def in_words(keys):
    """Keys, or lists of them."""
    flat = [one for key in keys for one in (key if isinstance(key, list) else [key])]
    return "the ids of the parameters" if any(map(is_id, flat)) else describe(keys)


def load(solution, run, saved, hint):
    solution.hint = hint
    got = solution.load_state(run.optimizer, saved)
    solution.last_call = f"With optimizer = {run.words}: load_state(optimizer, saved)"
    return got


def unlike(got, expected, where):
    """What differs first, in words; empty if nothing does."""
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        pairs = [(got[n], expected[n], f"{where}[{n}]") for n in range(len(got))]
        return next(filter(None, (unlike(*pair) for pair in pairs)), "")
    if isinstance(expected, dict) and isinstance(got, dict):
        pairs = [(got[key], expected[key], f"{where}[{key!r}]") for key in expected if key in got]
        words = [f"{where} without {key!r}." for key in expected if key not in got]
        more = ["an id" if is_id(key) else repr(key) for key in got if key not in expected]
        words += [f"{where} with {key} in it." for key in more]
        return next(filter(None, (unlike(*pair) for pair in pairs)), words[0] if words else "")
    if isinstance(expected, torch.Tensor) and isinstance(got, torch.Tensor):
        for fact in ("dtype", "shape", "device", "requires_grad"):
            one, other = getattr(got, fact), getattr(expected, fact)
            if one != other:
                return f"{where} with the {fact} {one}; expected {other}."
        is_same = torch.equal(got.detach(), expected)
    else:
        is_same = type(got) is type(expected) and got == expected
    shown = "an id" if is_id(got) else describe(got)
    return "" if is_same else f"{where} as {shown}; expected {describe(expected)}."


OF_SAVED = "saved['param_groups']", "saved['state']"
OF_OPTIMIZER = "optimizer.param_groups", "optimizer.state"


def expect_same(verb, got, expected, hints, names=OF_SAVED):
    """Two dicts in the layout of a state_dict are equal; hints are for options and for states."""
    for key, name, hint in zip(("param_groups", "state"), names, hints, strict=True):
        if difference := unlike(got[key], expected[key], name):
            is_count = "['step'] with the dtype " in difference
            raise CheckFailed(f"{verb} {difference}", DTYPES if is_count else hint)


def expect_held(run):
    """The groups hold the same parameters."""
    held = [id(p) for group in run.optimizer.param_groups for p in group["params"]]
    is_same = held == [id(p) for p in run.parameters]
    expect(is_same, "put something else in the place of the parameters of a group.", STAY)


def expect_loaded(run, saved):
    """The optimizer holds what was saved, and the same parameters."""
    expect_held(run)
    expect_same("left", kept(run), saved, (ALL_OPTIONS, ALL_STATES), OF_OPTIMIZER)


def expect_goes_on(run, other):
    """Both runs give the same bits."""
    expect_held(run)
    expect_held(other)
    for number in range(BEFORE, BEFORE + MORE):
        run.step(number, 1)
        try:
            other.step(number, 1)
        except Exception as error:
            sentence = f"was called, and step {number + 1} raises {type(error).__name__}."
            raise CheckFailed(sentence, DEFAULT) from error
        for position, (p, q) in enumerate(zip(run.parameters, other.parameters, strict=True)):
            got, expected = q.detach(), p.detach()
            if not torch.equal(got, expected):
                found = f"was called, and parameter {position} is {describe(got)}"
                sentence = f"{found} after step {number + 1}; without the break it is"
                raise CheckFailed(f"{sentence} {describe(expected)}.", SAME_BITS, got, expected)


@contextlib.contextmanager
def untouched_run(run, hint):
    """Fail if the ``with`` block changes options, states, parameters or their .grad."""
    before, count = copy.deepcopy(kept(run)), len(run.optimizer.state)
    values = [p.detach().clone() for p in run.parameters]
    grads = [(p, p.grad, copy.deepcopy(p.grad)) for p in run.parameters]
    yield
    expect_held(run)
    expect_same("changed the optimizer: left", kept(run), before, (hint, hint), OF_OPTIMIZER)
    is_same = len(run.optimizer.state) == count
    expect(is_same, "gave optimizer.state an empty state that was not there.", READ)
    is_same = all(map(torch.equal, run.parameters, values))
    expect(is_same, "changed the values of the parameters.", hint)
    for number, (p, grad, held) in enumerate(grads):
        is_kept = p.grad is grad and (grad is None or torch.equal(grad, held))
        expect(is_kept, f"changed the .grad of parameter {number}.", GRADS)


def expect_own(names):
    """Neither of torch's two functions has run."""
    used = [name for name in names if name in ("state_dict", "load_state_dict")]
    expect(not used, f"ran Optimizer.{''.join(used[:1])}, which is forbidden here.", OWN)


def tensors(states):
    """All tensors of some states."""
    return [x for state in states.values() for x in state.values() if isinstance(x, torch.Tensor)]


def expect_apart(sentence, one, other, hint):
    """No two tensors of these states share memory."""
    is_shared = any(shares_storage(a, b) for a in tensors(one) for b in tensors(other))
    expect(not is_shared, sentence, hint)


class TestSaveState:
    """save_state: a copy by positions."""

    @aspect("type")
    def test_returns_dicts(self, solution):
        """save_state returns a dict of plain dicts and lists."""
        got = saved_by(solution, made(KINDS[0], BEFORE), LAYOUT)
        expect(type(got) is dict, f"returned {describe(got)}; expected a dict.", LAYOUT)
        sentence = f"returned a dict with the keys {list(got)}; expected state and param_groups."
        expect(set(got) == {"state", "param_groups"}, sentence, LAYOUT)
        for name, kind in (("state", dict), ("param_groups", list)):
            found = type(got[name])
            sentence = f"returned {name} as a {found.__name__}; expected a {kind.__name__}."
            expect(found is kind, sentence, LAYOUT)
        for one in (*got["state"].values(), *got["param_groups"]):
            expect(type(one) is dict, f"saved {describe(one)}; expected a dict.", LAYOUT)

    @aspect("values")
    def test_saves_options_and_states(self, solution):
        """All options and states are saved, by the positions of the parameters."""
        for words in KINDS:
            run = made(words, BEFORE)
            got = saved_by(solution, run, LAYOUT)
            expect_held(run)
            found = [one.get("params") for one in got["param_groups"]]
            expected = [one["params"] for one in right(words)["param_groups"]]
            if unlike(found, expected, ""):
                sentence = f"saved as params {in_words(found)}; expected {expected}."
                raise CheckFailed(sentence, POSITIONS)
            found, expected = list(got["state"]), sorted(right(words)["state"])
            is_right = all(type(one) is int for one in found) and sorted(found) == expected
            sentence = f"saved states under the keys {in_words(found)}; expected {expected}."
            expect(is_right, sentence, KEYS)
            expect_same("returned", got, right(words), (OPTIONS, STATES))

    @aspect("values")
    def test_saves_what_is_there(self, solution):
        """A new optimizer has no state; options are those of the moment."""
        new, changed = made(KINDS[1]), made(KINDS[1], BEFORE + 1)
        changed.optimizer.param_groups[0]["lr"] = 7.0
        changed.optimizer.param_groups[2]["more"] = "added"
        for run, when in ((new, "which is new"), (changed, "with other options since")):
            got = saved_by(solution, run, STATES, when)
            expect_same("returned", got, kept(run), (OPTIONS, STATES))

    @aspect("device")
    def test_saves_on_the_device(self, solution, device):
        """Copies are on the device of the state."""
        run = made(KINDS[0], BEFORE, device=device)
        expect_same("returned", saved_by(solution, run, COPY), kept(run), (OPTIONS, STATES))

    @aspect("memory")
    def test_saves_copies(self, solution):
        """Later steps and options leave what was saved as it is."""
        for words in KINDS[:2]:
            run = made(words, BEFORE)
            saved = saved_by(solution, run, COPY)
            sentence = "returned tensors that lie in the memory of the optimizer's state."
            expect_apart(sentence, saved["state"], run.optimizer.state, COPY)
            before = copy.deepcopy(saved)
            run.step(BEFORE, 1)
            for group in run.optimizer.param_groups:
                group["lr"] = 100.0
            verb = "let steps change what it saved: left"
            expect_same(verb, saved, before, (COPY, COPY))

    @aspect("memory")
    def test_leaves_the_optimizer(self, solution):
        """The optimizer stays as it is: options, states, parameters and their .grad."""
        run = made(KINDS[1], BEFORE)
        with untouched_run(run, READ), settings_watched(solution, thoroughly=True) as found:
            saved = saved_by(solution, run, READ)
        expect(not found.text, found.text, SETTINGS)
        with untouched_run(run, COPY):
            saved["param_groups"][0]["lr"] = 5.0
            saved["param_groups"][0]["params"].clear()
            saved["state"].clear()

    @aspect("structure")
    def test_saves_without_torchs(self, solution):
        """It is made without Optimizer.state_dict, under whatever name."""
        run = made(KINDS[0], BEFORE)
        with runs_of(torchs) as names:
            saved_by(solution, run, OWN)
        expect_own(names)


class TestLoadState:
    """load_state: a run goes on."""

    @aspect("type")
    def test_returns_none(self, solution):
        """load_state returns None."""
        got = load(solution, made(KINDS[0]), copy.deepcopy(right(KINDS[0])), NONE)
        expect(got is None, f"returned {describe(got)}; expected None.", NONE)

    @aspect("values")
    def test_loads_options_and_states(self, solution):
        """Options and states are the saved ones afterwards, and no others."""
        for words in KINDS:
            # a new one, and one that has a state for all
            for steps in (0, BEFORE + 1) if words == KINDS[1] else (0,):
                other = made(unlike_it(words), steps)
                other.optimizer.param_groups[0]["more"] = "not saved"
                load(solution, other, copy.deepcopy(right(words)), ALL_OPTIONS)
                expect_loaded(other, right(words))

    @aspect("values")
    def test_goes_on(self, solution):
        """A run goes on bit for bit, from what state_dict or save_state has saved."""
        for place, words in enumerate(KINDS[:2]):  # what the rest has loaded is compared above
            run = made(words, BEFORE)
            other = made(unlike_it(words), like=run)
            saved = saved_by(solution, run, SAME_BITS) if place else run.optimizer.state_dict()
            load(solution, other, copy.deepcopy(saved), SAME_BITS)
            expect_goes_on(run, other)

    @aspect("values")
    def test_goes_back(self, solution):
        """An optimizer can go back to what was saved of a new one."""
        run, new = made(KINDS[1], BEFORE), kept(made(KINDS[1]))
        load(solution, run, copy.deepcopy(new), ALL_STATES)
        expect_loaded(run, new)

    @aspect("device")
    def test_loads_on_the_device(self, solution, device):
        """The state is on the device on which it was saved, that of the parameters."""
        run = made(KINDS[0], BEFORE, device=device)
        other = made(KINDS[0], like=run)
        load(solution, other, copy.deepcopy(kept(run)), COPY_TOO)
        expect_loaded(other, kept(run))

    @aspect("memory")
    def test_loads_copies(self, solution):
        """saved stays as it is, and can be loaded twice."""
        for words in KINDS[:2]:
            saved, before = copy.deepcopy(right(words)), right(words)
            others = [made(words) for _ in range(2)]
            for other in others:
                load(solution, other, saved, SAVED)
                expect_same("left", saved, before, (SAVED, SAVED))
                sentence = "put the tensors of saved into the optimizer."
                expect_apart(sentence, saved["state"], other.optimizer.state, COPY_TOO)
            sentence = "made two optimizers share the memory of a state."
            expect_apart(sentence, *(one.optimizer.state for one in others), COPY_TOO)
            others[0].step(BEFORE, 1)
            for group in others[0].optimizer.param_groups:
                group["lr"] = 100.0
            verb = "let steps change saved: left"
            expect_same(verb, saved, before, (COPY_TOO, COPY_TOO))
            verb = "let steps of another optimizer change this one: left"
            expect_same(verb, kept(others[1]), before, (COPY_TOO, COPY_TOO), OF_OPTIMIZER)

    @aspect("memory")
    def test_leaves_the_parameters(self, solution):
        """Parameters keep their values, .grad and requires_grad; torch stays as it is."""
        other = made(KINDS[1], 1)
        other.parameters[0].requires_grad_(False)
        before = [(p, p.detach().clone(), p.grad, p.data_ptr()) for p in other.parameters]
        with settings_watched(solution, thoroughly=True) as found:
            load(solution, other, copy.deepcopy(right(KINDS[1])), STAY)
        expect(not found.text, found.text, SETTINGS)
        expect_held(other)
        for number, (p, values, grad, place) in enumerate(before):
            is_kept = torch.equal(p.detach(), values) and p.data_ptr() == place
            expect(is_kept, f"changed parameter {number}.", STAY)
            expect(p.grad is grad, f"changed the .grad of parameter {number}.", STAY)
            is_kept = p.requires_grad == (number > 0)
            expect(is_kept, f"changed the requires_grad of parameter {number}.", STAY)

    @aspect("errors")
    def test_refuses_other_sizes(self, solution):
        """Other groups than those saved raise ValueError, and nothing is changed."""
        first, none, last = SHAPES
        others = ([first], [first, none, [*last, (2,)]], [first[:1], none, last])
        for shapes in (*others, [first, [()], last], [first, last, none]):
            other = made("SGD(groups, momentum=0.5, maximize=True)", 1, shapes=shapes)
            sizes = [len(group["params"]) for group in other.optimizer.param_groups]
            words = f"groups of {sizes} parameters, where [2, 0, 2] were saved"
            with untouched_run(other, SIZES):
                saved = copy.deepcopy(right(KINDS[0]))
                call = functools.partial(load, solution, other, saved, SIZES)
                expect_raises(ValueError, call, SIZES, words)
                solution.last_call = f"load_state(optimizer, saved) raised for {words}, and"

    @aspect("structure")
    def test_loads_without_torchs(self, solution):
        """It is made without Optimizer.load_state_dict, under whatever name."""
        other, saved = made(KINDS[0]), copy.deepcopy(right(KINDS[0]))
        with runs_of(torchs) as names:
            load(solution, other, saved, OWN)
        expect_own(names)
