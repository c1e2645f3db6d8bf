"""The checks of autograd/k17_checkpoint: beside f with nothing around it, and by traces."""

import contextlib
import functools
import itertools
from dataclasses import dataclass

import torch
import torch.utils.checkpoint
from torch import nn

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    kept_for_backward,
    runs_of,
    untouched,
)
from dojo.checks.draws import seed_torch
from dojo.checks.laws.settings import settings_watched

SAME = "The result is what f(*args) returns."
DRAWS = "f draws the numbers that it would draw without checkpoint: set no seed before it."
TRACKED = "A torch.autograd.Function's result requires grad if one of its arguments does: where the"
TRACKED += " parameters of f alone are tracked, hand over a number that requires grad, too."
PARAMETERS = (
    "`torch.autograd.grad` for the arguments leaves the parameters out: `backward` fills the"
)
PARAMETERS += " `.grad` of all leaves."
AGAIN = "In backward run f on detached arguments, and go backward from there."
WHOLE = "The gradient for an argument goes on from it by the graph that it came from."
DRAWN = "Note the generators' states before f runs, and go back to them for the second run."
BOTH = "The GPU has a generator of its own: note the states of both."
STAY = "After the second run of f, put the generators back where they were when backward began."
ALONE = "The call draws what f draws, and no more: set no seed."
ONCE = "One run in the call, and one for all of backward, not one for each saved tensor."
KEPT = "Run f where autograd records nothing, and keep args alone; a copy of one counts too."
OFF = "Under no_grad there will be no backward: run f, and return what it gives."
WAIT = "Keep f and its arguments with the call that they came to, such as on ctx."
LEAVE = "Arguments and parameters are only read, and detached for the second run."
SETTINGS = "Whoever calls the function does not expect it to change how torch works from then on."
FORBIDDEN = "The kata is to make it from torch.autograd: a Function, or hooks of saved tensors."
SPARE = 16_384  # bytes: the states of some generators, and a number
N = 160  # an N × N tensor takes six times as much


class Net(nn.Module):
    """A layer with a frozen bias, dropout, and a part in eval mode."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]))
        self.bias = nn.Parameter(torch.tensor([2.0, -0.5]), requires_grad=False)
        self.drop = nn.Dropout(0.5)
        self.part = nn.Dropout(0.5).eval()

    def forward(self, x):
        return self.part(self.drop((x @ self.weight.T + self.bias).tanh()).exp())


# f, args
CASES = [
    ("lambda x: x.exp()", "x"),
    ("lambda x, w: (x @ w).tanh() * w.sum()", "x, w"),
    ("lambda x: x.sin().square().sum()", "h"),
    ("lambda x, n, how, _: getattr(x, how)() ** n", "x, 3, 'tanh', None"),
    ("lambda index, x: x[index].cos()", "index, x"),
    ("lambda c, w: (c @ w).sin()", "c, w"),
    ("lambda a, b: (a * b).exp()", "h, h"),
]
OF_PARAMETERS = [
    ("net.eval()", "c"),
    ("lambda index: w[index].exp()", "index"),
    ("lambda: w.cos()", ""),
    ("lambda x, c: (x @ net.weight.T) * c[:, :2].exp()", "x, c"),
]
RANDOM = [
    ("lambda x: x * torch.rand_like(x)", "x"),
    ("lambda x: dropout(x.exp(), 0.5) + torch.randn_like(x) * x", "h"),
    ("net", "c"),
    ("lambda n: w.exp() * torch.rand_like(w) * n", "2.0"),
]
OF_TWO = [("lambda x: x * torch.rand_like(x) + x * torch.rand(2, 3).to(x.device)", "x")]
FEW = [CASES[1], OF_PARAMETERS[1], RANDOM[3]]  # for the GPU
CALLS = [*CASES, *OF_PARAMETERS, *RANDOM, *OF_TWO]


def through(checkpoint, f, x):
    """The gradient for x."""
    x = x.detach().requires_grad_()
    checkpoint(f, x).sum().backward()
    return x.grad


def run_for_each_saved_tensor(f, x):
    """Hooks of saved tensors that run f again for each of them."""

    def unpack(place):
        seen = []
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(seen.append, id):
            f(x.detach().requires_grad_())
        return seen[place]

    count = itertools.count()
    with torch.autograd.graph.saved_tensors_hooks(lambda _: next(count), unpack):
        return f(x)


def powers(x):
    """A function that keeps several tensors of x's size."""
    return x * x * x * x + x * x


BENCHMARK = Benchmark(
    "checkpoint",
    means="x: shape (n,), float32; forward and backward",
    inputs=lambda n: (powers, torch.arange(n) % 7.0 - 3),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 4 * 4 * n,  # read x, write the result; read x, write the gradient
    naive=lambda f, x: through(run_for_each_saved_tensor, f, x),
    call=lambda answer, f, x: through(answer.checkpoint, f, x),
)


