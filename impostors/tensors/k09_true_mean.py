"""Wrong and right answers to tensors/k09_true_mean."""

import math

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def result_dtype(x):
    return x.dtype if x.is_floating_point() else torch.float32


@impostor(
    "true_mean",
    diagnosis="x.mean(dim) refuses integers and bools.",
)
def leaves_it_to_mean(x, dim):
    return x.mean(dim)


@impostor(
    "true_mean",
    diagnosis="The mean is float32 whatever x is; a float keeps its dtype.",
    aspect="dtype",
)
def makes_all_float32(x, dim):
    return x.float().mean(dim)


@impostor(
    "true_mean",
    diagnosis="Integers are divided with //, which rounds the mean down.",
    aspect="values",
)
def divides_integers(x, dim):
    if x.is_floating_point():
        return x.mean(dim)
    n = x.shape[dim]
    return (x.long().sum(dim) // n).float()


@impostor(
    "true_mean",
    diagnosis="The sum is taken in x's own dtype, where it overflows.",
    aspect="values",
)
def sums_in_its_own_dtype(x, dim):
    n = x.shape[dim]
    return (x.sum(dim, dtype=x.dtype) / n).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="sum gives the floats' own dtype, and float16 overflows above 65504.",
    aspect="values",
)
def sums_halves(x, dim):
    n = x.shape[dim]
    total = x.sum(dim) if x.is_floating_point() else x.double().sum(dim)
    return (total / n).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="Integers are summed as int64, which overflows too when they are very large.",
    aspect="values",
)
def sums_int64(x, dim):
    n = x.shape[dim]
    return x.mean(dim) if x.is_floating_point() else x.sum(dim) / n


@impostor(
    "true_mean",
    diagnosis="The mean of all elements is taken, not that along dim.",
    aspect="shape",
)
def takes_all(x, dim):
    return x.double().mean().to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="The dimension is kept with size 1.",
    aspect="shape",
)
def keeps_the_dimension(x, dim):
    return x.double().mean(dim, keepdim=True).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="The sum is divided by the number of all elements, not of those along dim.",
    aspect="values",
)
def divides_by_all(x, dim):
    return (x.double().sum(dim) / max(x.numel(), 1)).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="Integers pass through float16, which holds three digits and no more than 65504.",
    aspect="values",
)
def passes_through_half(x, dim):
    return x.mean(dim) if x.is_floating_point() else x.half().mean(dim).float()


@impostor(
    "true_mean",
    diagnosis="float64 passes through float32 and loses half of its digits.",
    aspect="values",
)
def passes_through_float32(x, dim):
    return x.float().mean(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="Integers give float64; float32 is asked for.",
    aspect="dtype",
)
def gives_float64(x, dim):
    return x.mean(dim) if x.is_floating_point() else x.double().mean(dim)


@impostor(
    "true_mean",
    diagnosis="Divided first in 16 bits, each part is rounded, and the smallest lose their digits.",
    aspect="values",
)
def divides_in_its_own_dtype(x, dim):
    n = x.shape[dim]
    return ((x if x.is_floating_point() else x.double()) / n).sum(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="In 16 bits, a running mean is rounded at each step, until no number moves it.",
    aspect="values",
)
def keeps_a_running_mean(x, dim):
    mean = torch.zeros((), dtype=result_dtype(x), device=x.device)
    for count, part in enumerate(x.unbind(dim), 1):
        mean = mean + (part.to(mean.dtype) - mean) / count
    return mean


@impostor(
    "true_mean",
    diagnosis="float16 holds at most 65504, where bfloat16 reaches as far as float32.",
    aspect="values",
)
def takes_bfloat16_for_float16(x, dim):
    wide = x.half() if x.dtype == torch.bfloat16 else x.double()
    return wide.mean(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="nanmean leaves NaN out, but the mean of NaN and others is NaN.",
    aspect="values",
)
def leaves_nan_out(x, dim):
    return x.double().nanmean(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="The list of integer dtypes leaves out uint16, uint32 and uint64.",
    aspect="dtype",
)
def lists_the_integers(x, dim):
    listed = (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool)
    return x.double().mean(dim).to(torch.float32 if x.dtype in listed else x.dtype)


@impostor(
    "true_mean",
    diagnosis="squeeze() takes every dimension of size 1 away, not dim alone.",
    aspect="shape",
)
def squeezes_all(x, dim):
    return x.double().mean(dim, keepdim=True).squeeze().to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="div_ divides the caller's own x.",
    aspect="memory",
)
def divides_x_itself(x, dim):
    if x.dtype == torch.float64:
        return x.div_(x.shape[dim]).sum(dim)
    return x.double().mean(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="Integers become float32 before they are summed: large ones lose their last digits.",
    aspect="values",
)
def rounds_integers_first(x, dim):
    if x.is_floating_point():
        return x.mean(dim)
    return torch.mean(x, dim, dtype=torch.float32)


@impostor(
    "true_mean",
    diagnosis="long() makes negative numbers of those of uint64 that int64 does not hold.",
    aspect="values",
)
def makes_int64_of_all_integers(x, dim):
    wide = x if x.is_floating_point() else x.long()
    return wide.double().mean(dim).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="var_mean takes inf from inf on its way, and gives NaN where the mean is inf.",
    aspect="values",
)
def beside_the_variance(x, dim):
    return torch.var_mean(x.double(), dim, correction=0)[1].to(result_dtype(x))


@alternative("true_mean")
def by_a_wider_dtype(x, dim):
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    wide = wide if wide.is_floating_point() else wide.double()
    return wide.mean(dim).to(result_dtype(x))


@alternative("true_mean")
def by_dtype(x, dim):
    if x.is_floating_point():
        return x.mean(dim)
    return torch.mean(x, dim, dtype=torch.float64).float()


@alternative("true_mean")
def by_a_sum(x, dim):
    n = x.shape[dim]
    return (x.sum(dim, dtype=torch.float64) / n).to(result_dtype(x))


@alternative("true_mean")
def divides_first(x, dim):
    n = x.shape[dim]
    return (x.double() / n).sum(dim).to(result_dtype(x))


@alternative("true_mean")
def by_numpy(x, dim):
    array = x.detach().cpu().double().numpy()
    return torch.as_tensor(np.mean(array, axis=dim)).to(x.device, result_dtype(x))


@alternative("true_mean")
def by_unbind(x, dim):
    parts = x.unbind(dim)
    total = torch.zeros_like(parts[0], dtype=torch.float64)
    for part in parts:
        total += part
    return total.div(len(parts)).to(result_dtype(x))


@alternative("true_mean")
def by_a_running_sum(x, dim):
    return (x.double().cumsum(dim).select(dim, -1) / x.shape[dim]).to(result_dtype(x))


@alternative("true_mean")
def by_a_product_with_ones(x, dim):
    rows = x.movedim(dim, -1).double()
    ones = rows.new_ones(rows.shape[-1])
    return torch.einsum("...i,i->...", rows, ones).div_(len(ones)).to(result_dtype(x))


@alternative("true_mean")
def number_by_number(x, dim):
    rows = x.movedim(dim, -1)
    lists = rows.reshape(-1, rows.shape[-1]).tolist()
    means = torch.tensor([math.fsum(row) / len(row) for row in lists], dtype=torch.float64)
    return means.reshape(rows.shape[:-1]).to(x.device, result_dtype(x))
