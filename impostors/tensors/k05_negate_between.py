"""Wrong and right answers to tensors/k05_negate_between."""

import itertools
import math

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
    "negate_between_",
    diagnosis="As bfloat16, float16 numbers fall onto their neighbours before they are compared.",
    aspect="values",
)
def compares_in_bfloat16(x, low, high):
    compared = x.bfloat16() if x.dtype == torch.float16 else x
    x[between(compared, low, high)] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="Put into x's integer dtype, 1.5 becomes 1, which does not lie beyond 1.5.",
    aspect="values",
)
def cuts_the_bounds(x, low, high):
    is_integer = not x.is_floating_point()
    if is_integer:
        low, high = (int(bound) if abs(bound) < INF else bound for bound in (low, high))
    x[between(x, low, high)] *= -1
    return x


INF = float("inf")


@impostor(
    "negate_between_",
    diagnosis="torch.arange lists each integer from low to high: far apart, they fit nowhere.",
    aspect="values",
)
def lists_what_lies_between(x, low, high):
    mask = between(x, low, high)
    if not x.is_floating_point() and high - low < INF:
        mask = torch.isin(x, torch.arange(math.ceil(low), math.floor(high) + 1, device=x.device))
    x[mask] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="Where low is above high, nothing lies between; the bounds are not to be swapped.",
    aspect="values",
)
def swaps_the_bounds(x, low, high):
    x[between(x, min(low, high), max(low, high))] *= -1
    return x


@impostor(
    "negate_between_",
    diagnosis="The distance from the middle fails where a bound is infinite, or digits get lost.",
    aspect="values",
)
def measures_from_the_middle(x, low, high):
    x[(x - (low + high) / 2).abs() <= (high - low) / 2] *= -1
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


@alternative("negate_between_")
def gathered_from_both(x, low, high):
    both = torch.stack((x, -x))
    x[...] = both.gather(0, between(x, low, high).long().unsqueeze(0)).squeeze(0)
    return x


@alternative("negate_between_")
def by_lists_of_python(x, low, high):
    def negated(part):
        if isinstance(part, list):
            return [negated(each) for each in part]
        return -part if low <= part <= high else part

    return x.copy_(torch.tensor(negated(x.tolist()), dtype=x.dtype).reshape(x.shape))


@alternative("negate_between_")
def outside_is_kept(x, low, high):
    with torch.no_grad():
        inside = ~((x < low) | (x > high) | x.isnan())
        x.data[inside] = 0 - x.data[inside]
    return x
