"""The command ``dojo`` as a learner types it, in a process of its own."""

import contextlib
import functools
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dojo.cli.answers
import dojo.cli.commands
import dojo.cli.watch_json
import dojo.tui.app
from dojo.course.katas import Kata
from dojo.course.stubs import keep_stub
from dojo.progress.record import Progress
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, STALE, TIMED_OUT, Verdict

pty = pytest.importorskip("pty") if os.name == "posix" else None

PATIENCE = 60.0  # seconds for what takes two on a quiet machine
RIGHT = "def add(x1, x2):\n    return x1 + x2\n\n\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
WRONG = RIGHT.replace("x1.add_(x2)", "x1 + x2")
ANSI = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def k03(own_course_pair):
    return Kata("intro/k03_in_place_add", own_course_pair)


@pytest.fixture
def k05(own_course_pair):
    return Kata("intro/k05_matmul", own_course_pair)


@pytest.fixture
def run(own_course_pair):
    """Runs the command in a dojo, without a terminal."""
    return functools.partial(run_in, own_course_pair)


def run_in(folder, *arguments, python=(), **variables):
    return subprocess.run(
        [sys.executable, *python, "-m", "dojo", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )


@pytest.fixture
def at_terminal(own_course_pair):
    """Runs the command in a dojo at a terminal at which somebody types; gives code and text."""

    def run_at_terminal(*arguments, typed="", **variables):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "dojo", *arguments],
            cwd=own_course_pair,
            env={**os.environ, "TERM": "xterm", **variables},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            os.write(ours, typed.encode())
            text = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while True:
                    text += os.read(ours, 1024)
        os.close(ours)
        return process.returncode, text.decode()

    if pty is None:
        pytest.skip("this system has no pseudo-terminals")
    return run_at_terminal


def record(kata, state, text):
    kata.stub.write_text(text)
    source_hash = hashlib.sha256(text.encode()).hexdigest()
    Progress(kata.root).record(Verdict(kata.name, state, 0.1, source_hash, ()))


def state_in(result, kata):
    (line,) = [line for line in result.stdout.splitlines() if kata.stem in line]
    return line


# ---------------------------------------------------------------- starting in a blink

LIGHT = [
    (),
    ("list",),
    ("list", "--json"),
    ("next",),
    ("skip", "k03"),
    ("hint", "k03"),
    ("solution", "k03", "--yes"),
    ("reset", "k03"),
    ("--help",),
]
HEAVY = {"torch", "numpy", "pytest", "_pytest", "rich", "textual", "watchfiles"}


def imports_of(result):
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_a_command_that_judges_nothing_imports_nothing_heavy(run, arguments):
    result = run(*arguments, python=["-X", "importtime"])
    assert "typer" in imports_of(result)
    assert not imports_of(result) & HEAVY


@pytest.mark.parametrize("arguments", [("check", "k05"), ("doctor",)], ids=" ".join)
def test_the_parent_of_those_that_judge_imports_neither_torch_nor_pytest(run, arguments):
    result = run(*arguments, python=["-X", "importtime"])
    assert "dojo" in imports_of(result)
    assert not imports_of(result) & {"torch", "pytest", "_pytest"}


# ---------------------------------------------------------------- check


def test_check_tells_records_and_counts_what_is_not_green(run, k03, k05):
    k03.stub.write_text(WRONG)
    k05.stub.write_bytes(k05.reference.read_bytes())
    result = run("check", "--all")
    assert result.returncode == 1
    assert result.stderr == ""
    assert re.search(r"\n  k03_in_place_add +red +\d+ of \d+ checks not green\n", result.stdout)
    assert re.search(r"\n  k05_matmul +green +\d+ checks\n", result.stdout)
    assert "] 1 of 2 katas green, 1 red" in result.stdout
    assert "next: k03_in_place_add (red)" in result.stdout
    progress = Progress(k03.root)
    assert (progress.state(k03), progress.state(k05)) == (RED, GREEN)


def test_check_judges_the_current_kata_and_recognises_its_mistake(run, k03):
    k03.stub.write_text(WRONG)
    result = run("check")
    assert "k05" not in result.stdout
    assert "This looks like: " in result.stdout
    assert "katas/intro/k03_in_place_add.py:5\n    red: " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_check_of_what_is_green_exits_with_0(run, k03):
    k03.stub.write_text(RIGHT)
    result = run("check", "k03")
    assert result.returncode == 0
    assert "next: k05_matmul (not started)" in result.stdout


