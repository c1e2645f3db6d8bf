"""Wrong and right answers to layers/k03_gelu."""

import math

import torch

from dojo.impostors import alternative, impostor

ROOT = math.sqrt(2 / math.pi)


def with_erf(x):
    """The form with the error function."""
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def with_tanh(x, root=ROOT):
    """The form with tanh."""
    return 0.5 * x * (1 + torch.tanh(root * (x + 0.044715 * x**3)))


def choose(x, approximate, erf=with_erf, tanh=with_tanh):
    """One of two forms, as the string says."""
    if approximate not in ("none", "tanh"):
        raise ValueError(approximate)
    return (erf if approximate == "none" else tanh)(x)


@impostor(
    "gelu",
    diagnosis="The form with tanh comes back for both: the default takes the error function.",
    aspect="values",
)
def takes_tanh_for_both(x, approximate="none"):
    return choose(x, approximate, erf=with_tanh)


@impostor(
    "gelu",
    diagnosis='The form with erf comes back for both: "tanh" asks for other numbers.',
    aspect="values",
)
def takes_erf_for_both(x, approximate="none"):
    return choose(x, approximate, tanh=with_erf)


@impostor(
    "gelu",
    diagnosis="x * sigmoid(1.702 * x) is a third form, of which neither string speaks.",
    aspect="values",
)
def takes_the_sigmoid(x, approximate="none"):
    return choose(x, approximate, tanh=lambda x: x * torch.sigmoid(1.702 * x))


@impostor("gelu", diagnosis="x² stands inside of tanh; it is x³.", aspect="values")
def squares_inside_of_tanh(x, approximate="none"):
    def form(x):
        return 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715 * x**2)))

    return choose(x, approximate, tanh=form)


@impostor(
    "gelu",
    diagnosis="erf(x) is taken: x has to be divided by sqrt(2) first.",
    aspect="values",
)
def leaves_out_the_root_under_erf(x, approximate="none"):
    return choose(x, approximate, erf=lambda x: 0.5 * x * (1 + torch.erf(x)))


@impostor(
    "gelu",
    diagnosis="The factor inside of tanh is sqrt(2) / pi; the root goes over pi too.",
    aspect="values",
)
def takes_the_root_of_two_only(x, approximate="none"):
    return choose(x, approximate, tanh=lambda x: with_tanh(x, math.sqrt(2) / math.pi))


@impostor(
    "gelu",
    diagnosis="The factor inside of tanh is 2 / pi; its square root is missing.",
    aspect="values",
)
def takes_no_root(x, approximate="none"):
    return choose(x, approximate, tanh=lambda x: with_tanh(x, 2 / math.pi))


@impostor("gelu", diagnosis="The share comes back without its factor x.", aspect="values")
def forgets_the_factor(x, approximate="none"):
    return choose(x, approximate, erf=lambda x: (1 + torch.erf(x / math.sqrt(2))) / 2)


@impostor(
    "gelu",
    diagnosis="The constant 0.79788 has too few digits for float64.",
    aspect="values",
)
def rounds_its_constant(x, approximate="none"):
    return choose(x, approximate, tanh=lambda x: with_tanh(x, 0.79788456))


@impostor(
    "gelu",
    diagnosis="x.float() takes 64 bits down to 32.",
    aspect="values",
)
def computes_all_in_float32(x, approximate="none"):
    return choose(x.float(), approximate).to(x.dtype)


@impostor(
    "gelu",
    diagnosis='Every string but "none" is taken for "tanh"; any other has to raise ValueError.',
    aspect="errors",
)
def takes_any_string(x, approximate="none"):
    return with_erf(x) if approximate == "none" else with_tanh(x)


@impostor(
    "gelu",
    diagnosis="The string is compared without regard to its letters' size.",
    aspect="errors",
)
def ignores_the_case_of_letters(x, approximate="none"):
    return choose(x, approximate.lower())


@impostor(
    "gelu",
    diagnosis="A string that is not known is looked up in a dict: that raises KeyError.",
    aspect="errors",
)
def raises_key_error(x, approximate="none"):
    return {"none": with_erf, "tanh": with_tanh}[approximate](x)


@impostor(
    "gelu",
    diagnosis="The share is detached: gradients go through it too.",
    aspect="gradient",
)
def detaches_the_share(x, approximate="none"):
    share = choose(x.detach(), approximate) / torch.where(x == 0, 1, x).detach()
    return x * torch.where(x == 0, 0.5, share)


@impostor(
    "gelu",
    diagnosis="exp(-2u) is inf for very negative x: right in value, NaN in the gradient.",
    aspect="gradient",
)
def divides_by_one_plus_exp(x, approximate="none"):
    def form(x):
        return x / (1 + torch.exp(-2 * ROOT * (x + 0.044715 * x**3)))

    return choose(x, approximate, tanh=form)


@impostor("gelu", diagnosis="torch's own gelu does the work, as a layer.", aspect="structure")
def calls_the_layer(x, approximate="none"):
    if approximate not in ("none", "tanh"):
        raise ValueError(approximate)
    return torch.nn.GELU(approximate)(x)


@alternative("gelu")
def by_ndtr(x, approximate="none"):
    return choose(x, approximate, erf=lambda x: x * torch.special.ndtr(x))


@alternative("gelu")
def by_erfc_and_sigmoid(x, approximate="none"):
    def erf(x):
        return x * torch.erfc(-x * math.sqrt(0.5)) / 2

    def tanh(x):
        return x * torch.sigmoid(2 * ROOT * x * (1 + 0.044715 * x * x))

    return choose(x, approximate, erf, tanh)


@alternative("gelu")
def in_float64(x, approximate="none"):
    return choose(x.double(), approximate).to(x.dtype)


@alternative("gelu")
def by_a_distribution(x, approximate="none"):
    def erf(x):
        mean, deviation = x.new_tensor(0.0), x.new_tensor(1.0)
        return x * torch.distributions.Normal(mean, deviation, validate_args=False).cdf(x)

    return choose(x, approximate, erf)


@alternative("gelu")
def with_its_own_gradient(x, approximate="none"):
    class Gelu(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return choose(x, approximate)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            if approximate == "none":
                share = (1 + torch.erf(x / math.sqrt(2))) / 2
                return g * (share + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi))
            bent = torch.tanh(ROOT * (x + 0.044715 * x**3))
            slope = (1 - bent * bent) * ROOT * (1 + 3 * 0.044715 * x * x)
            return g * (1 + bent + x * slope) / 2

    if approximate not in ("none", "tanh"):
        raise ValueError("approximate")
    return Gelu.apply(x)
