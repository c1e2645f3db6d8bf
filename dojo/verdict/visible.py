"""Makes any text safe to show in a terminal: what a terminal would obey is shown as a sign."""

from __future__ import annotations

import re

MOST = 10_000  # characters of one text that are shown; hundreds of lines help nobody
_TAB = 4
# What a terminal obeys or does not show: control characters, halves of pairs, marks of direction.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_SIGN = "\ufffd"


def visible(text: str) -> str:
    """Return the text with tabs as blanks, control characters as a sign, and cut if it is long."""
    if len(text) > MOST:
        text = f"{text[:MOST]} … ({len(text) - MOST} more characters)"
    text = text.replace("\r\n", "\n").expandtabs(_TAB)
    return _UNSEEN.sub(_SIGN, text)
