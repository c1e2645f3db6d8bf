"""A watch screen that tests drive by keys and events; its loop and its benchmarks are fakes."""

import asyncio
import contextlib
import hashlib

import pytest

from dojo.course.katas import Kata
from dojo.tui.app import WatchScreen
from dojo.tui.session import Session
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Check, Verdict, state_of
from dojo.watch.events import Checked, Judged, Started

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
PLANNED = tuple(
    Check(f"law {number} of {aspect}", aspect, device, NOT_STARTED)
    for number, (aspect, device) in enumerate(
        [("shape", "cpu"), ("shape", "cuda"), ("values", "cpu"), ("values", "cuda"), ("memory", "")]
    )
)


@pytest.fixture(scope="session")
def kata_titles():
    """The titles of the katas of ``screen_dojo`` by name, in their order."""
    return KATAS


@pytest.fixture
def screen_dojo(tmp_path):
    """A dojo of four katas in two tracks, whose checks are empty, since nothing runs them."""
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
    """A loop that judges nothing.

    Attributes:
        send: passes an event to the screen.
        asked: the names of the katas that the screen asked to be judged.
    """

    def __init__(self, send):
        self.send, self.asked, self.is_closed = send, [], False

    def follow(self, kata):
        self.asked.append(kata.name)

    def close(self):
        self.is_closed = True


class FakeBenchRun:
    """A benchmark that times nothing; ``send`` passes an event to its page."""

    def __init__(self, kata, send):
        self.kata, self.send, self.is_closed = kata, send, False

    def close(self):
        self.is_closed = True


class Terminal:
    """A watch screen in a terminal of a given size, for tests that are not coroutines."""

    planned = PLANNED  # the checks of each kata

    def __init__(self, root, name, size, solutions=None):
        session = Session(root, Kata(name, root), solutions or root / "katas")
        self.root = root
        self.bench_runs = []
        self.app = WatchScreen(session, self._open_loop, self._open_bench_run)
        self._events = asyncio.new_event_loop()
        self._work = asyncio.Queue()
        self._life = self._events.create_task(self._live(size))
        self.settle()

    def _open_loop(self, send):
        self.loop = FakeLoop(send)
        return self.loop

    def _open_bench_run(self, kata, send):
        self.bench_runs.append(FakeBenchRun(kata, send))
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
        """Wait until the screen shows what has happened."""

        async def pause(pilot):
            for _ in range(4):  # a message, what it calls for, and the drawing of that
                await pilot.pause(0)

        self._run(pause)

    # ---------------------------------------------------------------- what happens

    def press(self, *keys):
        self._run(lambda pilot: pilot.press(*keys))
        self.settle()

    def resize(self, width, height):
        self._run(lambda pilot: pilot.resize_terminal(width, height))
        self.settle()

    def receive(self, *events):
        """Let the loop send these events."""
        for event in events:
            self.loop.send(event)
        self.settle()

    def receive_times(self, *events):
        """Let the newest benchmark send these events."""
        for event in events:
            self.bench_runs[-1].send(event)
        self.settle()

    def started(self):
        """The event that a run of the kata on the screen has begun."""
        return Started(self.kata, PLANNED)

    def judge(self, *states, name=None, **failure):
        """Let the loop judge a kata, one state a check; those that fail have ``failure``."""
        kata = Kata(name or self.kata.name, self.root)
        checks = tuple(
            Check(one.name, one.aspect, one.device, state, **({} if state == GREEN else failure))
            for one, state in zip(PLANNED, states, strict=True)
        )
        verdict = Verdict(kata.name, state_of(checks), 0.05, self.source_hash(kata), checks)
        self.receive(Started(kata, PLANNED), *(Checked(kata, one) for one in checks))
        self.receive(Judged(kata, verdict))

    def judge_green(self, name=None):
        self.judge(*[GREEN] * 5, name=name)

    def judge_red(self, name=None, **failure):
        """Let the loop judge a kata of which two checks fail: one of values, that of memory."""
        self.judge(GREEN, GREEN, RED, GREEN, RED, name=name, **failure)

    def judge_not_started(self, **failure):
        self.judge(*[NOT_STARTED] * 5, **failure)

    def save(self, text):
        """Write the learner's file of the kata on the screen."""
        self.kata.stub.write_text(text)

    # ---------------------------------------------------------------- what is to be seen

    @property
    def kata(self):
        """The kata on the screen."""
        return self.app.session.kata

    @staticmethod
    def source_hash(kata):
        return hashlib.sha256(kata.stub.read_bytes()).hexdigest()

    @property
    def strips(self):
        """The rows of the screen, in parts with their styles."""
        return self.app.screen._compositor.render_strips()

    @property
    def lines(self):
        return [strip.text.rstrip(f" {SCROLLBAR}") for strip in self.strips]

    @property
    def text(self):
        return "\n".join(self.lines)

    def line_with(self, part):
        """The first line that holds this, less blanks at its ends; None if there is none."""
        return next((line.strip() for line in self.lines if part in line), None)

    def close(self):
        if not self._events.is_closed():
            self._work.put_nowait(None)
            self._events.run_until_complete(self._life)
            self._events.close()


@pytest.fixture
def open_terminal(screen_dojo):
    """Opens the watch screen of ``screen_dojo`` in a terminal of a size."""
    with contextlib.ExitStack() as stack:

        def open_one(name="intro/k02_halve", size=(80, 24), **options):
            terminal = Terminal(screen_dojo, name, size, **options)
            stack.callback(terminal.close)
            return terminal

        yield open_one


@pytest.fixture
def terminal(open_terminal):
    """The watch screen at intro/k02_halve in a terminal of 80 × 24."""
    return open_terminal()
