"""``dojo init`` makes a learner's folder out of the installed course."""

import pytest

NAMES = ["first/k01_double", "first/k02_add", "second/k01_mean", "second/k02_first_row"]


def files_in(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.py"))


def test_a_learner_gets_the_stubs_and_no_checks_and_no_solutions(learner):
    stubs = [f"{name}.py" for name in NAMES]
    kept, katas = (["/".join((tree, stub)) for stub in stubs] for tree in (".dojo/stubs", "katas"))
    assert files_in(learner) == [*kept, "conftest.py", *katas]
    assert {".gitignore", "pytest.ini", "README.md"} <= {file.name for file in learner.iterdir()}


def test_it_says_what_was_made_and_how_to_begin(installed, tmp_path):
    made = installed.dojo(tmp_path, "init", "learn")
    assert made.stdout == ("4 katas in learn/katas: first, second\nTo begin: cd learn && dojo\n")


def test_the_folder_that_one_is_in_may_have_hidden_entries_and_an_environment(installed, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert installed.dojo(tmp_path, "init").returncode == 0
    assert (tmp_path / "katas" / "first" / "k01_double.py").is_file()


def test_a_folder_that_is_not_empty_is_left_as_it_is(installed, tmp_path):
    (tmp_path / "thesis.tex").write_text("my thesis", encoding="utf-8")
    made = installed.dojo(tmp_path, "init")
    assert made.returncode == 2
    assert made.stderr == (
        f"dojo: {tmp_path} is not empty: it has thesis.tex. Name a new folder: "
        "dojo init torch-dojo\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_is_a_dojo_is_left_as_it_is(installed, learner):
    answer = learner / "katas" / "first" / "k01_double.py"
    answer.write_text("mine", encoding="utf-8")
    made = installed.dojo(learner, "init")
    assert made.returncode == 2
    assert "is a dojo already. New katas come by: dojo update" in made.stderr
    assert answer.read_text(encoding="utf-8") == "mine"


def test_one_track_can_be_taken_and_another_one_later(installed, tmp_path):
    folder = tmp_path / "learn"
    installed.dojo(tmp_path, "init", folder, "--track", "second")
    assert files_in(folder / "katas") == ["second/k01_mean.py", "second/k02_first_row.py"]
    assert "k01_double" not in installed.dojo(folder, "list", "--all").stdout
    answer = folder / "katas" / "second" / "k01_mean.py"
    answer.write_text("mine", encoding="utf-8")
    made = installed.dojo(folder, "init", "--track", "first")
    assert made.stdout.startswith("2 katas in katas: first\n")
    assert files_in(folder / "katas") == [f"{name}.py" for name in NAMES]
    assert answer.read_text(encoding="utf-8") == "mine"


def test_a_track_that_does_not_exist_is_refused_with_those_that_do(installed, tmp_path):
    made = installed.dojo(tmp_path, "init", "learn", "--track", "third")
    assert made.returncode == 2
    assert made.stderr == "dojo: there is no track 'third'. The tracks: first, second\n"
    assert not list(tmp_path.iterdir())


def test_an_ejected_course_is_the_learners_own(installed, tmp_path):
    folder = tmp_path / "learn"
    installed.dojo(tmp_path, "init", folder, "--eject")
    assert len(files_in(folder / "tests")) == len(files_in(folder / "reference")) == len(NAMES)
    checks = folder / "tests" / "first" / "test_k01_double.py"
    checks.write_text("def test_this(solution):\n    assert False\n", encoding="utf-8")
    assert "red" in installed.dojo(folder, "check", "k01_double", "--solutions", "reference").stdout


def test_a_clone_says_that_it_is_a_learners_folder_itself(tmp_path, root):
    from dojo.course.starting import CannotStart, start

    with pytest.raises(CannotStart, match="runs from a clone"):
        start(tmp_path / "learn")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [("list",), ("check",), ("update",)])
def test_outside_of_a_dojo_a_command_says_how_to_make_one(installed, tmp_path, command):
    done = installed.dojo(tmp_path, *command)
    assert done.returncode == 2
    assert done.stderr == (
        "dojo: there is no dojo here. Go to its folder: cd torch-dojo. "
        "To make one: dojo init torch-dojo\n"
    )
