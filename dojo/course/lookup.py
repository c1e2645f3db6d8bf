"""Finds the katas that a person means by a name, a part of one, or a track; it reads no file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from dojo.course.katas import Kata
from dojo.files.tools import typed

_SHOWN = 5  # names that are listed at most, where a name may mean several katas
_NEAREST = 3  # names that are listed at most where a name means none
_LIKE = 0.65  # from which likeness on, of 0 to 1, a name is suggested
_WORD = 4  # letters from which on a word of a name is compared alone


class UnclearName(Exception):
    """A name means no kata, or several; the text lists the nearest ones."""


def find_kata(text: str, katas: Sequence[Kata], tracks: Iterable[str] = ()) -> Kata:
    """Return the kata that a name means.

    A whole name or number counts before a part of a name: ``k01`` is not ``k010_…``. Where several
    katas fit, they are looked for in the given tracks, one after another.

    Args:
        text: a part of a name, such as ``k03``, ``in_place`` or ``intro/k03``, or a kata's file.
        katas: those to choose from.
        tracks: where the learner is; gone through only where that decides.

    Raises:
        UnclearName: the name means none of them, or several.
    """
    part = _without_path(text.strip())
    found = next(filter(None, _matches(part, katas)), [])
    if len(found) > 1:
        in_tracks = ([kata for kata in found if kata.track == track] for track in tracks)
        found = next(filter(None, in_tracks), found)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnclearName(f"There is no kata {text!r}. {suggestion(part, katas)}")
    names = ", ".join(kata.name for kata in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise UnclearName(f"{text!r} may be {names}{more}. Write more of the name.")


def katas_of_track(text: str, katas: Sequence[Kata]) -> list[Kata]:
    """Return the katas of the track of this name; none if no track has exactly that name."""
    return [kata for kata in katas if kata.track == text.strip().rstrip("/")]


def short_name(kata: Kata, katas: Sequence[Kata]) -> str:
    """Return the shortest name that means this kata wherever the learner is, such as ``k03``."""
    numbers = [_number(other) for other in katas]
    in_track = [_number(other) for other in katas if other.track == kata.track]
    if numbers.count(_number(kata)) == 1:
        return _number(kata)
    return f"{kata.track}/{_number(kata)}" if in_track.count(_number(kata)) == 1 else kata.name


def completions(incomplete: str, katas: Sequence[Kata]) -> list[str]:
    """Return the kata names that begin with a text, for completion in a shell.

    A name without its track is offered where no other track has the same name.
    """
    tracks: dict[str, int] = {}
    for kata in katas:
        tracks[kata.stem] = tracks.get(kata.stem, 0) + 1
    short = [kata.stem for kata in katas if tracks[kata.stem] == 1]
    return [n for n in (*short, *(kata.name for kata in katas)) if n.startswith(incomplete)]


def suggestion(part: str, katas: Sequence[Kata]) -> str:
    """Return a sentence with the katas and tracks that are much like a name, or where all are."""
    names = {kata.name: _likeness(part, kata) for kata in katas}
    names |= {kata.track: _ratio(part, kata.track) for kata in katas}
    near = [name for name in sorted(names, key=lambda name: -names[name]) if names[name] >= _LIKE]
    if not near:
        return f"All names: {typed('dojo list --all')}"
    return f"Did you mean {'one of: ' if len(near) > 1 else ''}{', '.join(near[:_NEAREST])}?"


def _without_path(text: str) -> str:
    """Turn the path of a kata's file into the kata's name; return any other text as it is."""
    if not text.endswith(".py"):
        return text
    *folders, file = text.replace("\\", "/").split("/")
    stem = file.removesuffix(".py").removeprefix("test_")
    return "/".join([*folders[-1:], stem])


def _matches(part: str, katas: Sequence[Kata]) -> Iterator[list[Kata]]:
    """Yield the katas of that whole name, then of that number, then with that part of a name."""
    yield [kata for kata in katas if part in (kata.name, kata.stem)]
    yield [kata for kata in katas if part in (_number(kata), f"{kata.track}/{_number(kata)}")]
    yield [kata for kata in katas if part and part.lower() in kata.name.lower()]


def _number(kata: Kata) -> str:
    return kata.stem.partition("_")[0]


def _likeness(part: str, kata: Kata) -> float:
    words = [word for word in kata.stem.split("_") if len(word) >= _WORD]
    names = (kata.name, kata.stem, _number(kata), kata.stem.partition("_")[2], *words)
    return max(_ratio(part, name) for name in names)


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.lower(), other).ratio()
