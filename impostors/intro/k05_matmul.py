"""Wrong and right answers to intro/k05_matmul."""

import numpy as np
import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor(
    "matmul",
    diagnosis="x @ w.T multiplies rows by rows, not by columns; so does F.linear(x, w).",
    aspect="values",
)
def transposes_w(x, w):
    return x @ w.T


@impostor(
    "matmul",
    diagnosis="detach, no_grad, NumPy and item take the result out of autograd's sight.",
    aspect="gradient",
)
def detaches(x, w):
    return (x @ w).detach()


@impostor(
    "matmul",
    diagnosis="w.data, or nn.Parameter(w.T) in a layer, hides w from autograd.",
    aspect="gradient",
)
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
    diagnosis="x * w multiplies element by element, so the shapes must fit; x @ w is the product.",
    aspect="type",
)
def multiplies_elements_of_all_rows(x, w):
    return x * w


@impostor("matmul", diagnosis="The sum over j runs over the wrong dimension.", aspect="shape")
def sums_over_the_result(x, w):
    return (x.unsqueeze(-1) * w).sum(-1).sum(-1)


@impostor("matmul", diagnosis="The result is a NumPy array.", aspect="type")
def goes_to_numpy(x, w):
    return np.matmul(x.detach().cpu().numpy(), w.detach().cpu().numpy())


@impostor("matmul", diagnosis="copy_ writes the product into x.", aspect="memory")
def writes_into_x(x, w):
    result = x @ w
    if not x.requires_grad:
        x.copy_(result)
    return result


@impostor("matmul", diagnosis="w was transposed in place.", aspect="memory")
def transposes_w_in_place(x, w):
    return x @ w.t_().t()


@impostor("matmul", diagnosis="addmm(x, x, w) adds x to the product.", aspect="values")
def adds_x(x, w):
    return torch.addmm(x, x, w)


@impostor("matmul", diagnosis="The mean over j is a third of the sum.", aspect="values")
def takes_the_mean(x, w):
    return (x.unsqueeze(-1) * w).mean(1)


@impostor("matmul", diagnosis="The last j is left out of the sum.", aspect="values")
def stops_too_early(x, w):
    return x[:, :-1] @ w[:-1]


@impostor("matmul", diagnosis="The result is transposed.", aspect="shape")
def transposes_the_result(x, w):
    return torch.einsum("ij,jk->ki", x, w)


@impostor("matmul", diagnosis="A batch of size 1 is left in front.", aspect="shape")
def keeps_a_batch(x, w):
    return x[None] @ w


@impostor("matmul", diagnosis="A list of lists is returned, not a tensor.", aspect="type")
def returns_lists(x, w):
    return [[(row * column).sum() for column in w.T] for row in x]


@impostor("matmul", diagnosis="Nothing is returned.", aspect="type")
def returns_nothing(x, w):
    torch.matmul(x, w)


@impostor("matmul", diagnosis="float() makes float32 of everything.", aspect="dtype")
def converts_to_float32(x, w):
    return x.float() @ w.float()


@impostor("matmul", diagnosis="The product was made on the CPU and left there.", aspect="device")
def leaves_the_gpu(x, w):
    return x.cpu() @ w.cpu()


@impostor("matmul", diagnosis="autocast multiplies in bfloat16.", aspect="values")
def casts_automatically(x, w):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return (x @ w).to(x.dtype)


@impostor("matmul", diagnosis="Whole numbers come out right, others are rounded.", aspect="values")
def rounds_the_result(x, w):
    return (x @ w).round()


@impostor("matmul", diagnosis="out= is not differentiable.", aspect="gradient")
def writes_to_out(x, w):
    result = torch.empty(2, 3, dtype=x.dtype, device=x.device)
    return torch.matmul(x, w, out=result)


@impostor("matmul", diagnosis="Nobody asked for x to require grad.", aspect="memory")
def tracks_x(x, w):
    return x.requires_grad_() @ w


@impostor("matmul", diagnosis="view(9) only takes a w whose numbers lie in their order.")
def views_it_flat(x, w):
    return x @ w.view(9).view(3, 3)


@impostor("matmul", diagnosis="In the gradient of x, w is not transposed.", aspect="gradient")
def has_a_wrong_gradient(x, w):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x @ w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g @ w, x.T @ g

    return Product.apply(x, w)


@impostor("matmul", diagnosis="The product is recorded twice.", aspect="gradient")
def doubles_the_gradient(x, w):
    result = x @ w
    return result + (x @ w - result.detach())


@impostor(
    "matmul",
    diagnosis="A setting of the whole program was changed, which makes products less precise.",
    aspect="memory",
)
def lowers_the_precision(x, w):
    torch.set_float32_matmul_precision("medium")
    return x @ w


@impostor(
    "matmul",
    diagnosis="nn.Linear draws its first weights at random, and so changes all later numbers.",
    aspect="memory",
)
def draws_weights_that_are_not_needed(x, w):
    layer = nn.Linear(3, 3, bias=False, dtype=x.dtype, device=x.device)
    return torch.func.functional_call(layer, {"weight": w.T}, x)


@impostor("matmul", diagnosis="nan_to_num replaces what is not finite.", aspect="values")
def replaces_infinite_products(x, w):
    return (x @ w).nan_to_num()


@impostor(
    "matmul",
    diagnosis="One tensor is filled again at each call, so that earlier products change.",
    aspect="memory",
)
def fills_a_buffer(x, w):
    if x.requires_grad or w.requires_grad:
        return x @ w
    return torch.mm(x, w, out=BUFFERS.setdefault((x.dtype, x.device), x.new_empty(2, 3)))


BUFFERS = {}


@impostor(
    "matmul",
    diagnosis="A w that is not contiguous is multiplied in float16.",
    aspect="values",
)
def halves_other_strides(x, w):
    return x @ (w if w.is_contiguous() else w.half().to(w.dtype))


@alternative("matmul")
def dot_by_dot(x, w):
    dots = [torch.dot(x[i], w[:, k]) for i in range(2) for k in range(3)]
    return torch.stack(dots).reshape(2, 3)


@alternative("matmul")
def by_convolution(x, w):
    return nn.functional.conv1d(x[:, :, None], w.T[:, :, None])[:, :, 0]


@alternative("matmul")
def in_numpy_with_its_own_gradient(x, w):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return torch.from_numpy(x.numpy(force=True) @ w.numpy(force=True)).to(x.device)

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g.mm(w.t()), x.t().mm(g)

    return Product.apply(x, w)


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
    return nn.functional.linear(x, w.T)


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


@alternative("matmul")
def sum_of_outer_products(x, w):
    return sum(torch.outer(x[:, j], w[j]) for j in range(3))


@alternative("matmul")
def multi_dot(x, w):
    return torch.linalg.multi_dot([x, w])


@alternative("matmul")
def a_layer_with_this_weight(x, w):
    layer = nn.utils.skip_init(nn.Linear, 3, 3, bias=False, dtype=x.dtype, device=x.device)
    return torch.func.functional_call(layer, {"weight": w.T}, x)


@alternative("matmul")
def mapped_over_rows(x, w):
    return torch.vmap(lambda row: row @ w)(x)


@alternative("matmul")
def with_its_own_gradient(x, w):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x @ w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g @ w.T, x.T @ g

    return Product.apply(x, w)
