"""``dojo check`` in a dojo whose checks or references are broken."""

import pytest

from dojo.verdict.model import NOT_STARTED


def test_checks_that_cannot_be_collected_leave_the_other_katas(run_dojo, double, add, line_of):
    double.checks.write_text("def test_(:\n")
    result = run_dojo("check", "--all")
    assert result.returncode == 1
    assert "first/k01_double is not judged" in result.stderr
    assert NOT_STARTED in line_of(result, add)
    assert "1 not judged, 3 not started" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [("check", "k01_double"), ("hint", "k01_double")])
def test_a_reference_that_is_missing_is_told_with_the_way_back(run_dojo, double, arguments):
    double.reference.unlink()
    double.stub.write_text("def double(x):\n    return 2 * x\n")
    result = run_dojo(*arguments)
    assert result.returncode == 1
    assert "reference/first/k01_double.py cannot be read" in result.stderr
    assert "`git checkout -- reference/first/k01_double.py` brings it back" in result.stderr
    assert len(result.stderr.splitlines()) == 1
