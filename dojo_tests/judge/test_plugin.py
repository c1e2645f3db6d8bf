"""Pytest's door: the options that it takes, and what it registers where."""

import pytest

from dojo.plugin import _seconds


@pytest.fixture
def pytest_in(run_module_in):
    """Run plain pytest in a folder."""

    def pytest_in(folder, *options):
        return run_module_in(folder, "pytest", "-q", "-p", "no:cacheprovider", *options)

    return pytest_in


@pytest.mark.parametrize("text, seconds", [("0.5", 0.5), ("86400", 86400.0)])
def test_the_time_limit_is_a_number_of_seconds_up_to_a_day(text, seconds):
    assert _seconds(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "86401", "nan", "inf"])
def test_another_time_limit_is_refused(text):
    with pytest.raises(ValueError, match="a number of seconds from 0 to 86400"):
        _seconds(text)


def test_a_wrong_time_limit_is_a_usage_error(pytest_in, small_dojo):
    done = pytest_in(small_dojo, "--time-limit=0")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--time-limit" in done.stderr


def test_a_project_that_is_no_dojo_is_left_alone(pytest_in, tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_it(request):\n    assert 'device' not in request.fixturenames\n"
        "    assert not request.config.pluginmanager.hasplugin('dojo-runner')\n"
    )
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_one_device_runs_a_check_once(pytest_in, small_dojo):
    shown = pytest_in(small_dojo, "--collect-only", "--device=cpu", "-k", "first_row").stdout
    assert "test_is_a_view[cpu]" in shown
    assert "cuda" not in shown


def test_all_devices_run_a_check_twice(pytest_in, small_dojo):
    shown = pytest_in(small_dojo, "--collect-only", "-k", "first_row").stdout
    assert "test_is_a_view[cpu]" in shown
    assert "test_is_a_view[cuda]" in shown


@pytest.mark.parametrize("isolation", ["none", "spawn", "auto"])
def test_each_isolation_gives_the_same_outcomes(pytest_in, own_dojo, isolation):
    answer = own_dojo / "katas" / "second" / "k02_first_row.py"
    answer.write_text("def first_row(x):\n    return x[0].clone()\n")
    done = pytest_in(own_dojo, f"--isolation={isolation}", "-k", "first_row")
    assert done.returncode == 1
    assert "2 failed, 4 passed" in done.stdout
    assert "expected a view of the input's memory" in " ".join(done.stdout.split())


def test_a_check_with_a_fixture_of_pytest_is_judged_too(pytest_in, own_dojo):
    check = own_dojo / "tests" / "second" / "test_k02_first_row.py"
    check.write_text(
        '"""A check."""\n\n\ndef test_it(solution, tmp_path):\n    """It has a folder."""\n'
        "    assert tmp_path.is_dir()\n    assert solution.first_row([1]) == 1\n"
    )
    answer = own_dojo / "katas" / "second" / "k02_first_row.py"
    answer.write_text("def first_row(x):\n    return x[0]\n")
    done = pytest_in(own_dojo, "-k", "first_row")
    assert "1 of 1 katas green" in done.stdout
