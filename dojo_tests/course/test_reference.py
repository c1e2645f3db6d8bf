"""The reference of a kata: what is said where the course lacks it."""

import pytest

from dojo.course.reference import NoReference, read_reference


def test_it_is_read_with_its_names(double):
    assert list(read_reference(double).names) == ["double"]


@pytest.mark.parametrize(
    "text, fault",
    [
        (None, "cannot be read (No such file or directory)"),
        ("def double(x:\n", "is not Python ('(' was never closed, line 1)"),
        ("class Double:\n    pass\n", "cannot be used (class Double needs an __init__"),
    ],
    ids=["missing", "broken", "without a name"],
)
def test_what_is_wrong_with_it_is_told_with_the_way_back(double, text, fault):
    double.reference.unlink() if text is None else double.reference.write_text(text)
    with pytest.raises(NoReference) as info:
        read_reference(double)
    words = str(info.value)
    assert words.startswith(f"reference/first/k01_double.py {fault}")
    assert "`git checkout -- reference/first/k01_double.py` brings it back" in words
