"""The checks of autograd/k02_gradients_of: each gradient by a small imaginary step in NumPy."""

import functools
import operator
from dataclasses import dataclass, replace

import numpy as np
import torch

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    untouched,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import DIGITS

LIST = "Return a list with a tensor for each of the inputs; torch.autograd.grad gives a tuple."
UNUSED = "An input on which output does not depend has the gradient 0: a tensor, and not None."
EACH = "Each gradient has the shape of its own input."
ZEROS = "`torch.zeros_like(x)` has the dtype and the device of x."
SUM = "It is the sum of all entries of output that is differentiated."
TWICE = "An input that stands twice in the list gets its whole gradient in both places."
MIDST = "An input may be in the midst of the graph: what was computed from it counts alone."
ALONE = "Nothing that was asked before counts: each call gives the gradients of its own output."
FREE = "Nobody differentiates these gradients further: leave create_graph out."
GRADS = "`backward` adds to the `.grad` of every leaf that it meets; `torch.autograd.grad` returns"
GRADS += " gradients, and adds to none."
GRAPH = "A pass through the graph frees it, unless retain_graph=True."
KEEP = "Only read output and the inputs; the gradients are new tensors."
SETTINGS = "Whoever calls the function does not expect it to change how torch works from then on."

STEP = 1e-30  # so small that its square is nothing: the imaginary part is the derivative alone
FULL = 7.0  # what a .grad holds before a call
LEAVES = {
    "x": [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]],
    "w": [2.1, -0.5, 1.3],
    "c": 3.0,
    "one": [[1.5]],
    "none": [[]],
    "far": [np.inf, np.nan],
}
# how output is computed, and what the gradients are asked for
CASES = [
    ("(x * w).sum()", "x, w"),
    ("x * w + c", "x, w, c"),
    ("(x * one).T[1:]", "one, x"),
    ("none * c", "none, c"),
    ("x ** 3", "x"),
    ("(x * w).sum(1) * c", "c, w, x"),
]
OF_UNUSED = [("x * w", "x, c, w"), ("c * c", "none, one, far"), ("x", "x, w")]
OF_RESULTS = [
    ("h = x * w; output = h ** 2 + x", "x, h"),
    ("output = x * w; h = output * c", "output, x, h"),
    ("h = x.T * c; k = h @ h.T; output = k + h[:, :1]", "k, w, h"),
]
REPEATED = [("x * w", "x, x"), ("c * w", "w, c, w, x, x"), ("x + x", "x")]
ALL = [*CASES, *OF_UNUSED, *OF_RESULTS, *REPEATED]
FEW = [*CASES[1:3], OF_UNUSED[0], OF_RESULTS[0]]  # for the GPU
HINTS = {UNUSED: OF_UNUSED, MIDST: OF_RESULTS, TWICE: REPEATED}
LAYOUTS = ("transposed", "every second element", "at an offset", "expanded")


def steps_of(program):
    """The steps of a program, the last of which need not name its result."""
    return [one if "=" in one else f"output = {one}" for one in program.split("; ")]


@functools.cache
def compiled(program):
    return compile("; ".join(steps_of(program)), "<output>", "exec")


def truth(case, leaves):
    """The gradient of the sum of output for each name, by a step of each of its entries."""
    names = {name: np.array(one, dtype=complex) for name, one in leaves.items()}
    program, wanted = case

    def run(moved="", by=0):
        found = dict(names)
        for step in ["", *steps_of(program)]:
            exec(step, found)
            if moved in found and step.startswith("" if moved in names else f"{moved} ="):
                found[moved], moved = found[moved] + by, ""
        return found

    gradients, shapes = [], {name: np.shape(one) for name, one in run().items()}
    for name in wanted.split(", "):
        one = np.zeros(shapes[name])
        for place in np.ndindex(one.shape):
            step = np.zeros(one.shape, dtype=complex)
            step[place] = STEP * 1j
            one[place] = np.imag(np.sum(run(name, step)["output"])) / STEP
        gradients.append(torch.tensor(one))
    return gradients


TRUTHS = {case: truth(case, LEAVES) for case in ALL}
EXPANDED = {name: np.array([one[0]] * len(one)) for name, one in LEAVES.items() if name == "x"}
OF_EXPANDED = {case: truth(case, {**LEAVES, **EXPANDED}) for case in CASES[:2]}