class Counted:
    """A function that notes what it is called with."""

    def __init__(self, function, text, calls):
        self.__name__, self._function, self._calls = text, function, calls

    def __call__(self, *args):
        self._calls.append(args)
        return self._function(*args)


@dataclass
class World:
    """All that a call is made of, each time with the same numbers.

    Attributes:
        names: name → tensor or module; x, w and the parameters are leaves, h is computed from x.
        f, args: what is handed over.
        calls: the arguments of each call of f.
        text: the call in words.
        at_call: how often f had run when checkpoint returned.
    """

    names: dict
    f: object
    args: tuple
    calls: list
    text: str
    at_call: int = 0

    @property
    def leaves(self):
        net = self.names.get("net", nn.Identity()).named_parameters(prefix="net")
        return {**{name: self.names[name] for name in ("x", "w", "c")}, **dict(net)}


def world(case, dtype=torch.float32, device="cpu"):
    """A world for a case; w and the weight of net have a .grad already."""
    text, args = case
    x = torch.tensor([[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]], dtype=dtype)
    x = x.to(device).requires_grad_()
    w = torch.tensor([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.5]], dtype=dtype)
    w = w.to(device).requires_grad_()
    c = torch.tensor([[2.0, -1.0, 0.5], [0.25, 1.0, -2.0]], dtype=dtype).to(device)
    names = {"x": x, "w": w, "c": c, "index": torch.tensor([1, 0, 1]).to(device)}
    names |= {"h": x.sin(), "torch": torch, "dropout": nn.functional.dropout}
    w.grad = torch.ones_like(w).detach()
    if "net" in text:
        names["net"] = net = Net().to(dtype).to(device)
        net.weight.grad = torch.ones_like(net.weight).detach()
    f, calls = eval(text, names), []
    if isinstance(f, nn.Module):
        f.register_forward_pre_hook(lambda _, args: calls.append(args))
    else:
        f = Counted(f, text, calls)
    call = f"checkpoint({text}, {args})" if args else f"checkpoint({text})"
    return World(names, f, tuple(eval(f"[{args}]", names)), calls, call)


def called(solution, one, hint):
    """The result of a call."""
    solution.hint = hint
    got = solution.checkpoint(one.f, *one.args)
    solution.last_call = one.text
    return got


def backward(got, one, hint):
    """Go backward, with weights, while what was computed before is used a second time, too."""
    expect(got.requires_grad, "returned a tensor that does not require grad.", TRACKED)
    weights = torch.arange(1.0, got.numel() + 1).reshape(got.shape).to(got)
    total = (got * weights).sum() + one.names["h"].sum()
    try:
        total.backward()
    except CheckFailed:
        raise
    except Exception as error:
        words = f"gave a result whose backward raises {type(error).__name__}: {error}"
        raise CheckFailed(words.rstrip(".") + ".", hint) from error


def seeded():
    """Seed the generators, and be in the midst of their numbers."""
    seed_torch(5)
    torch.rand(3)


def states():
    gpu = torch.cuda.get_rng_state() if torch.cuda.is_available() else torch.zeros(0)
    return torch.get_rng_state(), gpu


@dataclass
class Seen:
    """A call with its backward, and the same without checkpoint."""

    one: World
    got: torch.Tensor
    plain: World
    expected: torch.Tensor
    states: dict
    error: CheckFailed | None


def seen(solution, cases, device="cpu", dtype=torch.float32):
    """Yield what was seen of the cases; each is asked once."""
    for case in cases:
        key = case, dtype, device
        if key not in solution.records:
            solution.records[key] = asked(solution, case, dtype, device)
        found = solution.records[key]
        solution.last_call = found.one.text
        yield found


def asked(solution, case, dtype, device):
    """Call, draw some numbers, and go backward: an error of that is for the law of gradients."""
    plain, one, at = world(case, dtype, device), world(case, dtype, device), {}
    seeded()
    expected = plain.f(*plain.args)
    at["expected"] = states()
    backward(expected, plain, "")
    seeded()
    got = called(solution, one, SAME)
    expect_tensor(got, SAME)
    at["forward"] = states()
    torch.rand(7)
    torch.rand(7, device=device)
    at["before"], error = states(), None
    one.at_call = len(one.calls)
    try:
        backward(got, one, AGAIN)
    except CheckFailed as failed:
        error = failed
    at["after"] = states()
    return Seen(one, got, plain, expected, at, error)


