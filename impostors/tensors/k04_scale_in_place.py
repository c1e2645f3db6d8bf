"""Wrong and right answers to tensors/k04_scale_in_place."""

import itertools
import operator

import torch

from dojo.impostors import alternative, impostor


def check(x, s):
    if isinstance(s, float) and not x.is_floating_point():
        raise RuntimeError("result type Float can't be cast to an integer dtype")


@impostor(
    "scale_",
    diagnosis="x * s makes a new tensor, also if it is called x; the old x keeps its values.",
    aspect="memory",
)
def makes_a_new_tensor(x, s):
    x = x * s
    return x


@impostor("scale_", diagnosis="x is scaled, but the function returns nothing.", aspect="type")
def returns_nothing(x, s):
    x *= s


@impostor("scale_", diagnosis="x is scaled, but a copy of it is returned.", aspect="type")
def returns_a_copy(x, s):
    x *= s
    return x.clone()


@impostor("scale_", diagnosis="A view of x is returned, which is not x itself.", aspect="type")
def returns_a_view(x, s):
    return x[...].mul_(s)


@impostor(
    "scale_",
    diagnosis="x.data = … gives x other memory, and another dtype if need be.",
    aspect="memory",
)
def replaces_the_data(x, s):
    x.data = x * s
    return x


@impostor(
    "scale_",
    diagnosis="Copied or assigned into integers, floats lose what follows the point, unnoticed.",
    aspect="errors",
)
def copies_the_product(x, s):
    return x.copy_(x * s)


@impostor(
    "scale_",
    diagnosis="int(s) makes another number of s, where a float must be refused.",
    aspect="errors",
)
def cuts_the_number(x, s):
    return x.mul_(s if x.is_floating_point() else int(s))


@impostor(
    "scale_",
    diagnosis="A whole float like 2.0 is taken for an integer; torch goes by its type.",
    aspect="errors",
)
def takes_whole_floats(x, s):
    return x.mul_(int(s) if s == s // 1 else s)


@impostor(
    "scale_",
    diagnosis="The error comes too late, when x has changed already.",
    aspect="errors",
)
def refuses_too_late(x, s):
    x.copy_(x * s)
    check(x, s)
    return x


@impostor("scale_", diagnosis="The error is a TypeError, not a RuntimeError.", aspect="errors")
def raises_another_error(x, s):
    if isinstance(s, float) and not x.is_floating_point():
        raise TypeError("s must be an int")
    return x.mul_(s)


@impostor(
    "scale_",
    diagnosis="reshape(-1) copies an x that does not lie in its order, and the copy is scaled.",
    aspect="memory",
)
def flattens_first(x, s):
    x.reshape(-1).mul_(s)
    return x


@impostor(
    "scale_",
    diagnosis="As float32, float64 and large integers lose their last digits.",
    aspect="values",
)
def goes_through_float32(x, s):
    check(x, s)
    return x.copy_(x.float() * s)


@impostor(
    "scale_",
    diagnosis="Times 1.0 changes nothing, but a float for integers must be refused all the same.",
    aspect="errors",
)
def skips_a_one(x, s):
    return x if s == 1 else x.mul_(s)


@impostor(
    "scale_",
    diagnosis="Times 0 is not always 0: inf and NaN give NaN, and 0.0 is a float, to be refused.",
    aspect="values",
)
def writes_zeros_for_a_zero(x, s):
    return x.zero_() if s == 0 else x.mul_(s)


@impostor(
    "scale_",
    diagnosis="An empty x returns before the dtypes are looked at.",
    aspect="errors",
)
def skips_an_empty_x(x, s):
    return x if x.numel() == 0 else x.mul_(s)


@impostor(
    "scale_",
    diagnosis="float16 and bfloat16 pass through each other, which loses digits or overflows.",
    aspect="values",
)
def goes_through_the_other_half(x, s):
    others = {torch.float16: torch.bfloat16, torch.bfloat16: torch.float16}
    return x.copy_(x.to(others[x.dtype]) * s) if x.dtype in others else x.mul_(s)


@impostor(
    "scale_",
    diagnosis="nan_to_num_ takes inf and NaN away, where they stay what they are.",
    aspect="values",
)
def cleans_up(x, s):
    return x.mul_(s).nan_to_num_() if x.is_floating_point() else x.mul_(s)


@impostor(
    "scale_",
    diagnosis="All of the memory from x's first element to its last is scaled, gaps included.",
    aspect="memory",
)
def scales_the_gaps_too(x, s):
    check(x, s)
    pairs = zip(x.shape, x.stride(), strict=True)
    reach = 1 + sum((size - 1) * stride for size, stride in pairs) if x.numel() else 0
    x.as_strided((reach,), (1,), x.storage_offset()).mul_(s)
    return x


@alternative("scale_")
def augmented_assignment(x, s):
    x *= s
    return x


@alternative("scale_")
def by_the_operator(x, s):
    return operator.imul(x, s)


@alternative("scale_")
def writes_to_out(x, s):
    return torch.mul(x, s, out=x)


@alternative("scale_")
def checks_and_assigns(x, s):
    check(x, s)
    x[...] = x * s
    return x


@alternative("scale_")
def asks_for_the_result_type(x, s):
    if torch.result_type(x, s) != x.dtype:
        raise RuntimeError("the product has another dtype than x")
    return x.copy_(x * s)


@alternative("scale_")
def element_by_element(x, s):
    check(x, s)
    for index in itertools.product(*map(range, x.shape)):
        x[index] = x[index].item() * s
    return x


@alternative("scale_")
def through_data(x, s):
    torch._foreach_mul_([x.data], s)
    return x


@alternative("scale_")
def asks_whether_it_can_cast(x, s):
    result = x * s
    if not torch.can_cast(result.dtype, x.dtype):
        raise RuntimeError("floats do not fit")
    x[()] = result
    return x


@alternative("scale_")
def by_way_of_the_widest(x, s):
    check(x, s)
    wide = x.double() if x.is_floating_point() else x.long()
    x.data.copy_(wide * s)
    return x


@alternative("scale_")
def by_a_tensor_of_one_number(x, s):
    check(x, s)
    return x.mul_(torch.tensor(s, dtype=x.dtype))


@alternative("scale_")
def row_by_row(x, s):
    def scale_rows(part):
        for row in part.unbind(0) if part.dim() else ():
            scale_rows(row)
        if part.dim() == 0:
            part.mul_(s)

    check(x, s)
    scale_rows(x)
    return x
