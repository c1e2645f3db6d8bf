"""The checks of generation/k10_lora: sums of products in NumPy, and merging there and back."""

import copy
import functools

import numpy as np
import torch
from torch import nn

from dojo.checks import (
    aspect,
    device_of,
    expect,
    expect_device,
    expect_dtype,
    expect_raises,
    expect_values,
    module_untouched,
)
from dojo.checks.draws import Constant, Uniform
from dojo.checks.laws import ModuleClass
from dojo.checks.laws.module_calls import Part
from dojo.checks.laws.numbers import first_known
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched

ITSELF = "Keep the layer as it is, `self.linear = linear`, and freeze what it holds."
LIKE = "Make A and B with the dtype and the device of `linear.weight`."
IN_PLACE = (
    "Write into the Parameter that is there, under `torch.no_grad()`:"
    " `self.linear.weight.add_(...)`."
)
ADDS = "merge() adds alpha / rank * B·A to the weight, with A and B as they are then; unmerge()"
ADDS += " takes the same out again."
ONCE = "The weight holds the change already: once it is merged, forward gives linear(x) alone."
FLAG = "`merged` is False in a new layer, True after merge(), and False after unmerge()."
EARLY = "Look at rank first, before you freeze the layer."
ALPHA = "The factor is alpha here; it is alpha / rank."
# shape of x, out_features, rank, whether there is a bias, alpha
CASES = [((2, 1, 3, 4), 5, 3, False, 2.0), ((4,), 3, 5, True, 0), ((3, 1), 2, 1, True, -2)]


@functools.cache
def layer_of(inputs, outputs, bias=True):
    """What makes a layer of these sizes."""
    text = f"nn.Linear({inputs}, {outputs}{'' if bias else ', bias=False'})"
    return Part(text, lambda: nn.Linear(inputs, outputs, bias))


def case(x, outputs, rank, bias, alpha, seed):
    """x, A, B, the weight, the bias or None, and alpha."""
    shapes = [x, (rank, x[-1]), (outputs, rank), (outputs, x[-1]), (outputs,)]
    generator = np.random.default_rng(seed)
    arrays = [np.round(generator.uniform(-3, 3, shape), 1) for shape in shapes]
    return (*arrays[:4], arrays[4] if bias else None, alpha)


