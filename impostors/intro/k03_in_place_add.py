"""Wrong and right answers to intro/k03_in_place_add."""

import operator

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "add_",
    diagnosis="x1 + x2 makes a new tensor; x1 still holds its old values. Use an in-place operation.",
    aspect="memory",
)
def returns_a_new_tensor(x1, x2):
    return x1 + x2


@impostor(
    "add_",
    diagnosis="z = x1 + x2 is a new tensor; adding 1 to it in place changes z, not x1.",
    aspect="values",
)
def adds_one_to_a_new_tensor(x1, x2):
    z = x1 + x2
    z += 1
    return z


@impostor(
    "add_",
    diagnosis="x1.data = … gives x1 other memory and hides the addition from autograd.",
    aspect="gradient",
)
def replaces_the_data(x1, x2):
    x1.data = x1 + x2
    return x1


@impostor(
    "add_",
    diagnosis="x1.data.add_ writes into x1's memory, but autograd does not see it.",
    aspect="gradient",
)
def adds_to_data(x1, x2):
    x1.data.add_(x2)
    return x1


@impostor(
    "add_",
    diagnosis="Under no_grad the addition is not recorded: no gradient reaches x2.",
    aspect="gradient",
)
def adds_without_grad(x1, x2):
    with torch.no_grad():
        x1.add_(x2)
    return x1


@impostor(
    "add_",
    diagnosis="x1 = x1 + x2 only gives the local name x1 to a new tensor.",
    aspect="values",
)
def rebinds_the_name(x1, x2):
    x1 = x1 + x2
    return x1


@impostor("add_", diagnosis="The sum is in x1, but the function returns nothing.", aspect="type")
def returns_nothing(x1, x2):
    x1.add_(x2)


@impostor(
    "add_",
    diagnosis="x1.clone() is a new tensor: the sum is written into the clone.",
    aspect="memory",
)
def adds_to_a_clone(x1, x2):
    return x1.clone().add_(x2)


@impostor("add_", diagnosis="The sum went into x2; x1 is the one to change.", aspect="values")
def writes_into_x2(x1, x2):
    return x2.add_(x1)


@impostor("add_", diagnosis="A view of x1 holds the sum, but it is not x1 itself.", aspect="values")
def returns_a_view(x1, x2):
    x1 += x2
    return x1[:]


@impostor("add", diagnosis="x1 += x2 changes x1; add must make a new tensor.", aspect="memory")
def changes_x1(x1, x2):
    x1 += x2
    return x1


@impostor("add", diagnosis="out= writes without autograd; use the plain sum.", aspect="gradient")
def writes_to_out(x1, x2):
    result = torch.empty_like(x1)
    torch.add(x1, x2, out=result)
    return result


@impostor(
    "add", diagnosis="The result is detached: no gradient reaches x1 or x2.", aspect="gradient"
)
def detaches(x1, x2):
    return (x1 + x2).detach()


@impostor("add", diagnosis="x1 and x2 are subtracted, not added.", aspect="values")
def subtracts(x1, x2):
    return x1 - x2


@alternative("add_")
def augmented_assignment(x1, x2):
    x1 += x2
    return x1


@alternative("add_")
def assigns_to_a_slice(x1, x2):
    x1[:] = x1 + x2
    return x1


@alternative("add_")
def copies_the_sum(x1, x2):
    return x1.copy_(x1 + x2)


@alternative("add_")
def operator_iadd(x1, x2):
    return operator.iadd(x1, x2)


@alternative("add_")
def element_by_element(x1, x2):
    for i in range(2):
        for j in range(3):
            x1[i, j] += x2[i, j]
    return x1


@alternative("add")
def torch_add(x1, x2):
    return torch.add(x1, x2)


@alternative("add")
def in_place_on_a_clone(x1, x2):
    return x1.clone().add_(x2)


@alternative("add")
def sum_of_a_stack(x1, x2):
    return torch.stack([x1, x2]).sum(0, dtype=x1.dtype)
