"""Any value is written as a short text: what is large is cut, and what lies is not asked."""

import numpy as np
import pytest
import torch

from dojo.checks.brief import brief, cut, is_array, is_tensor, type_name


class Lying:
    """Says that it is a tensor, and fails when it is asked for anything else."""

    __class__ = torch.Tensor

    def __repr__(self):
        raise AssertionError("nobody may ask")

    __str__ = __len__ = __iter__ = __eq__ = __hash__ = __repr__


class Meta(type):
    """The type of a class that gives a false name and module."""

    @property
    def __name__(cls):
        raise AssertionError("nobody may ask")

    @property
    def __module__(cls):
        raise AssertionError("nobody may ask")


class Named(metaclass=Meta):
    pass


class LoudList(list):
    def __repr__(self):
        raise AssertionError("nobody may ask")

    __iter__ = __len__ = __repr__


class LoudInt(int):
    def __repr__(self):
        raise AssertionError("nobody may ask")


class Unending(dict):
    """A dict whose items have no end."""

    def items(self):
        while True:
            yield 1, 1


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def holding_itself():
    value = [1]
    value.append(value)
    return value


# ---------------------------------------------------------------- brief

AS_PYTHON = [
    None,
    True,
    1.5,
    2 + 1j,
    -7,
    "it's",
    "",
    [],
    (),
    (1,),
    (1, "a"),
    [1, [2, (3, {4})]],
    set(),
    {1},
    {},
    {"a": [1, None]},
    torch.float32,
    torch.device("cpu"),
    10**39,
]


@pytest.mark.parametrize("value", AS_PYTHON, ids=repr)
def test_brief_writes_a_small_value_as_python_does(value):
    assert brief(value) == repr(value)


CUT = [
    ("x" * 200, "'" + "x" * 118 + "…"),
    ([0] * 10, "[0, 0, 0, 0, 0, 0, …"),
    (10**100_000, "an int of about 100,001 digits"),
    (-(10**100_000), "an int of about 100,001 digits"),
    (nested(100_000), "[[[[[…]]]]]"),
    (nested(4), "[[[[[]]]]]"),
    (holding_itself(), "[1, [1, [1, [1, […]]]]]"),
]


@pytest.mark.parametrize(
    "value, text",
    CUT,
    ids=[
        "text",
        "list",
        "int",
        "negative int",
        "nested without end",
        "nested as deep as is shown",
        "holds itself",
    ],
)
def test_brief_cuts_what_is_large(value, text):
    assert brief(value, 20 if value == [0] * 10 else 120) == text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**7,
        "\0" * 10**6,
        list(range(10**6)),
        tuple(range(10**6)),
        set(range(10**5)),
        dict.fromkeys(range(10**5), "y" * 1000),
        [["z" * 500] * 500] * 500,
        {10**100_000: 10**100_000},
    ],
    ids=["text", "escapes", "list", "tuple", "set", "dict", "nested", "ints"],
)
def test_brief_writes_no_more_than_so_many_characters(value):
    assert len(brief(value)) <= 120
    assert len(brief(value, 30)) <= 30


def test_brief_looks_at_no_more_items_than_it_shows(monkeypatch):
    seen = []
    real = torch.Tensor.numel
    monkeypatch.setattr(torch.Tensor, "numel", lambda one: seen.append(1) or real(one))
    assert len(brief([torch.ones(1)] * 100_000)) == 120
    assert len(seen) <= 120


@pytest.mark.parametrize(
    "value, text",
    [
        (torch.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (torch.ones(2, 2), "tensor([[1., 1.], [1., 1.]])"),
        (torch.ones(13), "<float32 (13,)>"),
        (torch.ones(0, 10**6), "<float32 (0, 1000000)>"),
        (torch.ones(1).expand(10**6, 10**6), "<float32 (1000000, 1000000)>"),
        (torch.nn.Parameter(torch.ones(1)), "<torch.Parameter>"),
        (np.float32(1), repr(np.float32(1))),
        (np.ones(10**6), "<numpy.ndarray>"),
    ],
    ids=["row", "grid", "long", "empty", "view", "parameter", "number of NumPy", "array of NumPy"],
)
def test_brief_writes_the_numbers_of_a_small_tensor_only(value, text):
    assert brief(value) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (Lying(), "<Lying>"),
        ([Lying()], "[<Lying>]"),
        ({"a": Lying()}, "{'a': <Lying>}"),
        (Named(), "<Named>"),
        (LoudList([1]), "<LoudList>"),
        (LoudInt(1), "<LoudInt>"),
        (Unending(), "<Unending>"),
    ],
    ids=["lying", "in a list", "in a dict", "named", "list", "int", "without end"],
)
def test_brief_asks_no_object_for_its_own_text(value, text):
    assert brief(value) == text


# ---------------------------------------------------------------- the others


def test_cut_leaves_a_text_that_is_short_enough():
    assert cut("abc", 3) == "abc"


def test_cut_puts_an_ellipsis_where_it_cuts():
    assert cut("abcd", 3) == "ab…"


@pytest.mark.parametrize(
    "value, name",
    [
        (torch.ones(1), "torch.Tensor"),
        (np.ones(1), "numpy.ndarray"),
        (1, "int"),
        (Lying(), "Lying"),
        (Named(), "Named"),
        (type("N" * 100, (), {})(), "N" * 59 + "…"),
    ],
    ids=["torch", "NumPy", "int", "lying", "named", "long"],
)
def test_type_name_is_the_true_one(value, name):
    assert type_name(value) == name


def test_is_tensor_is_not_taken_in_by_a_false_class():
    assert is_tensor(torch.nn.Parameter(torch.ones(1)))
    assert isinstance(Lying(), torch.Tensor)
    assert not is_tensor(Lying())


def test_is_array_is_not_taken_in_by_a_false_class():
    class LyingArray:
        __class__ = np.ndarray

    assert is_array(np.ones(1))
    assert isinstance(LyingArray(), np.ndarray)
    assert not is_array(LyingArray())
