"""A property that is computed once for each class."""

import pytest

from dojo.checks.laws.once import once


class Family:
    """A class with such a property, which says how often it was computed."""

    size = 1

    @once
    def rows(self):
        """The rows."""
        return [self.size]

    @once
    def twice(self):
        """The rows, two times."""
        return self.rows * 2


def test_objects_of_a_class_share_what_was_computed_once():
    class Kata(Family):
        size = 2

    assert Kata().rows == [2]
    assert Kata().rows is Kata().rows
    assert Kata().twice == [2, 2]


def test_each_class_has_its_own():
    class Kata(Family):
        size = 3

    class Other(Kata):
        size = 4

    assert [one().rows for one in (Family, Kata, Other)] == [[1], [3], [4]]
    assert Kata().rows is not Family().rows


def test_a_class_that_computes_it_in_another_way_has_that():
    class Kata(Family):
        @once
        def rows(self):
            return [*super().rows, 9]

    assert Family().rows == [1]
    assert Kata().rows == [1, 9]
    assert Kata().rows is Kata().rows


def test_what_fails_is_computed_again():
    class Kata(Family):
        tries = 0

        @once
        def fragile(self):
            type(self).tries += 1
            if self.tries == 1:
                raise ValueError("not yet")
            return self.tries

    with pytest.raises(ValueError, match="not yet"):
        _ = Kata().fragile
    assert Kata().fragile == 2
    assert Kata().fragile == 2


def test_the_class_shows_the_property_with_its_docstring():
    assert Family.rows.__doc__ == "The rows."
