"""The watch screen, driven by keys and by the events of a loop that is none, read as text."""

import asyncio
import contextlib
import hashlib
import subprocess
import sys
import threading
from datetime import datetime, timezone

import pytest
from rich.color import Color, ColorSystem

from dojo.bench.background import CaseDone, Failed, Found
from dojo.bench.results import Case, Run, Subject
from dojo.bench.run import Findings
from dojo.course.katas import Kata
from dojo.progress.record import Progress
from dojo.tui.app import WatchScreen
from dojo.tui.session import Session
from dojo.tui.tensor_diff import MARK
from dojo.tui.theme import THEME
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT, Check, Verdict, state_of
from dojo.watch.events import Checked, Diagnosed, Judged, Started, Trouble

STUB = '''"""{title}.

The task of {name} in a few words.

    {name}(1)  ->  2
"""


def {name}(x):
    """The contract of {name}.

    Args:
        x: a number.
    """
    raise NotImplementedError
'''
REFERENCE = '''"""{title}.

Because {name} has to.
"""

HINTS = ("A nudge.", "A push.", "Nearly the answer.")


def {name}(x):
    """The contract of {name}.

    Args:
        x: a number.
    """
    return x + 1
'''
KATAS = {
    "intro/k01_double": "Double a number",
    "intro/k02_halve": "Halve a number",
    "intro/k03_square": "Square a number",
    "more/k01_cube": "Cube a number",
}
SCROLLBAR = "▁▂▃▄▅▆▇"
SMALL, WIDE = (80, 24), (120, 40)
MARKUP = "[bold red]not markup[/] [/nor this] [@click=app.quit]x[/]"
PLANNED = tuple(
    Check(f"law {number} of {aspect}", aspect, device, NOT_STARTED)
    for number, (aspect, device) in enumerate(
        [("shape", "cpu"), ("shape", "cuda"), ("values", "cpu"), ("values", "cuda"), ("memory", "")]
    )
)


@pytest.fixture
def dojo(tmp_path):
    """A dojo of four katas in two tracks."""
    for name, title in KATAS.items():
        kata = Kata(name, tmp_path)
        texts = {
            kata.stub: STUB,
            kata.reference: REFERENCE,
            kata.checks: "",
            kata.impostors: "",
        }
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(title=title, name=name.partition("_")[2]))
    (tmp_path / "katas" / "intro" / "README.md").write_text("# First steps\n")
    return tmp_path


class FakeLoop:
    """Remembers what it was asked for."""

    def __init__(self, tell):
        self.tell, self.asked, self.is_closed = tell, [], False

    def follow(self, kata):
        self.asked.append(kata.name)

    def close(self):
        self.is_closed = True


class FakeBenchRun:
    """Remembers whether it still runs."""

    def __init__(self, kata, tell):
        self.kata, self.tell, self.is_closed = kata, tell, False

    def close(self):
        self.is_closed = True


