"""``dojo init`` makes a learner's folder out of the installed course."""

import shutil
import subprocess

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


def test_a_start_that_was_interrupted_can_be_typed_again(installed, tmp_path):
    folder = tmp_path / "learn"
    installed.dojo(tmp_path, "init", folder, "--track", "second")
    shutil.rmtree(folder / "katas" / "second")
    shutil.rmtree(folder / ".dojo" / "stubs")
    (folder / "pytest.ini").unlink()
    (folder / "katas" / ".README.md-0a1b2c3d").touch()  # what was just being written
    made = installed.dojo(tmp_path, "init", folder, "--track", "second")
    assert made.returncode == 0, made.stderr
    assert (folder / "pytest.ini").is_file()
    assert files_in(folder / "katas") == ["second/k01_mean.py", "second/k02_first_row.py"]


@pytest.mark.parametrize("name", ["README.md", "katas/first/notes.py"])
def test_a_folder_with_a_file_of_the_learners_is_no_interrupted_start(installed, tmp_path, name):
    file = tmp_path / "learn" / name
    file.parent.mkdir(parents=True)
    file.write_text("my own", encoding="utf-8")
    made = installed.dojo(tmp_path, "init", "learn")
    assert made.returncode == 2
    assert f"is not empty: it has {name.partition('/')[0]}." in made.stderr
    assert file.read_text(encoding="utf-8") == "my own"


def test_tracks_that_an_interrupted_start_was_not_to_bring_are_not_brought(installed, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    (tmp_path / "file").touch()
    (folder / ".gitignore").symlink_to(tmp_path / "file" / "below")  # it cannot be written
    made = installed.dojo(tmp_path, "init", folder, "--track", "second")
    assert made.returncode == 2
    (folder / ".gitignore").unlink()
    shutil.copytree(installed.course / "katas" / "second", folder / "katas" / "second")
    installed.dojo(folder, "update")
    assert not (folder / "katas" / "first").exists()


def test_the_stubs_of_an_earlier_track_are_kept_too(installed, tmp_path):
    folder = tmp_path / "learn"
    installed.dojo(tmp_path, "init", folder, "--track", "second")
    shutil.rmtree(folder / ".dojo" / "stubs")  # as after an interrupted start
    installed.dojo(folder, "init", "--track", "first")
    assert files_in(folder / ".dojo" / "stubs") == [f"{name}.py" for name in NAMES]


def test_of_a_dojo_only_the_tracks_that_are_there_are_ejected(installed, tmp_path):
    folder = tmp_path / "learn"
    installed.dojo(tmp_path, "init", folder, "--track", "second")
    made = installed.dojo(tmp_path, "init", "learn", "--eject")
    assert made.stdout == "The checks and solutions are in learn, too.\n"
    assert files_in(folder / "katas") == ["second/k01_mean.py", "second/k02_first_row.py"]
    assert files_in(folder / "reference") == files_in(folder / "katas")


@pytest.mark.parametrize("folder", ["file/below", "~nobody_of_this_name/learn"])
def test_a_folder_that_cannot_be_made_is_told_in_a_line(installed, tmp_path, folder):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    made = installed.dojo(tmp_path, "init", folder)
    assert made.returncode == 2
    assert made.stderr.startswith(f"dojo: {folder}")
    assert len(made.stderr.splitlines()) == 1


def test_the_command_to_begin_with_runs_as_printed(installed, tmp_path):
    tool = tmp_path / "env" / "dojo"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho it began\n", encoding="utf-8")
    tool.chmod(0o755)
    argv = ["env/dojo", "init", "--", "-my own"]
    code = f"import sys; from dojo.cli import main; sys.argv = {argv}; main()"
    made = installed.python(tmp_path, "-c", code)
    command = made.stdout.rpartition("To begin: ")[2]
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "it began\n", (command, done.stderr)
