"""The checks of autograd/k05_update_leaves: new numbers by NumPy, old memory, and no record."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_values,
    in_layout,
    shares_storage,
    without_modes,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import DIGITS
from dojo.checks.messages import numbers_text

NONE = "The work is done in the parameters: leave `return` out."
IN_PLACE = "`p = p - …` makes a new tensor that nobody else knows. Which operations, ending in _,"
IN_PLACE += " write into p itself?"
COPIED = "`reshape`, `flatten` and `contiguous` copy such a tensor: write into p itself."
STEP = "A parameter p with the gradient g holds p - lr * g afterwards."
LATER = "params may be a generator, and a second loop over it finds nothing."
EACH = "Every parameter is looked at: go on with the next one where a gradient is None."
MEMORY = "Write into the memory that p has; `p.data = …` and `set_` give it another."
RECORD = "Write under `torch.no_grad()`: autograd must not record the step, and p stays a leaf."
IS_THERE = "`if p.grad` asks whether its numbers are 0; `is not None` asks whether it is there."
FROZEN = "A step moves numbers, and makes nothing require grad or not."
FROZEN_TOO = "What counts is p.grad alone: where it is there, a frozen parameter moves too."
TAKE = "Set p.grad to None; `zero_()` leaves it there, and changes the tensor that others may hold."
READ = "Only read the gradient: lr * p.grad is a new tensor."
EXPANDED = f"{READ} Here one is expanded, as that of a mean may be: its parts share memory."
OTHERS = "A parameter whose gradient is None stays as it is."
ITERABLE = (
    "Go through params once, by a for loop: it has no length and no index if it is a generator."
)
SETTINGS = "Whoever calls the function does not expect it to change how torch works from then on."

LAYOUTS = ("contiguous", "transposed", "every second element", "at an offset")
GAP = 99.0  # in the memory around a parameter
# name, shape; whether it has a gradient, requires grad, and is an nn.Parameter
PARAMETERS = [
    ("weight", (2, 3), True, True, True),
    ("unused", (2,), False, True, True),
    ("scale", (), True, True, False),
    ("frozen", (3,), False, False, True),
    ("stale", (2,), True, False, True),
    ("empty", (0, 2), True, True, False),
    ("one", (1, 1), True, True, True),
    ("last", (2, 2, 2), True, True, False),
]


@dataclass
class Seen:
    """A parameter, and what was seen of it before a step.

    Attributes:
        p: the parameter itself.
        view: of its memory.
        grad: the tensor in its .grad.
        numbers, slopes: copies of what p and its gradient held.
        has_record: whether the gradient has a graph.
    """

    name: str
    p: torch.Tensor
    view: torch.Tensor
    grad: torch.Tensor | None
    numbers: np.ndarray
    slopes: np.ndarray | None

    def expected(self, lr):
        """What p is to hold."""
        if self.slopes is None or not self.numbers.size:
            return self.numbers
        return self.numbers - lr * self.slopes


def numbers_for(shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def made(
    dtype=torch.float32, device="cpu", layout="contiguous", has_graph=False, names=(), expands=False
):
    """Parameters of all kinds, with their gradients; the last one may be expanded."""
    found = []
    for place, (name, shape, has_grad, tracked, is_parameter) in enumerate(PARAMETERS):
        if names and name not in names:
            continue
        x = torch.tensor(numbers_for(shape, place), dtype=dtype).to(device)
        with torch.no_grad():
            x = in_layout(x, layout)
        p = nn.Parameter(x, tracked) if is_parameter else x.requires_grad_(tracked)
        grad = torch.tensor(numbers_for(shape, 50 + place), dtype=dtype).to(device)
        if name == "last" and expands:
            grad = grad[:1].expand(shape)  # as the gradient of a mean may be
        if has_graph:
            grad = grad.requires_grad_() * 1
        p.grad = grad if has_grad else None
        slopes = np.array(grad.tolist()).reshape(shape) if has_grad else None
        numbers = np.array(p.tolist()).reshape(shape)
        found.append(Seen(name, p, p.detach(), p.grad, numbers, slopes))
    return found


def step(solution, seen, lr, hint, kind=list):
    """Take a step, and return what came back."""
    solution.hint = hint
    got = solution.sgd_step_(kind(one.p for one in seen), lr)
    names = ", ".join(one.name for one in seen)
    text = {list: f"[{names}]", tuple: f"({names})"}.get(kind, f"(p for p in [{names}])")
    solution.last_call = f"sgd_step_({text}, {lr})"
    return got


def once(values):
    """A generator."""
    yield from list(values)


def expect_moved(seen, lr, hint):
    """Each parameter holds the right numbers."""
    for one in seen:
        expected = torch.tensor(one.expected(lr), dtype=one.view.dtype)
        got = one.p.detach().cpu()
        eps = 8 * torch.finfo(expected.dtype).eps
        if got.shape == expected.shape and torch.allclose(got, expected, rtol=eps, atol=eps):
            continue
        old = torch.tensor(one.numbers, dtype=expected.dtype)
        why = STEP if one.grad is not None else OTHERS
        if is_old := torch.equal(got, old):
            why = hint if one.p.requires_grad else FROZEN_TOO
        elif torch.allclose(got, expected, 1e-4):
            why = DIGITS
        elif one.slopes is not None and torch.allclose(got, 2 * old - expected):
            why = f"It goes along the gradient here, and is to go against it. {STEP}"
        found = f"left {one.name}{' as it was,' if is_old else ' as'}{numbers_text(got)}"
        sentence = f"{found}; expected{numbers_text(expected)}."
        raise CheckFailed(sentence, why, got, expected)


@aspect("type")
def test_returns_none(solution):
    """sgd_step_ returns None."""
    for name, hint in (("scale", RECORD), ("weight", IS_THERE)):
        got = step(solution, made(names=(name,)), 0.1, hint)
        expect(got is None, f"returned {describe(got)}; expected None.", NONE)


@aspect("values")
def test_moves_parameters(solution, device):
    """Each parameter p with a gradient g holds p - lr * g afterwards, in place."""
    asked = [(torch.float32, ("weight",), 0.1, IN_PLACE), (torch.float32, (), 0.1, EACH)]
    if device == "cpu":
        asked += [(torch.float64, (), 0.1, EACH), (torch.float64, (), 2, EACH)]
        asked += [(torch.float32, (), 0.0, EACH)]
    for dtype, names, lr, hint in asked:
        seen = made(dtype, device, names=names)
        step(solution, seen, lr, hint)
        expect_moved(seen, lr, hint)


@aspect("values")
def test_takes_any_iterable(solution):
    """params may be a tuple, a generator, an iterator of a module, or of nothing."""
    for kind in (tuple, once, iter_of):
        seen = made()
        step(solution, seen, 0.5, ITERABLE, kind)
        expect_moved(seen, 0.5, LATER)
        for nothing in ([], iter(())):
            solution.hint = ITERABLE
            solution.sgd_step_(nothing, 0.5)
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.ones(2, 3)
    solution.hint = EACH
    solution.sgd_step_(layer.parameters(), 1.0)
    solution.last_call = "sgd_step_(nn.Linear(3, 2).parameters(), 1.0)"
    is_moved = torch.allclose(layer.weight, before - 1)
    expect(is_moved, "has not moved the weight by -1, against a gradient of ones.", LATER)


def iter_of(values):
    return iter(list(values))


@aspect("values")
def test_takes_any_layout(solution):
    """Parameters may lie in memory in any way, and nothing around them changes."""
    for layout in LAYOUTS:
        seen = made(layout=layout)
        memories = [whole(one.view) for one in seen]
        before = [memory.clone() for memory in memories]
        hint = f"Here the parameters are {layout} in memory."
        step(solution, seen, 0.5, hint)
        expect_moved(seen, 0.5, f"{hint} {COPIED}")
        for one, memory, old in zip(seen, memories, before, strict=True):
            whole(one.view, old).copy_(one.view)
            sentence = f"wrote into the memory around {one.name}."
            expect(torch.equal(memory, old), sentence, f"{hint} Only p itself may change.")


@without_modes
def whole(x, memory=None):
    """All of the memory in which x lies; or the part of another memory that x is of its own."""
    if memory is not None:
        return memory.as_strided(x.shape, x.stride(), x.storage_offset())
    size = x.untyped_storage().nbytes() // x.element_size()
    return x.as_strided((size,), (1,), 0)


@aspect("values")
def test_trains(solution, device):
    """Step after step with a backward in between, as in training."""
    p = torch.tensor([4.0, -2.0], device=device, requires_grad=True)
    expected = np.array([4.0, -2.0])
    for number in range(3):
        (p * p).sum().backward()
        solution.hint = RECORD
        solution.sgd_step_([p], 0.25)
        solution.last_call = "(p * p).sum().backward(); sgd_step_([p], 0.25), again and again,"
        expected, got = expected - 0.25 * 2 * expected, numbers_text(p.detach())
        is_right = np.array_equal(expected, p.tolist())
        sentence = f"left p as{got} after step {number + 1}; expected {expected.tolist()}."
        expect(is_right, sentence, f"{STEP} {TAKE}")


@aspect("gradient")
def test_is_not_recorded(solution, device):
    """Parameters stay leaves, with the requires_grad that they had."""
    for has_graph in (False, True):
        seen = made(device=device, has_graph=has_graph)
        was_tracked = [one.p.requires_grad for one in seen]
        words = " Here the gradients require grad themselves." if has_graph else ""
        step(solution, seen, 0.5, RECORD + words)
        for one, was in zip(seen, was_tracked, strict=True):
            now, name = one.p.requires_grad, one.name
            sentence = f"recorded the step: {name} is no leaf any more."
            expect(one.p.is_leaf and one.p.grad_fn is None, sentence, RECORD + words)
            sentence = f"changed the requires_grad of {name} from {was} to {now}."
            expect(now == was, sentence, FROZEN)
            hooks = [*(one.p._backward_hooks or ()), *(one.p._post_accumulate_grad_hooks or ())]
            expect(not hooks, f"left a hook on {name}.", "A step needs no hook.")
        expect_moved(seen, 0.5, EACH)


@aspect("memory")
def test_stays_in_its_memory(solution):
    """Each parameter stays in its memory: a view that was made before sees the new numbers."""
    for layout in LAYOUTS[:2]:
        seen = made(layout=layout)
        step(solution, seen, 0.5, MEMORY)
        for one in seen:
            expected = torch.tensor(one.expected(0.5), dtype=one.view.dtype)
            same = shares_storage(one.p, one.view) or not one.p.numel()
            moved = f"moved {one.name} to other memory: a view made before shows {{}}."
            expect(same, moved.format(describe(one.view)), MEMORY)
            is_there = one.p.stride() == one.view.stride()
            expect(is_there, f"changed the strides of {one.name}.", MEMORY)
            expect_values(one.view, expected, MEMORY, f"a view of {one.name}")


@aspect("memory")
def test_takes_gradients_away(solution, device):
    """.grad is None afterwards, also for lr = 0; the tensor that was in it keeps its numbers."""
    for lr, has_graph, kind in ((0.5, False, list), (0, False, tuple), (0.5, True, once)):
        seen = made(device=device, has_graph=has_graph, expands=kind is not list)
        where = LATER if kind is once else TAKE
        records = [None if one.grad is None else one.grad.grad_fn for one in seen]
        step(solution, seen, lr, TAKE if kind is list else EXPANDED, kind)
        expect_moved(seen, lr, EXPANDED)
        for one, record in zip(seen, records, strict=True):
            now = one.p.grad
            sentence = f"left {describe(now)} in the .grad of {one.name}; expected None."
            expect(now is None, sentence, where)
            if one.grad is None:
                continue
            sentence = f"changed the tensor that was in {one.name}.grad"
            slopes = torch.tensor(one.slopes, dtype=one.grad.dtype)
            is_same = torch.equal(one.grad.detach().cpu(), slopes)
            expect(is_same, f"{sentence}: it is {describe(one.grad)} now.", READ)
            is_same = one.grad.grad_fn is record
            expect(is_same, f"{sentence}: it has lost its graph.", READ)


@aspect("memory")
def test_leaves_torch_as_it_is(solution, device):
    """It changes no setting of torch, and leaves the random generators alone."""
    seen = made(device=device)
    with settings_watched(solution, thoroughly=True) as found:
        step(solution, seen, 0.5, RECORD)
    expect(not found.text, found.text, SETTINGS)
