"""``dojo``, ``dojo list``, ``dojo next`` and ``dojo skip`` say where the learner is."""

import json
import re

from dojo.course.katas import find_katas
from dojo.verdict.model import CRASHED, GREEN, NOT_JUDGED, NOT_STARTED, STALE


def test_the_list_shows_states_and_the_current_kata(run_dojo, double, record_verdict):
    record_verdict(double, GREEN, "x = 1\n")
    lines = run_dojo("list").stdout.splitlines()
    assert re.match(r"first +\[#{5}\.{5}\]  1 of 2 +1\. ", lines[0])
    assert re.match(r"  k01_double +green +Double a tensor", lines[1])
    assert re.match(r"> k02_add +not started +Add two tensors", lines[2])
    assert re.match(r"second +\[\.{10}\]  0 of 2 +2\. ", lines[3])
    assert lines[4] == "To open a track: dojo list TRACK. All: dojo list --all"
    assert len(lines) == 5


def test_the_list_opens_the_tracks_that_are_named(run_dojo):
    lines = run_dojo("list", "second").stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == [
        "first",
        "second",
        "k01_mean",
        "k02_first_row",
    ]
    names = run_dojo("list", "--all").stdout
    assert all(stem in names for stem in ("k01_double", "k02_add", "k01_mean", "k02_first_row"))
    assert "To open" not in names


def test_the_list_has_a_line_a_track_when_all_is_green(run_dojo, own_dojo, record_verdict):
    for kata in find_katas(own_dojo):
        record_verdict(kata, GREEN, kata.stub.read_text())
    lines = run_dojo("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["first", "second", "To"]


def test_the_list_counts_what_is_red(run_dojo, double, record_verdict):
    record_verdict(double, CRASHED, "x =\n")
    assert "(1 crashed)" in run_dojo("list").stdout.splitlines()[0]


def test_a_track_that_is_unknown_is_told_with_what_there_is(run_dojo):
    result = run_dojo("list", "thrid")
    assert result.returncode == 2
    assert "There is no kata 'thrid'." in result.stderr


def test_the_list_says_what_stale_means(run_dojo, double, record_verdict, line_of):
    record_verdict(double, GREEN, "x = 1\n")
    double.stub.write_text("x = 2\n")
    result = run_dojo("list")
    assert STALE in line_of(result, double)
    assert "stale: green once; since then edited, or the checks" in result.stdout


def test_answers_that_nobody_has_judged_are_told_everywhere(run_dojo, double, line_of):
    double.stub.write_text("def double(x):\n    return x * 2\n")
    result = run_dojo("list")
    assert re.match(r"> k01_double +not judged yet +Double", line_of(result, double))
    assert "not judged yet: an answer on which no verdict is known here." in result.stdout
    assert "(1 not judged yet)" in result.stdout
    assert json.loads(run_dojo("list", "--json").stdout.splitlines()[0])["state"] == NOT_JUDGED
    assert "next: k01_double (not judged yet)" in run_dojo("next").stdout
    result = run_dojo()
    assert "0 of 4 katas green, 1 not judged yet, 3 not started" in result.stdout
    assert "then run: dojo check     (all that was written: dojo check --all)" in result.stdout


def test_the_list_fits_in_80_columns(run_dojo):
    assert max(map(len, run_dojo("list", COLUMNS="80").stdout.splitlines())) <= 80


def test_the_list_as_json_has_an_entry_for_each_kata(run_dojo, double, record_verdict):
    record_verdict(double, CRASHED, "x =\n")
    entries = [json.loads(line) for line in run_dojo("list", "--json").stdout.splitlines()]
    assert [entry["kata"] for entry in entries] == [
        "first/k01_double",
        "first/k02_add",
        "second/k01_mean",
        "second/k02_first_row",
    ]
    assert entries[0]["state"] == CRASHED
    assert entries[0]["title"] == "Double a tensor"
    assert entries[0]["is_current"]
    assert entries[1]["state"] == NOT_STARTED


def test_without_a_terminal_dojo_says_how_far_you_are_and_what_to_do(run_dojo):
    result = run_dojo()
    assert result.returncode == 0
    assert "] 0 of 4 katas green, 4 not started" in result.stdout
    assert "edit katas/first/k01_double.py\n  then run: dojo check" in result.stdout


def test_next_shows_the_task_without_the_answer(run_dojo):
    result = run_dojo("next")
    assert "Multiply each number of x by 2." in " ".join(result.stdout.split())
    assert "makes a new tensor" not in result.stdout


def test_next_shows_the_task_of_a_broken_file(run_dojo, double):
    double.stub.write_text(f"{double.stub.read_text()}\ndef (:\n")
    assert "Multiply each number of x by 2." in " ".join(run_dojo("next").stdout.split())


def test_skipped_katas_stay_on_the_list(run_dojo, double, line_of):
    assert "next: k02_add" in run_dojo("skip").stdout
    assert "(skipped)" in line_of(run_dojo("list"), double)


def test_a_second_skip_takes_the_first_back(run_dojo, double, line_of):
    assert "To take that back: dojo skip first/k01" in run_dojo("skip").stdout
    result = run_dojo("skip", "first/k01")
    assert "first/k01_double was left for later; that is taken back." in result.stdout
    assert "next: k01_double" in result.stdout
    assert "(skipped)" not in line_of(run_dojo("list"), double)


def test_after_the_last_kata_is_skipped_the_first_is_the_next(run_dojo):
    for following in ("k02_add", "k01_mean", "k02_first_row", "k01_double"):
        assert f"next: {following}" in run_dojo("skip").stdout


def test_a_track_that_is_all_green_is_told_with_what_the_next_one_builds_on(
    run_dojo, double, add, record_verdict
):
    told = "first is all green. Next comes second, which builds on first."
    record_verdict(double, GREEN, "x = 1\n")
    assert told not in run_dojo("next").stdout
    record_verdict(add, GREEN, "x = 1\n")
    assert told in run_dojo("next").stdout
    assert told in run_dojo("list").stdout.splitlines()
    assert told in run_dojo().stdout


def test_a_track_that_is_begun_is_not_told_again(run_dojo, own_dojo, record_verdict):
    for kata in find_katas(own_dojo)[:3]:
        record_verdict(kata, GREEN, "x = 1\n")
    assert "is all green" not in run_dojo("next").stdout


def test_without_what_it_builds_on_the_next_track_is_told_alone(
    run_dojo, own_dojo, double, add, record_verdict
):
    (own_dojo / "katas" / "second" / "README.md").write_text("# 2. Further steps\n")
    for kata in (double, add):
        record_verdict(kata, GREEN, "x = 1\n")
    assert "first is all green. Next comes second.\n" in run_dojo("next").stdout
