"""A file of checks is left out only if -k cannot select one of its checks."""

from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.judge.keywords import KeywordFilter

NAMES = ["first/k01_double", "first/k02_add", "second/k01_mean", "second/k010_many"]
KATAS = [Kata(name, Path("/dojo")) for name in NAMES]


@pytest.mark.parametrize(
    "expression, left",
    [
        ("k02_add", ["first/k02_add"]),
        ("K02_ADD", ["first/k02_add"]),
        ("k01", ["first/k01_double", "second/k01_mean", "second/k010_many"]),
        ("k01_", ["first/k01_double", "second/k01_mean"]),
        ("k02 or k010", ["first/k02_add", "second/k010_many"]),
        ("k02 and cpu", ["first/k02_add"]),
        ("k02 or gradient", NAMES),
        ("(k02 or k01_double) and first", ["first/k01_double", "first/k02_add"]),
        ("double", NAMES),
        ("not k02", NAMES),
        ("k02 and not cuda", NAMES),
        ("k99", NAMES),
        ("k02 or", NAMES),
        ("k02 k01", NAMES),
    ],
)
def test_the_katas_that_are_left_are_those_that_may_be_meant(expression, left):
    keywords = KeywordFilter(expression, KATAS)
    assert [kata.name for kata in KATAS if not keywords.excludes(kata)] == left


def test_only_the_checks_of_the_kata_that_is_named_are_imported(run_module_in, own_dojo, tmp_path):
    for checks in (own_dojo / "tests").rglob("test_*.py"):
        note = f"open({str(tmp_path / 'imported')!r}, 'a').write('{checks.stem} ')\n"
        checks.write_text(checks.read_text(encoding="utf-8") + note, encoding="utf-8")
    done = run_module_in(own_dojo, "pytest", "-k", "k02_add")
    assert "0 of 1 katas green" in done.stdout
    assert (tmp_path / "imported").read_text(encoding="utf-8") == "test_k02_add "
