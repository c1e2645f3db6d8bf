"""``dojo doctor``: examines what the dojo needs, and names a remedy for what is wrong.

It fixes nothing. torch is imported in other processes only, so that a broken torch is reported.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

import dojo
from dojo.course.katas import Kata, find_katas, solutions_folder
from dojo.course.stubs import is_in_git
from dojo.course.trees import PACKAGE, course_of, installed_course
from dojo.files.atomic import write_atomically
from dojo.files.tools import typed
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN
from dojo.workers.client import NoChecks, judge
from dojo.workers.fork_client import ForkServerDied
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import WorkerDied, WorkerStuck

_INSTALL = (
    f"{sys.executable} -m pip install --upgrade torch-dojo"
    if installed_course()
    else f"In your clone: {sys.executable} -m pip install -c constraints.txt -e ."
)
_IMPORT_LIMIT = 120.0  # seconds that importing torch may take on a slow disk
_RUNS = 5  # verdicts; their median time is shown
_ROOM = 100 * 2**20  # bytes; a verdict needs a few megabytes of temporary files


@dataclass(frozen=True)
class Finding:
    """The result of one examination.

    Attributes:
        name: what was examined.
        text: what was found.
        remedy: what to do about a problem; empty if all is well.
    """

    name: str
    text: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        """Whether there is no problem."""
        return not self.remedy


def examine(root: Path) -> Iterator[Finding]:
    """Examine each part that the dojo needs, and yield each finding as soon as it is there.

    What needs torch and pytest is left out if a package is missing.
    """
    yield Finding("Python", f"{platform.python_version()}, {sys.executable}")
    missing = False
    for requirement in requirements(root):
        finding = _package(requirement)
        missing = missing or not finding.is_well
        yield finding
    yield _own_package(root)
    yield _plugin()
    if not missing:
        yield _devices(root)
        yield _workers(root)
    yield _state(root)
    for folder in (root, Path(tempfile.gettempdir())):
        yield _disk(folder)
    yield _git(root)


def requirements(root: Path) -> list[Requirement]:
    """The dependencies: those of the installed package, or those in the clone's pyproject.toml."""
    if installed_course():
        texts = importlib.metadata.requires("torch-dojo") or []
    else:  # as text, since Python 3.10 has no tomllib
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
        block = text.partition("\ndependencies = [")[2].partition("\n]")[0]
        texts = re.findall(r'^\s*"([^"]+)"', block, re.MULTILINE)
    return [
        one
        for one in map(Requirement, texts)
        if one.marker is None or one.marker.evaluate({"extra": ""})
    ]


def _package(requirement: Requirement) -> Finding:
    """Whether a package is installed in a version that the dojo works with."""
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, "is not installed.", _INSTALL)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(requirement.name, f"{version}, but {requirement} is needed.", _INSTALL)
    return Finding(requirement.name, version)


def _own_package(root: Path) -> Finding:
    """Whether the package ``dojo`` that runs is the installed one, or that of this clone."""
    if PACKAGE.resolve() == (root / "dojo").resolve():
        return Finding("dojo", str(PACKAGE))
    if installed_course() and not (root / "dojo").is_dir():
        checks = "in this folder" if course_of(root) == root else "in the package"
        return Finding("dojo", f"{dojo.__version__} in {PACKAGE}; the checks are {checks}")
    return Finding("dojo", f"{PACKAGE} runs, which is not that of {root}.", _INSTALL)


def _plugin() -> Finding:
    """Whether the plugin is registered, so that pytest finds it without the root's conftest.py."""
    found = importlib.metadata.entry_points(group="pytest11")
    if any(point.value == "dojo.pytest_entry" for point in found):
        return Finding("pytest plugin", "registered")
    return Finding("pytest plugin", "is not registered.", _INSTALL)


def _devices(root: Path) -> Finding:
    """Whether torch can be imported, and on which devices checks run."""
    code = "from dojo.devices.select import devices_line; print(devices_line(('cpu', 'cuda')))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_IMPORT_LIMIT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        text = f"importing torch takes more than {_IMPORT_LIMIT:g} s."
        return Finding("devices", text, "Is the disk, or a network folder, slow? Try again.")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        remedy = f"Install torch anew, as pytorch.org says. {_INSTALL}"
        return Finding("devices", f"torch cannot be imported: {last}", remedy)
    return Finding("devices", done.stdout.strip())


def _workers(root: Path) -> Finding:
    """Whether a reference is green, how workers are started here, and how long a verdict takes."""
    kata = find_katas(root)[0]
    of_git = "" if installed_course() else " Is anything changed? git status"
    with contextlib.closing(WorkerPool(root)) as pool:
        try:
            times = [_time_of_verdict(pool, kata) for _ in range(1 + _RUNS)][1:]  # less the first
        except (_NotGreen, NoChecks, ForkServerDied, WorkerDied, WorkerStuck) as error:
            remedy = f"To see more: {typed('pytest --solutions=reference')}.{of_git}"
            return Finding("workers", f"{pool.kind}: {error}", remedy)
        return Finding(
            "workers",
            f"{pool.kind}; {statistics.median(times) * 1000:.0f} ms from request to verdict "
            f"(median of {_RUNS}, {kata.name})",
        )


class _NotGreen(Exception):
    """A reference is not green; the text says which."""


def _time_of_verdict(pool: WorkerPool, kata: Kata) -> float:
    """Judge the reference of a kata, and return the seconds from request to verdict.

    Raises:
        _NotGreen: the reference is not green.
    """
    pool.wait_until_ready()
    begun = time.perf_counter()
    verdict = judge(pool, kata, solutions_folder("reference", kata.root))
    if verdict.state != GREEN:
        raise _NotGreen(f"the reference of {kata.name} is {verdict.state}.")
    return time.perf_counter() - begun


def _state(root: Path) -> Finding:
    """Whether the folder .dojo can be written to, and the recorded progress can be read."""
    folder = root / ".dojo"
    probe = folder / f"probe-{os.getpid()}"
    try:
        write_atomically(probe, "")
        probe.unlink()
    except OSError as error:
        text = f"{folder} cannot be written to: {error.strerror}."
        remedy = "Give yourself the right to, or make room. Until then no progress is kept."
        return Finding("state folder", text, remedy)
    progress = Progress(root)
    progress.current(find_katas(root))  # reads what is recorded
    if progress.warnings:
        return Finding(
            "state folder", " ".join(progress.warnings), f"Judge again: {typed('dojo check --all')}"
        )
    return Finding("state folder", str(folder))


def _disk(folder: Path) -> Finding:
    """Whether there is room on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    text = f"{free / 2**30:.1f} GiB free for {folder}"
    return Finding("disk", text, "" if free >= _ROOM else "Make room: 100 MiB are enough.")


def _git(root: Path) -> Finding:
    """Where ``dojo reset`` finds the stubs; a dojo without git is well too."""
    if is_in_git(root):
        return Finding("git", "dojo reset finds the stubs in its history")
    if installed_course():
        return Finding("git", "not here: dojo reset has the stubs of the package")
    return Finding("git", "not here: dojo reset has the copies in .dojo/stubs/ alone")
