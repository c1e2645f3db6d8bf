"""Imports of earlier cells are found that a cell uses, and that still mean what they imported."""

import functools
import math
import os.path

import pytest

from dojo.notebook.imports import holds_in, needed_imports, with_imports


def lines(cell, *earlier, holds=lambda _: True):
    return [each.line for each in needed_imports(cell, earlier, holds)]


def test_only_imports_that_are_used_are_taken():
    assert lines("f(math.pi)", "import os, math\nx = 1") == ["import math"]


def test_the_last_binding_of_a_name_counts():
    assert lines("nn.x", "from a import nn", "import b as nn") == ["import b as nn"]


def test_an_import_of_a_part_does_not_replace_the_whole():
    earlier = ("import torch", "import torch.fft", "import torch")
    assert lines("torch.x", *earlier) == ["import torch.fft", "import torch"]


def test_what_the_cell_binds_itself_is_not_taken():
    assert lines("import math\nmath.pi", "import math") == []


def test_a_cell_with_a_magic_is_read_all_the_same():
    assert lines("math.pi", "%matplotlib inline\nimport math") == ["import math"]


def test_an_import_that_did_not_run_is_not_taken():
    space = {"math": math, "reduce": functools.reduce, "os": os, "path": os.path}
    for text in ("math.pi", "reduce()", "path", "os"):
        earlier = (
            "import math\nfrom functools import reduce\nimport os.path as path\nimport os.path"
        )
        assert len(lines(text, earlier, holds=lambda line: holds_in(space, line))) == 1
        assert lines(text, earlier, holds=lambda line: holds_in({}, line)) == []


def test_a_name_that_means_something_else_by_now_is_not_taken():
    assert lines("math", "import math", holds=lambda line: holds_in({"math": 3}, line)) == []


@pytest.mark.parametrize(
    "cell, expected, place",
    [
        ("x = 1", "import a\nx = 1", 0),
        ('"""Doc."""\nx = 1', '"""Doc."""\nimport a\nx = 1', 1),
        (
            "from __future__ import annotations\nx = 1",
            "from __future__ import annotations\nimport a\nx = 1",
            1,
        ),
    ],
)
def test_lines_are_put_where_python_allows_imports(cell, expected, place):
    assert with_imports(cell, ["import a"]) == (expected, place)