class Terminal:
    """A watch screen in a terminal of a given size, for tests that are not coroutines."""

    def __init__(self, root, name, size, solutions=None):
        session = Session(root, Kata(name, root), solutions or root / "katas")
        self.root = root
        self.bench_runs = []
        self.app = WatchScreen(session, self._open, self._open_bench_run)
        self._events = asyncio.new_event_loop()
        self._work = asyncio.Queue()
        self._life = self._events.create_task(self._live(size))
        self.settle()

    def _open(self, tell):
        self.loop = FakeLoop(tell)
        return self.loop

    def _open_bench_run(self, kata, tell):
        self.bench_runs.append(FakeBenchRun(kata, tell))
        return self.bench_runs[-1]

    async def _live(self, size):
        """Do what is asked for in one task, since Textual keeps the app in the task's context."""
        async with self.app.run_test(size=size) as pilot:
            while (work := await self._work.get()) is not None:
                await work(pilot)
                self._is_done.set()

    def _run(self, work):
        self._is_done = asyncio.Event()
        self._work.put_nowait(work)
        done = self._events.create_task(self._is_done.wait())
        self._events.run_until_complete(
            asyncio.wait([done, self._life], return_when=asyncio.FIRST_COMPLETED)
        )
        if self._life.done():
            self._life.result()

    def settle(self):
        async def pause(pilot):
            for _ in range(4):  # a message, what it calls for, and the drawing of that
                await pilot.pause(0)

        self._run(pause)

    def press(self, *keys):
        self._run(lambda pilot: pilot.press(*keys))
        self.settle()

    def resize(self, width, height):
        self._run(lambda pilot: pilot.resize_terminal(width, height))
        self.settle()

    def receive(self, *events):
        for event in events:
            self.loop.tell(event)
        self.settle()

    def tick(self, *ticks):
        """Let the newest run tell these."""
        for tick in ticks:
            self.bench_runs[-1].tell(tick)
        self.settle()

    def judge(self, *states, name=None, **told):
        """Let the loop judge a kata, one state a check, and tell ``told`` of those that fail."""
        kata = Kata(name or self.app.session.kata.name, self.root)
        checks = tuple(
            Check(one.name, one.aspect, one.device, state, **({} if state == GREEN else told))
            for one, state in zip(PLANNED, states, strict=True)
        )
        verdict = Verdict(kata.name, state_of(checks), 0.05, self._hash(kata), checks)
        self.receive(Started(kata, PLANNED), *(Checked(kata, one) for one in checks))
        self.receive(Judged(kata, verdict))

    def save(self, text, name=None):
        Kata(name or self.app.session.kata.name, self.root).stub.write_text(text)

    @staticmethod
    def _hash(kata):
        return hashlib.sha256(kata.stub.read_bytes()).hexdigest()

    @property
    def lines(self):
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip(f" {SCROLLBAR}") for strip in strips]

    @property
    def text(self):
        return "\n".join(self.lines)

    def line_with(self, part):
        return next((line.strip() for line in self.lines if part in line), None)

    def close(self):
        if not self._events.is_closed():
            self._work.put_nowait(None)
            self._events.run_until_complete(self._life)
            self._events.close()


@pytest.fixture
def open_terminal(dojo):
    """Open the watch screen of ``dojo``."""
    with contextlib.ExitStack() as stack:

        def open_one(name="intro/k02_halve", size=SMALL, **options):
            terminal = Terminal(dojo, name, size, **options)
            stack.callback(terminal.close)
            return terminal

        yield open_one


@pytest.fixture
def terminal(open_terminal):
    return open_terminal()


ALL_GREEN = [GREEN] * 5
SOME_RED = [GREEN, GREEN, RED, GREEN, RED]
IDLE = [NOT_STARTED] * 5


# ------------------------------------------------------------------ what it shows


def test_the_first_screen(terminal):
    """Before the first verdict: where you are, that torch is coming, and the task."""
    assert terminal.lines == [
        " First steps                                        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0 of 3",
        " k02  Halve a number",
        " katas/intro/k02_halve.py",
        "",
        "",
        "",
        " ◌ warming up",
        " torch is being imported",
        "",
        " ╌╌╌ the task ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌",
        "",
        " The task of halve in a few words.",
        "",
        "     halve(1)  ->  2",
        "",
        " halve(x)",
        "   The contract of halve.",
        "",
        "   Args:",
        "       x: a number.",
        "",
        "",
        "",
        " n next   p previous   l list   h hint   s solution   r reset   ? help   q quit",
    ]


def test_a_red_screen(terminal):
    """The verdict first, then the message, both tensors, the diagnosis and what was printed."""
    terminal.judge(
        *SOME_RED,
        message="halve(4.) returned 8.; expected 2.\nDivide.",
        line=7,
        got=[["8.", "1."]],
        expected=[["2.", "1."]],
        output="so far so good\n",
    )
    kata = terminal.app.session.kata
    terminal.receive(Diagnosed(kata, "the number is doubled."))
    shown = [line for line in terminal.lines if line and "checks green" not in line]
    assert shown[2:15] == [
        " katas/intro/k02_halve.py:7",
        " ✓ shape   ✗ values   ✗ memory",
        " law 2 of values  [values, cpu]",
        " halve(4.) returned 8.; expected 2.",
        " Divide.",
        " ╭ returned ─╮   ╭ expected ─╮",
        f" │ {MARK}8.   1.  │   │ {MARK}2.   1.  │",
        " ╰───────────╯   ╰───────────╯",
        " this looks like: the number is doubled.",
        " your code printed",
        " │ so far so good",
        shown[13],
        shown[14],
    ]
    assert terminal.line_with("checks green").startswith("✗ red")


