"""The same source gets the same verdict from plain pytest, from warm processes and in the loop."""

import itertools
import json
import queue
import subprocess
import sys
from dataclasses import replace

from dojo.catalog import find_katas
from dojo.impostors import find_candidates
from dojo.loop import Judged, Loop
from dojo.verdict import Check, Verdict

_PATIENCE = 60.0  # seconds for what takes a second or two on a quiet machine


def pytest_generate_tests(metafunc):
    """A round holds one candidate of each kata, so that one run of pytest judges them all."""
    if "candidates" in metafunc.fixturenames:
        katas = find_katas(metafunc.config.rootpath)
        rounds = itertools.zip_longest(*map(find_candidates, katas))
        found = [[one for one in candidates if one] for candidates in rounds]
        metafunc.parametrize("candidates", found, ids=map(str, range(1, len(found) + 1)))


def what_matters(verdict):
    """All of a verdict but how long it took, where the file lay, and what only the loop adds."""
    checks = [
        replace(check, file="", message=check.message.replace(check.file, "the file"))
        for check in verdict.checks
    ]
    return verdict.state, verdict.source_hash, checks


def verdicts_of_pytest(root, folder):
    """Plain pytest's verdicts on the answers in a folder, by kata."""
    file = folder / "verdicts.json"
    command = [sys.executable, "-m", "pytest", f"--solutions={folder}", f"--verdicts={file}"]
    stems = [path.stem for path in folder.glob("*/*.py")]
    subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "-k", " or ".join(stems)],
        cwd=root,
        capture_output=True,
        timeout=600,
        check=False,
    )
    return {verdict.kata: verdict for verdict in map(as_verdict, file.read_text().splitlines())}


def as_verdict(line):
    """A verdict from its line of JSON."""
    data = json.loads(line)
    del data["version"]
    return Verdict(**{**data, "checks": tuple(Check(**check) for check in data["checks"])})


def save(one, folder):
    path = one.kata.solution_in(folder)
    path.parent.mkdir(exist_ok=True)
    path.write_text(one.source, encoding="utf-8")


def test_pytest_and_warm_processes_agree(candidates, root, judge_source, tmp_path):
    for one in candidates:
        save(one, tmp_path)
    ours = {one.kata.name: judge_source(one.kata, one.source) for one in candidates}
    theirs = verdicts_of_pytest(root, tmp_path)
    assert ours.keys() == theirs.keys()
    for name, verdict in ours.items():
        assert what_matters(verdict) == what_matters(theirs[name])


def test_the_loop_and_warm_processes_agree(root, judge, tmp_path):
    events = queue.Queue()
    loop = Loop(root, tmp_path, "all", 60.0, events.put)
    differing = []
    for kata in find_katas(root):
        save(find_candidates(kata)[0], tmp_path)
        loop.judge(kata)
        event = events.get(timeout=_PATIENCE)
        while not isinstance(event, Judged) or event.kata != kata:
            event = events.get(timeout=_PATIENCE)
        if what_matters(event.verdict) != what_matters(judge(kata, tmp_path)):
            differing.append(kata.name)
    loop.close()
    assert differing == []
