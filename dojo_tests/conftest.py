"""What the dojo's own tests share: the dojo's root, and its katas as found on the disk."""

from pathlib import Path

import pytest

from dojo.catalog import find_katas
from dojo.impostors import find_candidates

ROOT = Path(__file__).parent.parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    katas = find_katas(ROOT)
    if "kata" in metafunc.fixturenames:
        metafunc.parametrize("kata", katas, ids=[kata.name for kata in katas])
    for name, right in (("impostor", False), ("alternative", True)):
        if name in metafunc.fixturenames:
            found = [one for kata in katas for one in find_candidates(kata) if one.right is right]
            metafunc.parametrize(name, found, ids=[one.id for one in found])


@pytest.fixture
def root() -> Path:
    return ROOT
