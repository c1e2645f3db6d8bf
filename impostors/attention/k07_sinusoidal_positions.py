"""Wrong and right answers to attention/k07_sinusoidal_positions."""

import math

import torch

from dojo.impostors import alternative, impostor


def pairs_of(positions, dim):
    """The pair to which each entry belongs, where the positions lie."""
    return torch.arange(dim, device=positions.device) // 2


def waves(positions, exponents, base):
    """Sines in the even places and cosines in the odd ones, of p * base ** -exponent."""
    angles = positions[..., None].float() * torch.pow(base, -exponents)
    is_odd = torch.arange(exponents.numel(), device=positions.device) % 2 == 1
    return torch.where(is_odd, angles.cos(), angles.sin())


@impostor(
    "sinusoidal_positions",
    diagnosis="The exponent is j/dim for every entry j: a cosine then has another frequency than"
    " its sine.",
    aspect="values",
)
def gives_each_entry_a_frequency(positions, dim, base=10000.0):
    return waves(positions, torch.arange(dim, device=positions.device) / dim, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="`arange(0, dim, 2)` is 2i already, and is doubled once more: the exponent is"
    " 4i/dim.",
    aspect="values",
)
def doubles_the_exponent(positions, dim, base=10000.0):
    return waves(positions, 4 * pairs_of(positions, dim) / dim, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="The 2 is forgotten in the exponent: the frequencies end at the root of 1/base.",
    aspect="values",
)
def forgets_the_two(positions, dim, base=10000.0):
    return waves(positions, pairs_of(positions, dim) / dim, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="`cat` puts all sines before all cosines; a sine and its cosine are neighbours.",
    aspect="values",
)
def puts_the_sines_first(positions, dim, base=10000.0):
    half = torch.arange((dim + 1) // 2, device=positions.device)
    angles = positions[..., None] * torch.pow(base, -2 * half / dim)
    return torch.cat((angles.sin(), angles.cos()), -1)[..., :dim].clone()


@impostor(
    "sinusoidal_positions",
    diagnosis="The cosine stands in the even places, before its sine.",
    aspect="values",
)
def begins_with_the_cosine(positions, dim, base=10000.0):
    angles = positions[..., None] * torch.pow(base, -2 * pairs_of(positions, dim) / dim)
    is_odd = torch.arange(dim, device=positions.device) % 2 == 1
    return torch.where(is_odd, angles.sin(), angles.cos())


@impostor(
    "sinusoidal_positions",
    diagnosis="Sines and cosines are written into every second place: an odd dim has one cosine"
    " less.",
    aspect="shape",
)
def fails_for_an_odd_dim(positions, dim, base=10000.0):
    rows = torch.zeros(*positions.shape, dim, device=positions.device)
    steps = torch.arange(0, dim, 2, device=positions.device)
    angles = positions[..., None] * torch.pow(base, -steps / dim)
    rows[..., 0::2] = angles.sin()
    rows[..., 1::2] = angles.cos()
    return rows


@impostor(
    "sinusoidal_positions",
    diagnosis="An odd dim is filled up with a 0; the last place is a sine.",
    aspect="values",
)
def fills_up_with_zero(positions, dim, base=10000.0):
    rows = waves(positions, 2 * pairs_of(positions, dim) / dim, base)
    if dim % 2:
        rows[..., -1] = 0
    return rows


@impostor(
    "sinusoidal_positions",
    diagnosis="An odd dim is made even before the frequencies are computed, and the exponent has"
    " dim + 1 in it.",
    aspect="values",
)
def computes_for_the_next_even_dim(positions, dim, base=10000.0):
    even = dim + dim % 2
    return waves(positions, 2 * pairs_of(positions, dim) / even, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="`dim // 2` in the exponent rounds an odd dim down.",
    aspect="values",
)
def rounds_dim_down(positions, dim, base=10000.0):
    return waves(positions, pairs_of(positions, dim) / max(dim // 2, 1), base)


@impostor(
    "sinusoidal_positions",
    diagnosis="The frequencies go down to 1/base, divided by dim/2 - 1 as in fairseq; here they"
    " are base^(-2i/dim).",
    aspect="values",
)
def goes_down_to_one_over_base(positions, dim, base=10000.0):
    last = max(dim // 2 - 1, 1)
    return waves(positions, pairs_of(positions, dim) / last, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="Positions are counted from 1 here; 0 has the row of sin(0) and cos(0).",
    aspect="values",
)
def counts_from_one(positions, dim, base=10000.0):
    return waves(positions + 1, 2 * pairs_of(positions, dim) / dim, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="Only the number of positions is used: the rows are those of 0 to n - 1.",
    aspect="values",
)
def takes_the_places_for_the_positions(positions, dim, base=10000.0):
    places = torch.arange(positions.numel(), device=positions.device).view(positions.shape)
    return waves(places, 2 * pairs_of(positions, dim) / dim, base)


@impostor(
    "sinusoidal_positions",
    diagnosis="base is not used: the frequencies are those of 10,000.",
    aspect="values",
)
def has_a_base_of_its_own(positions, dim, base=10000.0):
    return waves(positions, 2 * pairs_of(positions, dim) / dim, 10000.0)


@impostor(
    "sinusoidal_positions",
    diagnosis="float16 rounds positions above 2048 and angles much earlier: compute in float32.",
    aspect="values",
)
def computes_angles_in_16_bits(positions, dim, base=10000.0):
    exponents = 2 * pairs_of(positions, dim) / dim
    angles = positions[..., None].half() * torch.pow(base, -exponents).half()
    is_odd = torch.arange(dim, device=positions.device) % 2 == 1
    return torch.where(is_odd, angles.float().cos(), angles.float().sin())


@impostor(
    "sinusoidal_positions",
    diagnosis="Positions are taken for one dimension: the row stands where it is broadcast, and a"
    " batch of positions does not fit.",
    aspect="shape",
)
def takes_one_dimension_only(positions, dim, base=10000.0):
    return waves(positions.reshape(-1), 2 * pairs_of(positions, dim) / dim, base)


@alternative("sinusoidal_positions")
def by_a_shifted_phase(positions, dim, base=10000.0):
    j = torch.arange(dim, device=positions.device)
    phase = (j % 2) * (math.pi / 2)
    exponents = torch.div(j, 2, rounding_mode="floor") * (-2 / dim)
    return torch.sin(positions.unsqueeze(-1) * torch.exp(exponents * math.log(base)) + phase)


@alternative("sinusoidal_positions")
def by_complex_numbers(positions, dim, base=10000.0):
    steps = torch.arange(0, dim, 2, device=positions.device, dtype=torch.float64)
    angles = positions.double().unsqueeze(-1) * base ** (-steps / dim)
    turned = torch.view_as_real(torch.polar(torch.ones_like(angles), angles))
    return turned.flip(-1).flatten(-2)[..., :dim].float()


@alternative("sinusoidal_positions")
def by_writing_every_second_place(positions, dim, base=10000.0):
    rows = torch.empty(*positions.shape, dim, device=positions.device)
    steps = torch.arange(0, dim, 2, device=positions.device)
    angles = positions[..., None] * torch.exp(-math.log(base) * steps / dim)
    rows[..., 0::2] = torch.sin(angles)
    rows[..., 1::2] = torch.cos(angles[..., : dim // 2])
    return rows


@alternative("sinusoidal_positions")
def from_a_table(positions, dim, base=10000.0):
    table = torch.zeros(4096, dim + dim % 2)
    angles = torch.outer(torch.arange(4096.0), 1 / base ** (torch.arange(0, dim, 2) / dim))
    table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
    return torch.nn.functional.embedding(positions, table[:, :dim].to(positions.device))


@alternative("sinusoidal_positions")
def number_by_number(positions, dim, base=10000.0):
    rows = []
    for p in positions.flatten().tolist():
        for j in range(dim):
            angle = p / base ** ((j - j % 2) / dim)
            rows.append(math.cos(angle) if j % 2 else math.sin(angle))
    return torch.tensor(rows, device=positions.device).reshape(*positions.shape, dim)
