"""Wrong and right answers to intro/k05_matmul."""

import numpy as np
import torch
from torch.nn import functional as F

from dojo.impostors import alternative, impostor


@impostor("matmul", diagnosis="x @ w.T multiplies rows by rows, not by columns.", aspect="values")
def transposes_w(x, w):
    return x @ w.T


@impostor("matmul", diagnosis="F.linear(x, w) computes x @ w.T.", aspect="values")
def applies_a_linear_layer(x, w):
    return F.linear(x, w)


@impostor("matmul", diagnosis="The result is detached.", aspect="gradient")
def detaches(x, w):
    return (x @ w).detach()


@impostor("matmul", diagnosis="Under no_grad nothing is recorded.", aspect="gradient")
@torch.no_grad()
def records_nothing(x, w):
    return x @ w


@impostor("matmul", diagnosis="w.data hides w from autograd.", aspect="gradient")
def hides_w(x, w):
    return x @ w.data


@impostor("matmul", diagnosis="x.detach() hides x from autograd.", aspect="gradient")
def hides_x(x, w):
    return x.detach() @ w


@impostor("matmul", diagnosis="float64 input is rounded to float32.", aspect="values")
def rounds_to_float32(x, w):
    return (x.float() @ w.float()).to(x.dtype)


@impostor("matmul", diagnosis="float32 input comes back as float64.", aspect="dtype")
def stays_in_float64(x, w):
    return x.double() @ w.double()


@impostor("matmul", diagnosis="bfloat16 has only about 3 decimal digits.", aspect="values")
def rounds_to_bfloat16(x, w):
    return (x.bfloat16() @ w.bfloat16()).to(x.dtype)


@impostor("matmul", diagnosis="float16 overflows beyond 65504.", aspect="values")
def rounds_to_float16(x, w):
    return (x.half() @ w.half()).to(x.dtype)


@impostor("matmul", diagnosis="* multiplies element by element.", aspect="values")
def multiplies_elements(x, w):
    return x * w[:2]


@impostor(
    "matmul",
    diagnosis="Element by element and summed along rows: one row of w meets each.",
    aspect="values",
)
def broadcasts_wrongly(x, w):
    return (x.unsqueeze(1) * w).sum(-1)


@impostor("matmul", diagnosis="The sum over j runs over the wrong dimension.", aspect="shape")
def sums_over_the_result(x, w):
    return (x.unsqueeze(-1) * w).sum(-1).sum(-1)


@impostor("matmul", diagnosis="The result is a NumPy array.", aspect="type")
def goes_to_numpy(x, w):
    return np.matmul(x.detach().cpu().numpy(), w.detach().cpu().numpy())


@impostor("matmul", diagnosis="torch.tensor of NumPy's result is cut off.", aspect="gradient")
def comes_back_from_numpy(x, w):
    result = x.detach().cpu().numpy() @ w.detach().cpu().numpy()
    return torch.tensor(result, device=x.device)


@impostor("matmul", diagnosis="copy_ writes the product into x.", aspect="memory")
def writes_into_x(x, w):
    result = x @ w
    if not x.requires_grad:
        x.copy_(result)
    return result


@impostor("matmul", diagnosis="w was transposed in place.", aspect="memory")
def transposes_w_in_place(x, w):
    return x @ w.t_().t()


@impostor("matmul", diagnosis="item() and torch.tensor cut the graph.", aspect="gradient")
def loops_over_items(x, w):
    rows = [
        [sum(x[i, j].item() * w[j, k].item() for j in range(3)) for k in range(3)] for i in range(2)
    ]
    return torch.tensor(rows, dtype=x.dtype, device=x.device)


@impostor("matmul", diagnosis="The order of the factors is w, x.", aspect="values")
def swaps_the_factors(x, w):
    return (w @ x.T).T


@alternative("matmul")
def torch_matmul(x, w):
    return torch.matmul(x, w)


@alternative("matmul")
def einsum(x, w):
    return torch.einsum("ij,jk->ik", x, w)


@alternative("matmul")
def broadcast_and_sum(x, w):
    return (x.unsqueeze(-1) * w).sum(1)


@alternative("matmul")
def linear_with_the_transpose(x, w):
    return F.linear(x, w.T)


@alternative("matmul")
def method_mm(x, w):
    return x.mm(w)


@alternative("matmul")
def transposed_twice(x, w):
    return (w.T @ x.T).T


@alternative("matmul")
def by_rows(x, w):
    return torch.stack([w.T.mv(row) for row in x])


@alternative("matmul")
def tensordot(x, w):
    return torch.tensordot(x, w, dims=1)


@alternative("matmul")
def batched(x, w):
    return torch.bmm(x[None], w[None]).squeeze(0)


@alternative("matmul")
def in_double_and_back(x, w):
    return (x.double() @ w.double()).to(x.dtype)


@alternative("matmul")
def element_by_element(x, w):
    result = torch.zeros(2, 3, dtype=x.dtype, device=x.device)
    for i in range(2):
        for k in range(3):
            for j in range(3):
                result[i, k] = result[i, k] + x[i, j] * w[j, k]
    return result
