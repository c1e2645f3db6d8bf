"""``dojo practice`` says what is due, and practises it at a terminal without touching katas/."""

import datetime
import json
import os
import signal

import pytest

from dojo.course.stubs import keep_stub
from dojo.practice.schedule import Schedule
from dojo.practice.scratch import scratch_file
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN

MINE = "def double(x):\n    return x + x\n"
TRIPLES = "def double(x):\n    return x * 3\n"
RIGHT = "def double(x):\n    return x * 2\n"


@pytest.fixture
def learn(record_verdict):
    """Records that a kata became green some days ago, by the answer that is in katas/ now."""

    def learn_kata(kata, days, text=MINE):
        keep_stub(kata)
        record_verdict(kata, GREEN, text)
        path = kata.root / ".dojo" / "progress.json"
        content = json.loads(path.read_text())
        day = datetime.date.today() - datetime.timedelta(days)
        content["katas"][kata.name]["green"] = f"{day}T12:00:00+0000"
        path.write_text(json.dumps(content))

    return learn_kata


def reviews_of(kata):
    """The ratings that the schedule has recorded of a kata, the one of its first green too."""
    path = kata.root / ".dojo" / "practice.json"
    entries = json.loads(path.read_text())["katas"] if path.exists() else {}
    return [each["rating"] for each in entries.get(kata.name, {"reviews": []})["reviews"]]


# ---------------------------------------------------------------- what is due


def test_when_nothing_was_green_it_says_so(run_dojo):
    result = run_dojo("practice")
    assert result.returncode == 0
    assert "No kata has been green yet, so there is nothing to practise." in result.stdout


def test_when_nothing_is_due_it_says_what_comes_next_and_how_to_practise_it(
    run_dojo, double, add, learn
):
    learn(add, 0)
    learn(double, 1)
    result = run_dojo("practice")
    assert result.returncode == 0
    tomorrow = datetime.date.today() + datetime.timedelta(1)
    told = " ".join(result.stdout.split())
    assert f"The next is first/k01_double, tomorrow, on {tomorrow}." in told
    assert "To practise it now: dojo practice first/k01_double" in result.stdout


def test_without_a_terminal_it_says_what_is_due_and_changes_nothing(run_dojo, double, learn):
    learn(double, 9)
    result = run_dojo("practice")
    assert result.returncode == 2
    assert "practice needs a terminal" in result.stderr
    assert "first/k01" in result.stderr
    assert not scratch_file(double).exists()


def test_a_track_is_practised_alone(run_dojo, double, learn):
    learn(double, 9)
    result = run_dojo("practice", "--track", "second")
    assert result.returncode == 0
    assert "No kata of second has been green yet" in result.stdout


def test_the_list_says_how_many_are_due(run_dojo, double, add, learn):
    learn(double, 0)
    assert "due for practice" not in run_dojo("list").stdout
    learn(double, 9)
    assert run_dojo("list").stdout.splitlines()[-1] == "1 kata is due for practice: dojo practice"
    learn(add, 9)
    assert "2 katas are due for practice: dojo practice\n" in run_dojo("list").stdout


def test_the_list_as_json_has_the_day_of_practice(run_dojo, double, learn):
    learn(double, 9)
    first, second = [json.loads(line) for line in run_dojo("list", "--json").stdout.splitlines()][
        :2
    ]
    day = datetime.date.today() - datetime.timedelta(7)
    assert (first["practice"], first["is_due"]) == (day.isoformat(), True)
    assert (second["practice"], second["is_due"]) == (None, False)


@pytest.mark.parametrize("command", ["list", "practice"])
def test_a_damaged_schedule_is_set_aside_and_named(run_dojo, own_dojo, double, learn, command):
    learn(double, 0)
    (own_dojo / ".dojo" / "practice.json").write_text("{")
    result = run_dojo(command)
    assert result.returncode == 0
    assert "practice.json is damaged: it is not JSON. It is kept as practice." in result.stderr
    assert [file.read_text() for file in (own_dojo / ".dojo").glob("practice.*-*.json")] == ["{"]


# ---------------------------------------------------------------- at a terminal


def test_a_kata_is_practised_from_the_stub_to_green(type_dojo, double, learn):
    learn(double, 9)
    practice = type_dojo("practice")
    practice.wait_for(
        "practice: first/k01_double", "edit .dojo/practice/first/k01_double.py", "0:0"
    )
    assert "raise NotImplementedError" in scratch_file(double).read_text()
    scratch_file(double).write_text(TRIPLES)
    practice.wait_for("red", ".dojo/practice/first/k01_double.py:1", "returned 3. at index (0, 0)")
    practice.press("h")
    practice.wait_for("hint 1 of 3: What is twice a number?")
    scratch_file(double).write_text(RIGHT)
    practice.wait_for("green", "1 wrong version, 1 hint", "hard: due again in ")
    assert practice.wait_for_end() == 0
    assert reviews_of(double) == ["good", "hard"]
    assert double.stub.read_text() == MINE
    progress = Progress(double.root)
    assert (progress.hints_opened(double), progress.reds(double)) == (0, 0)
    assert Schedule(progress, pytest.fail).due([double]) == []


