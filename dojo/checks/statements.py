"""Judges answers that are a set of letters: which of some statements are true."""

from __future__ import annotations

from collections.abc import Mapping

from dojo.checks.expect import CheckFailed
from dojo.checks.messages import describe


def expect_statements(got: object, truth: Mapping[str, tuple[bool, str]]) -> None:
    """Fail unless the answer is exactly the set of letters of the true statements.

    Args:
        got: the learner's set of letters.
        truth: letter → whether its statement is true, and why.
    """
    __tracebackhide__ = True
    if not isinstance(got, set | frozenset) or not all(type(item) is str for item in got):
        raise CheckFailed(
            f"returned {describe(got)}; expected a set of letters such as {{'A', 'B'}}."
        )
    unknown = sorted(set(got) - set(truth))
    if unknown:
        raise CheckFailed(
            f"returned the letter {unknown[0]!r}; the statements are {', '.join(truth)}."
        )
    wrong = [letter for letter in truth if (letter in got) != truth[letter][0]]
    if not wrong:
        return
    letter = wrong[0]
    fault = "lists" if letter in got else "leaves out"
    kind = "false" if letter in got else "true"
    raise CheckFailed(
        f"{fault} {letter}, which is {kind} ({len(wrong)} of {len(truth)} letters are wrong).",
        truth[letter][1],
    )
