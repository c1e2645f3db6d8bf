"""The checks of intro/k07_requires_grad: draws, facts of autograd, and 1/n as the gradient."""

import math
from statistics import NormalDist

import torch

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    layouts,
    shares_storage,
    untouched,
)
from dojo.checks.draws import Normal, expect_drawn
from dojo.checks.independence import expect_independent
from dojo.checks.laws.making import DEVICES
from dojo.checks.laws.settings import settings_untouched

NORMAL = "`torch.randn` draws standard normal numbers, `torch.rand` uniform ones: use them as is."
EMPTY = "`torch.empty` and `torch.Tensor(3, 3)` hold whatever was in their memory before."
INDEPENDENT = "Draw nine numbers, each of them by itself, and use them as they are drawn."
AT_EACH_CALL = "Draw new numbers at each call, with no seed inside the function."
DEVICE = "Make the tensor on the device that the argument names, without one on the CPU."
REQUIRES_GRAD = "Which argument of torch's factories asks autograd to track the new tensor?"
SWITCHED_OFF = "switched autograd off: what is computed from now on is not tracked."
LEAF = "What an operation on a tracked tensor returns is no leaf, and `.to(device)` may be one."
REAL_BOOL = "A tensor, a grad_fn or a number may count as true, but is no bool."
ONLY_ASK = "Only ask x: change nothing, and compute no gradient."
BACKWARD = "backward() returns nothing: it leaves each gradient with the leaf that it belongs to."
IN_A_TUPLE = "`torch.autograd.grad` returns a tuple, with one gradient for each input."
ONE_EACH = "The gradient has one number for each number of x, so it has x's shape."
LIKE_X = "A gradient has the dtype and the device of the tensor that it belongs to."
MEAN = "By how much does the mean of n numbers grow if one of them grows by a little?"
MEAN += " Only n counts for that, not what x holds."
SUM = "That is the gradient of the sum, not of the mean."
TWICE = "That is twice the gradient: is backward() called twice, or x + 2 something else?"
EMPTIED = "`zero_()` writes into the very tensor that `x.grad` is, also where it is returned."
ITSELF = "These are the numbers of x itself: where does backward() leave the gradient?"
DEFAULT = "Name the device in the call: a default holds for the whole program from then on."
SETTING = "Whoever asks for a gradient does not expect torch to work in another way afterwards."
NO_GRAD = "No `create_graph` and no `requires_grad=True`: the gradient is a plain tensor here."
AT_EACH_GRADIENT = "Compute the gradient at each call, and keep none for the next one."
COMPUTE = "Compute `x + 2` into a new tensor; x stays a leaf that requires grad."

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]

CALLS = {"cpu": 600, "cuda": 60}  # each call costs more on a simulated GPU
T = 28  # in one of exp(T) cases a right answer draws no number as far out as one should be


def numbers(device, dtype=torch.float32):
    return torch.tensor([1.5, -2.0, 0.0, 3.0]).to(dtype).to(device)


def leaf(device, dtype=torch.float32):
    return numbers(device, dtype).requires_grad_()


def after_backward(device):
    x = leaf(device)
    x.sum().backward()
    return x


