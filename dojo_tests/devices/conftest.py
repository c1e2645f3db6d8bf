"""The simulated GPU, for the tests of it."""

import pytest

from dojo.devices.simulated_cuda import SimulatedCuda


@pytest.fixture
def cuda():
    """Torch acts as on a machine with one GPU during the test."""
    with SimulatedCuda() as mode:
        yield mode
