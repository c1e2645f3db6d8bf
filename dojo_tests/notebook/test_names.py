"""The names of a statement: bound, changed, used at once, used later."""

import ast

import pytest

from dojo.notebook.names import missing_names, names_of


def names(text):
    (node,) = ast.parse(text).body
    return names_of(node)


@pytest.mark.parametrize(
    "text, bound",
    [
        ("x, (y, *z) = f()", {"x", "y", "z"}),
        ("import torch as t, numpy", {"t", "numpy"}),
        ("from torch import nn as n", {"n"}),
        ("class A(B):\n    x = 1", {"A"}),
        ("if c:\n    x = 1\nelse:\n    def y(): z = 1", {"x", "y"}),
        ("x = [y for y in z]", {"x"}),
    ],
)
def test_what_a_statement_binds(text, bound):
    assert names(text).binds == bound


@pytest.mark.parametrize(
    "text, changed",
    [
        ("x += 1", {"x"}),
        ("x[0].y = 1", {"x"}),
        ("import torch.nn", {"torch"}),
        ("from torch import *", {"*"}),
        ("x = 1", set()),
    ],
)
def test_what_a_statement_changes(text, changed):
    assert names(text).changes == changed


def test_a_function_uses_defaults_at_once_and_its_body_later():
    found = names("@mark\ndef f(x, y=size):\n    z = [helper(one) for one in x]\n    return z + y")
    assert found.at_once == {"mark", "size"}
    assert found.later == {"helper"}


def test_a_class_uses_its_bases_at_once_and_its_methods_later():
    found = names("class A(Base):\n    size = N\n    def f(self):\n        return helper(self)")
    assert found.at_once == {"Base", "N"}
    assert found.later == {"helper"}


def test_missing_are_the_names_that_nothing_binds():
    tree = ast.parse("import os\ndef f(x):\n    return torch.sum(len(x), os, N, f)")
    assert missing_names(tree) == ["N", "torch"]