# what it is, how it is made on a device, whether autograd tracks it
CASES = [
    ("a leaf that requires grad", leaf, True),
    ("a tensor that does not require grad", numbers, False),
    ("x * 2 of a tracked x", lambda d: leaf(d) * 2, True),
    ("x * 2 of an x that is not tracked", lambda d: numbers(d) * 2, False),
    ("x * 2 of a tracked x, under no_grad", torch.no_grad()(lambda d: leaf(d) * 2), False),
    ("x.detach() of a tracked x", lambda d: leaf(d).detach(), False),
    ("an untracked x after x += t for a tracked t", lambda d: numbers(d).add_(leaf(d)), True),
    ("a leaf that requires grad and has a gradient", after_backward, True),
    ("a frozen leaf with a gradient", lambda d: after_backward(d).requires_grad_(False), False),
    ("an nn.Parameter", lambda d: torch.nn.Parameter(numbers(d)), True),
    ("a frozen nn.Parameter", lambda d: torch.nn.Parameter(numbers(d), False), False),
    ("a bfloat16 leaf that requires grad", lambda d: leaf(d, torch.bfloat16), True),
    ("a complex leaf that requires grad", lambda d: leaf(d, torch.complex64), True),
    ("a tensor of integers", lambda d: numbers(d, torch.int64), False),
    ("a 0-d leaf that requires grad", lambda d: numbers(d)[0].requires_grad_(), True),
    ("a 0-d result", lambda d: leaf(d).sum(), True),
    ("a 0-d tensor", lambda d: numbers(d)[0], False),
    ("an empty leaf that requires grad", lambda d: numbers(d)[:0].requires_grad_(), True),
    ("a matrix that requires grad", lambda d: numbers(d).view(2, 2).requires_grad_(), True),
]
# what a wrong answer may have asked instead, and what is wrong with it
QUESTIONS = [
    (lambda x: x.is_leaf, "All untracked tensors are leaves (`is_leaf`), tracked results are not."),
    (lambda x: not x.is_leaf, "A leaf that requires grad is tracked, though it has no `grad_fn`."),
    (lambda x: x.is_leaf and x.requires_grad, "Tracked results count too, though no leaves."),
    (lambda x: x.grad is not None, "A `.grad` only shows that backward() was here, once."),
    (lambda x: x.is_floating_point(), "A tensor of floats can be tracked, but need not be."),
    (lambda x: isinstance(x, torch.nn.Parameter), "Other tensors than parameters are tracked too."),
    (lambda _: True, "It says True of every tensor."),
    (lambda _: False, "It says False of every tensor."),
]
UNDER_NO_GRAD = "`torch.no_grad()` decides what is recorded next, not whether x is tracked."
OTHER_QUESTION = "Tracked are leaves that require grad, and results that autograd recorded."


def leaves(device):
    """Fresh leaves that require grad, of several shapes, layouts and dtypes."""
    matrix = torch.arange(1.0, 7).reshape(2, 3).to(device)
    shapes = [(3, 5), (3, 3), (5,), (), (1, 1), (2, 3, 7)]
    made = [torch.arange(3.0, math.prod(shape) + 3).reshape(shape).to(device) for shape in shapes]
    made.append(torch.tensor([math.inf, 1.0, math.nan]).to(device))  # their gradient is 1/3, too
    made += [*layouts(matrix).values(), *(matrix.to(dtype, copy=True) for dtype in FLOATS)]
    return [x.requires_grad_() for x in made] + [torch.nn.Parameter(matrix)]


def gradient(solution, x):
    """The learner's gradient, once it is a tensor."""
    got = solution.gradient_of_mean(x)
    expect_tensor(got, {type(None): BACKWARD, tuple: IN_A_TUPLE}.get(type(got), ONE_EACH))
    return got


def tracked(solution, *args):
    """The learner's tracked tensor, once it is a tensor of the right shape."""
    got = solution.tracked_tensor(*args)
    expect_shape(got, (3, 3))
    return got


@aspect("type")
def test_tracked_tensor_returns_a_tensor(solution):
    """tracked_tensor returns a tensor."""
    expect_tensor(solution.tracked_tensor())


@aspect("shape")
def test_tracked_tensor_has_the_shape(solution):
    """tracked_tensor has the shape (3, 3)."""
    tracked(solution)


@aspect("dtype")
def test_tracked_tensor_is_float32(solution):
    """tracked_tensor is float32."""
    expect_dtype(solution.tracked_tensor(), torch.float32)


@aspect("device")
def test_tracked_tensor_lies_on_the_device(solution, device):
    """tracked_tensor lies on the device that the argument names, and without one on the CPU."""
    for place in (*DEVICES[device], "cpu"):
        expect_device(solution.tracked_tensor(place), torch.device(place).type, DEVICE)
    expect_device(solution.tracked_tensor(device=device), device, DEVICE)
    expect_device(solution.tracked_tensor(), "cpu", DEVICE)


