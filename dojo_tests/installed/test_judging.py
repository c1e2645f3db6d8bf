"""In a folder without checks, the installed ones judge, listed under the learner's files."""

import json
import shutil

import pytest

RIGHT = "def double(x):\n    return x * 2\n"
WRONG = "def double(x):\n    return x * 3\n"
READS = """
import pathlib
import dojo
def double(x):
    course = pathlib.Path(dojo.__file__).parent / "_course"
    return eval((course / "reference" / "first" / "k01_double.py").read_text())
"""
IMPORTS = "from dojo._course.reference.first.k01_double import double\n"


@pytest.fixture
def answer(learner):
    """Writes the answer to the first kata."""

    def write(text):
        file = learner / "katas" / "first" / "k01_double.py"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def states(installed, folder, *arguments):
    done = installed.dojo(folder, "check", "--json", *arguments)
    return {one["kata"]: one["state"] for one in map(json.loads, done.stdout.splitlines())}


def words(done):
    """What was printed, whatever the lines."""
    return " ".join(done.stdout.split())


def test_plain_pytest_judges_all_katas(installed, learner, answer):
    answer(RIGHT)
    done = installed.pytest(learner)
    assert "1 of 4 katas green, 3 not started" in done.stdout
    assert done.returncode == 1


def test_the_solutions_are_green(installed, learner):
    done = installed.pytest(learner, "--solutions=reference")
    assert done.returncode == 0
    assert "4 of 4 katas green" in done.stdout


def test_dojo_check_gives_the_same_verdict(installed, learner, answer):
    answer(WRONG)
    assert states(installed, learner, "--all") == {
        "first/k01_double": "red",
        "first/k02_add": "not started",
        "second/k01_mean": "not started",
        "second/k02_first_row": "not started",
    }


def test_checks_are_listed_under_the_learners_file_at_the_function_they_judge(
    installed, learner, answer
):
    answer("import torch\n\n\n" + RIGHT)
    code = (
        "import pytest\n"
        "class Show:\n"
        "    def pytest_collection_finish(self, session):\n"
        "        items = session.items\n"
        "        print({(item.nodeid.partition('::')[0], *item.location[:2]) for item in items})\n"
        "pytest.main(['--collect-only', '-qq', 'katas/first/k01_double.py'], plugins=[Show()])\n"
    )
    done = installed.python(learner, "-c", code)
    file = "katas/first/k01_double.py"
    assert str({(file, file, 3)}) in done.stdout


def test_one_check_can_be_named_as_an_editor_names_it(installed, learner, answer):
    answer(RIGHT)
    listed = installed.pytest(learner, "--collect-only", "-q", "katas/first/k01_double.py").stdout
    nodeid = listed.splitlines()[0]
    assert nodeid.startswith("katas/first/k01_double.py::")
    done = installed.pytest(learner, nodeid)
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_answers_elsewhere_are_judged(installed, learner, answer, tmp_path):
    other = tmp_path / "ben" / "first" / "k01_double.py"
    other.parent.mkdir(parents=True)
    shutil.move(answer(RIGHT), other)
    assert states(installed, learner, str(other)) == {"first/k01_double": "green"}


def test_a_file_that_the_learner_deleted_is_told_with_the_way_back(installed, learner, answer):
    answer(RIGHT).unlink()
    done = installed.dojo(learner, "check", "k01_double")
    assert "dojo reset first/k01_double" in words(done)
    installed.dojo(learner, "reset", "k01_double")
    assert "NotImplementedError" in (learner / "katas/first/k01_double.py").read_text()


def test_a_folder_in_place_of_a_file_is_told(installed, learner, answer):
    file = answer(RIGHT)
    file.unlink()
    file.mkdir()
    done = installed.dojo(learner, "check", "k01_double")
    assert "a folder stands where your file should be. Move it away." in words(done)


@pytest.mark.parametrize("text", [READS, IMPORTS])
def test_an_answer_cannot_read_the_installed_reference(installed, learner, answer, text):
    answer(text)
    done = installed.dojo(learner, "check", "k01_double")
    assert done.returncode == 1
    told = "your file reads reference/first/k01_double.py: the answer must be your own."
    assert told in words(done)


def test_a_run_button_judges_the_file(installed, learner, answer):
    file = answer(RIGHT + 'if __name__ == "__main__": import dojo; dojo.run(__file__)\n')
    assert installed.python(learner, file).stdout.startswith("k01_double: green")


def test_a_learners_own_tests_are_left_alone(installed, learner, answer):
    answer(RIGHT)
    (learner / "tests").mkdir()
    (learner / "tests" / "test_mine.py").write_text(
        "def test_mine():\n    pass\n", encoding="utf-8"
    )
    assert states(installed, learner, "k01_double") == {"first/k01_double": "green"}
    assert "1 passed" in installed.pytest(learner, "tests").stdout


def test_doctor_knows_where_the_checks_lie_and_finds_all_well(installed, learner):
    done = installed.dojo(learner, "doctor")
    assert "the checks are in the package" in words(done)
    assert "git pull" not in done.stdout
    assert "ms from request to verdict" in words(done)
