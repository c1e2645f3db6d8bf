"""torch's own optimizers agree with the oracles of the checks, which forbid them all the same."""

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas
from dojo.verdict.model import GREEN


def pytest_generate_tests(metafunc):
    """One case for each answer that inherits from the class of torch that a kata makes."""
    found = [
        one
        for kata in find_katas(metafunc.config.rootpath)
        if kata.track == "optimizers"
        for one in find_candidates(kata)
        if one.label == "InheritsTorchs"
    ]
    metafunc.parametrize("answer", found, ids=lambda one: one.id)


def test_torchs_own_class_is_red_for_nothing_else(answer, judge_source):
    verdict = judge_source(answer.kata, answer.source)
    assert {check.aspect for check in verdict.checks if check.state != GREEN} == {"structure"}