def expect_grads(found, hint):
    """The .grad of every leaf is as it is without checkpoint."""
    if found.error is not None:
        raise found.error
    for name, leaf in found.one.leaves.items():
        right, grad = found.plain.leaves[name].grad, leaf.grad
        what = f"the gradient of {name}"
        if right is None:
            expect(grad is None, f"gives {name} a .grad, though it does not require grad.", LEAVE)
            continue
        expect(grad is not None, f"gives {name} no gradient.", hint)
        rtol = 1e-5 if grad.dtype == torch.float32 else 1e-12
        expect_values(grad, right.detach().cpu(), hint, what, rtol=rtol, atol=rtol)


@aspect("type")
def test_returns_a_tensor(solution):
    """checkpoint returns a tensor."""
    for found in seen(solution, CALLS):
        expect_tensor(found.got, SAME)


@aspect("shape")
def test_shape(solution):
    """The result has the shape of f(*args)."""
    for found in seen(solution, CALLS):
        expect_shape(found.got, found.expected.shape, SAME)


@aspect("dtype")
def test_dtype(solution):
    """The result has the dtype of f(*args)."""
    for dtype in (torch.float32, torch.float64):
        for found in seen(solution, CASES[:3], dtype=dtype):
            expect_dtype(found.got, dtype, SAME)


@aspect("device")
def test_device(solution, device):
    """The result lies where f(*args) lies."""
    for found in seen(solution, FEW, device):
        expect_device(found.got, device, SAME)


@aspect("values")
def test_values(solution, device):
    """The result has the values of f(*args), with the random numbers of f."""
    calls = CALLS if device == "cpu" else FEW
    for case, found in zip(calls, seen(solution, calls, device), strict=True):
        expected = found.expected.detach().cpu()
        hint = DRAWS if case in (*RANDOM, *OF_TWO) else SAME
        expect_values(found.got, expected, hint, rtol=1e-6, atol=1e-6)


@aspect("values")
def test_without_grad(solution, device):
    """Under no_grad f runs once, and the result does not require grad."""
    for case in (CASES[1], OF_PARAMETERS[0]):
        one, plain = world(case, device=device), world(case, device=device)
        with torch.no_grad():
            got = called(solution, one, OFF)
            expected = plain.f(*plain.args)
        solution.last_call = f"with torch.no_grad(): {one.text}"
        expect_values(got, expected.cpu(), OFF)
        expect(not got.requires_grad, "returned a tensor that requires grad.", OFF)
        expect(len(one.calls) == 1, f"ran f {len(one.calls)} times; expected once.", OFF)


@aspect("gradient")
def test_gradients_of_arguments(solution, device):
    """backward adds the gradients to tracked arguments, and to the leaves behind them."""
    for found in seen(solution, CASES if device == "cpu" else FEW[:1], device):
        expect_grads(found, WHOLE if found.one.text.endswith("h)") else AGAIN)
    if device == "cpu":
        for found in seen(solution, CASES[:3], device, torch.float64):
            expect_grads(found, AGAIN)


@aspect("gradient")
def test_gradients_of_parameters(solution, device):
    """Parameters of f get their gradients, also if no argument is tracked."""
    for found in seen(solution, OF_PARAMETERS if device == "cpu" else FEW[1:2], device):
        expect_grads(found, PARAMETERS)


@aspect("gradient")
def test_draws_the_same_again(solution, device):
    """backward runs f with the random numbers that the call has drawn."""
    for found in seen(solution, RANDOM if device == "cpu" else FEW[2:], device):
        expect_grads(found, f"{DRAWN} {BOTH}" if device == "cuda" else DRAWN)
    for found in seen(solution, OF_TWO, device):
        expect_grads(found, BOTH if device == "cuda" else DRAWN)


@aspect("gradient")
def test_calls_wait_for_their_backward(solution, device):
    """Several calls may wait for their backward, and one may get what another has returned."""
    first, second = (world(RANDOM[0], device=device) for _ in range(2))
    third = world(CASES[1], device=device)
    results = [called(solution, one, WAIT) for one in (first, second, third)]
    for one, got in ((second, results[1]), (first, results[0])):
        solution.last_call = "Three calls wait here for their backward:"
        backward(got, one, WAIT)
        expected = (got / one.names["x"]).detach() * torch.arange(1.0, 7).reshape(2, 3).to(got)
        grad = one.names["x"].grad - one.names["x"].detach().cos()
        expect_values(grad.cpu(), expected.cpu(), WAIT, "the gradient of x", 1e-4, 1e-5)
    x, plain = (world(CASES[0], device=device).names["x"] for _ in range(2))
    functions = torch.exp, torch.sin, torch.exp  # the same one twice
    got, expected = x, plain
    for f in functions:
        got, expected = solution.checkpoint(f, got), f(expected)
    solution.last_call = "y = checkpoint(exp, checkpoint(sin, checkpoint(exp, x)))"
    for y in (got, expected):
        (y * y).sum().backward()
    hint = f"{WAIT} {WHOLE}"
    expect_values(x.grad, plain.grad.cpu(), hint, "the gradient of x", 1e-5, 1e-6)


