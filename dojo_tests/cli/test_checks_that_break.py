"""``dojo check`` in a dojo whose checks are broken."""

from dojo.verdict.model import NOT_STARTED


def test_checks_that_cannot_be_collected_leave_the_other_katas(run_dojo, double, add, line_of):
    double.checks.write_text("def test_(:\n")
    result = run_dojo("check", "--all")
    assert result.returncode == 1
    assert "first/k01_double is not judged" in result.stderr
    assert NOT_STARTED in line_of(result, add)
    assert "1 not judged, 3 not started" in result.stdout
    assert "Traceback" not in result.stderr
