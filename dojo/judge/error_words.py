"""Words an exception of the learner's code in one line, however long or broken its own text is."""

from __future__ import annotations

import bdb
import re

from dojo.checks.brief import cut
from dojo.files.tools import typed

_LONGEST = 400  # characters of the message
_ENOUGH = 4 * _LONGEST  # characters that are looked at, since blanks are dropped


def error_in_words(error: BaseException) -> str:
    """Return the type and the message of an exception, in one line."""
    name = name_of_type(error)
    if isinstance(error, RecursionError):
        return "RecursionError: it calls itself without end"
    if isinstance(error, SystemExit):
        code = error.code if type(error.code) is int else "…" if error.code else 0
        return f"SystemExit: it ends the process with code {code}"
    return f"{name}: {_message_of(error)}".strip().rstrip(":")


def name_of_type(error: BaseException) -> str:
    """Return the name of an exception's type, as Python has it and not as the type may say."""
    return cut(type.__dict__["__name__"].__get__(type(error)), 60)


def about_a_name(error: BaseException) -> str:
    """Return what to do about a name that Python does not know; empty for all other errors."""
    if type(error) is NameError:
        return "Import or define that name."
    if type(error) is UnboundLocalError:
        return "Give it a value, in this function, before it is read."
    if type(error) is AttributeError:
        of_module = re.match(r"module '([\w.]+)' has no attribute", _message_of(error))
        if of_module:
            return f"Look for its right name in the documentation of {of_module[1]}."
    return ""


_PLAIN = {
    "Boolean value of Tensor with more than one value is ambiguous": (
        "`if`, `and`, `not`, and Python's max and min take one value, and a tensor holds several:"
        " use torch.where, & and ~, or torch.max."
    ),
    "Boolean value of Tensor with no values is ambiguous": (
        "`if`, `and` and `not` take one value, and this tensor is empty."
    ),
    "view size is not compatible with input tensor's size and stride": (
        "`view` copies nothing, and so cannot join dimensions that lie apart in memory; `reshape`"
        " copies where it has to."
    ),
    "Got unsupported ScalarType BFloat16": "NumPy has no bfloat16: stay in torch.",
}


def in_plain_words(error: BaseException) -> str:
    """Return in plain words what a short error of torch means; empty for all other errors."""
    text = _message_of(error)
    return next((words for begins, words in _PLAIN.items() if text.startswith(begins)), "")


def debugger_left(error: BaseException, stem: str) -> str:
    """Return what to say if a debugger was started and nobody could type to it; else an empty text.

    Args:
        error: what the learner's code raised.
        stem: the name of the kata's file, such as ``k05_matmul``.
    """
    if not isinstance(error, bdb.BdbQuit):
        return ""
    return (
        "your file stops in a debugger that nobody answered: while answers are judged, there is no "
        f"keyboard. Take that call out, or debug with: {typed(f'pytest --pdb -k {stem}')}"
    )


def _message_of(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException as other:  # noqa: BLE001 - its __str__ may raise anything
        return f"(its text cannot be shown, since its __str__ raises {name_of_type(other)})"
    return cut(" ".join(str.__getitem__(text, slice(_ENOUGH)).split()), _LONGEST)
