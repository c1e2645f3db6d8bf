"""What a module is made with and called with: other modules, numbers, tensors that are left out."""

import runpy
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dojo.checks.draws import Constant
from dojo.checks.laws import ModuleClass
from dojo.checks.laws.module_calls import Part

shared = runpy.run_path(str(Path(__file__).with_name("linear_module.py")))
numbers = shared["numbers"]
Scale = shared["Scale"]


class Around(nn.Module):
    """A module around another one."""

    def __init__(self, module, factor):
        super().__init__()
        self.module, self.factor = module, factor

    def forward(self, x):
        return self.module(x) * self.factor


class AroundContract(ModuleClass):
    """What is made with a module: a new one for each."""

    name = "Around"
    tensors = ("x", "module.weight")
    parameters = ("module.weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(2, 3), numbers(2, 3, seed=1), 2.0), (numbers(4, 3), None, -1.0)]
    drawn_with = [(Part("Scale(60)", lambda: Scale(60)), 2.0)]
    PARTS = (Part("nn.Linear(3, 2)", lambda: nn.Linear(3, 2, bias=False)), Part("Tanh()", nn.Tanh))

    def made_with(self, x, weight, factor):
        return self.PARTS[weight is None], factor

    def truth(self, x, weight, factor):
        return (np.tanh(x) if weight is None else x @ weight.T) * factor

    def initial(self, part, factor):
        return {"module.weight": Constant(1.0)}


def test_a_class_may_be_made_with_a_module(red_of, device):
    class ForgetsTheFactor(Around):
        def forward(self, x):
            return self.module(x)

    assert not red_of(AroundContract, Around, device)
    error = red_of(AroundContract, ForgetsTheFactor, device, ["test_values"])["test_values"]
    assert "module.weight is [[" in error.hint


def test_a_call_shows_how_the_part_is_made(answer_of):
    contract = AroundContract()
    record = next(contract.records(answer_of(AroundContract, Around), "cpu", contract.plain))
    assert str(record.call).startswith("Around(nn.Linear(3, 2), 2.0)(")


class Table(nn.Module):
    """What is called with two sizes, and with no tensor: the corner of a weight."""

    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(rows, columns))

    def forward(self, rows, columns):
        return self.weight[:rows, :columns] * 2


class TableContract(ModuleClass):
    name = "Table"
    tensors = parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(numbers(3, 4), 2, 3), (numbers(3, 4, seed=1), 3, 1), (numbers(2, 5), 1, 5)]

    def made_with(self, weight, rows, columns):
        return weight.shape

    def called_with(self, weight, rows, columns):
        return rows, columns

    def truth(self, weight, rows, columns):
        return weight[:rows, :columns] * 2


def test_a_module_may_be_called_with_numbers(red_of, answer_of, device):
    class Swapped(Table):
        def forward(self, rows, columns):
            return super().forward(columns, rows)

    assert not red_of(TableContract, Table, device)
    assert "test_has_the_shape" in red_of(TableContract, Swapped, device, ["test_has_the_shape"])
    contract = TableContract()
    record = next(contract.records(answer_of(TableContract, Table), device, contract.plain))
    assert str(record.call) == "Table(3, 4)(2, 3)"


class ShiftContract(ModuleClass):
    """x·w, plus a tensor that may be left out."""

    name = "Shift"
    tensors = ("x", "shift", "weight")
    parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [
        (numbers(2, 3), numbers(3, seed=1), numbers(3, seed=2)),
        (numbers(2, 3, seed=3), None, numbers(3, seed=2)),
    ]

    def made_with(self, x, shift, weight):
        return (len(weight),)

    def truth(self, x, shift, weight):
        return x * weight + (0 if shift is None else shift)


class Shift(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))

    def forward(self, x, shift=None):
        return x * self.weight if shift is None else x * self.weight + shift


class ShiftsByZero(Shift):
    def forward(self, x, shift=0.0):
        return x * self.weight + shift


class ShiftsAlways(Shift):
    def forward(self, x, shift):
        return super().forward(x, shift)


def test_a_tensor_may_be_left_out_or_none(red_of):
    assert not red_of(ShiftContract, Shift)
    assert "NoneType" in str(red_of(ShiftContract, ShiftsByZero)["test_values"])
    assert "test_values" in red_of(ShiftContract, ShiftsAlways)
