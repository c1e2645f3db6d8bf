"""The checks of intro/k07_requires_grad: statistics, facts of autograd, and 1/n as the gradient.

The bound on an empirical distribution is the inequality of Dvoretzky, Kiefer, Wolfowitz and
Massart. The one on a sum Q of n squares of standard normal numbers is that of Laurent and Massart:
Q > n + 2 sqrt(n t) + 2 t and Q < n - 2 sqrt(n t) have a probability of at most exp(-t) each.
"""

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
    expect_values,
    layouts,
    untouched,
)
from dojo.devices import gpu

NORMAL = "`torch.randn` draws standard normal numbers, `torch.rand` uniform ones: use them as is."
INDEPENDENT = "Draw nine numbers, each of them by itself, and use them as they are drawn."
AT_EACH_CALL = "Draw new numbers at each call, with no seed inside the function."
DEVICE = "Make the tensor on the device that the argument names."
REQUIRES_GRAD = "Which argument of torch's factories asks autograd to track the new tensor?"
LEAF = "What an operation on a tracked tensor returns is no leaf, and `.to(device)` may be one."
REAL_BOOL = "A tensor, a grad_fn or a number may count as true, but is no bool."
LEAVES = "`is_leaf`, `grad_fn` and the dtype do not tell it: some leaves are tracked, some are not."
RESULTS = "What autograd recorded is tracked too, although it is no leaf and holds no gradient."
HISTORY = "A `.grad` only shows that backward() was here. Is x itself tracked, now?"
ONLY_ASK = "Only ask x: change nothing, and compute no gradient."
BACKWARD = "backward() returns nothing: it leaves each gradient with the leaf that it belongs to."
IN_A_TUPLE = "`torch.autograd.grad` returns a tuple, with one gradient for each input."
ONE_EACH = "The gradient has one number for each number of x, so it has x's shape."
LIKE_X = "A gradient has the dtype and the device of the tensor that it belongs to."
MEAN = "By how much does the mean of n numbers grow if one of them grows by a little?"
SUM = "That is the gradient of the sum, not of the mean."
TWICE = "That is twice the gradient: is backward() called twice, or x + 2 something else?"
EMPTIED = "`zero_()` writes into the very tensor that `x.grad` is, also where it is returned."
COMPUTE = "Compute `x + 2` into a new tensor; x stays a leaf that requires grad."

SHAPE = (3, 3)
FALSE_ALARM = 1e-10
CALLS = {"cpu": 600, "cuda": 150}  # each call costs more on a simulated GPU
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def numbers(device, dtype=torch.float32):
    return torch.tensor([1.5, -2.0, 0.0, 3.0]).to(dtype).to(device)


def leaf(device, dtype=torch.float32):
    return numbers(device, dtype).requires_grad_()


def after_backward(device):
    x = leaf(device)
    x.sum().backward()
    return x


def frozen(x):
    return x.requires_grad_(False)


# what it is, how it is made on a device, whether autograd tracks it
MADE = [
    ("a leaf that requires grad", leaf, True),
    ("a tensor that does not require grad", numbers, False),
    ("a 0-d leaf that requires grad", lambda d: leaf(d)[0].detach().requires_grad_(), True),
    ("an empty leaf that requires grad", lambda d: numbers(d)[4:].requires_grad_(), True),
    ("a tensor of integers", lambda d: numbers(d, torch.int64), False),
    ("a tensor of bools", lambda d: numbers(d, torch.bool), False),
    ("a bfloat16 leaf that requires grad", lambda d: leaf(d, torch.bfloat16), True),
    ("a complex leaf that requires grad", lambda d: leaf(d, torch.complex64), True),
    ("an nn.Parameter", lambda d: torch.nn.Parameter(numbers(d)), True),
    ("a frozen nn.Parameter", lambda d: frozen(torch.nn.Parameter(numbers(d))), False),
]
RECORDED = [
    ("x * 2 of a tracked x", lambda d: leaf(d) * 2, True),
    ("the mean of a tracked x", lambda d: leaf(d).mean(), True),
    ("a view of a tracked x", lambda d: leaf(d)[1:], True),
    ("an untracked x after x += t for a tracked t", lambda d: numbers(d).add_(leaf(d)), True),
    ("x * 2 of an x that is not tracked", lambda d: numbers(d) * 2, False),
    ("x.detach() of a tracked x", lambda d: leaf(d).detach(), False),
    ("x * 2 of a tracked x, under no_grad", torch.no_grad()(lambda d: leaf(d) * 2), False),
    ("x.argmax() of a tracked x, an integer", lambda d: leaf(d).argmax(), False),
]
WITH_GRADIENT = [
    ("a leaf that requires grad and has a gradient", after_backward, True),
    ("a frozen leaf with an old gradient", lambda d: frozen(after_backward(d)), False),
]


