"""How a tensor that a law hands out lies in memory, and what is seen of a write beside it."""

import pytest
import torch

from dojo.checks.laws.layouts import (
    CONTIGUOUS,
    LAYOUTS,
    OFFSET,
    REPEATED,
    STRIDED,
    TRANSPOSED,
    WRITABLE,
    Template,
    in_same_layout,
    same_bits,
)
from dojo.devices.select import on
from dojo.devices.tags import device_of

DTYPES = (torch.float32, torch.bfloat16, torch.complex64, torch.int64, torch.bool)
NAN = float("nan")


def matrix(dtype=torch.float32):
    return torch.arange(1, 7).reshape(2, 3).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", WRITABLE)
def test_a_template_holds_the_numbers_in_its_layout(layout, dtype):
    template = Template(matrix(dtype), layout)
    assert template.layout == layout
    assert template.x.dtype == dtype
    assert template.x.tolist() == matrix(dtype).tolist()


@pytest.mark.parametrize(
    "layout, strides, offset",
    [
        (CONTIGUOUS, (3, 1), 0),
        (TRANSPOSED, (1, 2), 0),
        (STRIDED, (6, 2), 1),
        (OFFSET, (3, 1), 3),
        (REPEATED, (0, 1), 0),
    ],
)
@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_a_copy_lies_as_the_layout_says(layout, strides, offset, place):
    template = Template(matrix(), layout)
    with on(place):
        x, memory = template.copy(place)
        assert (x.stride(), x.storage_offset()) == (strides, offset)
        assert x.tolist() == template.x.tolist()
        assert device_of(x).type == place
    assert x.untyped_storage()._cdata == memory.untyped_storage()._cdata


def test_what_is_repeated_has_the_numbers_of_its_first_part_alone():
    assert Template(matrix(), REPEATED).x.tolist() == [[1, 2, 3], [1, 2, 3]]


def test_what_is_repeated_reads_other_numbers_as_if_contiguous_and_no_other_memory():
    x, memory = Template(matrix(), REPEATED).copy("cpu")
    flat = x.as_strided((2, 3), (3, 1))
    assert memory.numel() == 6
    assert flat[1].tolist() != x[1].tolist()


@pytest.mark.parametrize("shape", [(), (1, 3), (0, 3)])
def test_what_cannot_be_repeated_is_contiguous(shape):
    template = Template(torch.ones(shape), REPEATED)
    assert template.layout == CONTIGUOUS
    assert LAYOUTS[template.layout] == ""
    assert template.x.is_contiguous()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 1, 3), (2, 3, 4)])
def test_every_shape_has_every_layout(layout, shape):
    numbers = torch.arange(torch.Size(shape).numel()).reshape(shape).float()
    template = Template(numbers, layout)
    expected = numbers[:1].expand(shape) if template.layout == REPEATED else numbers
    x, memory = template.copy("cpu")
    assert torch.equal(x, expected)
    assert template.is_unchanged(memory)
    assert template.is_unchanged_around(memory)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_copy_is_new_memory_each_time(layout):
    template = Template(matrix(), layout)
    first, memory = template.copy("cpu")
    memory.zero_()
    assert first.sum() == 0
    second, _ = template.copy("cpu")
    assert second.tolist() == template.x.tolist()
    assert template.x.sum() != 0


def test_every_layout_but_the_plain_one_is_told_with_the_name():
    assert [name for name, words in LAYOUTS.items() if "{name}" not in words] == [CONTIGUOUS]


# ---------------------------------------------------------------- what has changed


