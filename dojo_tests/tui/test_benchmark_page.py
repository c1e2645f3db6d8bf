"""The page that times an answer: what it shows, and every way in and out."""

from datetime import datetime, timezone

import pytest

from dojo.bench.background import CaseDone, Failed, Found
from dojo.bench.results import Case, Run, Subject
from dojo.bench.run import Findings
from dojo.course.katas import Kata
from dojo.verdict.model import NOT_STARTED, RED

WIDE = (120, 40)  # columns and rows


@pytest.fixture
def open_timed(open_terminal, screen_dojo):
    """Open the watch screen at a green kata that has a benchmark."""

    def open_one(**options):
        Kata("intro/k02_halve", screen_dojo).checks.write_text('BENCHMARK = Benchmark("halve")\n')
        terminal = open_terminal(**options)
        terminal.judge_green()
        return terminal

    return open_one


@pytest.fixture
def timed(open_timed):
    return open_timed()


def case_of(implementation, n, seconds, reason="", **facts):
    subject = Subject("intro/k02_halve", "halve", "cpu", "x: a number")
    rounds = (seconds, seconds) if seconds else ()
    return Case(subject, implementation, n, n, rounds, {"gpu": "", **facts}, reason)


def found_times(*cases, **others):
    run = Run(datetime(2026, 1, 2, tzinfo=timezone.utc), "a machine", cases)
    return Found(Findings(run, **{"earlier": {}, "not_green": [], "warnings": [], **others}))


SLOW = found_times(
    case_of("yours", 1_000, 3e-6, total_new=4_000, largest_new=4_000, operations=2),
    case_of("reference", 1_000, 1e-6, operations=1),
    case_of("yours", 10_000_000, 0, "the process died of SIGABRT at n = 10000000"),
    case_of("reference", 10_000_000, 2e-3, operations=1),
)


def test_a_green_kata_with_a_benchmark_says_which_key_times_it(timed):
    assert timed.line_with("Enter goes on to k03_square. b times your answer.")


def test_the_benchmark_key_times_the_kata_and_says_so_at_once(timed):
    timed.press("b")
    assert [one.kata.stem for one in timed.bench_runs] == ["k02_halve"]
    assert timed.line_with("k02_halve: your answer beside the reference")
    assert timed.line_with("timing … 0 s")
    assert timed.line_with("esc back")
    timed.receive_times(CaseDone("copy", 64), CaseDone("naive", 1_000))
    assert timed.line_with("2 done, the last of them: naive, n = 1,000")


@pytest.mark.parametrize("has_colour", [True, False])
def test_the_bars_and_the_numbers_are_shown(open_timed, monkeypatch, has_colour):
    """With colour and without, nothing of a row is cut off at 80 columns."""
    if not has_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    timed = open_timed()
    timed.press("b")
    timed.receive_times(SLOW)
    head = "n = 1,000            median       × reference   memory  largest    ops limit"
    assert timed.line_with("n = 1,000 ") == head
    assert timed.line_with("3.00 µs") == (
        "yours     ████████  3.00 µs  3.00 (3.00–3.00)  4.00 kB  4.00 kB      2"
    )
    assert timed.line_with("the process died of SIGABRT at n = 10000000").startswith("yours")
    assert not timed.line_with("timing …")


def test_the_bars_grow_with_the_screen(open_timed):
    timed = open_timed(size=WIDE)
    timed.press("b")
    timed.receive_times(SLOW)
    assert timed.line_with("3.00 µs").count("█") == 30


def test_a_long_table_scrolls(timed):
    timed.press("b")
    timed.receive_times(found_times(*SLOW.findings.run.cases, case_of("yours", 1_000_000, 1e-4)))
    assert not timed.line_with("cache")
    timed.press("end")
    assert timed.line_with("cache")


@pytest.mark.parametrize(
    "event, sentence",
    [
        (Failed("There is no GPU here."), "There is no GPU here."),
        (
            found_times(not_green=["intro/k02_halve is red"]),
            "Only a green answer is timed: intro/k02_halve is red.",
        ),
        (found_times(case_of("yours", 1, 1e-6), warnings=["It was saved."]), "It was saved."),
    ],
)
def test_what_went_wrong_is_a_sentence(timed, event, sentence):
    timed.press("b")
    timed.receive_times(event)
    assert timed.line_with(sentence) == sentence


@pytest.mark.parametrize(
    "state, sentence",
    [
        (RED, "Only a green answer is timed, and k02_halve is red."),
        (NOT_STARTED, "Only a green answer is timed, and k02_halve is not started."),
    ],
)
def test_only_a_green_answer_is_timed(timed, state, sentence):
    timed.judge(*[state] * 5, message="halve is not started: it still raises NotImplementedError.")
    timed.press("b")
    assert timed.line_with(sentence) == sentence
    assert timed.bench_runs == []


def test_a_kata_without_a_benchmark_is_told(terminal):
    terminal.judge_green()
    terminal.press("b")
    assert terminal.line_with("k02_halve has no benchmark, since speed means little there.")
    assert terminal.bench_runs == []


def test_only_the_learners_own_answers_are_timed(open_timed, tmp_path):
    """Their times are kept as the learner's."""
    timed = open_timed(solutions=tmp_path / "reference")
    timed.press("b")
    assert timed.line_with("Only answers in katas/ are timed.")
    assert timed.bench_runs == []


def test_escape_abandons_the_benchmark(timed):
    """What it sends after that is shown nowhere, nor in the next one."""
    timed.press("b")
    timed.press("escape")
    (bench_run,) = timed.bench_runs
    assert bench_run.is_closed
    assert timed.line_with("Because halve has to.")
    timed.press("b")
    bench_run.send(SLOW)
    timed.settle()
    assert timed.line_with("timing …")


@pytest.mark.parametrize("keys", ["q", "ctrl+c"])
def test_quitting_ends_the_benchmark(timed, keys):
    timed.press("b")
    timed.press(keys)
    timed.close()
    assert timed.bench_runs[0].is_closed


def test_a_save_while_a_kata_is_timed_is_judged_and_shown(timed):
    """That of another kata too, by its name."""
    timed.press("b")
    assert timed.line_with("5 of 5 checks green").startswith("✓ green")
    timed.judge_red(message="wrong")
    assert timed.line_with("3 of 5 checks green").startswith("✗ red")
    timed.judge_green(name="intro/k03_square")
    assert timed.line_with("k03_square was saved:")
    assert timed.line_with("timing …")
    assert not timed.bench_runs[0].is_closed
