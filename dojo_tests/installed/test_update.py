"""``dojo update`` after an upgrade: new katas come, answers stay, and nothing is lost."""

import shutil

import pytest

ANSWER = "    return x * 2\n"
STUB = "    raise NotImplementedError\n"
OLD, NEW = "Double a tensor.", "Double a tensor, whatever its dtype."


@pytest.fixture
def folder(own_installed, tmp_path):
    """A learner's folder of a dojo that the test upgrades."""
    made = own_installed.dojo(tmp_path, "init", tmp_path / "learn")
    assert made.returncode == 0, made.stderr
    return tmp_path / "learn"


@pytest.fixture
def file(folder):
    return folder / "katas" / "first" / "k01_double.py"


@pytest.fixture
def change(own_installed):
    """Changes a text in stub and reference of the first kata, as an upgrade does."""

    def change_text(old, new):
        for tree in ("katas", "reference"):
            path = own_installed.course / tree / "first" / "k01_double.py"
            text = path.read_text(encoding="utf-8")
            assert old in text or tree == "reference"
            path.write_text(text.replace(old, new), encoding="utf-8")

    return change_text


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def add_kata(installed, name):
    """Add a kata to the course: the first one under another name."""
    for tree, mark in (("katas", ""), ("reference", ""), ("impostors", ""), ("tests", "test_")):
        source = installed.course / tree / "first" / f"{mark}k01_double.py"
        track, stem = name.split("/")
        target = installed.course / tree / track / f"{mark}{stem}.py"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(source.read_bytes())


def test_without_an_upgrade_there_is_nothing_to_do(own_installed, folder):
    done = own_installed.dojo(folder, "update")
    assert (done.returncode, done.stdout) == (0, "All 4 files in katas/ are up to date.\n")


@pytest.mark.parametrize("name", ["first/k03_twice", "third/k01_twice"])
def test_a_new_kata_appears_also_in_a_new_track(own_installed, folder, name):
    add_kata(own_installed, name)
    done = own_installed.dojo(folder, "update")
    assert (folder / "katas" / f"{name}.py").is_file()
    assert done.returncode == 0
    assert name in own_installed.dojo(folder, "list", "--all", "--json").stdout


def test_a_track_that_was_left_out_does_not_appear(own_installed, tmp_path):
    folder = tmp_path / "one"
    own_installed.dojo(tmp_path, "init", folder, "--track", "second")
    add_kata(own_installed, "third/k01_twice")
    own_installed.dojo(folder, "update")
    tracks = {each.name for each in (folder / "katas").iterdir() if each.is_dir()}
    assert tracks == {"second", "third"}


def test_a_stub_that_was_not_begun_is_replaced_after_a_copy(own_installed, folder, file, change):
    before = file.read_bytes()
    change(OLD, NEW)
    done = own_installed.dojo(folder, "update")
    assert NEW in file.read_text(encoding="utf-8")
    assert (
        "katas/first/k01_double.py is the new stub; what it replaced: .dojo/saved/" in done.stdout
    )
    own_installed.dojo(folder, "undo")
    assert file.read_bytes() == before


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_new_docstring_is_merged_into_an_answer(own_installed, folder, file, change, newline):
    edit(file, STUB, ANSWER)
    file.write_bytes(file.read_bytes().replace(b"\n", newline.encode()))
    before = file.read_bytes()
    change(OLD, NEW)
    done = own_installed.dojo(folder, "update")
    assert "has the new docstring, and your answer; what it replaced: .dojo/saved/" in done.stdout
    assert file.read_bytes() == before.replace(OLD.encode(), NEW.encode()) != before
    own_installed.dojo(folder, "undo")
    assert file.read_bytes() == before


def test_a_docstring_that_the_learner_changed_too_is_left_and_the_change_is_shown(
    own_installed, folder, file, change
):
    edit(file, STUB, ANSWER)
    edit(file, OLD, "My own words.")
    before = file.read_bytes()
    change(OLD, NEW)
    done = own_installed.dojo(folder, "update")
    assert file.read_bytes() == before
    assert "stays as it is, and its task has changed:" in done.stdout
    assert f'-"""{OLD}' in done.stdout
    assert f'+"""{NEW}' in done.stdout
    assert "up to date" in own_installed.dojo(folder, "update").stdout  # it is said once


def test_an_answer_whose_kata_did_not_change_stays(own_installed, folder, file):
    edit(file, STUB, ANSWER)
    before = file.read_bytes()
    add_kata(own_installed, "first/k03_twice")
    own_installed.dojo(folder, "update")
    assert file.read_bytes() == before


def test_a_file_that_is_no_python_stays_or_is_merged_as_text(own_installed, folder, file, change):
    edit(file, STUB, "    return x *\n")
    change(OLD, NEW)
    own_installed.dojo(folder, "update")
    assert "    return x *\n" in file.read_text(encoding="utf-8")


