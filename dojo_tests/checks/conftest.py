"""Helpers for the tests of the checks' vocabulary."""

import pytest

from dojo.checks import CheckFailed


@pytest.fixture(scope="session")
def failure_of():
    """Calls a function of the vocabulary that must fail, and returns the ``CheckFailed``."""

    def call_that_fails(function, *args, **kwargs):
        with pytest.raises(CheckFailed) as failed:
            function(*args, **kwargs)
        return failed.value

    return call_that_fails