@pytest.mark.parametrize("place", ["cpu", "cuda"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_number_of_the_memory_counts(layout, place):
    template = Template(matrix(), layout)
    with on(place):
        _, memory = template.copy(place)
        assert template.is_unchanged(memory)
    for index in range(memory.numel()):
        _, memory = template.copy("cpu")
        memory.view(-1)[index] = 0.0
        assert not template.is_unchanged(memory)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout, count", [(STRIDED, 6), (OFFSET, 4)])
def test_the_memory_around_is_told_from_the_elements(layout, count, dtype):
    template = Template(matrix(dtype), layout)
    seen = []
    x, memory = template.copy("cpu")
    x.fill_(0)
    assert template.is_unchanged_around(memory)
    for index in range(memory.numel()):
        _, memory = template.copy("cpu")
        memory[index] = 0
        seen.append(not template.is_unchanged_around(memory))
    assert sum(seen) == count


@pytest.mark.parametrize("layout", [CONTIGUOUS, TRANSPOSED])
def test_a_tensor_that_fills_its_memory_has_nothing_around(layout):
    template = Template(matrix(), layout)
    x, memory = template.copy("cpu")
    x.fill_(9)
    assert template.is_unchanged_around(memory)
    assert not template.is_unchanged(memory)


@pytest.mark.parametrize("layout", [STRIDED, OFFSET])
def test_elements_may_be_nan_when_the_memory_around_is_judged(layout):
    template = Template(torch.tensor([NAN, 1.0]), layout)
    x, memory = template.copy("cpu")
    assert template.is_unchanged(memory)
    x.fill_(NAN)
    assert template.is_unchanged_around(memory)


# ---------------------------------------------------------------- bits


@pytest.mark.parametrize(
    "a, b, is_same",
    [
        (torch.tensor([1.0, NAN]), torch.tensor([1.0, NAN]), True),
        (torch.tensor([0.0]), torch.tensor([-0.0]), False),
        (torch.tensor([-0.0]), torch.tensor([-0.0]), True),
        (torch.tensor([NAN]), torch.tensor([1.0]), False),
        (torch.tensor([1.0]), torch.tensor([1.0 + 2.0**-23]), False),
        (torch.tensor([0.0 + 0.0j]), torch.tensor([complex(0.0, -0.0)]), False),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j]), True),
        (torch.tensor([3, 4]), torch.tensor([3, 4]), True),
        (torch.tensor([3, 4]), torch.tensor([4, 4]), False),
        (torch.tensor([True]), torch.tensor([False]), False),
        (torch.tensor(2.0), torch.tensor(2.0), True),
        (torch.zeros(0), torch.zeros(0), True),
        (torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), True),
        (torch.ones(2, 3).T, torch.ones(3, 2), True),
    ],
)
def test_bits_are_compared_and_not_numbers(a, b, is_same):
    assert same_bits(a, b) is is_same
    assert same_bits(b, a) is is_same


def test_two_nans_of_other_bits_differ():
    one = torch.tensor([0x7FC00000], dtype=torch.int32).view(torch.float32)
    other = torch.tensor([0x7FC00001], dtype=torch.int32).view(torch.float32)
    assert same_bits(one, other) is False


def test_one_element_may_have_any_stride():
    x = torch.ones(1).expand(1, 1).as_strided((1, 1), (0, 0))
    for layout in WRITABLE:
        template = Template(x, layout)
        _, memory = template.copy("cpu")
        assert template.is_unchanged(memory)
    assert same_bits(x, torch.ones(1, 1))
    assert not same_bits(x, torch.zeros(1, 1))


# ---------------------------------------------------------------- what is computed from a leaf


@pytest.mark.parametrize("layout", WRITABLE)
def test_a_tensor_in_the_layout_of_a_template_hangs_on_its_leaf(layout):
    leaf = matrix().requires_grad_()
    x = in_same_layout(leaf, layout)
    like = Template(matrix(), layout).x
    assert not x.is_leaf
    assert torch.equal(x, leaf)
    assert x.stride() == like.stride()
    assert x.storage_offset() == like.storage_offset()
    (gradient,) = torch.autograd.grad((x * matrix()).sum(), leaf)
    assert torch.equal(gradient, matrix())


@pytest.mark.parametrize("layout", WRITABLE)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 1, 3)])
def test_a_tensor_that_is_computed_from_a_leaf_may_be_written(layout, shape):
    leaf = torch.ones(shape, requires_grad=True)
    x = in_same_layout(leaf, layout)
    x.mul_(3)
    (gradient,) = torch.autograd.grad(x.sum(), leaf)
    assert torch.equal(gradient, torch.full(shape, 3.0))
    assert torch.equal(leaf, torch.ones(shape))
