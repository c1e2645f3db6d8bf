"""Wrong and right answers to attention/k08_rope."""

import torch

from dojo.impostors import alternative, impostor


def wide_dtype(x):
    """The dtype in which angles are computed."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def checked(x):
    """x, if its features make pairs."""
    if x.shape[-1] % 2:
        raise ValueError("odd")
    return x


def angles_of(x, positions, base, factor=2.0, first=0, dtype=None):
    """The angle of each position and pair."""
    dtype = dtype or wide_dtype(x)
    pairs = torch.arange(checked(x).shape[-1] // 2, dtype=dtype, device=x.device) + first
    return positions[..., None].to(dtype) * torch.pow(base, -factor * pairs / x.shape[-1])


def turned(x, angles):
    """x with the pairs of both halves turned."""
    a, b = x.to(angles.dtype).chunk(2, -1)
    cosines, sines = angles.cos(), angles.sin()
    return torch.cat((a * cosines - b * sines, b * cosines + a * sines), -1).to(x.dtype)


def neighbours_turned(x, angles):
    """The new a and the new b of pairs of neighbours."""
    a, b = x.to(angles.dtype)[..., 0::2], x.to(angles.dtype)[..., 1::2]
    cosines, sines = angles.cos(), angles.sin()
    return a * cosines - b * sines, b * cosines + a * sines


def rotate_half(x):
    """The other half of each pair, with its sign."""
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


def rotate_every_two(x):
    """The neighbour in each pair, with its sign."""
    return torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)


@impostor(
    "apply_rope",
    diagnosis="Neighbours are taken for pairs, as in GPT-J and in Meta's code; here a feature of"
    " the first half belongs to one of the second half.",
    aspect="values",
)
def turns_neighbours(x, positions, base=10000.0):
    return torch.stack(neighbours_turned(x, angles_of(x, positions, base)), -1).flatten(-2).to(x)


@impostor(
    "apply_rope",
    diagnosis="Neighbours are read as pairs and then written as two halves.",
    aspect="values",
)
def reads_neighbours_and_writes_halves(x, positions, base=10000.0):
    return torch.cat(neighbours_turned(x, angles_of(x, positions, base)), -1).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="`repeat_interleave` gives the angles of neighbours, while the halves are turned:"
    " two conventions are mixed.",
    aspect="values",
)
def turns_halves_by_angles_of_neighbours(x, positions, base=10000.0):
    angles = angles_of(x, positions, base).repeat_interleave(2, -1)
    wide = x.to(angles.dtype)
    return (wide * angles.cos() + rotate_half(wide) * angles.sin()).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="The angles are laid out for halves, while neighbours are turned: two conventions"
    " are mixed.",
    aspect="values",
)
def turns_neighbours_by_angles_of_halves(x, positions, base=10000.0):
    angles = angles_of(x, positions, base)
    angles = torch.cat((angles, angles), -1)
    wide = x.to(angles.dtype)
    return (wide * angles.cos() + rotate_every_two(wide) * angles.sin()).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="Every pair is turned the other way: distances still come out right, and a model"
    " that was trained with the right sign does not.",
    aspect="values",
)
def turns_the_other_way(x, positions, base=10000.0):
    return turned(x, -angles_of(x, positions, base))


@impostor(
    "apply_rope",
    diagnosis="The minus sign is missing: this is no rotation, and pairs change their length.",
    aspect="values",
)
def forgets_the_minus(x, positions, base=10000.0):
    angles = angles_of(x, positions, base).repeat((1,) * positions.dim() + (2,))
    wide = x.to(angles.dtype)
    other = wide.roll(x.shape[-1] // 2, -1)
    return (wide * angles.cos() + other * angles.sin()).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="The exponent lacks its 2: the frequencies end at the root of 1/base.",
    aspect="values",
)
def forgets_the_two(x, positions, base=10000.0):
    return turned(x, angles_of(x, positions, base, factor=1.0))


@impostor(
    "apply_rope",
    diagnosis="The pairs are counted from 1, so that the first one is slower than 1 per token.",
    aspect="values",
)
def counts_pairs_from_one(x, positions, base=10000.0):
    return turned(x, angles_of(x, positions, base, first=1))


@impostor(
    "apply_rope",
    diagnosis="The positions are made by arange, and those that are given are not used: with a"
    " cache, each new token stands at 0.",
    aspect="values",
)
def makes_its_own_positions(x, positions, base=10000.0):
    places = torch.arange(x.shape[-2], device=x.device)
    return turned(x, angles_of(x, places, base))


@impostor(
    "apply_rope",
    diagnosis="base is not used: the frequencies are those of 10,000.",
    aspect="values",
)
def has_a_base_of_its_own(x, positions, base=10000.0):
    return turned(x, angles_of(x, positions, 10000.0))


@impostor(
    "apply_rope",
    diagnosis="Angles are computed in x's 16 bits, which do not hold large positions.",
    aspect="values",
)
def computes_angles_in_the_dtype_of_x(x, positions, base=10000.0):
    return turned(x, angles_of(x, positions, base, dtype=x.dtype))


@impostor(
    "apply_rope",
    diagnosis="Angles are computed in float32 for float64 too, and 9 of its digits are lost.",
    aspect="values",
)
def computes_angles_in_float32(x, positions, base=10000.0):
    angles = angles_of(x, positions, base, dtype=torch.float32)
    return turned(x.to(wide_dtype(x)), angles.to(wide_dtype(x))).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="Cosines and sines are kept in bfloat16, whatever x's dtype is.",
    aspect="values",
)
def keeps_a_cache_in_16_bits(x, positions, base=10000.0):
    angles = angles_of(x, positions, base)
    cosines, sines = angles.cos().bfloat16(), angles.sin().bfloat16()
    a, b = x.to(angles.dtype).chunk(2, -1)
    return torch.cat((a * cosines - b * sines, b * cosines + a * sines), -1).to(x.dtype)


@impostor(
    "apply_rope",
    diagnosis="`outer` takes positions of one dimension only; each sequence of a batch may have"
    " its own.",
    aspect="shape",
)
def takes_positions_of_one_dimension(x, positions, base=10000.0):
    pairs = torch.arange(checked(x).shape[-1] // 2, dtype=wide_dtype(x), device=x.device)
    return turned(x, torch.outer(positions.to(pairs), base ** (-2 * pairs / x.shape[-1])))


@impostor(
    "apply_rope",
    diagnosis="A row of odd length loses its last feature in silence; it should raise ValueError.",
    aspect="errors",
)
def cuts_an_odd_row(x, positions, base=10000.0):
    even = x[..., : x.shape[-1] // 2 * 2]
    return turned(even, angles_of(even, positions, base))


@impostor(
    "apply_rope",
    diagnosis="x is detached before it is turned, and no gradient comes back to q and k.",
    aspect="gradient",
)
def detaches_x(x, positions, base=10000.0):
    return turned(x.detach(), angles_of(x, positions, base))


@alternative("apply_rope")
def by_rotate_half(x, positions, base=10000.0):
    angles = angles_of(x, positions, base)
    angles = torch.cat((angles, angles), -1)
    cosines, sines = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    return x * cosines + rotate_half(x) * sines


@alternative("apply_rope")
def by_complex_numbers(x, positions, base=10000.0):
    angles = angles_of(x, positions, base)
    wide = x.to(angles.dtype).unflatten(-1, (2, -1)).transpose(-1, -2).contiguous()
    product = torch.view_as_complex(wide) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(product).transpose(-1, -2).flatten(-2).to(x.dtype)


@alternative("apply_rope")
def by_matrices(x, positions, base=10000.0):
    angles = angles_of(x, positions, base)
    matrix = torch.stack((angles.cos(), -angles.sin(), angles.sin(), angles.cos()), -1)
    matrix = matrix.unflatten(-1, (2, 2))
    wide = x.to(angles.dtype).unflatten(-1, (2, -1))
    return torch.einsum("...krc,...ck->...rk", matrix, wide).flatten(-2).to(x.dtype)


@alternative("apply_rope")
def pair_by_pair(x, positions, base=10000.0):
    half = checked(x).shape[-1] // 2
    places = positions.to(wide_dtype(x)).expand(x.shape[:-1])
    columns = [None] * (2 * half)
    for i in range(half):
        angle = places / base ** (i / half)
        a, b = x[..., i].to(angle.dtype), x[..., i + half].to(angle.dtype)
        columns[i] = a * angle.cos() - b * angle.sin()
        columns[i + half] = a * angle.sin() + b * angle.cos()
    return torch.stack(columns, -1).to(x.dtype)


@alternative("apply_rope")
def in_float64_written_half_by_half(x, positions, base=10000.0):
    half = checked(x).shape[-1] // 2
    pairs = torch.arange(half, dtype=torch.float64, device=x.device)
    angles = positions.unsqueeze(-1) * base ** (-pairs / half)
    result = torch.empty_like(x, memory_format=torch.contiguous_format)
    a, b = x[..., :half], x[..., half:]
    result[..., :half] = a * angles.cos() - b * angles.sin()
    result[..., half:] = b * angles.cos() + a * angles.sin()
    return result
