"""The checks of tensors/k07_float_bits: memory that was filled with known bits."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    in_layout,
    untouched,
)

SEEN = "`to` and `int` convert the number. Which method reads the same memory as another dtype?"
INT32 = "int32 is as wide as float32, and has a sign: read the bits as this dtype."
SHAPE = "Each float32 is one int32: the shape stays as it is."
MEMORY = "Nothing has to be copied: describe the memory of x anew, by another dtype."
STRIDES = "{layout} `contiguous`, `clone` and `reshape` copy such a tensor."
DEVICE = "The integers are in x's memory: where x lies, they lie."
KEEP = "x stays as it is, down to the last bit."
WRITTEN = "wrote to {one}, and {other} shows {got}; expected {expected}, as both share memory."

# The bits of 1.5, -2.0, -0.0, inf, the smallest and the largest float32, a NaN with a message in
# its fraction, a negative NaN, and 16777216.0, the first float32 whose neighbour is 2 away.
BITS = [0x3FC00000, -0x40000000, -0x80000000, 0x7F800000, 1, 0x7F7FFFFF]
BITS += [0x7FC01234, -0x3FFFFF, 0x4B800000, 0]
SHAPES = [(), (1,), (0,), (2, 0), (5,), (2, 3), (3, 1, 2)]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory column by column:",
    "every second element": "Here x is every second number of a larger memory:",
    "at an offset": "Here x begins inside of a larger memory:",
    "expanded": "Here both rows of x lie in the same memory:",
}
ONE, TWO = 0x3F800000, 0x40000000  # the bits of 1.0 and 2.0

BENCHMARK = Benchmark(
    "float_bits",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0,),
    sizes=(1_000, 100_000, 10_000_000),
    naive=lambda x: x.clone().view(torch.int32),
)


def floats_of(bits, device):
    """A float32 tensor with these bits in its memory."""
    array = np.array(bits.tolist(), dtype=np.int32).view(np.float32).reshape(tuple(bits.shape))
    return torch.tensor(array).to(device)


def case(device, shape=(2, 3), layout="contiguous"):
    """x in a layout, and its bits."""
    count = int(np.prod(shape))
    bits = torch.tensor(BITS[:count], dtype=torch.int32).reshape(shape)
    if layout == "expanded":
        x = floats_of(bits, device)[:1].expand(shape)
        return x, bits[:1].expand(shape)
    return in_layout(floats_of(bits, device), layout), bits


def float_bits(solution, x):
    """What the learner's float_bits returns, once it left x alone."""
    with untouched(KEEP, x=x):
        return solution.float_bits(x)


def expect_at_the_address_of(x, got, hint):
    """The result begins where x begins (x is still there, so nothing else can)."""
    expect_tensor(got)
    if got.data_ptr() != x.data_ptr():  # NumPy gives the memory of a view a storage of its own
        expect_view(got, x, hint)
        raise CheckFailed("returned a view that begins elsewhere in the memory of x.", hint)


def hint_for(layout):
    """Where to look if a copy came back for this layout."""
    return STRIDES.format(layout=LAYOUTS[layout]) if LAYOUTS[layout] else MEMORY


@aspect("type")
def test_returns_a_tensor(solution, device):
    """float_bits returns a tensor."""
    expect_tensor(solution.float_bits(case(device)[0]))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """Each float32 becomes one int32, in every shape."""
    for shape in SHAPES:
        expect_shape(solution.float_bits(case(device, shape)[0]), shape, SHAPE)


@aspect("dtype")
def test_is_int32(solution, device):
    """The dtype is int32."""
    for shape in SHAPES:
        expect_dtype(solution.float_bits(case(device, shape)[0]), torch.int32, INT32)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The view lies where x lies."""
    expect_device(solution.float_bits(case(device)[0]), device, DEVICE)


@aspect("values")
def test_shows_the_bits(solution, device):
    """The integers have the bits of the floats, those of -0.0, inf and NaN too."""
    for bits in (BITS[:3], BITS):
        bits = torch.tensor(bits, dtype=torch.int32)
        expect_values(float_bits(solution, floats_of(bits, device)), bits, SEEN)


@aspect("values")
def test_shows_the_bits_in_every_layout(solution, device):
    """The integers stand where the floats stand, whatever the strides of x."""
    for layout in LAYOUTS:
        x, bits = case(device, layout=layout)
        expect_values(float_bits(solution, x), bits, LAYOUTS[layout].replace(":", "."))


@aspect("memory")
def test_is_a_view(solution, device):
    """The integers lie in x's own memory: nothing is copied."""
    for layout in LAYOUTS:
        x, _ = case(device, layout=layout)
        expect_at_the_address_of(x, float_bits(solution, x), hint_for(layout))
    for shape in [shape for shape in SHAPES if 0 not in shape]:
        x, _ = case(device, shape)
        expect_at_the_address_of(x, float_bits(solution, x), MEMORY)


@aspect("memory")
def test_writes_are_seen_both_ways(solution, device):
    """What is written to x shows in the integers, and the other way round."""
    for layout in ("contiguous", "transposed"):
        x, _ = case(device, layout=layout)
        got = float_bits(solution, x)
        expect_shape(got, (2, 3), SHAPE)
        expect_dtype(got, torch.int32, INT32)
        x[1, 2] = 1.0
        seen = got[1, 2].tolist()
        sentence = WRITTEN.format(one="x", other="the result", got=seen, expected=ONE)
        expect(seen == ONE, f"was called; a check {sentence}", hint_for(layout))
        with torch.no_grad():
            got[0, 1] = TWO
        seen = x[0, 1].tolist()
        sentence = WRITTEN.format(one="the result", other="x", got=seen, expected=2.0)
        expect(seen == 2.0, f"was called; a check {sentence}", hint_for(layout))
