"""What pytest's arguments mean in a dojo, as plain pytest in a process."""

import re

import pytest


@pytest.fixture
def pytest_at(run_module_in, own_dojo):
    """Run plain pytest in a folder of the test's own dojo, or in another one."""

    def pytest_at(folder, *options):
        return run_module_in(own_dojo / folder, "pytest", "-p", "no:cacheprovider", *options)

    return pytest_at


def katas_in(done):
    """The katas that a run has judged, in its order."""
    return re.findall(r"^  (k\d\d_\w+) ", done.stdout, re.MULTILINE)


# ---------------------------------------------------------------- files of answers

ALL = ["k01_double", "k02_add", "k01_mean", "k02_first_row"]


@pytest.mark.parametrize(
    "folder, args, names",
    [
        (".", ["katas/first/k02_add.py"], ["k02_add"]),
        (".", ["katas/first"], ["k01_double", "k02_add"]),
        (".", ["katas/first/"], ["k01_double", "k02_add"]),
        (".", ["katas"], ALL),
        (".", ["katas/second/k01_mean.py", "katas/first/k02_add.py"], ["k01_mean", "k02_add"]),
        ("katas/first", ["k02_add.py"], ["k02_add"]),
        ("katas/second", [], ["k01_mean", "k02_first_row"]),
        ("katas/second", ["../first"], ["k01_double", "k02_add"]),
        ("tests/second", [], ["k01_mean", "k02_first_row"]),
        ("katas", [], ALL),
        (".", ["katas/first/k02_add.py", "-n", "1"], ["k02_add"]),
    ],
)
def test_a_file_or_folder_of_answers_means_its_katas(pytest_at, folder, args, names):
    done = pytest_at(folder, *args)
    assert katas_in(done) == names
    assert done.returncode == 1


def test_the_file_of_an_answer_that_is_gone_means_its_kata(pytest_at, own_dojo):
    (own_dojo / "katas" / "first" / "k02_add.py").unlink()
    assert katas_in(pytest_at(".", "katas/first/k02_add.py")) == ["k02_add"]


def test_a_check_of_a_file_can_be_named(pytest_at):
    done = pytest_at(".", "-rA", "katas/first/k02_add.py::test_add_holds_the_sum")
    assert "2 not started" in done.stdout


@pytest.mark.parametrize("name", ["reference/first/k02_add.py", "ben/first/k02_add.py"])
def test_an_answer_of_another_folder_is_judged_itself(pytest_at, own_dojo, name):
    (own_dojo / "ben" / "first").mkdir(parents=True)
    right = (own_dojo / "reference" / "first" / "k02_add.py").read_bytes()
    (own_dojo / "ben" / "first" / "k02_add.py").write_bytes(right)
    done = pytest_at(".", name)
    assert (done.returncode, katas_in(done)) == (0, ["k02_add"])


def test_of_an_answer_outside_of_the_dojo_it_is_told_how_to_judge_it(pytest_at, tmp_path):
    (tmp_path / "k02_add.py").write_text("x = 1\n")
    done = pytest_at(".", "../k02_add.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "is not in this dojo. To judge it: dojo check ../k02_add.py" in done.stderr


@pytest.mark.parametrize(
    "args, message",
    [
        (["katas/first/k02_ad.py"], "Did you mean one of: first/k02_add"),
        (["katas/thrid"], "katas/thrid is the file of no kata"),
        (["katas/first/k02_add.py::add"], "what stands after :: is the name of a check"),
        (["katas/first::test_add"], "what stands after :: is the name of a check"),
        (["katas/first/k02_add.py", "reference/first"], "in several folders: katas, reference"),
        (["katas/first", "--solutions=reference"], "in several folders: katas, reference"),
    ],
)
def test_an_argument_that_means_no_answer_is_refused(pytest_at, args, message):
    done = pytest_at(".", *args)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- the tests of the dojo itself


@pytest.fixture
def own_test(own_dojo):
    """A test of the dojo itself, beside the checks of the katas."""
    file = own_dojo / "dojo_tests" / "part" / "test_own.py"
    file.parent.mkdir(parents=True)
    file.write_text("def test_own():\n    pass\n")
    return file


@pytest.mark.parametrize("options", [(), (".",), ("tests",), ("tests", ".")])
def test_the_dojos_own_tests_are_left_out_unless_named(pytest_at, own_test, options):
    shown = pytest_at(".", "--collect-only", "-q", *options).stdout
    assert "test_own" not in shown
    assert "test_k01_double" in shown


def test_they_are_left_out_of_a_dojo_that_is_named_from_elsewhere(
    pytest_at, own_test, own_dojo, tmp_path
):
    shown = pytest_at(tmp_path, "--collect-only", "-q", str(own_dojo), "-k", "own or double").stdout
    assert "test_own" not in shown
    assert "test_k01_double" in shown


@pytest.mark.parametrize(
    "folder, name",
    [
        (".", "dojo_tests"),
        (".", "dojo_tests/part"),
        (".", "dojo_tests/part/test_own.py"),
        (".", "dojo_tests/part/test_own.py::test_own"),
        ("dojo_tests/part", "."),
        ("tests", "../dojo_tests"),
    ],
)
def test_they_are_collected_where_an_argument_leads_to_them(pytest_at, own_test, folder, name):
    assert "test_own" in pytest_at(folder, "--collect-only", "-q", name).stdout


def test_they_are_collected_in_a_folder_of_theirs_without_an_argument(pytest_at, own_test):
    assert "test_own" in pytest_at("dojo_tests/part", "--collect-only", "-q").stdout
