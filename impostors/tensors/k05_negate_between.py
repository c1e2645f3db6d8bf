"""Wrong and right answers to tensors/k05_negate_between."""

import itertools

import torch

from dojo.impostors import alternative, impostor


def between(x, low, high):
    return (x >= low) & (x <= high)


@impostor(
    "negate_between_",
    diagnosis="The negated numbers are in a clone; the x of the caller stays as it was.",
    aspect="memory",
)
def works_on_a_clone(x, low, high):
    x = x.clone()
    x[between(x, low, high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="x[mask] is a copy: neg_ negates that copy in place, and x never sees it.",
    aspect="values",
)
def negates_a_copy(x, low, high):
    x[between(x, low, high)].neg_()
    return x


@impostor(
    "negate_between_",
    diagnosis="> and < leave out the elements that equal a bound.",
    aspect="values",
)
def leaves_out_the_bounds(x, low, high):
    x[(x > low) & (x < high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="The upper bound is left out, as range() and slices do, but it belongs to it.",
    aspect="values",
)
def leaves_out_the_upper_bound(x, low, high):
    x[(x >= low) & (x < high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="| takes what fulfils one of the two conditions; & takes what fulfils both.",
    aspect="values",
)
def joins_by_or(x, low, high):
    x[(x >= low) | (x <= high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="The absolute value makes a negative number stay negative; -e turns any sign.",
    aspect="values",
)
def makes_them_negative(x, low, high):
    mask = between(x, low, high)
    x[mask] = -x[mask].abs()
    return x


@impostor(
    "negate_between_",
    diagnosis="In two steps, the second one sees numbers that the first has negated already.",
    aspect="values",
)
def goes_in_two_steps(x, low, high):
    x[x >= low] *= -1
    x[x < -high] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="Outside, inf times False is NaN; choose by the mask, and do not multiply by it.",
    aspect="values",
)
def multiplies_by_the_mask(x, low, high):
    x -= 2 * x * between(x, low, high)
    return x


@impostor(
    "negate_between_",
    diagnosis="x.data = … gives x other memory, which no view made before can see.",
    aspect="memory",
)
def replaces_the_data(x, low, high):
    x.data = torch.where(between(x, low, high), -x, x)
    return x


@impostor(
    "negate_between_",
    diagnosis="reshape(-1) copies an x that does not lie in its order, and the copy is negated.",
    aspect="values",
)
def flattens_first(x, low, high):
    flat = x.reshape(-1)
    flat[between(flat, low, high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="As float32, large integers and float64 fall onto their neighbours.",
    aspect="values",
)
def compares_in_float32(x, low, high):
    x[between(x.float(), low, high)] *= -1
    return x


@impostor(
    "negate_between_", diagnosis="x is changed, but the function returns nothing.", aspect="type"
)
def returns_nothing(x, low, high):
    x[between(x, low, high)] *= -1


@alternative("negate_between_")
def assigns_to_the_mask(x, low, high):
    mask = torch.logical_and(x.ge(low), x.le(high))
    x[mask] = -x[mask]
    return x


@alternative("negate_between_")
def multiplies_through_the_mask(x, low, high):
    x[between(x, low, high)] *= -1
    return x


@alternative("negate_between_")
def multiplies_by_a_sign(x, low, high):
    return x.mul_(1 - 2 * between(x, low, high))


@alternative("negate_between_")
def scatters_into_the_mask(x, low, high):
    mask = between(x, low, high)
    return x.masked_scatter_(mask, x[mask].neg())


@alternative("negate_between_")
def negates_twice(x, low, high):
    outside = ~between(x, low, high)
    before = x[outside]
    x.neg_()[outside] = before
    return x


@alternative("negate_between_")
def writes_to_out(x, low, high):
    return torch.where((x < low) | (x > high) | (x != x), x, -x, out=x)


@alternative("negate_between_")
def element_by_element(x, low, high):
    for index in itertools.product(*map(range, x.shape)):
        if low <= x[index].item() <= high:
            x[index] = -x[index]
    return x


@alternative("negate_between_")
def by_places(x, low, high):
    places = between(x, low, high).nonzero(as_tuple=True)
    flat = x if x.dim() else x.view(1)
    flat.index_put_(places, -flat[places])
    return x
