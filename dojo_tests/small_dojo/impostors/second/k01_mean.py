"""Wrong answers to second/k01_mean, and another right one."""

from dojo.impostors import alternative, impostor


@impostor("mean", diagnosis="The sum is not divided.", aspect="values")
def sums(x):
    return x.sum()


@impostor("mean", diagnosis="A dimension is left.", aspect="shape")
def keeps_a_dimension(x):
    return x.mean().reshape(1)


@alternative("mean")
def divides(x):
    return x.sum() / x.numel()
