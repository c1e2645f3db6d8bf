"""The checks of training/k19_find_nan: small models, written as text, and whom to blame."""

import contextlib
import copy
import functools
import math

import torch
from torch import nn

from dojo.checks import (
    aspect,
    describe,
    expect,
    expect_raises,
    expect_values,
    module_untouched,
    untouched,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.written import Module, module_of

A_NAME = "Return a name, a str, or None where no module is to blame."
BLAME = "To blame is what got finite numbers only and returned others. Look at both."
PASSED = "What is given such a number only passes it on; blame the module with the operation."
ALL_KINDS = "`torch.isfinite` is False for NaN, inf and -inf, in every float and complex dtype."
FINITE = (
    "Ask each number, in its own dtype: a sum, a size or float32 can overflow. Ints are finite."
)
EVERY = "What a module returns may be a tuple, a list or a dict, and a tensor in it may be empty."
ROOT = 'The model itself counts too, called by model(x); `if name` takes its name "" for none.'
INNER = "A module inside of another one returns first, and is the one to name."
ORDER = "The call that returned first counts, not the place in named_modules()."
CALLS = "Look at each call of a module for itself."
NAMES = '`named_modules()` has one name for each module: the first one, and "" for the model.'
NESTED = (
    "Search tuples, lists and dicts (`isinstance`) for tensors, at any depth, and nothing else."
)
KEYWORDS = "`register_forward_hook(hook, with_kwargs=True)` shows keyword arguments too."
GIVEN = (
    "A module is given its arguments, not its weights. It can be to blame without any tensor there."
)
OTHERS = "Only modules of model.named_modules() count."
STAYS = "Remove each of your hooks, and change nothing else."
FINALLY = "Use try and finally, or an ExitStack: the exception goes on, and hooks are removed."
ONCE = "Call the model once, as `model(x)`, in the mode in which it is, and let it run to its end."
REPLACED = "A hook that returns something puts that in the place of the output: return nothing."
UNTRACKED = "Run the model under `torch.no_grad()`."

NAN, INF = math.nan, math.inf
LOG = "Module('x.log()')"
INSIDE = f"Module('self.b(self.a(x) + 1)', a=Module('self.c(x)', c={LOG}), b=Module('x * 2'))"
# model, x, the name of the module to blame
PLAIN = [
    (f"nn.Sequential(Module('x + 1'), {LOG}, Module('x * 2'))", [1.0, -3.0], "1"),
    (f"nn.Sequential(Module('x + 1'), {LOG}, Module('x * 2'))", [1.0, 3.0], None),
    (LOG, [2.0, -1.0], ""),
    (f"nn.Sequential(Module('x - 1'), Module('x'), {LOG})", [3.0, 0.5, 2.0], "2"),
    ("nn.Sequential(Module('x'), Module('x - x'))", [NAN, 1.0], None),
    ("nn.Sequential(Module('x'), Module('x[1:]'))", [INF, 1.0], None),
    ("Module('self.a(x.nan_to_num())', a=Module('x / 0'))", [NAN, 1.0], "a"),
]
KINDS = [
    ("nn.Sequential(Module('x'), Module('1 / x'))", [1.0, 0.0], "1"),
    ("nn.Sequential(Module('x'), Module('-1 / x'))", [1.0, 0.0], "1"),
    ("nn.Sequential(Module('x.half()'), Module('x * 60000'))", [1.0, 2.0], "1"),
    ("nn.Sequential(Module('x'), Module('torch.complex(x, x / 0)'))", [1.0, 2.0], "1"),
    ("nn.Sequential(Module('x * 1e38'), Module('x * x'))", [1.0, 2.0], "1"),
]
SPARED = [
    ("nn.Sequential(Module('x * 3e38'), Module('-x'))", [1.0] * 4, None),
    ("nn.Sequential(Module('x.half() * 60000'), Module('x'))", [1.0] * 3, None),
    ("nn.Sequential(Module('x.double() * 1e300'), Module('-x'))", [1.0, 2.0], None),
    ("nn.Sequential(Module('x * 3e38'), Module('torch.complex(x, x)'))", [1.0, -1.0], None),
    ("Module('self.a(x)', a=Module('(x[:0], x > 0, x.long(), x.sum())'))", [1.0, -2.0], None),
    ("nn.Sequential(Module('x.argmax()'), Module('x + 1'))", [NAN, 2.0], None),
]
CONTAINERS = [
    (INSIDE, [1.0, -1.0], "a.c"),
    (INSIDE, [1.0, 2.0], None),
    (f"Module('self.a(x).nan_to_num()', a={LOG})", [-1.0], "a"),
    (f"Module('self.a(x).nan_to_num_()', a={LOG})", [-1.0], "a"),
    (f"Module('[self.a(x), 3][1]', a={LOG})", [-1.0], "a"),
    ("nn.Sequential(nn.Sequential(Module('x'), nn.Sequential(Module('x / 0'))))", [1.0], "0.1.0"),
]
OUTSIDE = [
    ("Module('self.b(self.a(x) / 0)', a=Module('x + 1'), b=Module('x * 2'))", [1.0], ""),
    ("nn.Sequential(Module('x'), Module('self.a(x.log())', a=Module('x + 1')))", [-1.0], "1"),
    ("Module('self.a(x / 0).nan_to_num()', a=Module('x'))", [1.0], None),
    (f"Module('self.a(x), self.b(x.sqrt())', a=Module('x + 1'), b={LOG})", [-1.0], ""),
]
ORDERS = [
    (f"Module('(self.b(x) + self.a(x) + self.c(x)) > 0', a={LOG}, b={LOG}, c={LOG})", [-1.0], "b"),
    (f"nn.Sequential({LOG}, Module('x.nan_to_num() - 1'), {LOG})", [-1.0], "0"),
    ("Module('self.a(self.a(x))', a=Module('1 / (x - 1)'))", [2.0], "a"),
    (f"Module('self.a(x / 0), self.a(x)', a={LOG})", [-1.0], "a"),
    ("Module('self.a(self.a(x) / 0)', a=Module('x + 1'))", [1.0], ""),
    (f"Module('self.a(x), self.b(x / 0), self.a(-x)', a={LOG}, b=Module('x'))", [1.0], "a"),
]
SHARED = [
    (f"s = {LOG}; Module('self.b(x)', b=Module('self.c(x)', c=s), d=s)", [-1.0], "b.c"),
    (f"s = {LOG}; Module('self.b(x)', a=s, b=Module('self.c(x)', c=s))", [-1.0], "a"),
    (f"s = {LOG}; nn.Sequential(Module('x'), s, Module('x'), s)", [-1.0], "1"),
]
DEEP = [
    ("Module('self.a(x)[0].nan_to_num()', a=Module('x.log(), 1'))", [-1.0], "a"),
    ("Module('self.a(x)', a=Module('[x, [None, \"text\", (1, x.log())]]'))", [-1.0], "a"),
    ("Module('self.a(x)', a=Module('{1: x, 2: {\"k\": [x / 0]}}'))", [1.0], "a"),
    ("Module('self.a(x)', a=Module('Pair(x, Pair(2, x.log()))'))", [-1.0], "a"),
    ("Module('self.a(x)', a=Module('(x, {}, [], None, True, 1 / 3, {1: (x,)})'))", [1.0], None),
    ("Module('self.a(x)', a=Module('OrderedDict(k=x, hidden=(x, x / 0))'))", [1.0], "a"),
    ("Module('self.a(x)', a=Module('{x / 0}'))", [1.0], None),
    ("Module('next(self.a(x))', a=Module('iter((x, x / 0))'))", [1.0], None),
    ("Module('self.a([1, {2: (x / 0,)}]).exp()', a=Module('x[1][2][0]'))", [1.0], ""),
    ("Module('self.a(Pair(x, x / 0)).nan_to_num()', a=Module('x.second'))", [1.0], None),
]
KEYED = [
    ("Module('self.a(x, y=x / 0).nan_to_num()', a=Module('x * y', 'x, y'))", [1.0], None),
    ("Module('self.a(y=(x / 0, x)).nan_to_num()', a=Module('y[0]', 'y'))", [1.0], None),
    ("Module('self.a(x, y=x + 1)', a=Module('x.log() * y', 'x, y'))", [-1.0], "a"),
]
VACUOUS = [
    ("Module('self.a(float(\"inf\"))', a=Module('torch.ones(2) * x'))", [1.0], "a"),
    ("Module('x + self.a()', a=Module('torch.full((2,), torch.nan)', ''))", [1.0], "a"),
    ("Module('self.a(3) + x', a=Module('torch.ones(2) / (x - 3)'))", [1.0], "a"),
    ("Module('self.a(x.long())', a=Module('torch.tensor([1.0, torch.inf])[x]'))", [0.0, 1.0], "a"),
]


def expect_blamed(solution, words, x, expected, hint, model=None, device="cpu", crash=""):
    """first_nonfinite names this module."""
    model, x = model or module_of(words), torch.tensor(x, device=device)
    solution.hint = crash or hint
    got = solution.first_nonfinite(model, x)
    solution.last_call = f"With model = {words}: first_nonfinite(model, tensor({x.tolist()}))"
    sentence = f"returned {got!r}; expected {expected!r}."
    if got is not None:
        is_outer = hint is BLAME and expected and expected.startswith(f"{got}." if got else "")
        hint = INNER if is_outer else hint if got in dict(model.named_modules()) else NAMES
    is_root = got is None and expected == "" and hint is not NESTED
    expect(got == expected, sentence, ROOT if is_root else hint)


def expect_all(solution, rows, hint, crash=""):
    for words, x, expected in rows:
        expect_blamed(solution, words, x, expected, hint, crash=crash)


@aspect("type")
def test_returns_a_name_or_none(solution):
    """first_nonfinite returns a str or None."""
    for x in ([1.0], [-1.0]):
        solution.hint = A_NAME
        got = solution.first_nonfinite(module_of(LOG), torch.tensor(x))
        is_name = got is None or type(got) is str
        expect(is_name, f"returned {describe(got)}; expected a name or None.", A_NAME)


@aspect("values")
def test_names_the_first(solution, device):
    """The module is named that made a non-finite number out of finite ones."""
    for words, x, expected in PLAIN:
        expect_blamed(solution, words, x, expected, BLAME, None, device)


@aspect("values")
def test_knows_what_is_finite(solution):
    """NaN, inf and -inf are not finite; large numbers, ints, bools and empty tensors are."""
    expect_all(solution, KINDS, ALL_KINDS)
    expect_all(solution, SPARED, FINITE, EVERY)


@aspect("values")
def test_knows_modules_in_modules(solution):
    """The inner module is named, or else the one whose own operation makes the number."""
    expect_all(solution, CONTAINERS, INNER)
    expect_all(solution, OUTSIDE[:-1], PASSED)
    expect_all(solution, OUTSIDE[-1:], NESTED)  # the model returns a tuple


@aspect("values")
def test_takes_the_call_that_returned_first(solution):
    """Each call counts for itself, and the one to blame that returned first is named."""
    expect_all(solution, ORDERS[:2], ORDER)
    expect_all(solution, ORDERS[2:], CALLS)


@aspect("values")
def test_gives_the_first_name(solution):
    """A module in several places has its first name; modules that are no part do not count."""
    expect_all(solution, SHARED, NAMES)
    model = Module("self.hidden[0](x)")
    model.hidden = [Module("x.log()")]
    words = "Module('self.hidden[0](x)') and model.hidden = [Module('x.log()')], a list"
    expect_blamed(solution, words, [-1.0], "", OTHERS, model)


@aspect("values")
def test_searches_what_is_nested(solution):
    """Tensors are found in tuples, lists and dicts; all else is finite."""
    expect_all(solution, DEEP, NESTED)


@aspect("values")
def test_sees_all_that_is_given(solution):
    """Keyword arguments are given too, and parameters are not."""
    expect_all(solution, KEYED, KEYWORDS)
    expect_all(solution, VACUOUS, GIVEN)
    model = nn.Sequential(nn.Identity(), nn.Linear(1, 1), nn.Identity())
    nn.init.constant_(model[1].weight, NAN)
    words = "nn.Sequential(nn.Identity(), nn.Linear(1, 1), nn.Identity()), whose weight is NaN"
    expect_blamed(solution, words, [1.0], "1", GIVEN, model)


@aspect("memory")
def test_changes_nothing(solution):
    """Hooks, parameters, .grad, modes, x and torch's settings stay as they are."""
    model, x = module_of("nn.Sequential(nn.Linear(2, 3), Module('x.log()'))"), torch.ones(2)
    model[0].weight.grad = torch.ones(3, 2)
    for one in model.eval():
        one.register_forward_hook(lambda *_: None)
        one.train().register_forward_pre_hook(lambda *_: None)
    for number in (1, -1):
        nn.init.constant_(model[0].bias, number * 100)
        solution.hint = STAYS
        with contextlib.ExitStack() as stack:
            stack.enter_context(module_untouched(model, STAYS))
            stack.enter_context(untouched(STAYS, x=x))
            found = stack.enter_context(settings_watched(solution, thoroughly=True))
            solution.first_nonfinite(model, x)
            own = [len(one._forward_hooks) for one in model]
            expect(min(own) > 0, "removed a hook that the model had before.", STAYS)
        expect(not found.text, found.text, STAYS)


class Failure(Exception):
    """What a model raises."""


def fail(*_):
    raise Failure("from inside the model")


@aspect("errors")
def test_lets_exceptions_through(solution):
    """What the model raises goes on, also behind a NaN, and no hook is left."""
    for place in ("1", "", "0", "2"):
        for kind in ("forward_hook", "forward_pre_hook"):
            model = module_of(PLAIN[0][0])
            getattr(model.get_submodule(place), f"register_{kind}")(fail)
            solution.hint = FINALLY
            with module_untouched(model, FINALLY):
                call = functools.partial(solution.first_nonfinite, model, torch.tensor([-3.0]))
                what = f"a model whose {kind} of {place!r} raises"
                expect_raises(Failure, call, FINALLY, what)


@aspect("structure")
def test_runs_once_to_the_end(solution):
    """The model runs once, to its end, untracked, and its hooks run."""
    for x in (1.0, -3.0):
        model, calls = module_of(PLAIN[0][0]), []
        model.register_forward_hook(lambda *_, calls=calls: calls.append(torch.is_grad_enabled()))
        solution.hint = ONCE
        solution.first_nonfinite(model, torch.tensor([x]))
        solution.last_call = f"With model = {PLAIN[0][0]}: first_nonfinite(model, tensor([{x}]))"
        counts = [len(one.outputs) for one in model]
        expect(counts == [1, 1, 1], f"ran the three modules {counts} times, not once each.", ONCE)
        expect(len(calls) == 1, f"ran a hook of the model {len(calls)} times, not once.", ONCE)
        expect(not calls[0], "let autograd record what the model computes.", UNTRACKED)
        goes_on = model[2].outputs[0][1].isnan().item() is (x < 0)
        expect(goes_on, "put another tensor in the place of what a module returned.", REPLACED)


@aspect("structure")
def test_runs_in_the_mode_of_the_model(solution):
    """The model and each module in it run in their own mode, and stay in it."""
    last = "Module('x / (0 if self.training else 1)')"
    words = f"nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5), {last})"
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    for active, expected in (([], None), (["0", "1"], None), (["2"], "2"), (["", "0", "2"], "2")):
        model = module_of(words).eval()
        for name in active:
            model.get_submodule(name).training = True
        twin = copy.deepcopy(model)
        twin(x)
        modes = {name: one.training for name, one in model.named_modules()}
        now = f"{words}, with {active} in train mode"
        expect_blamed(solution, now, x.tolist(), expected, ONCE, model)
        for name, one in model.named_buffers():
            expect_values(one, twin.get_buffer(name), ONCE, f"the buffer {name}")
        is_same = modes == {name: one.training for name, one in model.named_modules()}
        expect(is_same, "changed the mode of a module.", ONCE)