def leaf(name, dtype, device, layout="contiguous"):
    """A leaf that requires grad; in a "mixed" dtype, only w is of float64."""
    if dtype == "mixed":
        dtype = torch.float64 if name == "w" else torch.float32
    x = torch.tensor(LEAVES[name], dtype=dtype)
    if layout == "expanded" and name == "x":
        x = x[:1].expand(x.shape)
    elif layout in LAYOUTS[:3]:
        x = in_layout(x, layout)
    return x.to(device).requires_grad_()


@dataclass
class Asked:
    """A call.

    Attributes:
        case: what was asked.
        leaves: name → what output may be computed from.
        grads: name → the .grad of a leaf before the call.
        output, inputs: what was handed over.
        got: what came back.
        call: the call in words.
    """

    case: tuple
    leaves: dict
    grads: dict
    output: torch.Tensor
    inputs: list
    got: list
    call: str

    @property
    def each(self):
        """The name, the input and the gradient, again and again."""
        names = self.case[1].split(", ")
        return list(zip(names, self.inputs, self.got, strict=True))


def ask(solution, case, dtype=torch.float32, device="cpu", layout="contiguous", kind=list):
    """Ask for the gradients of a case: every second leaf has a .grad before."""
    leaves = {name: leaf(name, dtype, device, layout) for name in LEAVES}
    for x in list(leaves.values())[1::2]:
        x.grad = torch.full_like(x, FULL).detach()
    names, program, wanted = dict(leaves), *case
    exec(compiled(program), {}, names)
    inputs = [names[name] for name in wanted.split(", ")]
    solution.hint = hint_of(case)
    grads = {name: x.grad for name, x in leaves.items()}
    got = solution.gradients_of(names["output"], kind(inputs))
    listed = f"[{wanted}]" if kind is list else f"({wanted},)"
    call = f"{'; '.join(steps_of(program))}; gradients_of(output, {listed})"
    solution.last_call = call
    is_list = type(got) is list and len(got) == len(inputs)
    expect(is_list, f"returned {describe(got)}; expected a list of {len(inputs)} tensors.", LIST)
    return Asked(case, leaves, grads, names["output"], inputs, got, call)


def asked(solution, cases, dtype=torch.float32, device="cpu"):
    """Yield what was asked for the cases; no case is asked twice."""
    for case in cases:
        key = case, dtype, device
        if key not in solution.records:
            solution.records[key] = ask(solution, case, dtype, device)
        solution.last_call = solution.records[key].call
        yield solution.records[key]


def hint_of(case):
    """Where to look for a case."""
    return next((hint for hint, cases in HINTS.items() if case in cases), SUM)


def expect_right(one, truths, hint):
    """The gradients are those of NumPy."""
    for (name, _, got), exact in zip(one.each, truths, strict=True):
        expected, found, why = exact.to(got.dtype), got.detach().cpu(), hint
        if found.shape == expected.shape and expected.any():
            shares = found[expected != 0] / expected[expected != 0]
            if hint is SUM and 0 < shares[0] < 0.9 and torch.allclose(shares, shares[0]):
                why = f"This is {shares[0]:.6g} times the gradient: is it that of a mean? {SUM}"
            if torch.allclose(found, expected + FULL):
                why = f"What was in {name}.grad before is added here. {GRADS}"
            if torch.allclose(found, expected, 1e-4):
                why = DIGITS
        limit = 16 * torch.finfo(got.dtype).eps
        expect_values(got, expected, why, f"the gradient of {name}", limit, limit)


@aspect("type")
def test_returns_a_list(solution):
    """gradients_of returns a list with a tensor for each of the inputs."""
    for one in asked(solution, ALL):
        for name, _, got in one.each:
            expect_tensor(got, UNUSED if got is None else LIST, f"the gradient of {name}")


@aspect("shape")
def test_shapes(solution):
    """Each gradient has the shape of its input."""
    for one in asked(solution, ALL):
        for name, x, got in one.each:
            expect_shape(got, x.shape, EACH, f"the gradient of {name}")


@aspect("dtype")
def test_dtypes(solution):
    """Each gradient has the dtype of its input, also where inputs of two dtypes meet."""
    mixed = [case for case in ALL if "@" not in case[0]]
    for dtype, cases in ((torch.float32, ALL), (torch.float64, ALL), ("mixed", mixed)):
        for one in asked(solution, cases, dtype):
            for name, x, got in one.each:
                expect_dtype(got, x.dtype, ZEROS, f"the gradient of {name}")


@aspect("device")
def test_devices(solution, device):
    """Each gradient lies where its input lies."""
    for one in asked(solution, FEW, device=device):
        for name, _, got in one.each:
            expect_device(got, device, ZEROS, f"the gradient of {name}")


