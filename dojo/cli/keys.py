"""Reads single keys at a terminal, in a thread of its own, while the command does other work."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator

_WAKE = 0.1  # seconds after which the thread looks whether it must end
_MOST = 64  # bytes of what was typed that are read at once
_PREFIXES = ("\x1b", "\x00", "\xe0")  # with which a terminal begins to tell of other keys
END = "\x04"  # Ctrl-D, and what is sent when the terminal is gone

if sys.platform == "win32":
    import msvcrt

    @contextlib.contextmanager
    def _single_keys() -> Iterator[None]:
        yield

    def _typed(is_over: threading.Event) -> str:
        if not msvcrt.kbhit():
            is_over.wait(_WAKE)
            return ""
        key = msvcrt.getwch()
        return key + msvcrt.getwch() if key in _PREFIXES[1:] else key

else:
    import os
    import select
    import termios
    import tty

    @contextlib.contextmanager
    def _single_keys() -> Iterator[None]:
        """Have the terminal pass on each key at once, unseen; put it back at the end."""
        line = sys.stdin.fileno()
        before = termios.tcgetattr(line)
        tty.setcbreak(line)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(line, termios.TCSADRAIN, before)

    def _typed(_is_over: threading.Event) -> str:
        line = sys.stdin.fileno()
        if not select.select([line], [], [], _WAKE)[0]:
            return ""
        try:
            raw = os.read(line, _MOST)
        except OSError:
            raw = b""
        return raw.decode(errors="replace") or END


@contextlib.contextmanager
def keys_sent_to(send: Callable[[str], None]) -> Iterator[None]:
    """Call ``send`` with each key that is typed inside the ``with`` block, in another thread.

    An arrow or another key that a terminal tells by several signs is left out. The last key is
    ``END`` if the terminal is gone.
    """
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            typed = _typed(is_over)
            if not typed.startswith(_PREFIXES):
                for key in typed:
                    send(key)
            if typed == END:
                return

    thread = threading.Thread(target=read, daemon=True, name="dojo keys")
    with _single_keys():
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
