"""A slice of a notebook is what an answer needs, in order, and nothing that only runs."""

import pytest

from dojo.notebook.slicing import joined, slice_of, statements_of


@pytest.fixture
def sliced(cells_of):
    """The text of the slice of these cells that defines f."""

    def slice_cells(*texts, names=("f",)):
        return joined(slice_of(statements_of(cells_of(*texts)), names).statements).text

    return slice_cells


def test_what_a_function_uses_comes_along_and_prints_and_loops_stay(sliced):
    text = sliced(
        "import torch\nimport os",
        "SIZE = 3\nprint(SIZE)",
        "def helper(x):\n    return x + SIZE",
        "for i in range(3):\n    total = i\nf(1)",
        "def f(x):\n    return torch.sum(helper(x))",
        "y = f(2)\nplot(y)",
    )
    assert text == (
        "import torch\nSIZE = 3\ndef helper(x):\n    return x + SIZE\n"
        "def f(x):\n    return torch.sum(helper(x))\n"
    )


def test_the_last_binding_counts_for_what_is_called_later(sliced):
    text = sliced("N = 1", "def f(x):\n    return x * N", "N = 2")
    assert text == "def f(x):\n    return x * N\nN = 2\n"


def test_the_binding_before_counts_for_what_runs_at_once(sliced):
    text = sliced("N = 1", "M = N + 1", "N = 5", "def f(x):\n    return x * M")
    assert text == "N = 1\nM = N + 1\ndef f(x):\n    return x * M\n"


def test_an_older_definition_is_dropped(sliced):
    assert sliced("def f():\n    return a", "a = 1", "def f():\n    return 2") == (
        "def f():\n    return 2\n"
    )


def test_changes_of_a_value_come_along(sliced):
    text = sliced("N = {}", "N['a'] = 1\nN |= {}", "def f():\n    return N")
    assert text == "N = {}\nN['a'] = 1\nN |= {}\ndef f():\n    return N\n"


def test_what_a_method_changes_in_place_comes_along(sliced):
    text = sliced("N = []", "N.append(1)\nprint(N)", "def f():\n    return N")
    assert text == "N = []\nN.append(1)\ndef f():\n    return N\n"


def test_a_function_of_a_module_does_not_change_the_module(sliced):
    text = sliced("import torch\nw = g()\ntorch.nn.init.zeros_(w)", "def f():\n    return torch")
    assert text == "import torch\ndef f():\n    return torch\n"


def test_what_only_one_branch_binds_does_not_hide_the_binding_before(sliced):
    main = "if __name__ == '__main__':\n    h = input()"
    text = sliced("def h(): return 1", "def f():\n    return h()", main)
    assert text == f"def h(): return 1\ndef f():\n    return h()\n{main}\n"


def test_a_loop_that_gives_a_needed_name_its_value_is_named_and_stays(cells_of):
    table = "T = []\nx = 1\nfor x in range(3):\n    T.append(x)"
    init = "for w in (1, 2):\n    torch.nn.init.zeros_(w)"
    cells = cells_of("import torch", table, init, "def f():\n    return T, torch")
    found = slice_of(statements_of(cells), ["f"])
    assert joined(found.statements).text == "import torch\nT = []\ndef f():\n    return T, torch\n"
    assert {name: loop.places[0] for name, loop in found.loops.items()} == {"T": ("nb, cell 2", 3)}


def test_every_import_of_a_package_comes_along(sliced):
    text = sliced("import torch", "import torch.fft", "def f(x):\n    return torch.fft.fft(x)")
    assert text.startswith("import torch\nimport torch.fft\n")


def test_an_import_of_everything_comes_along_where_a_name_is_unknown(sliced):
    assert sliced("from math import *", "def f(x):\n    return sqrt(x)").startswith("from math")
    assert "math" not in sliced("from math import *", "def f(x):\n    return len(x)")


def test_a_choice_of_the_device_comes_along(sliced):
    choice = "if torch.cuda.is_available():\n    d = 'cuda'\nelse:\n    d = 'cpu'"
    text = sliced("import torch", choice, "def f(x):\n    return x.to(d)")
    assert choice in text


def test_a_decorator_and_a_base_class_come_along(sliced):
    text = sliced("import torch", "class B: pass", "@torch.no_grad()\ndef f(x):\n    return B()")
    assert text == "import torch\nclass B: pass\n@torch.no_grad()\ndef f(x):\n    return B()\n"


def test_imports_of_the_future_come_first(sliced):
    text = sliced("def f(x): return 1", "from __future__ import annotations")
    assert text.startswith("from __future__")


def test_two_statements_in_a_line_are_told_apart(sliced):
    assert sliced("a = 1; b = 2", "def f(): return b") == "b = 2\ndef f(): return b\n"


@pytest.mark.parametrize(
    "cell", ["def g(:", "def g(a, a): pass", "nonlocal x", "def g():\n    from math import *"]
)
def test_a_cell_that_is_no_python_is_passed_over(sliced, cell):
    assert sliced(cell, "def f(): pass") == "def f(): pass\n"


def test_functions_that_use_each_other_end(sliced):
    both = "def f(): return g()\ndef g(): return f()"
    assert sliced(both) == f"{both}\n"


def test_each_line_knows_its_place(cells_of):
    cells = cells_of("import os", "x = 1\n\ndef f():\n    return os")
    answer = joined(slice_of(statements_of(cells), ["f"]).statements)
    assert [answer.place_of(line) for line in (1, 2, 3)] == [
        ("nb, cell 1", 1),
        ("nb, cell 2", 3),
        ("nb, cell 2", 4),
    ]
