"""A class of modules is asked few rows on the GPU and in traces: one for each kind of call."""

import numpy as np
import torch

from dojo.checks.laws import ModuleClass

WEIGHT = np.ones((3, 3))


class Masked(ModuleClass):
    """x * W where a mask is true; the mask is missing in some cases."""

    name = "Masked"
    tensors = ("x", "mask", "weight")
    parameters = ("weight",)
    fixed = {"mask": torch.bool}
    dtypes = (torch.float32, torch.float64)
    cases = [
        (np.ones((2, 3)), None, WEIGHT, 1, True),
        (np.ones((4, 3)), np.ones((4, 3)) > 0, WEIGHT, 1, True),
        (np.ones((2, 3)), None, WEIGHT, 2, True),
        (np.ones((2, 3)), None, WEIGHT, 1, False),
    ]

    def made_with(self, x, mask, weight, times, is_kept):
        return times, is_kept

    def truth(self, x, mask, weight, times, is_kept):
        found = times * (x @ weight)
        return found if mask is None else found * mask


CONTRACT = Masked()


def kinds(rows):
    return {(row.case[1] is None, row.case[-1]) for row in rows}


def test_the_gpu_is_asked_each_dtype_and_each_kind_of_call_and_not_each_number():
    rows = CONTRACT.thin
    assert {row.dtype for row in rows} == set(CONTRACT.dtypes)
    assert kinds(rows) == kinds(CONTRACT.plain)
    assert [row.case[-2] for row in rows].count(2) < len(rows)
    assert len(rows) == len(kinds(CONTRACT.plain))


def test_operations_are_traced_in_each_dtype_and_each_kind_of_call():
    rows = CONTRACT.traced_rows
    assert {row.dtype for row in rows} == set(CONTRACT.dtypes)
    assert kinds(rows) == kinds(CONTRACT.plain)
    assert len(rows) < len(CONTRACT.tracked_rows)