@aspect("values")
def test_tracked_tensor_draws_anew_at_each_call(solution, device):
    """Two calls of tracked_tensor give different numbers, and the first ones stay."""
    first = tracked(solution, device)
    kept = first.detach().cpu().clone()
    expect(not kept.isnan().any().item(), "returned nan; expected random numbers.", EMPTY)
    same = int((kept == tracked(solution, device).detach().cpu()).sum())
    expect(same < 3, f"gave {same} of 9 numbers again at the next call.", AT_EACH_CALL)
    stayed = torch.equal(first.detach().cpu(), kept)
    expect(stayed, "changed the tensor of an earlier call.", AT_EACH_CALL)


@aspect("values")
def test_tracked_tensor_is_standard_normal(solution, device):
    """The nine numbers of tracked_tensor are independent and standard normal."""
    rows = torch.stack([tracked(solution, device) for _ in range(CALLS[device])])
    rows = rows.detach().cpu().double().reshape(-1, 9).numpy()
    expect_drawn(rows, Normal(1.0), "drew a sample that", NORMAL, INDEPENDENT)
    expect_independent(rows, Normal(1.0), (3, 3), INDEPENDENT)
    n = rows.size
    for end in (rows.min(), rows.max()):  # two equal ones are rare there, three never
        count = int((rows == end).sum())
        sentence = f"gave {end:.6g} {count} times in {n} numbers, and nothing beyond it."
        expect(count < 3, sentence, INDEPENDENT)
    far = -NormalDist().inv_cdf(T / 2 / n)  # all n are nearer with a chance of (1 - T / n) ** n
    sentence = f"gave {n} numbers, none of them beyond ±{far:.3g}; some should be."
    expect(abs(rows).max().item() > far, sentence, NORMAL)


@aspect("gradient")
def test_tracked_tensor_is_a_leaf_that_requires_grad(solution, device):
    """tracked_tensor requires grad and is a leaf, on a GPU too."""
    got = tracked(solution, device)
    expect(got.requires_grad, "returned a tensor that does not require grad.", REQUIRES_GRAD)
    node = type(got.grad_fn).__name__
    sentence = f"returned the result of an operation ({node}), so no leaf: its `.grad` stays empty."
    expect(got.is_leaf, sentence, LEAF)
    expect((got * 2).requires_grad, SWITCHED_OFF, "Leave autograd switched on.")


@aspect("memory")
def test_tracked_tensor_leaves_torch_as_it_is(solution, device):
    """tracked_tensor changes no setting of torch; only random numbers are drawn."""
    with settings_untouched(solution, DEFAULT, may_draw=True):
        solution.tracked_tensor(device)


@aspect("type")
def test_is_tracked_returns_a_bool(solution):
    """is_tracked returns a real bool."""
    for what, make, truth in CASES:
        got = solution.is_tracked(make("cpu"))
        sentence = f"returned {describe(got)} for {what}; expected {truth}, a bool."
        expect(type(got) is bool, sentence, REAL_BOOL)


@aspect("type")
def test_gradient_of_mean_returns_a_tensor(solution):
    """gradient_of_mean returns a tensor."""
    gradient(solution, leaf("cpu"))


@aspect("shape")
def test_gradient_of_mean_has_the_shape_of_x(solution):
    """The gradient has the shape of x."""
    for x in leaves("cpu"):
        expect_shape(gradient(solution, x), x.shape, ONE_EACH)


@aspect("dtype")
def test_gradient_of_mean_has_the_dtype_of_x(solution):
    """The gradient has the dtype of x."""
    for dtype in FLOATS:
        expect_dtype(gradient(solution, leaf("cpu", dtype)), dtype, LIKE_X)


