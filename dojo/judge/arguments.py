"""Reads what the arguments of pytest mean in a dojo: which tests they name, and whose answers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from dojo.course.katas import Kata, find_katas, shown_path
from dojo.course.lookup import UnclearName, suggestion
from dojo.course.named_paths import NamedPath, meaning_of_path
from dojo.course.trees import course_of, find_root
from dojo.files.tools import typed

_OF_ANSWERS = ("katas", "reference", "impostors")  # trees of files that are no checks
OWN_TESTS = "dojo_tests"  # the folder of the tests of the dojo itself, which are no checks


def name_checks(config: pytest.Config, root: Path) -> None:
    """Put the checks of a kata in place of its file, where an argument of pytest names that.

    A file of answers elsewhere is judged as it is: ``--solutions`` becomes its folder.

    Raises:
        pytest.UsageError: the file of no kata is named, or files in several folders.
    """
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return  # nobody named anything
    args = [os.fspath(arg) for arg in config.args]
    katas = find_katas(root) if any(_may_be_answer(arg, config, root) for arg in args) else []
    named: list[str] = []
    folders: dict[Path, None] = {}  # in the order in which they were named
    for arg in args:
        if not katas or not _is_answer(arg, config, root, katas):
            named.append(arg)
            continue
        meant = _meaning(arg, config, root, katas)
        named += _checks(arg, meant)
        folders[meant.folder] = None
    if folders:
        _choose_solutions(config, root, list(folders))
        config.args[:] = named


def refuse_answers_elsewhere(config: pytest.Config) -> None:
    """Say how an answer outside of the dojo is judged, where pytest took its folder for the root.

    Raises:
        pytest.UsageError: the working folder is in a dojo, and an argument names such an answer.
    """
    root = find_root(config.invocation_params.dir)
    if root is None:
        return
    for arg in config.args:
        if _is_answer(arg, config, root, find_katas(root)):
            command = typed(f"dojo check {shlex.quote(arg.partition('::')[0])}")
            raise pytest.UsageError(f"{arg} is not in this dojo. To judge it: {command}")


def _may_be_answer(arg: str, config: pytest.Config, root: Path) -> bool:
    """Return whether an argument may name an answer; cheap, without a look at the katas."""
    path = _path_of(arg, config)
    return _is_in_answers(path, root) or (path.suffix == ".py" and path.name.startswith("k"))


def _is_answer(arg: str, config: pytest.Config, root: Path, katas: Sequence[Kata]) -> bool:
    path = _path_of(arg, config)
    return _is_in_answers(path, root) or path.name in {f"{kata.stem}.py" for kata in katas}


def _is_in_answers(path: Path, root: Path) -> bool:
    trees = [root / tree for tree in _OF_ANSWERS]
    return any(tree in (path, *path.parents) for tree in trees)


def _path_of(arg: str, config: pytest.Config) -> Path:
    """Return the path that an argument names, in which a link stays a link."""
    return Path(os.path.normpath(config.invocation_params.dir / arg.partition("::")[0]))


def _meaning(arg: str, config: pytest.Config, root: Path, katas: Sequence[Kata]) -> NamedPath:
    path, found = _path_of(arg, config), None
    try:
        found = meaning_of_path(str(path), root, katas)
    except UnclearName as error:
        if path.exists():
            raise pytest.UsageError(str(error)) from None
    if found is None or not found.katas:
        near = suggestion(path.stem, katas)
        raise pytest.UsageError(f"{arg.partition('::')[0]} is the file of no kata. {near}")
    return found


def _checks(arg: str, meant: NamedPath) -> list[str]:
    """Return the arguments that name the checks of the katas that are meant."""
    path, mark, test = arg.partition("::")
    if mark and not (meant.is_file and test.lower().startswith("test")):
        raise pytest.UsageError(
            f"{arg}: what stands after :: is the name of a check, such as "
            f"{path}::test_… (all names: pytest --collect-only -q {path})."
        )
    if meant.is_file:
        return [f"{meant.katas[0].node}{mark}{test}"]
    return list(dict.fromkeys(str(kata.node.parent) for kata in meant.katas))


def _choose_solutions(config: pytest.Config, root: Path, folders: list[Path]) -> None:
    """Have the answers in the folder judged that the arguments name."""
    chosen = config.getoption("--solutions")
    if chosen != "katas":
        reference = course_of(root) / "reference"
        folders = [*folders, reference if chosen == "reference" else Path(chosen).resolve()]
    if len({folder.resolve() for folder in folders}) > 1:
        shown = ", ".join(dict.fromkeys(shown_path(folder, root) for folder in folders))
        raise pytest.UsageError(
            f"these answers lie in several folders: {shown}. Judge one folder at a time."
        )
    known = {root / "katas": "katas", course_of(root) / "reference": "reference"}
    config.option.solutions = known.get(folders[0], str(folders[0]))


def leaves_out(path: Path, root: Path, config: pytest.Config) -> bool:
    """Return whether a folder holds the dojo's own tests, and no argument leads into it.

    A learner who says ``pytest .``, or an editor that looks for tests in the whole clone, wants the
    checks of the katas only.
    """
    if path != root / OWN_TESTS:
        return False
    own = path.resolve()
    return not any(own in (named, *named.parents) for named in _named_paths(config))


def _named_paths(config: pytest.Config) -> list[Path]:
    """Return the paths that the arguments name, without links and without ``::test``."""
    here = config.invocation_params.dir
    texts = (os.fspath(arg).partition("::")[0] for arg in config.args)
    return [(here / text).resolve() for text in texts]