def test_a_green_screen(terminal):
    """The offer to go on, then the why, then the diff to the reference."""
    terminal.save("def halve(x):\n    return 1 + x\n")
    terminal.judge(*ALL_GREEN)
    shown = [line.strip() for line in terminal.lines if line.strip()]
    assert shown[4].startswith("✓ green")
    assert shown[5] == "Enter goes on to k03_square."
    assert [line for line in shown if line.startswith(("Because", "-  ", "+  "))] == [
        "Because halve has to.",
        "-    return 1 + x",
        "+    return x + 1",
    ]


@pytest.mark.parametrize("state", [RED, CRASHED, TIMED_OUT, NOT_STARTED])
def test_a_state_is_a_word(terminal, state):
    terminal.judge(*[state] * 5, message="katas/intro/k02_halve.py, line 1: what happened.")
    assert terminal.line_with("checks green").split("  ")[0][2:] == state


def test_a_kata_that_is_not_started_says_what_to_write(terminal):
    terminal.judge(*IDLE, message="halve is not started: it still raises NotImplementedError.")
    assert terminal.line_with("Write halve and save the file")


def test_a_missing_file_is_told(terminal):
    terminal.judge(*IDLE, message="katas/intro/k02_halve.py: there is no such file. Bring it back.")
    assert terminal.line_with("there is no such file")


def test_names_that_are_not_started_are_listed_beside_a_failure(terminal):
    told = {"message": "halve is not started: it still raises NotImplementedError."}
    terminal.judge(RED, *[NOT_STARTED] * 4, **told)
    assert terminal.line_with("not started yet: halve")


def test_a_process_that_ends_after_a_failure_is_told_too(terminal):
    checks = (
        Check("law", "shape", "cpu", RED, "the shape is wrong"),
        Check("other law", "values", "cpu", CRASHED, "line 6: the process was ended"),
    )
    kata = terminal.app.session.kata
    terminal.receive(Judged(kata, Verdict(kata.name, CRASHED, 0.1, "", checks)))
    assert terminal.line_with("the shape is wrong")
    assert terminal.line_with("crashed: line 6: the process was ended")


def test_a_file_that_cannot_be_read_breaks_no_law(terminal):
    terminal.judge(*[CRASHED] * 5, message="katas/intro/k02_halve.py, line 1: SyntaxError")
    assert terminal.line_with("No check could run.")
    assert not terminal.line_with("law 0")


def test_aspects_fill_as_their_checks_end(terminal):
    kata = terminal.app.session.kata
    terminal.receive(Started(kata, PLANNED))
    seen = [terminal.line_with("shape")]
    for check in PLANNED[:3]:
        terminal.receive(Checked(kata, Check(check.name, check.aspect, check.device, GREEN)))
        seen.append(terminal.line_with("shape"))
    assert seen == [
        "○ shape   ○ values   ○ memory",
        "◔ shape   ○ values   ○ memory",
        "✓ shape   ○ values   ○ memory",
        "✓ shape   ◔ values   ○ memory",
    ]


def test_it_warms_up_only_once(terminal):
    terminal.judge(*ALL_GREEN)
    terminal.press("n")
    assert terminal.line_with("judging")
    assert not terminal.line_with("warming up")


def test_the_first_failure_appears_before_the_run_has_ended(terminal):
    kata = terminal.app.session.kata
    terminal.receive(Started(kata, PLANNED))
    terminal.receive(Checked(kata, Check("law", "shape", "cpu", RED, "the first message")))
    terminal.receive(Checked(kata, Check("law", "shape", "cuda", RED, "the second message")))
    assert terminal.line_with("the first message")
    assert not terminal.line_with("the second message")
    assert terminal.line_with("judging")


def test_a_message_stays_until_the_next_run_says_otherwise(terminal):
    terminal.judge(*SOME_RED, message="the old message")
    terminal.receive(Started(terminal.app.session.kata, PLANNED))
    assert terminal.line_with("the old message")
    terminal.judge(*ALL_GREEN)
    assert not terminal.line_with("the old message")


def test_a_diagnosis_that_comes_late_is_shown(terminal):
    terminal.judge(*SOME_RED, message="wrong")
    assert not terminal.line_with("this looks like")
    terminal.receive(Diagnosed(terminal.app.session.kata, "a known mistake."))
    assert terminal.line_with("this looks like: a known mistake.")


def test_trouble_outside_the_file_is_told(terminal):
    terminal.receive(Trouble(terminal.app.session.kata, "The checks could not be collected: oh"))
    assert terminal.line_with("no verdict")
    assert terminal.line_with("The checks could not be collected: oh")


