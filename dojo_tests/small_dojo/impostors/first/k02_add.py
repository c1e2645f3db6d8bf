"""Wrong answers to first/k02_add, and another right one."""

from dojo.impostors import alternative, impostor


@impostor("add", diagnosis="x1 and x2 are subtracted, not added.")
def subtracts(x1, x2):
    return x1 - x2


@impostor("add_", diagnosis="The sum is a new tensor; x1 stays as it was.")
def makes_a_new_tensor(x1, x2):
    return x1 + x2


@impostor("add", diagnosis="x1 is changed.")
def writes_into_x1(x1, x2):
    return x1.add_(x2)


@alternative("add_")
def by_a_slice(x1, x2):
    x1[:] = x1 + x2
    return x1
