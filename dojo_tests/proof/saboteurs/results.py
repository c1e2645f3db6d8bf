"""Saboteurs that spoil what comes back: numbers, dtypes, devices."""

import functools

import numpy as np
import torch

from .kinds import (
    DTYPES,
    FLOATS,
    INTEGERS,
    any_contract,
    gives,
    result,
    saboteur,
)

# ---------------------------------------------------------------- of any function at all


@result()
def zeros(v, inputs):
    return v * 0


@result()
def input_copy(v, inputs):
    return inputs[0].detach().clone() if inputs else v


@result()
def shuffled(v, inputs):
    return v.flip(0) if v.dim() and v.shape[0] > 1 else v


@result()
def last_element(v, inputs):
    if not v.numel() or v.dtype == torch.bool:
        return v
    new = v.clone(memory_format=torch.contiguous_format)
    new.data.view(-1)[-1] += 1
    return new


@result()
def another_dtype(v, inputs):
    if v.is_complex():
        return v.to(torch.complex128)
    return v.to(torch.float32 if v.dtype == torch.float64 else torch.float64)


@result()
def relative_1e_3(v, inputs):
    if v.dtype not in FLOATS:
        return v
    return v * (1 + (1e-3 if v.dtype in (torch.float32, torch.float64) else 0.02))


@saboteur()
def none(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if function(*args, **kwargs) is not None:
            mark()

    return wrapper


@saboteur()
def other_library(function, mark):
    def swap(value):
        if isinstance(value, torch.Tensor):
            mark()
            return np.array(value.detach().tolist())
        if isinstance(value, np.ndarray):
            mark()
            return torch.as_tensor(value.copy())
        return value

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        return tuple(map(swap, value)) if type(value) is tuple else swap(value)

    return wrapper


# ---------------------------------------------------------------- numbers

NARROWER = [
    (torch.float64, torch.float32),
    (torch.float32, torch.float16),
    (torch.float32, torch.bfloat16),
    (torch.bfloat16, torch.float16),
    (torch.int64, torch.float64),
    (torch.int32, torch.float32),
]
for wide, narrow in NARROWER:

    @result(gives(wide), kind=f"{wide}_through_{narrow}".replace("torch.", ""))
    def through(v, inputs, wide=wide, narrow=narrow):
        return v.to(narrow).to(wide) if v.dtype == wide else v


def is_exact_in_16_bits(contract):
    """Whether a detour of float16 through bfloat16 must show: where it is told from rounding."""
    return gives(torch.float16)(contract) and contract.limit(torch.float16) < 4 * 2**-10


@result(is_exact_in_16_bits)
def float16_through_bfloat16(v, inputs):
    return v.to(torch.bfloat16).to(torch.float16) if v.dtype == torch.float16 else v


@result(gives(torch.complex64))
def complex_loses_its_imaginary_part(v, inputs):
    return v.real.to(v.dtype) if v.is_complex() else v


def is_precise_near_0(contract):
    """Whether a result near 0 has to be as precise, for its size, as any other."""
    return not contract.ulps or (not contract.absolute and contract.limit(torch.float64) < 1e-12)


@result(is_precise_near_0)
def floor_of_1e_11(v, inputs):
    return torch.where(v.abs() < 1e-11, torch.full_like(v, 1e-11), v) if v.dtype in FLOATS else v


@result(gives(torch.float32, torch.float64))
def relative_1e_5(v, inputs):
    if v.dtype not in (torch.float32, torch.float64):
        return v
    return v * (1 + (1e-5 if v.dtype == torch.float32 else 1e-8))


for dtype in DTYPES:

    @result(gives(dtype), kind=f"wrong_in_{dtype}".replace("torch.", ""), must_show=True)
    def wrong(v, inputs, dtype=dtype):
        if v.dtype != dtype or not v.numel():
            return v
        return ~v if dtype == torch.bool else v + v + 1  # of large numbers, 1 is nothing


@result(any_contract)
def nan_becomes_0(v, inputs):
    infinity = float("inf")
    return torch.nan_to_num(v, 0.0, infinity, -infinity) if v.dtype in FLOATS else v


@result(any_contract)
def inf_becomes_the_largest(v, inputs):
    return torch.nan_to_num(v, float("nan")) if v.dtype in FLOATS else v


@result(any_contract)
def inf_becomes_nan(v, inputs):
    if v.dtype not in FLOATS:
        return v
    return torch.where(v.isinf(), torch.full_like(v, float("nan")), v)


@result(any_contract)
def wrong_0d(v, inputs):
    is_0d = v.dim() == 0 and inputs and inputs[0].dim() == 0
    return v + 1 if is_0d and v.dtype != torch.bool else v


@result(any_contract)
def wrong_size_1(v, inputs):
    is_one = any(x.numel() == 1 and x.dim() for x in inputs)
    return v + 1 if is_one and v.numel() and v.dtype != torch.bool else v


@result(any_contract)
def squeezes(v, inputs):
    return v.squeeze() if 1 in v.shape else v


@result(any_contract)
def integers_become_int64(v, inputs):
    return v.long() if v.dtype in INTEGERS else v


@result(any_contract)
def integers_become_floats(v, inputs):
    return v.float() if v.dtype in INTEGERS else v


@result(gives(torch.bool))
def bools_become_uint8(v, inputs):
    return v.to(torch.uint8) if v.dtype == torch.bool else v


for dtype in (torch.float16, torch.bfloat16, torch.float64):

    @result(gives(dtype), kind=f"{dtype}_becomes_float32".replace("torch.", ""), must_show=True)
    def becomes_float32(v, inputs, dtype=dtype):
        return v.float() if v.dtype == dtype else v


# ---------------------------------------------------------------- devices


@result(lambda contract: not contract.written)
def returns_cpu(v, inputs):
    return v.cpu() if v.device.type != "cpu" and not any(v is x for x in inputs) else v


@result(lambda contract: not contract.written)
def takes_any_gpu(v, inputs):
    is_here = v.device.type == "cpu" and torch.cuda.is_available()
    return v.cuda() if is_here and not any(v is x for x in inputs) else v


@result(lambda contract: contract.wild and not contract.written)
def returns_cpu_beside_inf(v, inputs):
    is_wild = v.is_floating_point() and not v.isfinite().all()
    return v.cpu() if is_wild and v.device.type != "cpu" else v