@aspect("values")
def test_values(solution, device):
    """Each gradient is that of the sum of output, and 0 for an input that is not used."""
    for dtype in (torch.float32, torch.float64):
        for one in asked(solution, ALL if device == "cpu" else FEW, dtype, device):
            expect_right(one, TRUTHS[one.case], hint_of(one.case))


@aspect("values")
def test_a_tuple_and_any_layout(solution):
    """inputs may be a tuple, and its tensors may lie in memory in any way."""
    for place, layout in enumerate(LAYOUTS):
        case = CASES[place % 2]
        one = ask(solution, case, torch.float64, "cpu", layout, tuple)
        truths = OF_EXPANDED if layout == "expanded" else TRUTHS
        expect_right(one, truths[case], f"Here the inputs are {layout} in memory.")


@aspect("gradient")
def test_gradients_are_untracked(solution):
    """The gradients do not require grad."""
    for one in asked(solution, ALL):
        for name, _, got in one.each:
            expect(
                not got.requires_grad, f"returned a gradient of {name} that requires grad.", FREE
            )


@aspect("memory")
def test_every_grad_stays(solution, device):
    """No .grad is filled, changed or replaced, of the inputs or of what else output comes from."""
    for one in asked(solution, ALL if device == "cpu" else FEW, device=device):
        for name, x in one.leaves.items():
            if (grad := one.grads[name]) is None:
                expect(x.grad is None, f"filled {name}.grad.", GRADS)
                continue
            expect(x.grad is grad, f"put something else in the place of {name}.grad.", GRADS)
            sentence = f"changed {name}.grad: it was {FULL} everywhere, and is {describe(grad)}."
            expect(bool((grad == FULL).all()), sentence, GRADS)
        for name, x, _ in one.each:
            is_free = x.is_leaf or not x.retains_grad or x.grad is None
            expect(is_free, f"filled the .grad of {name}, which is no leaf.", GRADS)


@aspect("memory")
def test_leaves_its_arguments(solution):
    """output, the inputs and their list stay as they are; the gradients are new memory."""
    for program, wanted in (CASES[1], OF_UNUSED[0], OF_RESULTS[0]):
        names = {name: leaf(name, torch.float32, "cpu") for name in LEAVES}
        exec(compiled(program), {}, names)
        inputs = [names[name] for name in wanted.split(", ")]
        given = list(inputs)
        with untouched(KEEP, **names):
            got = solution.gradients_of(names["output"], given)
        is_same = len(given) == len(inputs) and all(map(operator.is_, given, inputs))
        expect(is_same, "changed the list of inputs.", KEEP)
        for one in got:
            expect_new_memory(one, *names.values(), hint=KEEP)


@aspect("memory")
def test_the_graph_stays(solution):
    """A second call gives the same, and backward is still possible."""
    for case in (*CASES[:2], CASES[4], *OF_RESULTS[:2]):
        one = ask(solution, case)
        kept = [got.clone() for got in one.got]
        try:
            again = solution.gradients_of(one.output, one.inputs)
            solution.last_call = f"{one.call}, a second time,"
            expect_right(one, kept, ALONE)
            expect_right(replace(one, got=again), kept, ALONE)
            solution.last_call = one.call
            one.output.sum().backward()
        except RuntimeError as error:
            solution.last_call = one.call
            sentence = "frees the graph: a second call or `backward` raises."
            raise CheckFailed(sentence, GRAPH) from error


@aspect("memory")
def test_outputs_are_told_apart(solution):
    """Two outputs of the same inputs have gradients of their own, also after an in-place step."""
    x, w, c = (leaf(name, torch.float32, "cpu") for name in ("x", "w", "c"))
    for number in (3.0, -2.0):
        for output, slopes in ((x * w, w), (x * c, c), (x * w, w)):
            (got,) = solution.gradients_of(output, [x])
            expect_values(got, slopes.detach().expand(2, 3).clone(), ALONE, "the gradient of x")
        with torch.no_grad():
            w.fill_(number)


@aspect("memory")
def test_leaves_torch_as_it_is(solution, device):
    """It changes no setting of torch, and leaves the random generators alone."""
    x, c = (leaf(name, torch.float32, device) for name in ("x", "c"))
    with settings_watched(solution, thoroughly=True) as found:
        solution.gradients_of(x * 2, [x, c])
    expect(not found.text, found.text, SETTINGS)