@aspect("device")
def test_gradient_of_mean_lies_on_the_device_of_x(solution, device):
    """The gradient lies where x lies."""
    for place in dict.fromkeys(("cpu", device)):
        expect_device(gradient(solution, leaf(place)), place, LIKE_X)


@aspect("values")
def test_is_tracked_knows_leaves_and_results(solution, device):
    """is_tracked is True for tracked leaves and recorded results, and False for all others."""
    answers, wrong = [], None
    for what, make, truth in CASES:
        answers.append(solution.is_tracked(make(device)))
        if answers[-1] is not truth and wrong is None:
            wrong = solution.last_call, f"returned {answers[-1]} for {what}; expected {truth}."
    if wrong is not None:
        cases = [make(device) for _, make, _ in CASES]
        asked = [hint for ask, hint in QUESTIONS if [ask(x) for x in cases] == answers]
        solution.last_call = wrong[0]
        raise CheckFailed(wrong[1], (asked or [OTHER_QUESTION])[0])


@aspect("values")
def test_is_tracked_says_the_same_under_no_grad(solution, device):
    """is_tracked says the same under torch.no_grad()."""
    for what, make, truth in CASES:
        x = make(device)
        with torch.no_grad():
            got = solution.is_tracked(x)
        sentence = f"returned {got} for {what}, under torch.no_grad(); expected {truth}."
        expect(got is truth, sentence, UNDER_NO_GRAD)


@aspect("values")
def test_gradient_of_mean_is_one_over_n(solution, device):
    """Each of the n numbers of x has the gradient 1/n."""
    for x in leaves(device):
        n, numbers_of_x = x.numel(), x.detach().clone()
        got = gradient(solution, x)
        expect_shape(got, x.shape, ONE_EACH)
        factors = got.detach().cpu().double() * n
        wrong = ~((factors - 1).abs() <= 8 * torch.finfo(x.dtype).eps)
        if wrong.any():
            index = tuple(wrong.nonzero()[0].tolist())
            hint = {n: SUM, 2: TWICE, 0: EMPTIED}.get(round(factors.mean().item(), 1), MEAN)
            hint = ITSELF if torch.equal(got, numbers_of_x) else hint
            sentence = f"returned {got[index].item():.6g} at index {index}; expected 1/{n}."
            raise CheckFailed(sentence, hint, got, torch.full_like(numbers_of_x, 1 / n))


@aspect("gradient")
def test_gradient_of_mean_requires_no_grad(solution, device):
    """The gradient itself does not require grad."""
    got = gradient(solution, leaf(device))
    expect(not got.requires_grad, "returned a tensor that requires grad.", NO_GRAD)


@aspect("memory")
def test_is_tracked_leaves_x_as_it_is(solution, device):
    """is_tracked changes nothing, and leaves no gradient behind."""
    source, constant = leaf(device), numbers(device)
    for x in (source, source * 2, constant):
        with settings_untouched(solution, ONLY_ASK, thoroughly=True), untouched(ONLY_ASK, x=x):
            solution.is_tracked(x)
        expect(source.grad is None, "left a gradient behind.", ONLY_ASK)
        expect(not x.retains_grad, "made x keep its gradient.", ONLY_ASK)


@aspect("memory")
def test_gradient_of_mean_leaves_the_values_of_x(solution, device):
    """x keeps its values, and stays a leaf that requires grad."""
    for x in leaves(device):
        with settings_untouched(solution, SETTING, thoroughly=True), untouched(COMPUTE, x=x):
            solution.gradient_of_mean(x)
            x.grad = None  # it may be set, or left as it was


@aspect("memory")
def test_gradient_of_mean_is_new_at_each_call(solution, device):
    """Each call computes its gradient anew, and earlier ones stay."""
    first, second = leaf(device), leaf(device)
    one, other = gradient(solution, first), gradient(solution, second)
    sentence = "returned the gradient of an earlier call; expected a new tensor."
    expect(not shares_storage(one, other), sentence, AT_EACH_GRADIENT)