def leaves(device):
    """Fresh leaves that require grad, of several shapes, layouts and dtypes."""
    matrix = torch.arange(1.0, 7).reshape(2, 3).to(device)
    shapes = [(2, 3), (3, 3), (5,), (), (1, 1), (2, 3, 7)]
    made = [torch.arange(3.0, math.prod(shape) + 3).reshape(shape).to(device) for shape in shapes]
    made += [*layouts(matrix).values(), *(matrix.to(dtype, copy=True) for dtype in FLOATS)]
    return [x.requires_grad_() for x in made] + [torch.nn.Parameter(matrix)]


def draws(solution, device):
    """Results of many calls, as a (calls, 9) tensor of float64 on the CPU."""
    rows = []
    for _ in range(CALLS[device]):
        row = solution.tracked_tensor(device)
        expect_shape(row, SHAPE)
        expect_dtype(row, torch.float32)
        rows.append(row.detach())
    return torch.stack(rows).cpu().double().reshape(-1, 9)


def expect_answers(solution, device, cases, hint):
    """is_tracked gives a real bool, the right one, for each of these tensors."""
    for what, make, truth in cases:
        got = solution.is_tracked(make(device))
        if type(got) is not bool:
            raise CheckFailed(f"returned {describe(got)} for {what}; expected {truth}.", REAL_BOOL)
        expect(got is truth, f"returned {got} for {what}; expected {truth}.", hint)


def gradient(solution, x):
    """The learner's gradient, once it is a tensor."""
    got = solution.gradient_of_mean(x)
    expect_tensor(got, BACKWARD if got is None else IN_A_TUPLE if type(got) is tuple else "")
    return got


@aspect("type")
def test_tracked_tensor_returns_a_tensor(solution):
    """tracked_tensor returns a tensor."""
    expect_tensor(solution.tracked_tensor())


@aspect("type")
def test_is_tracked_returns_a_bool(solution, device):
    """is_tracked returns a real bool."""
    for what, make, truth in (MADE[0], RECORDED[0], MADE[1]):
        got = solution.is_tracked(make(device))
        sentence = f"returned {describe(got)} for {what}; expected {truth}, a bool."
        expect(type(got) is bool, sentence, REAL_BOOL)


@aspect("type")
def test_gradient_of_mean_returns_a_tensor(solution):
    """gradient_of_mean returns a tensor."""
    gradient(solution, leaf("cpu"))


@aspect("shape")
def test_tracked_tensor_has_the_shape(solution):
    """tracked_tensor has the shape (3, 3)."""
    expect_shape(solution.tracked_tensor(), SHAPE)


@aspect("shape")
def test_gradient_of_mean_has_the_shape_of_x(solution):
    """The gradient has the shape of x."""
    for x in leaves("cpu"):
        expect_shape(gradient(solution, x), x.shape, ONE_EACH)


@aspect("dtype")
def test_tracked_tensor_is_float32(solution):
    """tracked_tensor is float32."""
    expect_dtype(solution.tracked_tensor(), torch.float32)


@aspect("dtype")
def test_gradient_of_mean_has_the_dtype_of_x(solution):
    """The gradient has the dtype of x."""
    for dtype in FLOATS:
        expect_dtype(gradient(solution, leaf("cpu", dtype)), dtype, LIKE_X)


@aspect("device")
def test_tracked_tensor_lies_on_the_device(solution, device):
    """tracked_tensor lies on the device that the argument names."""
    for place in (device, torch.device(device)):
        expect_device(solution.tracked_tensor(place), device, DEVICE)
        expect_device(solution.tracked_tensor(device=place), device, DEVICE)


@aspect("device")
def test_tracked_tensor_lies_on_the_cpu_unless_told_otherwise(solution):
    """Without an argument tracked_tensor lies on the CPU, with a GPU present too."""
    with gpu():
        expect_device(solution.tracked_tensor(), "cpu", "The default of `device` is 'cpu'.")
        expect_device(solution.tracked_tensor("cpu"), "cpu", DEVICE)


@aspect("device")
def test_gradient_of_mean_lies_on_the_device_of_x(solution, device):
    """The gradient lies where x lies."""
    for place in dict.fromkeys(("cpu", device)):
        expect_device(gradient(solution, leaf(place)), place, LIKE_X)


@aspect("values")
def test_tracked_tensor_draws_anew_at_each_call(solution, device):
    """Two calls of tracked_tensor give different numbers, and the first ones stay."""
    first = solution.tracked_tensor(device)
    expect_shape(first, SHAPE)
    kept = first.detach().clone()
    second = solution.tracked_tensor(device)
    expect_shape(second, SHAPE)
    same = int((kept.cpu() == second.detach().cpu()).sum())
    expect(same < 3, f"gave {same} of 9 numbers again at the next call.", AT_EACH_CALL)
    stayed = torch.equal(first.detach().cpu(), kept.cpu())
    expect(stayed, "changed the tensor of an earlier call.", AT_EACH_CALL)


