"""The mark that names what a check judges."""

import pytest

from dojo.checks import ASPECTS, aspect, aspect_of


@pytest.mark.parametrize("name", ASPECTS)
def test_aspect_of_gives_the_name_that_aspect_marked(name):
    @aspect(name)
    def check():
        pass

    assert aspect_of(check) == name


def test_aspect_returns_the_function_itself():
    def check():
        pass

    assert aspect("shape")(check) is check


def test_aspect_refuses_an_unknown_name():
    with pytest.raises(ValueError, match="unknown aspect 'speed'; one of type, shape, dtype"):
        aspect("speed")


def test_aspect_of_a_function_without_the_mark_is_empty():
    assert aspect_of(len) == ""
    assert aspect_of(None) == ""
