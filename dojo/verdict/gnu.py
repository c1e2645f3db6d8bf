"""Words a verdict in the lines that compilers print, which every editor can read.

That is the GNU format: ``path:line: error: text``. What has begun and ended is told in lines of the
form ``dojo: text``.
"""

from __future__ import annotations

from dojo.verdict.model import GREEN, NOT_STARTED, Verdict
from dojo.verdict.text import counts_of, headline_of
from dojo.verdict.visible import visible


def judging_line(path: str) -> str:
    """Return the line that says that a file is being judged."""
    return f"dojo: judging {visible(path)}"


def gnu_lines(verdict: Verdict, path: str) -> list[str]:
    """Return a line with the place of what is wrong, unless the kata is green, and the outcome.

    Args:
        verdict: any verdict.
        path: the learner's file, as an editor finds it from its working folder.
    """
    outcome = f"dojo: judged {visible(path)}: {verdict.state}, {counts_of(verdict)}"
    if verdict.state == GREEN:
        return [outcome]
    kind = "note" if verdict.state == NOT_STARTED else "error"
    return [_line(path, _line_number(verdict), kind, _text_of(verdict)), outcome]


def trouble_lines(path: str, message: str) -> list[str]:
    """Return a line that says why a file was not judged, and the line that ends that."""
    return [_line(path, 1, "error", message), unjudged_line(path)]


def unjudged_line(path: str) -> str:
    """Return the line that says that the judging of a file has ended without a verdict."""
    return f"dojo: did not judge {visible(path)}"


def _line(path: str, number: int, kind: str, text: str) -> str:
    return f"{visible(path)}:{number}: {kind}: {' '.join(visible(text).split())}"


def _line_number(verdict: Verdict) -> int:
    """The line of the check to show; the first one where none is known, since editors need one."""
    check = verdict.first_failure
    return check.line if check is not None and check.line else 1


def _text_of(verdict: Verdict) -> str:
    """All that is said of a verdict, in a line.

    Indented rows of the message are left out: they show the line of the file, as the editor does.
    """
    check = verdict.first_failure
    if check is None:
        return verdict.state
    rows = [row for row in check.message.splitlines() if not row.startswith(" ")]
    text = f"{headline_of(verdict)}: {' '.join(rows)}"
    if (end := verdict.later_end) is not None:
        text += f" {end.state}, later: {end.message}"
    return f"{text} This looks like: {verdict.diagnosis}" if verdict.diagnosis else text
