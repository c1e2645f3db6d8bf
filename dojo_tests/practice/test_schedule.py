"""The schedule brings a kata back: later after good, sooner after again, and never loses one."""

import datetime
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from dojo.course.katas import Kata, find_katas
from dojo.practice.entry import Review
from dojo.practice.intervals import due_after
from dojo.practice.rating import AGAIN, EASY, GOOD, HARD
from dojo.practice.schedule import FIRST_DAYS, Schedule
from dojo.progress.record import Progress


def file_of(root):
    return root / ".dojo" / "practice.json"


def gaps(schedule, calendar, kata, ratings):
    """The days between practices, each of them on the day on which the kata is due."""
    found = []
    for rating in ratings:
        calendar.today = schedule.due_dates([kata])[kata]
        found.append((schedule.record(kata, rating, 60.0) - calendar.today).days)
    return found


# ---------------------------------------------------------------- what enters


def test_a_kata_that_was_never_green_is_not_in_the_schedule(schedule, double):
    assert schedule.due_dates([double]) == {}
    assert schedule.due([double]) == []


def test_a_kata_enters_when_it_becomes_green_and_is_due_two_days_later(
    schedule, calendar, double, add, learn
):
    learn(double)
    assert schedule.due([double, add]) == []
    calendar.wait(1)
    assert schedule.due([double, add]) == []
    calendar.wait(1)
    assert schedule.due([double, add]) == [double]


def test_a_kata_learnt_with_hints_is_due_a_day_later(schedule, calendar, double, learn):
    learn(double, hints=1)
    calendar.wait(1)
    assert schedule.due([double]) == [double]


@pytest.mark.parametrize("rating", FIRST_DAYS)
def test_the_first_days_are_those_of_fsrs(calendar, rating):
    first = Review(calendar.today, rating, 0.0)
    assert (due_after([first]) - calendar.today).days == FIRST_DAYS[rating]


def test_judging_the_same_answer_again_does_not_put_it_off(schedule, calendar, double, learn):
    learn(double)
    calendar.wait(2)
    learn(double)
    assert schedule.due([double]) == [double]


def test_another_green_answer_counts_as_learnt_anew(schedule, calendar, double, learn):
    learn(double)
    calendar.wait(2)
    learn(double, text="x = 2\n")
    assert schedule.due([double]) == []


def test_a_kata_stays_after_a_reset(schedule, calendar, double, learn):
    learn(double)
    double.stub.write_text("raise NotImplementedError\n")
    calendar.wait(2)
    assert schedule.due([double]) == [double]


def test_a_kata_that_the_course_has_no_more_is_ignored(schedule, calendar, own_dojo, double, learn):
    learn(double)
    gone = Kata("first/k99_gone", own_dojo)
    schedule.record(gone, GOOD, 60.0)
    calendar.wait(400)
    assert schedule.due(find_katas(own_dojo)) == [double]


# ---------------------------------------------------------------- what comes when


def test_good_practices_put_a_kata_off_further_and_further(schedule, calendar, double, learn):
    learn(double)
    days = gaps(schedule, calendar, double, [GOOD] * 3)
    assert days == sorted(set(days))
    assert days[0] > FIRST_DAYS[GOOD]


def test_no_kata_is_put_off_by_more_than_half_a_year(schedule, calendar, double, learn):
    learn(double)
    assert max(gaps(schedule, calendar, double, [EASY] * 6)) == 180


def test_again_brings_a_kata_back_the_next_day_after_weeks_too(schedule, calendar, double, learn):
    learn(double)
    days = gaps(schedule, calendar, double, [GOOD, GOOD, AGAIN, GOOD])
    assert days[1] > 7
    assert days[2] <= 3
    assert days[3] < days[1]


def test_the_better_it_went_the_later_it_comes(schedule, calendar, own_dojo, learn):
    katas = find_katas(own_dojo)
    learn(*katas)
    calendar.wait(2)
    for kata, rating in zip(katas, (EASY, GOOD, HARD, AGAIN), strict=True):
        schedule.record(kata, rating, 60.0)
    assert list(schedule.due_dates(katas)) == katas[::-1]


def test_the_longest_due_comes_first_and_on_one_day_the_course_decides(
    schedule, calendar, own_dojo, learn
):
    first, second, third, fourth = find_katas(own_dojo)
    learn(fourth)
    calendar.wait(1)
    learn(third, first)
    calendar.wait(1)
    learn(second)
    calendar.wait(10)
    assert schedule.due([first, second, third, fourth]) == [fourth, first, third, second]