def test_giving_up_asks_shows_the_solution_and_brings_the_kata_back_tomorrow(
    type_dojo, double, learn
):
    learn(double, 9)
    practice = type_dojo("practice")
    practice.wait_for("g: give up")
    practice.press("g")
    practice.wait_for("give up, and see the solution? y/n")
    practice.press("n")
    practice.wait_for("g: give up")
    practice.press("gy")
    practice.wait_for("+    return", "given up after 0:", "again: due again tomorrow")
    assert practice.wait_for_end() == 1
    assert reviews_of(double) == ["good", "again"]


def test_a_session_goes_on_until_nothing_is_due(type_dojo, double, add, learn):
    learn(double, 8)
    learn(add, 9)
    practice = type_dojo("practice", "--minutes", "20")
    practice.wait_for("practice: first/k02_add", "20 min left")
    practice.press("gy")
    practice.wait_for("next: first/k01_double   any key: go on")
    practice.press(" ")
    practice.wait_for("practice: first/k01_double", "h: a hint")
    scratch_file(double).write_text(RIGHT)
    practice.wait_for(
        "easy: due again", "Recorded: first/k02_add (again), first/k01_double (easy)."
    )
    assert practice.wait_for_end() == 1
    assert "due for practice" not in practice.text


def test_a_kata_of_ones_choice_is_practised_before_it_is_due(type_dojo, double, learn):
    learn(double, 0)
    practice = type_dojo("practice", "k01_double")
    practice.wait_for("h: a hint")
    scratch_file(double).write_text(RIGHT)
    practice.wait_for("easy: due again")
    assert practice.wait_for_end() == 0


@pytest.mark.parametrize("key, code", [("q", 1), ("\x04", 1), ("\x03", 128 + signal.SIGINT)])
def test_each_way_out_says_what_is_recorded_and_gives_the_terminal_back(
    type_dojo, double, learn, key, code
):
    learn(double, 9)
    practice = type_dojo("practice")
    practice.wait_for("h: a hint")
    scratch_file(double).write_text(TRIPLES)
    practice.wait_for("red", "h: a hint")
    practice.press(key)
    assert practice.wait_for_end() == code
    assert "Recorded: nothing." in practice.text
    assert "first/k01_double is not finished; its file stays: .dojo/practice/" in practice.text
    assert reviews_of(double) == []
    assert scratch_file(double).read_text() == TRIPLES


def test_a_closed_terminal_ends_it(type_dojo, double, learn):
    learn(double, 9)
    practice = type_dojo("practice")
    practice.wait_for("h: a hint")
    practice.hang_up()
    assert practice.wait_for_end() in (1, 128 + signal.SIGHUP, -signal.SIGHUP)
    assert reviews_of(double) == []


def test_unfinished_work_is_kept_as_a_copy_when_the_kata_comes_again(type_dojo, double, learn):
    learn(double, 9)
    scratch_file(double).parent.mkdir(parents=True)
    scratch_file(double).write_text(TRIPLES)
    practice = type_dojo("practice")
    practice.wait_for("what that file held is kept: .dojo/saved/practice/first/k01_double/", "0:0")
    practice.press("q")
    assert practice.wait_for_end() == 1
    (copy,) = (double.root / ".dojo" / "saved" / "practice").rglob("*.py")
    assert copy.read_text() == TRIPLES


def test_a_kata_whose_stub_is_lost_is_passed_over(type_dojo, double, add, learn):
    learn(double, 9)
    learn(add, 8)
    (double.root / ".dojo" / "stubs" / "first" / "k01_double.py").unlink()
    practice = type_dojo("practice")
    practice.wait_for("its stub is neither in git's history nor in", "practice: first/k02_add")
    practice.press("q")
    assert practice.wait_for_end() == 1


@pytest.mark.skipif(os.name != "posix", reason="a folder without rights")
def test_a_practice_that_cannot_be_recorded_is_told(type_dojo, double, learn):
    learn(double, 9)
    practice = type_dojo("practice")
    practice.wait_for("h: a hint")
    (double.root / ".dojo" / "practice.lock").unlink(missing_ok=True)
    (double.root / ".dojo" / "practice.lock").mkdir()
    scratch_file(double).write_text(RIGHT)
    practice.wait_for("practice.json cannot be written", "this practice is not recorded")
    assert practice.wait_for_end() == 1