def test_green_answers_are_judged_again(own_installed, folder, file, change):
    edit(file, STUB, ANSWER)
    own_installed.dojo(folder, "check", "k01_double")
    checks = own_installed.course / "tests" / "first" / "test_k01_double.py"
    edit(
        checks,
        "import",
        "\n\ndef test_new(solution):\n    assert False\n\n\nimport",
    )
    done = own_installed.dojo(folder, "update")
    assert "1 that were green are judged again:" in done.stdout
    assert done.returncode == 1
    assert "0 of 1 katas green" in done.stdout


def test_a_kata_that_the_course_has_no_more_keeps_its_file(own_installed, folder, file):
    for tree, mark in (("katas", ""), ("reference", ""), ("impostors", ""), ("tests", "test_")):
        (own_installed.course / tree / "first" / f"{mark}k01_double.py").unlink()
    edit(file, STUB, ANSWER)
    done = own_installed.dojo(folder, "update")
    assert "katas/first/k01_double.py is in the course no more, and stays.\n" in done.stdout
    assert ANSWER in file.read_text(encoding="utf-8")


def test_an_ejected_course_is_renewed_after_copies(own_installed, tmp_path):
    folder = tmp_path / "own"
    own_installed.dojo(tmp_path, "init", folder, "--eject")
    checks = "tests/first/test_k01_double.py"
    edit(own_installed.course / checks, "TWICE = ", "# newer\nTWICE = ")
    before = (folder / checks).read_bytes()
    done = own_installed.dojo(folder, "update")
    assert (folder / checks).read_bytes() == (own_installed.course / checks).read_bytes() != before
    copy = done.stdout.partition("what it replaced: ")[2].splitlines()[0]
    assert (folder / copy).read_bytes() == before


def test_a_copy_that_cannot_be_saved_stops_the_update(own_installed, folder, file, change):
    change(OLD, NEW)
    before = file.read_bytes()
    (folder / ".dojo" / "saved").write_text("no folder", encoding="utf-8")
    done = own_installed.dojo(folder, "update")
    assert done.returncode == 1
    assert "so nothing was changed" in done.stderr
    assert file.read_bytes() == before


NOTES = "\n\ndef _helper():\n    return 2  # my idea\n"


def test_notes_in_a_stub_stay_where_the_kata_did_not_change(own_installed, folder, file):
    file.write_text(file.read_text(encoding="utf-8") + NOTES, encoding="utf-8")
    before = file.read_bytes()
    own_installed.dojo(folder, "check", "k01_double")  # which keeps stubs for an update
    done = own_installed.dojo(folder, "update")
    assert done.stdout == "All 4 files in katas/ are up to date.\n"
    assert file.read_bytes() == before


@pytest.mark.parametrize("is_checked", [False, True])
def test_a_new_docstring_is_merged_into_a_stub_with_notes(
    own_installed, folder, file, change, is_checked
):
    file.write_text(file.read_text(encoding="utf-8") + NOTES, encoding="utf-8")
    if is_checked:
        own_installed.dojo(folder, "check", "k01_double")
    change(OLD, NEW)
    own_installed.dojo(folder, "update")
    text = file.read_text(encoding="utf-8")
    assert NEW in text
    assert text.endswith(NOTES)


def test_without_the_older_stub_a_file_that_was_not_begun_is_replaced(
    own_installed, folder, file, change
):
    shutil.rmtree(folder / ".dojo")
    change(OLD, NEW)
    own_installed.dojo(folder, "update")
    assert NEW in file.read_text(encoding="utf-8")


def test_a_page_that_the_learner_changed_stays_until_there_is_a_newer_one(own_installed, folder):
    page = folder / "katas" / "first" / "README.md"
    mine = page.read_bytes() + b"\nMy notes.\n"
    page.write_bytes(mine)
    assert "is newer" not in own_installed.dojo(folder, "update").stdout
    assert page.read_bytes() == mine
    newer = own_installed.course / "katas" / "first" / "README.md"
    newer.write_bytes(newer.read_bytes() + b"\nMore.\n")
    done = own_installed.dojo(folder, "update")
    assert page.read_bytes() == newer.read_bytes()
    copy = done.stdout.partition("what it replaced: ")[2].splitlines()[0]
    assert (folder / copy).read_bytes() == mine


def test_a_check_that_the_learner_changed_stays_until_there_is_a_newer_one(own_installed, tmp_path):
    folder = tmp_path / "own"
    own_installed.dojo(tmp_path, "init", folder, "--eject")
    checks = folder / "tests" / "first" / "test_k01_double.py"
    edit(checks, "TWICE = ", "# mine\nTWICE = ")
    before = checks.read_bytes()
    own_installed.dojo(folder, "update")
    own_installed.dojo(folder, "update")
    assert checks.read_bytes() == before


def test_a_folder_in_place_of_a_page_is_left_alone(own_installed, folder):
    page = folder / "katas" / "README.md"
    page.unlink(missing_ok=True)
    page.mkdir()
    (own_installed.course / "katas" / "README.md").write_text("# Katas\n", encoding="utf-8")
    done = own_installed.dojo(folder, "update")
    assert (done.returncode, done.stderr) == (0, "")
    assert page.is_dir()
