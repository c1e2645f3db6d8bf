"""Makes the folder in which a learner works, out of the course that was installed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dojo.course.handed_out import HandedOut
from dojo.course.katas import Kata, find_katas
from dojo.course.stubs import keep_stub
from dojo.course.trees import TREES, has_all_trees, installed_course, is_root
from dojo.files.atomic import content_of, write_atomically

# Files of the course's ``starter/``, and what they are called in the learner's folder.
_STARTER = {
    "conftest.py": "conftest.py",
    "pytest.ini": "pytest.ini",
    "gitignore": ".gitignore",
    "README.md": "README.md",
}
_OF_ENVIRONMENT = "pyvenv.cfg"  # the file by which a folder is known as a virtual environment


class CannotStart(Exception):
    """No folder was made, and nothing has changed; the text says why, and what to do."""


def start(folder: Path, tracks: Sequence[str] = (), eject: bool = False) -> list[Kata]:
    """Make a learner's folder, or give one that there is more tracks; return the new katas.

    No file is overwritten.

    Args:
        folder: it is empty or absent, or has been made by this function. Hidden entries, such as
            ``.git``, and a virtual environment count for nothing.
        tracks: those to begin with; all if none is named.
        eject: copy the checks, references and impostors too, to read them and to change them.

    Raises:
        CannotStart: the folder is none of these, a track does not exist, or the course is a clone.
        OSError: a file cannot be written.
    """
    course = installed_course()
    if course is None:
        raise CannotStart(
            "this dojo runs from a clone, which is a learner's folder itself: go there, and type "
            "dojo. `dojo init` is for a dojo that pip installed: pip install torch-dojo"
        )
    chosen = _existing(tracks, course)
    before = find_katas(folder) if is_root(folder) else []
    if not before:
        _refuse_used(folder, course)
    elif not tracks:
        if not eject:
            raise CannotStart(f"{folder} is a dojo already. New katas come by: dojo update")
        chosen = list(dict.fromkeys(kata.track for kata in before))
    if tracks:
        _note_left_out(folder, course, chosen)  # first, for an update if this is interrupted
    handed_out = HandedOut(folder)
    for source, target in _copies(course, folder, chosen, eject or has_all_trees(folder)):
        if not target.exists():
            write_atomically(target, source.read_bytes())
            if not _is_answer(target, folder):
                handed_out.note(target, source)
    handed_out.save()
    katas = find_katas(folder)
    for kata in katas:
        keep_stub(kata)  # ``dojo update`` compares the next version with it
    known = set(before)
    return [kata for kata in katas if kata not in known]


def new_tracks(root: Path) -> list[str]:
    """Return the tracks that the installed course has got since the learner's folder was made."""
    course = installed_course()
    if course is None:
        return []
    known = _left_out(root)
    return [
        track
        for track in _tracks_of(course)
        if track not in known and not (root / "katas" / track).is_dir()
    ]


def refresh(root: Path, save: Callable[[Path], None]) -> None:
    """Copy what is newer in the installed course: READMEs, and an ejected course's files.

    The learner's answers stay as they are, and so does what the learner has changed in a file of
    which the course has no newer version.

    Args:
        root: the learner's folder.
        save: called with each file that is about to be overwritten.

    Raises:
        OSError: a file cannot be written.
    """
    course = installed_course()
    if course is None or (root / "dojo").is_dir():  # a clone is refreshed by git
        return
    tracks = [each.name for each in (root / "katas").iterdir() if each.is_dir()]
    starter = [root / own for own in _STARTER.values()]
    handed_out = HandedOut(root)
    for source, target in _copies(course, root, tracks, has_all_trees(root)):
        if _is_answer(target, root) or target in starter:
            continue
        if target.exists() and not target.is_file():  # such as a folder of the learner's
            continue
        new = source.read_bytes()
        if content_of(target) != new:
            if target.exists():
                if not handed_out.is_newer(target, source):
                    continue
                save(target)
            write_atomically(target, new)
        handed_out.note(target, source)
    handed_out.save()


def _is_answer(file: Path, root: Path) -> bool:
    return root / "katas" in file.parents and file.suffix == ".py"


def _note_left_out(folder: Path, course: Path, tracks: Sequence[str]) -> None:
    """Remember the tracks that the learner does not want, so that no update brings them."""
    left_out = [
        track
        for track in _tracks_of(course)
        if track not in tracks and not (folder / "katas" / track).is_dir()
    ]
    text = json.dumps({"version": 1, "left_out": left_out}, indent=1)
    write_atomically(_notes(folder), text + "\n")


def _left_out(root: Path) -> list[str]:
    try:
        left_out = json.loads(content_of(_notes(root)))["left_out"]
    except (ValueError, KeyError, TypeError):
        return []
    return left_out if isinstance(left_out, list) else []


def _notes(root: Path) -> Path:
    return root / ".dojo" / "tracks.json"


def _tracks_of(course: Path) -> list[str]:
    return list(dict.fromkeys(kata.track for kata in find_katas(course)))


def _existing(tracks: Sequence[str], course: Path) -> list[str]:
    """Return the tracks that are meant, all of them if none is named; refuse unknown ones."""
    known = _tracks_of(course)
    for track in tracks:
        if track not in known:
            raise CannotStart(f"there is no track {track!r}. The tracks: {', '.join(known)}")
    return [track for track in known if track in tracks or not tracks]


def _refuse_used(folder: Path, course: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise CannotStart(f"{folder} is a file. Name a new folder: dojo init torch-dojo")
    used = [each.name for each in folder.iterdir() if _counts(each)] if folder.is_dir() else []
    if used and not _is_interrupted_start(folder, course, used):
        raise CannotStart(
            f"{folder} is not empty: it has {min(used)}. Name a new folder: dojo init torch-dojo"
        )


def _is_interrupted_start(folder: Path, course: Path, used: Sequence[str]) -> bool:
    """Return whether all that a folder holds is what a start of it writes: one was interrupted."""
    pairs = _copies(course, folder, _tracks_of(course), eject=True)
    copies = {target: source for source, target in pairs}
    if not {target.relative_to(folder).parts[0] for target in copies}.issuperset(used):
        return False
    files = (file for name in used for file in (folder / name, *(folder / name).rglob("*")))
    return all(
        file in copies and content_of(file) == copies[file].read_bytes()
        for file in files
        if not file.is_dir() and not file.name.startswith(".")
    )


def _counts(entry: Path) -> bool:
    return not entry.name.startswith(".") and not (entry / _OF_ENVIRONMENT).exists()


def _copies(
    course: Path, folder: Path, tracks: Iterable[str], eject: bool
) -> Iterator[tuple[Path, Path]]:
    """Yield each file that a learner gets, and where."""
    for name, own in _STARTER.items():
        yield course / "starter" / name, folder / own
    for tree in TREES if eject else ("katas",):
        yield from _files(course / tree, folder / tree, "*")
        for track in tracks:
            yield from _files(course / tree / track, folder / tree / track, "**/*")


def _files(source: Path, target: Path, pattern: str) -> Iterator[tuple[Path, Path]]:
    for file in sorted(source.glob(pattern)):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file, target / file.relative_to(source)