def test_the_bar_counts_the_green_katas_of_the_track(terminal):
    terminal.judge(*ALL_GREEN)
    terminal.judge(*ALL_GREEN, name="more/k01_cube")
    assert terminal.lines[0].endswith("1 of 1")
    terminal.press("n")
    assert terminal.lines[0].endswith("1 of 3")


def test_the_file_is_a_link(terminal):
    strips = terminal.app.screen._compositor.render_strips()
    links = {part.style.link for part in strips[2] if part.style and part.style.link}
    assert links == {terminal.app.session.path.as_uri()}


def test_an_unreadable_reference_is_told_and_ends_nothing(open_terminal, dojo):
    Kata("intro/k02_halve", dojo).reference.write_text("def")
    terminal = open_terminal()
    assert terminal.line_with("reference/intro/k02_halve.py cannot be read")


def test_a_broken_file_leaves_its_task_readable(open_terminal, dojo):
    Kata("intro/k02_halve", dojo).stub.write_text("def halve(x:\n")
    assert open_terminal().line_with("The contract of halve.")


# ------------------------------------------------------------------ what a learner wrote in it


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_markup_in_a_message_is_text(open_terminal, size):
    terminal = open_terminal(size=size)
    told = {"message": MARKUP, "output": MARKUP, "got": [["[red]1"]], "expected": [["[/]"]]}
    terminal.judge(*SOME_RED, **told)
    terminal.receive(Diagnosed(terminal.app.session.kata, MARKUP))
    words = " ".join(terminal.text.split())
    assert words.count("[bold red]not markup[/]") == 3
    assert f"{MARK}[red]1" in words


def test_markup_in_a_diff_is_text(terminal):
    terminal.save(f"def halve(x):\n    return '{MARKUP}'\n")
    terminal.judge(*ALL_GREEN)
    assert "".join(MARKUP.split()) in "".join(terminal.text.split())


def test_markup_in_a_notice_is_text(terminal):
    terminal.app.session.notice = MARKUP
    terminal.app._redraw()
    terminal.settle()
    assert terminal.line_with(MARKUP)


def test_markup_in_a_path_is_text(open_terminal, tmp_path):
    answers = tmp_path / "[bold]answers"
    answers.mkdir()
    assert open_terminal(solutions=answers).line_with("[bold]answers/intro/k02_halve.py")


def test_escape_sequences_do_not_reach_the_terminal(terminal):
    terminal.judge(*SOME_RED, message="\x1b[2Jhello\x07", output="\x1b]0;title\x07")
    assert "\x1b" not in terminal.text
    assert terminal.line_with("hello")


@pytest.mark.parametrize("told", [{"message": "long " * 4000}, {"output": "row\n" * 4000}])
def test_what_is_huge_pushes_nothing_off_the_screen(terminal, told):
    terminal.judge(*SOME_RED, **{"message": "the message", **told})
    assert terminal.line_with("red") is not None
    assert terminal.line_with("law 2 of values")
    assert terminal.lines[-1].strip().startswith("n next")
    assert any(word in terminal.text for word in ("the message", "long long"))


def test_a_long_message_scrolls(terminal):
    rows = "\n".join(f"row {number}" for number in range(50))
    terminal.judge(*SOME_RED, message=rows)
    assert not terminal.line_with("row 30")
    terminal.press("pagedown", "pagedown")
    assert terminal.line_with("row 30")


def test_a_new_verdict_is_shown_from_its_top(terminal):
    rows = "\n".join(f"row {number}" for number in range(50))
    terminal.judge(*SOME_RED, message=rows)
    terminal.press("end")
    terminal.judge(*SOME_RED, message=rows)
    assert terminal.line_with("row 0")


# ------------------------------------------------------------------ sizes and colours


@pytest.mark.parametrize("size", [SMALL, WIDE, (60, 16), (200, 60)])
def test_everything_fits(open_terminal, size):
    terminal = open_terminal(size=size)
    terminal.judge(*SOME_RED, message="wrong", got=[["1"]], expected=[["2"]])
    assert len(terminal.lines) == size[1]
    assert all(len(line) <= size[0] for line in terminal.lines)
    assert terminal.line_with("wrong")
    assert terminal.lines[-1].startswith(" n next")


