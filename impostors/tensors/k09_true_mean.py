"""Wrong and right answers to tensors/k09_true_mean."""

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
    n = x.shape[dim] if x.dim() else 1
    return (x.long().sum(dim) // n).float()


@impostor(
    "true_mean",
    diagnosis="The sum is taken in x's own dtype, where it overflows.",
    aspect="values",
)
def sums_in_its_own_dtype(x, dim):
    n = x.shape[dim] if x.dim() else 1
    return (x.sum(dim, dtype=x.dtype) / n).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="sum gives the floats' own dtype, and float16 overflows above 65504.",
    aspect="values",
)
def sums_halves(x, dim):
    n = x.shape[dim] if x.dim() else 1
    total = x.sum(dim) if x.is_floating_point() else x.double().sum(dim)
    return (total / n).to(result_dtype(x))


@impostor(
    "true_mean",
    diagnosis="Integers are summed as int64, which overflows too when they are very large.",
    aspect="values",
)
def sums_int64(x, dim):
    n = x.shape[dim] if x.dim() else 1
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


@alternative("true_mean")
def by_dtype(x, dim):
    if x.is_floating_point():
        return x.mean(dim)
    return torch.mean(x, dim, dtype=torch.float32)


@alternative("true_mean")
def by_a_sum(x, dim):
    n = 1 if x.dim() == 0 else x.shape[dim]
    return (x.sum(dim, dtype=torch.float64) / n).to(result_dtype(x))


@alternative("true_mean")
def by_float(x, dim):
    wide = x if x.dtype == torch.float64 else x.float()
    return wide.mean(dim).to(result_dtype(x))


@alternative("true_mean")
def divides_first(x, dim):
    n = 1 if x.dim() == 0 else x.shape[dim]
    return (x.double() / n).sum(dim).to(result_dtype(x))


@alternative("true_mean")
def by_numpy(x, dim):
    array = x.detach().cpu().double().numpy()
    mean = array if array.ndim == 0 else np.mean(array, axis=dim)
    return torch.as_tensor(mean).to(x.device, result_dtype(x))


@alternative("true_mean")
def by_unbind(x, dim):
    parts = [x] if x.dim() == 0 else x.unbind(dim)
    total = torch.zeros_like(parts[0], dtype=torch.float64)
    for part in parts:
        total += part
    return total.div(len(parts)).to(result_dtype(x))
