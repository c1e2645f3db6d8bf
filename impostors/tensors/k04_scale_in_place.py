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
