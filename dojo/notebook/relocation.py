"""Says of a verdict on an answer that was taken from a notebook where in the notebook it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dojo.course.katas import Kata
from dojo.notebook.answers import Answers
from dojo.notebook.cells import Answer
from dojo.verdict.model import Check, Verdict


class NotebookAnswers:
    """The answers of a notebook, written into a folder so that they can be judged.

    Attributes:
        shown: the notebook, as it is named to a person.
        katas: those that are to be judged; without a choice, those that are answered.
        folder: where the answers were written, laid out like ``katas/``.
    """

    def __init__(self, shown: str, answers: Answers, wanted: Sequence[Kata], folder: Path) -> None:
        self.shown, self.folder = shown, folder
        self.katas = list(wanted) or list(answers.by_kata)
        self._answers = answers.by_kata
        for kata, answer in self._answers.items():
            file = self._file(kata)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(answer.text, encoding="utf-8", newline="")

    def relocated(self, kata: Kata, verdict: Verdict) -> Verdict:
        """Return the verdict with the places in the notebook, in place of those in the folder."""
        answer = self._answers.get(kata)
        if answer is None:
            message = f"{self.shown} holds no answer to {kata.name}."
            checks = [replace(one, file=self.shown, message=message) for one in verdict.checks]
        else:
            checks = [self._relocated(kata, answer, one) for one in verdict.checks]
        return replace(verdict, checks=tuple(checks))

    def _relocated(self, kata: Kata, answer: Answer, check: Check) -> Check:
        path = re.escape(str(self._file(kata)))

        def in_notebook(found: re.Match[str]) -> str:
            place, line = answer.place_of(int(found[1]))
            return f"{place}, line {line}"

        message = re.sub(rf"{path}, line (\d+)", in_notebook, check.message)
        place, line = answer.place_of(check.line) if check.line else (self.shown, 0)
        message = re.sub(path, lambda _: place, message)
        return replace(check, file=place, line=line, message=message)

    def _file(self, kata: Kata) -> Path:
        return self.folder / kata.track / f"{kata.stem}.py"
