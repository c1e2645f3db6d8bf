"""The checks of optimizers/k06_clip_grad_norm: one norm by plain Python, one factor for all."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    CheckFailed,
    aspect,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_raises,
    expect_shape,
    expect_tensor,
    in_layout,
    runs_of,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import DIGITS
from dojo.checks.messages import numbers_text, rounded

ONE = "The norm is one number for all gradients, in a 0-d tensor."
WIDEST = "float64 if one of the gradients is, else float32; what has no gradient does not count,"
WIDEST += " and an empty gradient does."
DEVICE = "Compute the norm where the gradients are."
NORM = "Add up the squares of all entries of all gradients; the norm is the root of that sum."
FACTOR = "Every gradient is multiplied by the same min(1, max_norm / norm)."
IN_PLACE = "Write into each gradient: `g.mul_(factor)`."
NONE = "Skip a parameter whose .grad is None; with no gradient at all, the norm is 0."
ZERO = "A norm of 0 needs no clipping: max_norm / 0 is an error or inf, and 0 * inf is NaN."
ITERABLE = "parameters may be a generator, and a second loop over it finds nothing: make a list."
FROZEN = "`.grad` alone counts, not requires_grad."
COPIED = "`reshape` and `flatten` copy where memory has gaps: multiply the gradient itself."
NEW = "The norm is a new tensor, in memory of its own."
SAME = "`p.grad = …` puts another tensor there: use an operation that ends in _."
BIG = "Entries are up to 1e15 in size; their squares fit into float32."
SMALL_TYPES = "Squares leave the range of 16 bits: add them up in float32, `norm(…, dtype=…)`."
FINITE = "Ask whether the norm is finite before you write into the first gradient."
UNTRACKED = "Compute under `torch.no_grad()`: gradients can have a graph of their own."
PARAMETERS = "Only gradients change: the parameters stay as they are."
OWN = "Compute norm and factor yourself, without torch's own clipping."
ANEW = "Compute the norm anew in each call."
ADDED_WORDS = "About {:.1g} is added to the norm here; it may be at most 1e-6."

RTOL = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 1e-2}
ADDED = 1e-6  # what may be added to the norm
LAYOUTS = ("transposed", "every second element", "at an offset")
PLAIN = (2.6, [[3.0, 4.0], [12.0]])
# max_norm, and the gradients; None where there is none
CLIPPED = [
    PLAIN,
    (1.0, [[[1.1, -2.3, 2.0], [4.7, 0.0, -4.2]], 3.3, [[0.7], [-1.9]]]),
    (1, [[5.0, -5.0]]),
    (1e-3, [[100.3], [[-200.7, 0.1]], [3.9, 0.2]]),
    (5e-6, [[3e-6, 4e-6], [1.2e-5]]),
]
KEPT = [
    (20.0, [[3.1, 4.3], [12.7]]),
    (1e6, [[0.1, -0.3], 0.7]),
    (math.inf, [[300.3, -400.1]]),
]
NOTHING = [(1.0, [[0.0, 0.0], 0.0]), (0.5, [[[]]]), (math.inf, [[0.0]])]
SOME = [(1.0, [[3.3, 4.1], None, [1.7]]), (2.0, [None, [[5.9]]]), (1.5, [[], [2.9, -0.3]])]
LARGE = [(1.0, [[3e14, -1e15], [7e14]])]
LARGE_16 = [(100.0, [[3e4, -4e4], [5e4]]), (200.0, [[6e4], [6e4, 6e4]])]
SMALL_16 = [(1e-3, [[3e-4, 4e-4], [1.2e-3]])]


class Given(NamedTuple):
    """A parameter, its gradient if it has one, and copies of that and of the memory around it."""

    name: str
    p: torch.Tensor
    grad: Any = None
    whole: Any = None
    before: Any = None
    around: Any = None
    node: Any = None
    numbers: tuple = ()


def given(
    gradients, dtypes=(torch.float32,), device="cpu", layout="contiguous", tracked=0, frozen=0
):
    """Parameters with these gradients, each second one a plain tensor; the dtypes take turns.

    A frozen one does not require grad.
    """
    found = []
    for place, numbers in enumerate(gradients):
        dtype = dtypes[place % len(dtypes)]
        x = torch.tensor([1.0] if numbers is None else numbers, dtype=dtype).to(device)
        p = torch.full_like(x, 2.0, requires_grad=True)
        name, p = "abcd"[place], p if place % 2 else nn.Parameter(p.detach())
        p.requires_grad_(not frozen or place != frozen)
        if numbers is None:
            found.append(Given(name, p))
            continue
        grad = in_layout(x, layout)
        whole = grad if grad._base is None else grad._base
        copies = grad.detach().clone(), whole.detach().clone()
        p.grad = grad.requires_grad_() * 1 if tracked else grad
        entries = tuple(grad.detach().double().flatten().tolist())
        found.append(Given(name, p, p.grad, whole, *copies, p.grad.grad_fn, entries))
    return found


def generator(parameters):
    yield from parameters


def clipped(solution, seen, max_norm, hint, kind=list):
    """What comes back for these parameters."""
    held = [f"{one.name}.grad ={numbers_text(one.grad)}" for one in seen if one.grad is not None]
    solution.hint = hint
    got = solution.clip_grad_norm_(kind([one.p for one in seen]), max_norm)
    names = f"[{', '.join(one.name for one in seen)}]"
    names = names if kind is list else f"{kind.__name__}({names})"
    start = f"With {', '.join(held)}: " if held else ""
    solution.last_call = f"{start}clip_grad_norm_({names}, {max_norm})"
    return got


def with_gradients(seen):
    return [one for one in seen if one.grad is not None]


def rtol_of(seen):
    return max((RTOL[one.grad.dtype] for one in with_gradients(seen)), default=0)


def entries(seen, after=False):
    """All entries of all gradients, before or after the call."""
    if not after:
        return [x for one in seen for x in one.numbers]
    there = [one.p.grad.detach() for one in with_gradients(seen)]
    return [x for grad in there for x in grad.double().flatten().tolist()]


def expect_norm(got, seen, hint):
    """The norm before clipping comes back."""
    expect_shape(got, (), ONE)
    norm, value, numbers = math.hypot(*entries(seen)), got.double().item(), entries(seen)
    if math.isclose(value, norm, rel_tol=rtol_of(seen)):
        return
    if math.isclose(value, norm, rel_tol=1e-5):
        raise CheckFailed(f"returned the norm {value!r}; expected {norm!r}.", DIGITS)
    mistakes = {
        "This is the sum of the squares: the norm is its root.": norm * norm,
        "This is the sum of absolute values, which is another norm.": sum(map(abs, numbers)),
        "This is the largest entry, which is another norm.": max(map(abs, numbers), default=0),
        "These are the norms of the gradients, added up: square before you add.": sum(
            math.hypot(*one.numbers) for one in seen
        ),
        "This is the norm of the last gradient alone.": math.hypot(*seen[-1].numbers),
        "This is the norm of the first gradient alone.": math.hypot(*seen[0].numbers),
        "The norm before clipping is asked for.": math.hypot(*entries(seen, after=True)),
    }
    for words, wrong in mistakes.items():
        if math.isclose(value, wrong, rel_tol=max(rtol_of(seen), 1e-5)) and len(numbers) > 1:
            hint = words
            break
    raise CheckFailed(f"returned the norm {rounded(value)}; expected {rounded(norm)}.", hint)


def expect_clipped(seen, max_norm, hint):
    """Each gradient is multiplied by the factor."""
    norm, rtol = math.hypot(*entries(seen)), rtol_of(seen)
    is_kept = norm + ADDED <= max_norm
    high = 1.0 if is_kept or not norm else min(1.0, max_norm / norm)
    low = 1.0 if is_kept else min(1.0, max_norm / (norm + ADDED))
    for one in seen:
        if one.grad is None:
            expect(one.p.grad is None, f"gave {one.name} a gradient, which had none.", NONE)
            continue
        got = one.p.grad
        expect_shape(got, one.before.shape, IN_PLACE, f"{one.name}.grad")
        expect_dtype(got, one.before.dtype, IN_PLACE, f"{one.name}.grad")
        values = got.detach().double().flatten().tolist()
        for place, (x, value) in enumerate(zip(one.numbers, values, strict=True)):
            bounds = sorted((x * low * (1 - rtol * (low < 1)), x * high * (1 + rtol * (high < 1))))
            if bounds[0] <= value <= bounds[1]:
                continue
            expected = (one.before.double() * high).to(one.before.dtype)
            texts = [numbers_text(numbers) for numbers in (got.detach(), expected)]
            if texts[0] == texts[1]:  # they differ behind the sixth digit
                index = np.unravel_index(place, got.shape)
                texts = [f" {numbers[index].item()!r}" for numbers in (got.detach(), expected)]
            sentence = f"left {one.name}.grad as{texts[0]}; expected{texts[1]}."
            is_old = torch.equal(got.detach(), one.before)
            raise CheckFailed(sentence, why(seen, max_norm, hint, is_old), got, expected)


def why(seen, max_norm, hint, is_old):
    """The sentence of the mistake that gives all these entries; the hint if none is known."""
    before, got = entries(seen), entries(seen, after=True)
    norm, count = math.hypot(*before), len(before)
    if not norm:
        return ZERO
    right = min(1, max_norm / norm)
    own = [math.hypot(*one.numbers) for one in seen for _ in one.numbers]
    mistakes = {
        hint: [1] * count,
        DIGITS: [right] * count,
        "Each gradient is clipped by itself here: the norm is one for all.": [
            min(1, max_norm / size) if size else 1 for size in own
        ],
        "Each entry is cut off at max_norm: their common norm is what is limited.": [
            min(1, max_norm / abs(x)) if x else 1 for x in before
        ],
        "Gradients grow here, whose norm is small: the factor is at most 1.": (
            [max_norm / norm] * count
        ),
        "This is divided by the norm, but not multiplied by max_norm.": [1 / norm] * count,
        "This is divided by the square of the norm: take its root.": [max_norm / norm**2] * count,
    }
    rtol = max(1e-6, rtol_of(seen))
    for words, factors in mistakes.items():
        numbers = [x * factor for x, factor in zip(before, factors, strict=True)]
        if all(math.isclose(a, b, rel_tol=rtol) for a, b in zip(got, numbers, strict=True)):
            return DIGITS if words == hint and right == 1 else words
    ratios = [after / x for after, x in zip(got, before, strict=True) if x]
    if 0 < ratios[0] < right <= 1.1 * min(ratios) and max(ratios) < 1.01 * min(ratios):
        return ADDED_WORDS.format(max_norm / ratios[0] - norm)
    return hint if is_old else FACTOR


def expect_right(solution, cases, hint, kind=list, **options):
    for max_norm, gradients in cases:
        seen = given(gradients, **options)
        got = clipped(solution, seen, max_norm, hint, kind)
        expect_norm(got, seen, hint)
        expect_clipped(seen, max_norm, hint)


@aspect("type")
def test_returns_a_tensor(solution):
    """clip_grad_norm_ returns a tensor."""
    for max_norm, gradients in (PLAIN, KEPT[0]):
        expect_tensor(clipped(solution, given(gradients), max_norm, NONE), ONE)


@aspect("shape")
def test_returns_one_number(solution):
    """The norm is a 0-d tensor."""
    for max_norm, gradients in (PLAIN, (1.0, [[[2.0]]])):
        expect_shape(clipped(solution, given(gradients), max_norm, NONE), (), ONE)


@aspect("dtype")
def test_has_the_widest_dtype(solution):
    """The norm is float64 if one of the gradients is, else float32."""
    half, brain, single, double = torch.float16, torch.bfloat16, torch.float32, torch.float64
    mixed = [[half, brain], [double, half], [half, double]]
    for dtypes in ([single], [double], [half], [brain], *mixed):
        words = " and ".join(map(dtype_name, dtypes))
        for gradients in (PLAIN[1], PLAIN[1][: len(dtypes)], [[3.0], []][: len(dtypes)]):
            got = clipped(solution, given(gradients, dtypes), PLAIN[0], WIDEST)
            expected = double if double in dtypes else single
            expect_dtype(got, expected, f"The gradients are {words}. {WIDEST}")


@aspect("device")
def test_stays_on_the_device(solution, device):
    """Norm and gradients stay on the device."""
    seen = given(PLAIN[1], device=device)
    expect_device(clipped(solution, seen, PLAIN[0], DEVICE), device, DEVICE)
    expect_device(seen[0].p.grad, device, DEVICE)


@aspect("values")
def test_clips(solution, device):
    """All gradients are multiplied by max_norm / norm, and the norm before comes back."""
    expect_right(solution, CLIPPED, IN_PLACE, device=device)
    if device == "cpu":
        for dtypes in ([torch.float64], [torch.float64, torch.float32]):
            expect_right(solution, CLIPPED, IN_PLACE, dtypes=dtypes)
            expect_right(solution, LARGE, BIG, dtypes=dtypes[-1:])


@aspect("values")
def test_leaves_small_gradients(solution):
    """Gradients whose norm is not above max_norm keep their exact numbers."""
    for dtypes in ([torch.float32], [torch.float64], [torch.bfloat16, torch.float32]):
        expect_right(solution, KEPT, FACTOR, dtypes=dtypes)


@aspect("values")
def test_takes_zeros(solution):
    """A norm of 0 changes nothing."""
    expect_right(solution, NOTHING, ZERO)
    got = clipped(solution, given([[0.0], []], [torch.float64]), 1.0, ZERO)
    expect_dtype(got, torch.float64, WIDEST)


@aspect("values")
def test_skips_none(solution):
    """Parameters without a gradient are skipped; without any gradient, the norm is 0."""
    expect_right(solution, [*SOME, (1.0, [None, None]), (1.0, [])], NONE)
    for gradients in ([], [None, None], [[3.0], None]):  # what is float64 has no gradient
        seen = given(gradients, [torch.float32, torch.float64])
        expect_dtype(clipped(solution, seen, 1.0, WIDEST), torch.float32, WIDEST)


@aspect("values")
def test_takes_any_iterable(solution):
    """parameters may be a tuple, or a generator such as module.parameters()."""
    for kind in (tuple, generator):
        expect_right(solution, [PLAIN, *SOME, (1.0, [])], ITERABLE, kind=kind)


@aspect("values")
def test_clips_frozen_parameters(solution):
    """A parameter with requires_grad False that has a gradient is clipped too."""
    expect_right(solution, CLIPPED[1:2], FROZEN, frozen=1)


@aspect("values")
def test_takes_any_strides(solution):
    """Gradients may lie in memory in any way."""
    for layout in LAYOUTS:
        hint = f"Here the gradients are {layout} in memory. {COPIED}"
        expect_right(solution, CLIPPED[:2] + KEPT[:1], hint, layout=layout)


@aspect("values")
def test_takes_16_bits(solution):
    """float16 and bfloat16 gradients, large and small ones, are clipped as well."""
    half, brain = torch.float16, torch.bfloat16
    for dtypes in ([half], [brain], [half, torch.float32]):
        cases = [*CLIPPED[:1], *LARGE_16, *SMALL_16]
        expect_right(solution, cases, SMALL_TYPES, dtypes=dtypes)
    for dtypes in ([half, brain], [brain, torch.float64]):
        expect_right(solution, LARGE_16, SMALL_TYPES, dtypes=dtypes)


@aspect("values")
def test_clips_again_and_again(solution):
    """Each call computes from the gradients that are there then."""
    seen = given([[30.0, 40.0]])
    for max_norm, norm in ((25.0, 50.0), (5.0, 25.0), (100.0, 5.0)):
        got = clipped(solution, seen, max_norm, ANEW)
        expect_shape(got, (), ANEW)
        sentence = f"returned the norm {rounded(got.item())}; expected {norm}."
        expect(math.isclose(got, norm, rel_tol=1e-5), sentence, ANEW)


@aspect("gradient")
def test_is_not_tracked(solution, device):
    """The norm is not tracked, and nothing is recorded, even if gradients have a graph."""
    for tracked in (False, True):
        for max_norm, gradients in (PLAIN, KEPT[0]):
            seen = given(gradients, device=device, tracked=tracked)
            got = clipped(solution, seen, max_norm, UNTRACKED)
            words = "returned a norm that is tracked by autograd; expected one that is not."
            expect(not got.requires_grad, words, UNTRACKED)
            expect_clipped(seen, max_norm, UNTRACKED)
            for one in seen:
                node, old = one.p.grad.grad_fn, one.node if one.p.grad is one.grad else None
                sentence = f"was recorded by autograd: {one.name}.grad has another node now."
                expect(node is None or node is old, sentence, UNTRACKED)


@aspect("memory")
def test_writes_in_place(solution):
    """Each .grad stays the same tensor in the same memory, and nothing around it changes."""
    for layout in ("contiguous", *LAYOUTS):
        for max_norm, gradients in (CLIPPED[1], SOME[0], KEPT[0], (9.0, [2.5])):
            seen = given(gradients, layout=layout)
            there = with_gradients(seen)
            places = [(one.grad.data_ptr(), one.grad.stride()) for one in there]
            norm = clipped(solution, seen, max_norm, SAME)
            expect_new_memory(norm, *(one.grad for one in there), hint=NEW)
            for one, place in zip(there, places, strict=True):
                got = one.p.grad
                expect(got is one.grad, f"put another tensor into {one.name}.grad.", SAME)
                is_there = (got.data_ptr(), got.stride()) == place
                expect(is_there, f"gave {one.name}.grad other memory.", SAME)
                got.copy_(one.before)
                is_kept = torch.equal(one.whole, one.around)
                expect(is_kept, f"wrote into the memory around {one.name}.grad.", SAME)


@aspect("memory")
def test_leaves_all_else(solution):
    """Parameters, settings of torch and random generators stay as they are."""
    for max_norm, gradients in (CLIPPED[1], KEPT[0]):
        seen = given(gradients, frozen=1)
        places = [one.p.data_ptr() for one in seen]
        with settings_watched(solution, thoroughly=True) as found:
            clipped(solution, seen, max_norm, PARAMETERS)
        expect(not found.text, found.text, PARAMETERS)
        for number, (one, place) in enumerate(zip(seen, places, strict=True)):
            is_kept = one.p.data_ptr() == place and bool((one.p == 2).all())
            expect(is_kept, f"changed the parameter {one.name}.", PARAMETERS)
            is_kept = one.p.requires_grad == (number != 1)
            expect(is_kept, f"changed the requires_grad of {one.name}.", PARAMETERS)
            has_hooks = one.p._backward_hooks or one.p._post_accumulate_grad_hooks
            expect(not has_hooks, f"left a hook on the parameter {one.name}.", PARAMETERS)


def expect_refused(solution, bad):
    """RuntimeError is raised for gradients with such a number, and none of them is changed."""
    cases = [
        (1.0, [[3.0, 4.0], None, [1.0, bad]], [torch.float32]),
        (math.inf, [[-bad, 0.0], [2.0]], [torch.float64]),
        (1.0, [[5.0], bad], [torch.bfloat16, torch.float16]),
        (0.5, [[2.0], [[0.0, -bad]]], [torch.bfloat16, torch.float16]),
    ]
    for max_norm, gradients, dtypes in cases:
        seen = given(gradients, dtypes)
        call = functools.partial(clipped, solution, seen, max_norm, FINITE, generator)
        expect_raises(RuntimeError, call, FINITE)
        for one in with_gradients(seen):
            is_kept = one.p.grad is one.grad
            is_kept = is_kept and torch.allclose(one.grad, one.before, 0, 0, equal_nan=True)
            sentence = f"raised an error, but has changed {one.name}.grad before."
            expect(is_kept, sentence, FINITE)


@aspect("errors")
def test_refuses_nan(solution):
    """A norm that is NaN raises RuntimeError, and no gradient is changed."""
    expect_refused(solution, math.nan)


@aspect("errors")
def test_refuses_infinity(solution):
    """A norm that is infinite raises RuntimeError, and no gradient is changed."""
    expect_refused(solution, math.inf)


@aspect("structure")
def test_is_made_without_torchs(solution):
    """It is made without torch's own clipping, under whatever name."""
    for max_norm, gradients in (PLAIN, KEPT[0], (1.0, [])):
        with runs_of(torch.nn.utils.clip_grad) as names:
            clipped(solution, given(gradients), max_norm, OWN)
        expect(not names, "ran torch's clipping, which is forbidden here.", OWN)