class TestLoRALinear(ModuleClass):
    name = "LoRALinear"
    tensors = ("x", "lora_A", "lora_B", "linear.weight", "linear.bias")
    parameters = tensors[1:]
    frozen = tensors[3:]
    dtypes = (torch.float32, torch.float64)
    cases = [
        (
            [[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]],
            [[1.0, 0, 0], [0, 1, 1], [0, 0, 1]],
            [[1.0, 0, 2], [1, -1, 0]],
            [[1.0, 0, -1], [2, 0.5, 1]],
            [10.0, 20],
            6,
        )
    ]
    cases += [case(*one, seed) for seed, one in enumerate(CASES)]
    of_largest = {torch.float32: 1e-4, torch.float64: 1e-9}
    alone = ("x", "lora_A")
    drawn_with = [(layer_of(1000, 2), 8, 3.0)]
    refused_when_made = [
        ((layer_of(3, 2), rank, 4.0), ValueError, "A rank below 1 raises a ValueError.")
        for rank in (0, -1)
    ]
    hints = {
        "parameters": "The given layer is kept as `linear`; lora_A is a Parameter of shape"
        " (rank, in_features), lora_B one of shape (out_features, rank).",
        "frozen": "Freeze the weight and the bias of linear: `linear.requires_grad_(False)`.",
        "shape": "The last dimension of x holds the features; all others come out as they went in.",
        "dtype": "The result has the dtype of x and of the parameters.",
        "values": "linear(x) + alpha / rank * x·Aᵀ·Bᵀ.",
        "initial": "A is uniform between ±1/sqrt(in_features); B holds zeros.",
        "memory": "forward, train() and eval() write nothing: only merge() and unmerge() do.",
        "gradient": "Gradients reach A and B, and x by both terms: linear(x) is not computed under"
        " no_grad.",
    }
    sentences = {
        "test_values": "The result is linear(x) + alpha / rank * x·Aᵀ·Bᵀ.",
        "test_initial_values": "A is uniform between ±1/sqrt(in_features), and B holds zeros.",
        "test_gradients": "Gradients reach x, A and B.",
        "test_is_not_made_with": "A rank below 1 raises a ValueError.",
    }

    def made_with(self, x, a, b, weight, bias, alpha):
        return layer_of(x.shape[-1], len(b), bias is not None), len(a), alpha

    def initial(self, linear, rank, alpha):
        bound = linear().in_features ** -0.5
        return {"lora_B": Constant(0.0), "lora_A": Uniform(bound)}

    def truth(self, x, a, b, weight, bias, alpha, factor=None):
        factor = alpha / len(a) if factor is None else factor
        changed = weight + factor * b @ a
        return (x[..., None, :] * changed).sum(-1) + (0 if bias is None else bias)

    def gradient(self, weights, x, a, b, weight, bias, alpha):
        factor, g, rows = alpha / len(a), weights.reshape(-1, len(b)), x.reshape(-1, x.shape[-1])
        of_a, of_b = factor * (g @ b).T @ rows, factor * g.T @ (rows @ a.T)
        return [weights @ (weight + factor * b @ a), of_a, of_b, None, None]

    def others(self, x, a, b, weight, bias, alpha):
        given = x, a, b, weight, bias, alpha
        found = {hint: self.truth(*given, factor) for hint, factor in self.factors(a, alpha)}
        found["This is linear(x) alone."] = self.truth(*given, 0.0)
        found["This is the change alone: linear(x) is missing."] = self.truth(
            x, a, b, 0 * weight, None, alpha
        )
        found["The bias of linear is missing."] = self.truth(x, a, b, weight, None, alpha)
        return found

    def factors(self, a, alpha):
        """Factors that a change may have by mistake, each with its hint."""
        rank = len(a)
        return [
            (ALPHA, alpha),
            ("The factor is alpha / sqrt(rank) here; it is alpha / rank.", alpha / rank**0.5),
            ("The change has no factor here; it is alpha / rank.", 1.0),
            ("The factor is 1 / rank here; it is alpha / rank.", 1 / rank),
            ("The change is added twice here.", 2 * alpha / rank),
            ("The change is subtracted here.", -alpha / rank),
        ]

    # ---------------------------------------------------------------- what is made

    @aspect("dtype")
    def test_has_the_dtype_of_linear(self, solution):
        """A and B have the dtype of linear, and so has the result."""
        for dtype in (torch.float64, torch.float32):
            layer = solution.LoRALinear(layer_of(3, 2)().to(dtype), 4, 2.0)
            for name in ("lora_A", "lora_B"):
                expect_dtype(self.held(layer, name), dtype, LIKE, name)
            expect_dtype(layer(torch.ones(3, dtype=dtype)), dtype, LIKE)

    @aspect("device")
    def test_lies_where_linear_lies(self, solution, device):
        """A and B lie on the device of linear."""
        layer = solution.LoRALinear(layer_of(3, 2)().to(device), 4, 2.0)
        for name in ("lora_A", "lora_B"):
            expect_device(self.held(layer, name), device, LIKE, name)

    @aspect("structure")
    def test_keeps_linear_itself(self, solution):
        """The attribute linear is the given layer, whose Parameters stay what they are."""
        linear = layer_of(3, 2)()
        with module_untouched(linear, ITSELF, ("requires_grad", "modes")):
            layer = solution.LoRALinear(linear, 4, 2.0)
        expect(layer.linear is linear, "has a linear that is not the layer it was given.", ITSELF)

    @aspect("errors")
    def test_changes_nothing_if_it_raises(self, solution):
        """A rank below 1 leaves the layer as it is: nothing is frozen."""
        linear = layer_of(3, 2)()
        with module_untouched(linear, EARLY):
            expect_raises(ValueError, functools.partial(solution.LoRALinear, linear, 0, 2.0), EARLY)

    # ---------------------------------------------------------------- merging

    @property
    def rows(self):
        """The first cases, in both dtypes."""
        return [Row(self, self.cases[n], dtype) for n, dtype in enumerate(self.dtypes)]

    def follow(self, solution, row, *steps):
        """Return a layer with the numbers of a row after these steps; each of them is judged."""
        layer = self.new(solution, self.made_with(*row.arrays), row).to(row.dtype)
        self.write(layer, row)
        merged, text = False, self.name
        for step in steps:
            solution.last_call, solution.hint = f"{text}.{step}()", IN_PLACE
            text = solution.last_call
            getattr(layer, step)()
            merged = {"merge": True, "unmerge": False}.get(step, merged)
            self.expect_held(layer, row, merged)
        return layer

    def expect_held(self, layer, row, merged):
        """Fail unless the weight holds the change or not, and the layer computes the same."""
        _, a, b, weight, _, alpha = row.arrays
        got, change = layer.linear.weight.detach(), b @ a
        right = torch.tensor(weight + merged * alpha / len(a) * change, dtype=row.dtype)
        limit, hint = self.limits(right)[1], ADDS
        if got.shape == right.shape and not torch.allclose(got.cpu(), right, 0, limit):
            known = {"The weight is as it was: nothing is added.": weight}
            still = "The weight still holds the change: unmerge() subtracts it, and keeps A and B."
            known[still] = weight + alpha / len(a) * change
            known |= {hint: weight + factor * change for hint, factor in self.factors(a, alpha)}
            hint = first_known(known, got.cpu(), right) or ADDS
        expect_values(got, right, hint, "linear.weight", rtol=0, atol=limit)
        found = getattr(layer, "merged", None)
        expect(found is merged, f"leaves merged = {found!r}; expected {merged}.", FLAG)
        x, limit = row.templates[0].copy(device_of(got).type)[0], self.limits(row.expected)[1]
        hint = ONCE if merged else self.hints["values"]
        expect_values(layer(x), row.expected, hint, "the output then", rtol=0, atol=limit)

    @aspect("values")
    def test_merges(self, solution):
        """merge() adds alpha / rank * B·A to the weight, once; the output stays the same."""
        for row in self.rows:
            self.follow(solution, row, "merge", "merge")

    @aspect("values")
    def test_unmerges(self, solution):
        """unmerge() takes the change out of the weight, once; then A and B may train further."""
        for row in self.rows:
            with torch.no_grad():
                layer = self.follow(solution, row, "unmerge", "merge", "unmerge", "unmerge")
            x, a, b, *rest = row.arrays
            later = Row(self, (x, a[:, ::-1] + 1, -b, *rest), row.dtype)
            self.write(layer, later)
            solution.last_call, solution.hint = "merge() with new A and B", IN_PLACE
            layer.merge()
            self.expect_held(layer, later, True)

    @aspect("values")
    def test_modes_merge_nothing(self, solution):
        """train() and eval() neither merge nor unmerge."""
        self.follow(solution, self.rows[0], "eval", "merge", "train", "eval")

    @aspect("values")
    def test_begins_as_linear(self, solution):
        """A new layer computes what linear computes."""
        linear, x = layer_of(3, 2)(), torch.tensor([1.0, 2.0, 4.0])
        expected = linear(x).detach()
        got = solution.LoRALinear(linear, 3, 6)(x)
        expect_values(got, expected, self.hints["initial"], rtol=1e-4, atol=1e-4)

    @aspect("memory")
    def test_merges_in_place(self, solution):
        """merge() and unmerge() write into the weight that is there, and change nothing else."""
        layer = self.follow(solution, self.rows[0])
        for one in (layer.lora_A, layer.lora_B):
            one.grad = torch.ones_like(one)
        watch = functools.partial(module_untouched, layer, IN_PLACE, {"values": ["linear.weight"]})
        for step in ("merge", "unmerge"):
            solution.last_call, solution.hint = f"{step}()", IN_PLACE
            with watch(), settings_watched(solution) as found:
                getattr(layer, step)()
            expect(not found.text, found.text, IN_PLACE)
            is_leaf = layer.linear.weight.is_leaf
            expect(is_leaf, "makes linear.weight a part of autograd's graph.", IN_PLACE)

    @aspect("structure")
    def test_is_copied_as_it_is(self, solution, device):
        """A copy of a merged layer is merged, and by itself; moved, it is merged still."""
        row = self.rows[0]
        layer = self.follow(solution, row, "merge")
        twin = copy.deepcopy(layer).to(device)
        solution.last_call = "a deepcopy of a merged layer"
        self.expect_held(twin, row, True)
        for step, merged in (("unmerge", False), ("merge", True), ("unmerge", False)):
            solution.hint = IN_PLACE
            getattr(twin, step)()
            solution.last_call = f"{step}() of the deepcopy of a merged layer"
            self.expect_held(twin, row, merged)
        solution.last_call = "a merged layer, after its copy was unmerged,"
        self.expect_held(layer, row, True)