def test_check_prints_nothing_but_verdicts_as_json(run, k03, k05):
    k03.stub.write_text(WRONG)
    result = run("check", "k05", "k03", "--json")
    assert result.returncode == 1
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["kata"], one["state"]) for one in verdicts] == [
        (k03.name, RED),
        (k05.name, NOT_STARTED),
    ]
    assert all(one["version"] == 1 and one["checks"] for one in verdicts)


def test_check_with_nothing_left_to_do_is_content(run, k03, k05):
    for kata in (k03, k05):
        record(kata, GREEN, "x = 1\n")
    result = run("check")
    assert (result.returncode, result.stdout) == (0, "All katas are green. Well done.\n")


def test_check_of_other_answers_records_nothing(run, k03):
    assert run("check", "k03", "--solutions", "reference").returncode == 0
    assert Progress(k03.root).state(k03) == NOT_STARTED


def test_green_on_one_device_alone_is_not_recorded_and_that_is_said(run, k03):
    k03.stub.write_text(RIGHT)
    result = run("check", "k03", "--device", "cpu")
    assert result.returncode == 0
    assert "green on one device alone is not recorded" in result.stderr
    assert Progress(k03.root).state(k03) == NOT_STARTED


def test_check_takes_a_time_limit(run, k03):
    k03.stub.write_text("while True:\n    pass\n")
    result = run("check", "k03", "--time-limit", "0.5")
    assert result.returncode == 1
    assert "not finished after 0.5 s" in result.stdout
    assert Progress(k03.root).state(k03) == TIMED_OUT


def test_checks_that_cannot_be_collected_leave_the_other_katas(run, k03, k05):
    k03.checks.write_text("def test_(:\n")
    result = run("check", "--all")
    assert result.returncode == 1
    assert "intro/k03_in_place_add is not judged" in result.stderr
    assert NOT_STARTED in state_in(result, k05)
    assert "1 not judged, 1 not started" in result.stdout
    assert "Traceback" not in result.stderr


# ---------------------------------------------------------------- where you are


def test_the_list_shows_states_and_the_current_kata(run, k03, k05):
    record(k03, GREEN, "x = 1\n")
    lines = run("list").stdout.splitlines()
    assert re.match(r"  k03_in_place_add +green +Add two tensors", lines[1])
    assert re.match(r"> k05_matmul +not started +Multiply two matrices", lines[2])
    assert lines[3].endswith("] 1 of 2 katas green, 1 not started")


def test_the_list_says_what_stale_means(run, k03):
    record(k03, GREEN, "x = 1\n")
    k03.stub.write_text("x = 2\n")
    result = run("list")
    assert STALE in state_in(result, k03)
    assert "stale: green once, and edited since" in result.stdout


def test_the_list_fits_in_80_columns(run):
    assert max(map(len, run("list", COLUMNS="80").stdout.splitlines())) <= 80


def test_the_list_as_json_has_an_entry_a_kata(run, k03):
    record(k03, CRASHED, "x =\n")
    first, second = map(json.loads, run("list", "--json").stdout.splitlines())
    assert first["kata"] == "intro/k03_in_place_add"
    assert first["state"] == CRASHED
    assert first["title"] == "Add two tensors, once into a new one and once in place"
    assert first["is_current"]
    assert second["state"] == NOT_STARTED


def test_without_a_terminal_dojo_says_how_far_you_are_and_what_to_do(run):
    result = run()
    assert result.returncode == 0
    assert "] 0 of 2 katas green, 2 not started" in result.stdout
    assert "edit katas/intro/k03_in_place_add.py\n  then run: dojo check" in result.stdout


def test_next_shows_the_task_without_the_answer(run, k03):
    result = run("next")
    assert "A trailing underscore" in " ".join(result.stdout.split())
    assert "common wrong answer" not in result.stdout


def test_next_shows_the_task_of_a_broken_file(run, k03):
    k03.stub.write_text(f"{k03.stub.read_text()}\ndef (:\n")
    assert "A trailing underscore" in " ".join(run("next").stdout.split())


def test_skipped_katas_stay_on_the_list(run, k03):
    assert "next: k05_matmul" in run("skip").stdout
    assert "(skipped)" in state_in(run("list"), k03)
    assert "next: k03_in_place_add" in run("skip").stdout  # the last one: back to the first


# ---------------------------------------------------------------- help with a kata


def test_hints_open_one_by_one_and_stay_open(run, k03):
    first, second = run("hint", "k03"), run("hint", "k03")
    assert re.findall(r"hint \d of 3", first.stdout) == ["hint 1 of 3"]
    assert re.findall(r"hint \d of 3", second.stdout) == ["hint 1 of 3", "hint 2 of 3"]
    assert "the next one: dojo hint k03" in second.stdout
    assert Progress(k03.root).hints_opened(k03) == 2


