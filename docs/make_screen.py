"""Draws docs/screen.svg: the watch screen, by a real run of a wrong answer to k03.

python docs/make_screen.py
"""

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import NoReturn

from dojo.course.katas import Kata
from dojo.tui.app import WatchScreen
from dojo.tui.kata_state import JUDGED
from dojo.tui.session import Session
from dojo.watch.loop import Loop

ROOT = Path(__file__).resolve().parent.parent
WRONG = """import torch


def add(x1, x2):
    return x1 + x2


def add_(x1, x2):
    x1 += x1
    return x1
"""
_SIZE = (80, 30)  # columns and rows
_LOOKS = 600  # at the screen, a twentieth of a second apart


def _never(*_: object) -> NoReturn:
    raise NotImplementedError("nothing is timed here")


async def draw() -> str:
    kata = Kata("intro/k03_in_place_add", ROOT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kata.solution_in(folder).parent.mkdir()
        kata.solution_in(folder).write_text(WRONG, encoding="utf-8")
        loop = partial(Loop, ROOT, folder, "all", 10.0)
        app = WatchScreen(Session(ROOT, kata, folder), loop, _never)
        async with app.run_test(size=_SIZE) as pilot:
            for _ in range(_LOOKS):
                await pilot.pause(0.05)
                if app.session.kata_state.phase == JUDGED:
                    break
            await pilot.pause(1)
            return app.export_screenshot(title="dojo").replace(str(folder), "katas")


if __name__ == "__main__":
    (ROOT / "docs" / "screen.svg").write_text(asyncio.run(draw()), encoding="utf-8")