def test_the_keys_move_together_on_a_narrow_screen(open_terminal):
    terminal = open_terminal(size=(66, 20))
    assert terminal.lines[-1].endswith("q quit")


def test_on_a_wide_screen_the_task_stands_beside_the_result(open_terminal):
    terminal = open_terminal(size=WIDE)
    terminal.judge(*SOME_RED, message="wrong")
    assert "the task" in terminal.line_with("wrong")


def test_a_resized_terminal_is_filled_anew(terminal):
    terminal.judge(*SOME_RED, message="wrong")
    terminal.resize(*WIDE)
    assert "the task" in terminal.line_with("wrong")
    terminal.resize(*SMALL)
    assert terminal.line_with("wrong") == "wrong"


def test_without_colour_no_colour_is_sent(open_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = open_terminal()
    terminal.judge(*SOME_RED, message="wrong", got=[["1"]], expected=[["2"]])
    strips = terminal.app.screen._compositor.render_strips()
    styles = [part.style for strip in strips for part in strip if part.style]
    assert styles
    assert all(
        colour is None or colour.is_default
        for style in styles
        for colour in (style.color, style.bgcolor)
    )


def test_without_colour_the_same_text_is_shown(open_terminal, monkeypatch):
    def shown():
        terminal = open_terminal()
        terminal.judge(*SOME_RED, message="wrong", got=[["1"]], expected=[["2"]])
        return [line for line in terminal.lines if "checks green" not in line]

    coloured = shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown() == coloured


# ------------------------------------------------------------------ keys


def test_the_first_kata_is_judged_at_once(terminal):
    assert terminal.loop.asked == ["intro/k02_halve"]


@pytest.mark.parametrize(
    "keys, name",
    [("n", "intro/k03_square"), ("p", "intro/k01_double"), ("nnn", "intro/k01_double")],
)
def test_next_and_previous_go_round_the_list(terminal, keys, name):
    terminal.press(*keys)
    assert terminal.loop.asked[-1] == name
    assert terminal.line_with(KATAS[name])


def test_enter_goes_on_only_after_green(terminal):
    terminal.judge(*SOME_RED, message="wrong")
    terminal.press("enter")
    assert terminal.loop.asked == ["intro/k02_halve"]
    terminal.judge(*ALL_GREEN)
    terminal.press("enter")
    assert terminal.loop.asked[-1] == "intro/k03_square"


def test_going_on_passes_over_what_is_green(terminal):
    terminal.judge(*ALL_GREEN, name="intro/k03_square")
    terminal.judge(*ALL_GREEN, name="intro/k02_halve")
    terminal.press("enter")
    assert terminal.loop.asked[-1] == "more/k01_cube"


def test_the_last_green_kata_says_that_all_are_green(terminal):
    for name in KATAS:
        terminal.judge(*ALL_GREEN, name=name)
    assert terminal.line_with("all katas are green")
    assert terminal.app.session.is_all_green()


def test_the_screen_goes_on_by_itself_only_if_that_is_switched_on(terminal):
    terminal.judge(*ALL_GREEN)
    assert terminal.app.session.kata.stem == "k02_halve"
    terminal.press("n", "a")
    terminal.judge(*ALL_GREEN)
    assert terminal.app.session.kata.name == "more/k01_cube"


def test_that_the_screen_goes_on_by_itself_is_always_seen(terminal):
    terminal.press("a")
    terminal.judge(*SOME_RED, message="wrong")
    assert "goes on by itself" in terminal.lines[0]
    terminal.press("a")
    assert "goes on by itself" not in terminal.lines[0]


def test_going_on_by_itself_leaves_who_looks_at_a_green_kata(terminal):
    terminal.judge(*ALL_GREEN)
    terminal.press("a")
    terminal.judge(*ALL_GREEN)
    assert terminal.app.session.kata.stem == "k02_halve"


def test_hints_open_one_by_one_and_stay_open(terminal):
    terminal.press("h")
    assert terminal.line_with("hint 1 of 3: A nudge.")
    assert not terminal.line_with("A push.")
    terminal.press("h")
    assert terminal.line_with("A push.")
    terminal.press("n", "p")
    assert terminal.line_with("A push.")


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_a_hint_below_a_long_message_is_scrolled_to(open_terminal, size):
    terminal = open_terminal(size=size)
    terminal.judge(*SOME_RED, message="\n".join(f"row {number}" for number in range(50)))
    terminal.press("h")
    assert terminal.line_with("hint 1 of 3: A nudge.")


def test_a_hint_that_is_seen_moves_nothing(terminal):
    terminal.judge(*SOME_RED, message="wrong")
    terminal.press("h")
    assert terminal.line_with("wrong")


def test_behind_the_last_hint_the_solution_is_named(terminal):
    terminal.press("h", "h", "h", "h")
    assert terminal.line_with("All 3 hints are open")


def test_a_hint_is_offered_once_after_three_reds(terminal):
    offers = []
    for number in range(5):
        terminal.save(f"def halve(x):\n    return {number}\n")
        terminal.judge(*SOME_RED, message="wrong")
        offers.append(terminal.line_with("Press h for a hint") is not None)
    assert offers == [False, False, True, False, False]


def test_a_solution_is_shown_once_asked_for(terminal):
    terminal.press("s")
    assert terminal.line_with("not green yet")
    terminal.press("n")
    assert not terminal.line_with("return x + 1")
    terminal.press("s", "y")
    assert terminal.line_with("+    return x + 1")
    terminal.press("escape")
    assert terminal.line_with("warming up")
    terminal.press("s")
    assert terminal.line_with("+    return x + 1")


def test_a_solution_is_shown_unasked_after_green(terminal):
    terminal.judge(*ALL_GREEN)
    terminal.press("s")
    assert terminal.line_with("the reference, and why")


def test_reset_asks_first(terminal):
    terminal.save("mine")
    terminal.press("r", "n")
    assert terminal.app.session.path.read_text() == "mine"


def test_reset_says_why_it_cannot(terminal):
    terminal.save("mine")
    terminal.press("r", "y")
    assert terminal.line_with("its stub is neither in git's history nor")
    assert terminal.app.session.path.read_text() == "mine"


def test_reset_brings_the_stub_back_and_undo_the_file(terminal):
    stub = terminal.app.session.path.read_text()
    terminal.judge(*IDLE)  # keeps a copy of the stub
    terminal.save("mine")
    terminal.press("r", "y")
    assert terminal.app.session.path.read_text() == stub
    assert terminal.line_with(".dojo/saved/intro/k02_halve/")
    terminal.judge(*IDLE)
    assert terminal.line_with(".dojo/saved/intro/k02_halve/")
    terminal.press("u")
    assert terminal.app.session.path.read_text() == "mine"


def test_nothing_to_undo_is_told(terminal):
    terminal.press("u")
    assert terminal.line_with("There is no reset to undo")


def test_only_the_learners_own_files_are_reset(open_terminal, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    terminal = open_terminal(solutions=answers)
    terminal.press("r", "y")
    assert terminal.line_with("Only files in katas/ can be reset")


def test_help_names_every_key(terminal):
    keys = [binding.key for binding in WatchScreen.BINDINGS if len(binding.key) == 1]
    terminal.press("question_mark")
    assert all(f"{key}  " in terminal.text for key in keys)


def test_a_notice_goes_with_the_next_verdict(terminal):
    terminal.press("b")
    assert terminal.line_with("has no benchmark")
    terminal.judge(*SOME_RED, message="wrong")
    assert not terminal.line_with("has no benchmark")


# ------------------------------------------------------------------ the benchmark


@pytest.fixture
def open_timed(open_terminal, dojo):
    """Open the watch screen at a green kata that has a benchmark."""

    def open_one(**options):
        Kata("intro/k02_halve", dojo).checks.write_text('BENCHMARK = Benchmark("halve")\n')
        terminal = open_terminal(**options)
        terminal.judge(*ALL_GREEN)
        return terminal

    return open_one


@pytest.fixture
def timed(open_timed):
    return open_timed()


def case(implementation, n, seconds, reason="", **facts):
    subject = Subject("intro/k02_halve", "halve", "cpu", "x: a number")
    rounds = (seconds, seconds) if seconds else ()
    return Case(subject, implementation, n, n, rounds, {"gpu": "", **facts}, reason)


def found(*cases, **others):
    run = Run(datetime(2026, 1, 2, tzinfo=timezone.utc), "a machine", cases)
    return Found(Findings(run, **{"earlier": {}, "not_green": [], "warnings": [], **others}))


SLOW = found(
    case("yours", 1_000, 3e-6, total_new=4_000, largest_new=4_000, operations=2),
    case("reference", 1_000, 1e-6, operations=1),
    case("yours", 10_000_000, 0, "the process died of SIGABRT at n = 10000000"),
    case("reference", 10_000_000, 2e-3, operations=1),
)


def test_a_green_kata_with_a_benchmark_says_which_key_times_it(timed):
    assert timed.line_with("Enter goes on to k03_square. b times your answer.")


def test_the_benchmark_key_times_the_kata_and_says_so_at_once(timed):
    timed.press("b")
    assert [one.kata.stem for one in timed.bench_runs] == ["k02_halve"]
    assert timed.line_with("k02_halve: your answer beside the reference")
    assert timed.line_with("timing … 0 s")
    assert timed.line_with("esc back")
    timed.tick(CaseDone("copy", 64), CaseDone("naive", 1_000))
    assert timed.line_with("2 done, the last of them: naive, n = 1,000")


@pytest.mark.parametrize("has_colour", [True, False])
def test_the_bars_and_the_numbers_are_shown(open_timed, monkeypatch, has_colour):
    """With colour and without, nothing of a row is cut off at 80 columns."""
    if not has_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    timed = open_timed()
    timed.press("b")
    timed.tick(SLOW)
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
    timed.tick(SLOW)
    assert timed.line_with("3.00 µs").count("█") == 30


def test_a_long_table_scrolls(timed):
    timed.press("b")
    timed.tick(found(*SLOW.findings.run.cases, case("yours", 1_000_000, 1e-4)))
    assert not timed.line_with("cache")
    timed.press("end")
    assert timed.line_with("cache")


@pytest.mark.parametrize(
    "tick, sentence",
    [
        (Failed("There is no GPU here."), "There is no GPU here."),
        (
            found(not_green=["intro/k02_halve is red"]),
            "Only a green answer is timed: intro/k02_halve is red.",
        ),
        (found(case("yours", 1, 1e-6), warnings=["It was saved."]), "It was saved."),
    ],
)
def test_what_went_wrong_is_a_sentence(timed, tick, sentence):
    timed.press("b")
    timed.tick(tick)
    assert timed.line_with(sentence) == sentence


@pytest.mark.parametrize(
    "states, sentence",
    [
        (SOME_RED, "Only a green answer is timed, and k02_halve is red."),
        (IDLE, "Only a green answer is timed, and k02_halve is not started."),
    ],
)
def test_only_a_green_answer_is_timed(timed, states, sentence):
    timed.judge(*states, message="halve is not started: it still raises NotImplementedError.")
    timed.press("b")
    assert timed.line_with(sentence) == sentence
    assert timed.bench_runs == []


def test_a_kata_without_a_benchmark_is_told(terminal):
    terminal.judge(*ALL_GREEN)
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
    """What its stopwatch tells after that shows nowhere, nor in the next one."""
    timed.press("b")
    timed.press("escape")
    (stopwatch,) = timed.bench_runs
    assert stopwatch.is_closed
    assert timed.line_with("Because halve has to.")
    timed.press("b")
    stopwatch.tell(SLOW)
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
    timed.judge(*SOME_RED, message="wrong")
    assert timed.line_with("3 of 5 checks green").startswith("✗ red")
    timed.judge(*ALL_GREEN, name="intro/k03_square")
    assert timed.line_with("k03_square was saved:")
    assert timed.line_with("timing …")
    assert not timed.bench_runs[0].is_closed


# ------------------------------------------------------------------ the list


def listed(terminal):
    return [line.split("  ")[-1] for line in terminal.lines if "a number" in line]


def test_the_list_has_every_kata_with_its_state(terminal):
    terminal.judge(*SOME_RED, message="wrong")
    terminal.press("l")
    assert listed(terminal) == list(KATAS.values())
    assert "✗ red" in terminal.line_with("Halve a number")
    assert "○ not started" in terminal.line_with("Cube a number")


def test_the_list_begins_at_the_kata_on_the_screen(terminal):
    terminal.press("l")
    assert terminal.line_with("›").endswith("Halve a number")


def test_typing_searches(terminal):
    terminal.press("l", *"cub")
    assert listed(terminal) == ["Cube a number"]


def test_letters_that_are_keys_elsewhere_are_typed_in_a_search(terminal):
    terminal.press("l", *"squ")
    assert listed(terminal) == ["Square a number"]


def test_tab_filters_by_state(terminal):
    terminal.judge(*ALL_GREEN)
    terminal.press("l", "shift+tab")
    assert listed(terminal) == ["Halve a number"]
    terminal.press("tab", "tab")
    assert listed(terminal) == ["Double a number", "Square a number", "Cube a number"]


def test_a_kata_is_chosen_from_the_list(terminal):
    terminal.press("l", "down", "down", "enter")
    assert terminal.loop.asked[-1] == "more/k01_cube"


def test_a_search_without_a_match_chooses_nothing(terminal):
    terminal.press("l", *"xyz", "enter")
    assert listed(terminal) == []
    terminal.press("escape")
    assert terminal.loop.asked == ["intro/k02_halve"]


def test_the_list_says_which_track_a_kata_is_of(terminal):
    terminal.press("l")
    assert "more/k01" in terminal.line_with("Cube a number")


# ------------------------------------------------------------------ saves, progress and the end


def test_the_screen_follows_the_file_that_is_saved(terminal):
    terminal.judge(*SOME_RED, name="more/k01_cube", message="cubed wrongly")
    assert terminal.line_with("Cube a number")
    assert terminal.line_with("cubed wrongly")


def test_the_screen_follows_while_a_page_is_open(terminal):
    terminal.press("question_mark")
    terminal.judge(*SOME_RED, name="more/k01_cube", message="cubed wrongly")
    terminal.press("escape")
    assert terminal.line_with("cubed wrongly")


def test_a_verdict_that_comes_late_counts_and_is_not_shown(terminal):
    kata = terminal.app.session.kata
    checks = tuple(Check(one.name, one.aspect, one.device, GREEN) for one in PLANNED)
    hashed = Terminal._hash(kata)
    terminal.press("n")
    terminal.receive(Judged(kata, Verdict(kata.name, GREEN, 0.1, hashed, checks)))
    assert terminal.line_with("Square a number")
    assert terminal.line_with("warming up")
    assert terminal.lines[0].endswith("1 of 3")


def test_verdicts_are_recorded(terminal, dojo):
    terminal.judge(*ALL_GREEN)
    assert Progress(dojo).state(Kata("intro/k02_halve", dojo)) == GREEN


def test_answers_from_elsewhere_are_not_recorded(open_terminal, dojo, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    terminal = open_terminal(solutions=answers)
    terminal.judge(*ALL_GREEN)
    assert terminal.lines[0].endswith("1 of 3")
    assert Progress(dojo).state(Kata("intro/k02_halve", dojo)) == NOT_STARTED


def test_progress_that_cannot_be_saved_is_told(terminal, dojo):
    (dojo / ".dojo").write_text("a file where the folder should be")
    terminal.judge(*ALL_GREEN)
    assert terminal.line_with(".dojo/progress.json cannot be written")


def test_a_corrupt_state_file_is_told(open_terminal, dojo):
    (dojo / ".dojo").mkdir()
    (dojo / ".dojo" / "progress.json").write_text("{")
    assert open_terminal().line_with("It is kept as")


@pytest.mark.parametrize("keys", [["q"], ["ctrl+c"], ["s", "q"], ["question_mark", "ctrl+c"]])
def test_keys_quit_in_the_middle_of_a_run(terminal, keys):
    terminal.receive(Started(terminal.app.session.kata, PLANNED))
    terminal.press(*keys)
    assert not terminal.app.is_running


def test_ctrl_c_quits_while_a_search_is_typed(terminal):
    terminal.press("l", "q", "ctrl+c")
    assert not terminal.app.is_running


def test_the_end_of_the_screen_closes_the_loop(terminal):
    terminal.close()
    assert terminal.loop.is_closed


def test_events_from_other_threads_arrive(terminal):
    kata = terminal.app.session.kata
    thread = threading.Thread(target=terminal.loop.tell, args=(Started(kata, PLANNED),))
    thread.start()
    thread.join()
    terminal.settle()
    assert terminal.line_with("judging")


def test_the_screen_imports_neither_torch_nor_pytest(root):
    code = "import sys, dojo.tui.app; print({'torch', 'pytest'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.mark.parametrize("name, number", [("success", 10), ("error", 9), ("warning", 11)])
def test_a_colour_keeps_its_meaning_on_a_terminal_of_16_colours(name, number):
    colour = Color.parse(getattr(THEME, name))
    assert colour.downgrade(ColorSystem.STANDARD).number == number
