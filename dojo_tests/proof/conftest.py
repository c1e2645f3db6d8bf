"""The proof of the course: every test here bears the marker ``proof``."""

import functools
import hashlib
from pathlib import Path

import pytest

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas

ROOT = Path(__file__).parent.parent.parent
SHARE = 32  # of so many known answers one is in the sample

candidates_of = functools.cache(find_candidates)  # each of a few tests asks for those of all katas


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.proof)


def pytest_generate_tests(metafunc):
    katas = find_katas(ROOT)
    if "kata" in metafunc.fixturenames:
        metafunc.parametrize("kata", katas, ids=[kata.name for kata in katas])
    for name, right in (("impostor", False), ("alternative", True)):
        if name in metafunc.fixturenames:
            found = [one for kata in katas for one in candidates_of(kata) if one.right is right]
            metafunc.parametrize(name, found, ids=[one.id for one in found])


@pytest.fixture(scope="session")
def sample(request):
    """Chooses the known answers that are judged in other ways than the fastest.

    They are chosen by a hash of their names, so that the place in a file decides nothing: about one
    of ``one_of``, and at least one. With ``--all-ways`` they are all.
    """

    def chosen(candidates, one_of=SHARE):
        if request.config.getoption("--all-ways"):
            return candidates
        ranks = {one: int(hashlib.sha256(one.id.encode()).hexdigest(), 16) for one in candidates}
        found = [one for one, rank in ranks.items() if rank % one_of == 0]
        return found or candidates[:1]

    return chosen