@aspect("memory")
def test_keeps_its_arguments_alone(solution):
    """Between the call and backward, args are kept and nothing else."""
    layer = nn.Sequential(nn.Linear(N, N), nn.Tanh(), nn.Dropout(), nn.Linear(N, N), nn.ReLU())
    x = torch.linspace(-1, 1, N * N).reshape(N, N)
    cases = {
        "lambda x: x.exp().sin().tanh().exp()": (lambda x: x.exp().sin().tanh().exp(), x.T),
        "nn.Sequential(…)": (layer, x),
    }
    for text, (f, x) in cases.items():
        x = x.detach().requires_grad_(f is not layer)
        solution.hint = KEPT
        found = kept_for_backward(functools.partial(solution.checkpoint, f), x, spare=SPARE)
        solution.last_call = f"checkpoint({text}, x)"
        kept, own = found.total - found.of_result, x.numel() * x.element_size()
        sentence = f"keeps {kept:,} bytes until backward beside x, which has {own:,}"
        expect(kept <= SPARE, f"{sentence}; expected {SPARE:,} at most.", KEPT)


@aspect("memory")
def test_leaves_the_generators(solution, device):
    """The call draws what f alone draws, and backward leaves the generators as they were."""
    for found in seen(solution, [*FEW, *OF_TWO], device):
        for place, whose in enumerate(("torch's generator", "the GPU's generator")):
            at = {name: pair[place] for name, pair in found.states.items()}
            sentence = f"left {whose} elsewhere than f alone would."
            expect(torch.equal(at["forward"], at["expected"]), sentence, ALONE)
            sentence = f"moved {whose} in backward."
            expect(torch.equal(at["before"], at["after"]), sentence, STAY)


@aspect("memory")
def test_leaves_its_arguments(solution):
    """Arguments and parameters keep their numbers and requires_grad, and modules their mode."""
    for case in (CASES[1], CASES[5], OF_PARAMETERS[3], RANDOM[2]):
        one = world(case)
        net = one.names.get("net", nn.Identity())
        modes = [part.training for part in net.modules()]
        tensors = {name: one.names[name] for name in ("x", "w", "c", "h", "index")}
        tensors |= dict(net.named_parameters(prefix="net"))
        before = {name: (x.detach().clone(), x.requires_grad) for name, x in tensors.items()}
        with untouched(LEAVE, **tensors):
            got = called(solution, one, LEAVE)
        backward(got, one, AGAIN)
        for name, (numbers, is_tracked) in before.items():
            same = torch.equal(tensors[name], numbers)
            expect(same, f"changed the values of {name} in backward.", LEAVE)
            same = tensors[name].requires_grad is is_tracked
            expect(same, f"changed the requires_grad of {name} in backward.", LEAVE)
        same = modes == [part.training for part in net.modules()]
        expect(same, "changed the mode of a part of the module.", LEAVE)


@aspect("memory")
def test_leaves_torch_as_it_is(solution, device):
    """It changes no setting of torch, in the call or in backward."""
    one = world(CASES[1], device=device)
    with settings_watched(solution, thoroughly=True) as found:
        backward(called(solution, one, SETTINGS), one, AGAIN)
    expect(not found.text, found.text, SETTINGS)


@aspect("structure")
def test_is_made_without(solution):
    """It is made without torch.utils.checkpoint."""
    one = world(CASES[1])
    # that backward raises is for the law of gradients
    with runs_of(torch.utils.checkpoint) as names, contextlib.suppress(CheckFailed):
        backward(called(solution, one, FORBIDDEN), one, AGAIN)
    expect(not names, "ran torch.utils.checkpoint, which is forbidden here.", FORBIDDEN)


@aspect("cost")
def test_runs_f_twice(solution):
    """f runs once in the call, and once in backward, each time with the same arguments."""
    for found in seen(solution, CALLS):
        one, calls = found.one, found.one.calls
        sentence = f"ran f {one.at_call} times in the call; expected once."
        expect(one.at_call == 1, sentence, ONCE)
        count = len(calls) - one.at_call
        expect(count == 1, f"ran f {count} times in backward; expected once.", ONCE)
        for given in calls:
            for place, (a, b) in enumerate(zip(given, one.args, strict=True)):
                is_tensor = isinstance(b, torch.Tensor)
                same = torch.equal(a, b) if is_tensor else a is b
                expect(same, f"ran f with something else as args[{place}].", SAME)
