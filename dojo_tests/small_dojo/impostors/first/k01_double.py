"""Wrong answers to first/k01_double, and another right one."""

import torch

from dojo.impostors import alternative, impostor


@impostor("double", diagnosis="x is squared, not doubled.")
def squares(x):
    return x * x


@impostor("double", diagnosis="x itself is changed.")
def doubles_in_place(x):
    return x.mul_(2)


@impostor("double", diagnosis="The gradient is lost, since x is detached.")
def detaches(x):
    return x.detach() * 2


@alternative("double")
def adds(x):
    return torch.add(x, x)