@aspect("values")
def test_tracked_tensor_is_standard_normal(solution, device):
    """The numbers of tracked_tensor are normal, with mean 0 and variance 1."""
    sample = draws(solution, device).flatten().sort().values
    expect(not sample.isnan().any().item(), "returned a NaN.", NORMAL)
    n, variance, true = len(sample), sample.var().item(), torch.special.ndtr(sample)
    at_most = torch.arange(1, n + 1, dtype=torch.float64) / n
    too_many, too_few = (at_most - true).max(0), (true - at_most + 1 / n).max(0)
    if too_many.values > too_few.values:
        place, share, word = too_many.indices, at_most, "at most"
    else:
        place, share, word = too_few.indices, at_most - 1 / n, "below"
    distance = (share[place] - true[place]).abs().item()
    expect(
        distance <= math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n)),
        f"is not standard normal: of {n} numbers, {share[place].item():.1%} are {word} "
        f"{sample[place].item():.4g}; expected {true[place].item():.1%}.",
        NORMAL,
    )
    t = math.log(2 / FALSE_ALARM)
    low, high = n - 2 * math.sqrt(n * t), n + 2 * math.sqrt(n * t) + 2 * t
    squares = sample.square().sum().item()
    expect(low <= squares <= high, f"has the variance {variance:.4g}; expected 1.", NORMAL)
    # exp(-25) is the chance that none of n numbers is among the outermost 25 / n
    far = -NormalDist().inv_cdf(12.5 / n)
    sentence = f"gave {n} numbers, none of them beyond ±{far:.3g}; some should be."
    expect(sample.abs().max().item() > far, sentence, NORMAL)
    different = len(sample.unique())
    expect(different > n // 2, f"gave only {different} different numbers in {n} draws.", NORMAL)


@aspect("values")
def test_numbers_of_tracked_tensor_are_independent(solution):
    """The nine numbers of tracked_tensor do not depend on each other."""
    sample = draws(solution, "cpu")
    n = len(sample)
    # half the difference of two sums of squares, at both ends, for each of 36 pairs
    t = math.log(4 * 36 / FALSE_ALARM)
    together = (sample.T @ sample).fill_diagonal_(0).abs() / n
    i, j = divmod(int(together.argmax()), 9)
    expect(
        together.max().item() <= (2 * math.sqrt(n * t) + t) / n,
        f"gives numbers that depend on each other: those at {divmod(i, 3)} and {divmod(j, 3)}.",
        INDEPENDENT,
    )
    sums = sample.sum(1).square().sum().item() / 9
    enough = sums >= n - 2 * math.sqrt(n * math.log(1 / FALSE_ALARM))
    expect(enough, "gives numbers whose sum is always about 0; it should vary.", INDEPENDENT)


@aspect("values")
def test_is_tracked_knows_leaves(solution, device):
    """is_tracked tells apart leaves that require grad and those that do not."""
    expect_answers(solution, device, MADE, LEAVES)


@aspect("values")
def test_is_tracked_knows_results(solution, device):
    """is_tracked tells apart results that autograd recorded and those that it did not."""
    expect_answers(solution, device, RECORDED, RESULTS)


@aspect("values")
def test_is_tracked_does_not_ask_for_a_gradient(solution, device):
    """is_tracked does not depend on whether x has a gradient."""
    expect_answers(solution, device, WITH_GRADIENT, HISTORY)


@aspect("values")
def test_gradient_of_mean_is_one_over_n(solution, device):
    """Each of the n numbers of x has the gradient 1/n."""
    for x in leaves(device):
        n = x.numel()
        expected = torch.full(x.shape, 1 / n, dtype=torch.float64).to(x.dtype)
        got = gradient(solution, x)
        expect_shape(got, x.shape, ONE_EACH)
        factor = round(got.detach().double().mean().item() * n, 1)
        hint = {n: SUM, 2: TWICE, 0: EMPTIED}.get(factor, MEAN)
        expect_values(got, expected, hint, rtol=8 * torch.finfo(x.dtype).eps, atol=0)


@aspect("gradient")
def test_tracked_tensor_requires_grad(solution, device):
    """tracked_tensor requires grad."""
    got = solution.tracked_tensor(device)
    expect_tensor(got)
    expect(got.requires_grad, "returned a tensor that does not require grad.", REQUIRES_GRAD)


@aspect("gradient")
def test_tracked_tensor_is_a_leaf(solution, device):
    """tracked_tensor is a leaf, on a GPU too."""
    got = solution.tracked_tensor(device)
    expect_tensor(got)
    node = type(got.grad_fn).__name__
    sentence = f"returned the result of an operation ({node}), so no leaf: its `.grad` stays empty."
    expect(got.is_leaf, sentence, LEAF)


@aspect("memory")
def test_is_tracked_leaves_x_as_it_is(solution):
    """is_tracked changes nothing, and leaves no gradient behind."""
    source, constant = leaf("cpu"), numbers("cpu")
    for x in (source, source * 2, constant):
        with untouched(ONLY_ASK, x=x):
            solution.is_tracked(x)
        expect(source.grad is None, "left a gradient behind.", ONLY_ASK)


@aspect("memory")
def test_gradient_of_mean_leaves_the_values_of_x(solution, device):
    """x keeps its values, and stays a leaf that requires grad."""
    for x in leaves(device):
        with untouched(COMPUTE, x=x):
            solution.gradient_of_mean(x)