def test_all_hints_open_at_once(run, k03):
    result = run("hint", "--all")
    assert "hint 3 of 3" in result.stdout
    assert "that was the last one" in result.stdout
    assert Progress(k03.root).hints_opened(k03) == 3


def test_a_solution_is_a_diff_from_your_file_with_its_reason(run, k03):
    k03.stub.write_text(WRONG)
    result = run("solution", "k03", "--yes")
    assert "--- katas/intro/k03_in_place_add.py\n+++ reference/intro/k03" in result.stdout
    assert "-    return x1 + x2" in result.stdout
    assert "+    return x1.add_(x2)" in result.stdout
    assert "The common wrong answer is" in result.stdout


def test_a_solution_before_green_needs_a_yes(run):
    result = run("solution", "k03")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "say --yes" in result.stderr


def test_a_solution_after_green_needs_none(run, k03):
    record(k03, GREEN, "x = 1\n")
    record(k03, RED, "x = 2\n")
    assert run("solution", "k03").returncode == 0


@pytest.mark.parametrize("typed, code", [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_a_terminal_is_asked_before_a_solution_is_shown(at_terminal, typed, code):
    returned, text = at_terminal("solution", "k03", typed=typed)
    assert "Show its solution? [y/N]" in text
    assert returned == code
    assert ("The common wrong answer is" in text) == (code == 0)


# ---------------------------------------------------------------- the learner's files


def test_a_reset_tells_where_the_copy_is_and_undo_brings_it_back(run, k03):
    stub = k03.stub.read_text()
    keep_stub(k03)
    k03.stub.write_text(WRONG)
    result = run("reset", "k03")
    copy = re.search(r"what it replaced: (\.dojo/saved/intro/k03_in_place_add/\S+)", result.stdout)
    assert (k03.root / copy[1]).read_text() == WRONG
    assert k03.stub.read_text() == stub
    assert run("undo").returncode == 0
    assert k03.stub.read_text() == WRONG


def test_a_reset_of_all_needs_a_yes(run, k03):
    keep_stub(k03)
    k03.stub.write_text(WRONG)
    result = run("reset", "--all")
    assert (result.returncode, k03.stub.read_text()) == (2, WRONG)
    assert run("reset", "--all", "--yes").returncode == 0
    assert k03.stub.read_text() != WRONG


def test_a_reset_that_would_lose_something_is_refused_in_one_line(run, k03):
    k03.stub.write_text(WRONG)
    result = run("reset", "k03")
    assert (result.returncode, k03.stub.read_text()) == (1, WRONG)
    assert len(result.stderr.splitlines()) == 1


def test_what_cannot_be_saved_is_said_once_and_all_goes_on(run, k03):
    (k03.root / ".dojo").write_text("in the way")
    result = run("hint", "k03")
    assert result.returncode == 0
    assert "hint 1 of 3" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("dojo: .dojo/progress.json cannot be ")


# ---------------------------------------------------------------- bad input

BAD = {
    "check k99": "There is no kata 'k99'. Did you mean one of: ",
    "check intro": "'intro' may be intro/k03_in_place_add, intro/k05_matmul.",
    "check k03 --all": "name katas, or say --all, but not both",
    "check --device tpu": "--device",
    "check --solutions nowhere": "--solutions=nowhere: there is no such folder",
    "check --time-limit 0": "a number of seconds above 0",
    "check --time-limit inf": "a number of seconds above 0",
    "check --time-limit nan": "a number of seconds above 0",
    "check --time-limit soon": "--time-limit",
    "hint k99": "There is no kata 'k99'",
    "skip k99": "There is no kata 'k99'",
    "solution k99": "There is no kata 'k99'",
    "reset k99": "There is no kata 'k99'",
    "watch k99 --json": "There is no kata 'k99'",
    "watch": "the screen needs a terminal",
    "list --yaml": "--yaml",
    "dance": "dance",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_gets_a_message_and_exit_code_2(run, line):
    result = run(*line.split())
    assert result.returncode == 2
    assert BAD[line] in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [(), ("list",), ("check",), ("undo",), ("doctor",)])
def test_outside_a_dojo_every_command_says_so(tmp_path, arguments):
    result = run_in(tmp_path, *arguments)
    assert result.returncode == 2
    assert result.stderr == (
        "dojo: there is no dojo here. Go to your clone of torch-dojo: cd torch-dojo\n"
    )


def test_in_a_folder_of_the_dojo_it_is_found(own_course_pair):
    assert "k03_in_place_add" in run_in(own_course_pair / "katas" / "intro", "list").stdout


# ---------------------------------------------------------------- terminals, readers, signals


def test_colours_are_for_terminals_that_want_them(at_terminal, run):
    assert ANSI.search(at_terminal("list")[1])
    assert not ANSI.search(at_terminal("list", NO_COLOR="1")[1])
    assert not ANSI.search(at_terminal("list", TERM="dumb")[1])
    assert not ANSI.search(run("list").stdout)


def test_a_reader_that_has_gone_is_no_news(own_course_pair):
    with subprocess.Popen(
        [sys.executable, "-m", "dojo", "list"],
        cwd=own_course_pair,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_terminal_without_the_signs_of_a_text_gets_others(run, k03):
    k03.stub.write_text('"""A minus: −."""\n', encoding="utf-8")
    result = run("next", PYTHONIOENCODING="latin-1")
    assert result.returncode == 0
    assert "A minus: ?." in result.stdout


def processes_of(root):
    """The processes that judge for this dojo."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:  # it has just ended
            continue
        if f"--rootdir={root}".encode() in words:
            found.append(process.parent.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="lists processes as Linux does")
@pytest.mark.parametrize(
    "command, name, said",
    [
        ("check", "SIGINT", b""),
        ("check", "SIGTERM", b""),
        ("check", "SIGHUP", b""),
        ("bench", "SIGINT", b"dojo: stopped; nothing of this run is kept.\n"),
    ],
)
def test_a_signal_ends_a_run_with_its_code_and_leaves_no_process(
    own_course_pair, k03, tmp_path, command, name, said
):
    reached = tmp_path / "reached"
    k03.stub.write_text(f"open({str(reached)!r}, 'w').close()\nwhile True:\n    pass\n")
    with subprocess.Popen(
        [sys.executable, "-m", "dojo", command, "k03", "--time-limit", "600"],
        cwd=own_course_pair,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        until = time.monotonic() + PATIENCE
        while not reached.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert processes_of(own_course_pair)
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=PATIENCE)[0] == said
    assert process.returncode == 128 + getattr(signal, name)
    until = time.monotonic() + PATIENCE
    while processes_of(own_course_pair) and time.monotonic() < until:
        time.sleep(0.05)  # those of a benchmark's process end after it
    assert processes_of(own_course_pair) == []
    assert not list(own_course_pair.glob(".benchmarks/*/*.json"))


# ---------------------------------------------------------------- completion and the screen


def test_the_shell_completes_names(run):
    result = run(_DOJO_COMPLETE="complete_bash", COMP_WORDS="dojo hint k0", COMP_CWORD="2")
    assert result.stdout.split() == ["k03_in_place_add", "k05_matmul"]


def test_outside_a_dojo_the_shell_completes_nothing_quietly(tmp_path):
    result = run_in(
        tmp_path, _DOJO_COMPLETE="complete_bash", COMP_WORDS="dojo hint k0", COMP_CWORD="2"
    )
    assert (result.stdout.strip(), result.stderr) == ("", "")


@pytest.fixture
def called(own_course_pair, monkeypatch):
    """Calls the command at a terminal; gives what the screen was asked to show."""

    def call(*arguments):
        asked = []
        monkeypatch.setattr(dojo.tui.app, "run_screen", lambda *them: asked.append(them) or 7)
        monkeypatch.setattr(
            dojo.cli.watch_json, "watch_json", lambda *them: asked.append(them) or 7
        )
        assert dojo.cli.commands.app([*arguments], standalone_mode=False) == 7
        return asked[0]

    monkeypatch.chdir(own_course_pair)
    monkeypatch.setattr(dojo.cli.answers, "is_interactive", lambda: True)
    return call


def test_dojo_alone_opens_the_screen_at_the_current_kata(called, own_course_pair, k05):
    Progress(own_course_pair).skip(Kata("intro/k03_in_place_add", own_course_pair))
    assert called() == (own_course_pair, k05, own_course_pair / "katas", "all", 10.0)


def test_watch_passes_on_what_was_asked_for(called, own_course_pair, k05):
    options = ("--device", "cpu", "--solutions", "reference", "--time-limit", "3")
    assert called("watch", "k05", *options) == (
        own_course_pair,
        k05,
        own_course_pair / "reference",
        "cpu",
        3.0,
    )
    assert called("watch", "--json")[1].stem == "k03_in_place_add"