def test_weeks_of_daily_practice_bring_back_most_what_is_hardest(
    schedule, calendar, own_dojo, learn
):
    """Each day all that is due is practised; one kata is always given up at first."""
    katas = find_katas(own_dojo)
    hard = katas[2]
    learn(*katas)
    practised = dict.fromkeys(katas, 0)
    for _ in range(6 * 7):
        calendar.wait(1)
        for kata in schedule.due(katas):
            practised[kata] += 1
            is_forgotten = kata == hard and practised[kata] % 2 == 1
            schedule.record(kata, AGAIN if is_forgotten else GOOD, 60.0)
            assert kata not in schedule.due(katas)
    others = [practised[kata] for kata in katas if kata != hard]
    assert others == [2, 2, 2]
    assert practised[hard] > 2 * max(others)


def test_a_kata_that_is_practised_before_it_is_due_gains_less(schedule, calendar, double, learn):
    learn(double)
    early = (schedule.record(double, GOOD, 60.0) - calendar.today).days
    calendar.wait(2)
    assert 1 <= early <= FIRST_DAYS[GOOD]
    assert schedule.due_dates([double])[double] <= calendar.today


def test_a_clock_that_was_set_back_breaks_nothing(schedule, calendar, double, learn):
    learn(double)
    schedule.record(double, GOOD, 60.0)
    calendar.wait(-30)
    assert schedule.record(double, GOOD, 60.0) > calendar.today


# ---------------------------------------------------------------- the file


def test_the_times_are_those_of_practices_that_became_green(schedule, double, learn):
    assert schedule.times(double) == []
    learn(double)
    for rating, seconds in ((GOOD, 50.0), (AGAIN, 7.0), (EASY, 30.0)):
        schedule.record(double, rating, seconds)
    assert schedule.times(double) == [50.0, 30.0]


def test_another_process_knows_what_was_recorded(schedule, own_dojo, calendar, double, learn):
    learn(double)
    due = schedule.record(double, GOOD, 60.0)
    other = Schedule(Progress(own_dojo), pytest.fail, calendar)
    assert other.due_dates([double]) == {double: due}


def test_no_practice_is_lost_when_several_are_recorded_at_once(
    own_dojo, calendar, double, add, learn
):
    learn(double, add)

    def practise(kata):
        Schedule(Progress(own_dojo), pytest.fail, calendar).record(kata, GOOD, 60.0)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(practise, [double, add] * 10))
    entries = json.loads(file_of(own_dojo).read_text())["katas"]
    assert [len(entries[kata.name]["reviews"]) for kata in (double, add)] == [11, 11]


def test_without_the_folder_of_progress_all_is_as_at_the_beginning(
    schedule, own_dojo, calendar, double, learn
):
    learn(double)
    schedule.record(double, GOOD, 60.0)
    for file in (own_dojo / ".dojo").iterdir():
        if file.is_file():
            file.unlink()
    assert Schedule(Progress(own_dojo), pytest.fail, calendar).due_dates([double]) == {}


GOOD_REVIEW = {"on": "2026-01-01", "rating": "good", "seconds": 1.0}


def entry(**changes):
    return {"due": "2026-01-03", "reviews": [GOOD_REVIEW], **changes}


def with_entry(value):
    return json.dumps({"version": 1, "katas": {"first/k01_double": value}})


DAMAGED = {
    "no JSON": ("{", "it is not JSON"),
    "no entries": ('{"version": 1}', "it has no katas"),
    "of a newer dojo": ('{"version": 2, "katas": {}}', "is of a newer dojo"),
    "an entry that is none": (with_entry(7), "has the fields due, reviews"),
    "no reviews": (with_entry(entry(reviews=[])), "no list with a review in it"),
    "a review that is none": (with_entry(entry(reviews=[{}])), "has the fields on, rating"),
    "no day": (with_entry(entry(due="soon")), "soon"),
    "a number for a day": (with_entry(entry(due=3)), "3 is no day"),
    "no rating": (
        with_entry(entry(reviews=[{**GOOD_REVIEW, "rating": "fine"}])),
        "'fine' is no rating",
    ),
    "no time": (
        with_entry(entry(reviews=[{**GOOD_REVIEW, "seconds": float("nan")}])),
        "nan is no number of seconds",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_file_that_is_not_understood_is_set_aside_and_named(
    schedule, own_dojo, double, learn, warnings, case
):
    text, reason = DAMAGED[case]
    learn(double)
    file_of(own_dojo).write_text(text)
    assert list(schedule.due_dates([double])) == [double]
    (warning,) = warnings
    assert reason in warning
    (kept,) = (own_dojo / ".dojo").glob("practice.*-*.json")
    assert kept.name in warning
    assert kept.read_text() == text
    schedule.record(double, GOOD, 60.0)
    assert kept.read_text() == text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_a_file_that_cannot_be_read_is_told(schedule, own_dojo, double, learn, warnings):
    learn(double)
    schedule.record(double, GOOD, 60.0)
    file_of(own_dojo).chmod(0)
    assert schedule.due_dates([double]) == {double: datetime.date(2026, 1, 3)}
    assert "cannot be read" in warnings[0]
