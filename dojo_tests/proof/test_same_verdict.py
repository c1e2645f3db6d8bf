"""The same answer gets the same verdict from plain pytest, from warm processes and in the loop.

Plain pytest judges every known answer written differently, so that one run also proves that a
mistake is recognised however it is written.
"""

import ast
import collections
import hashlib
import json
import queue
import re
import subprocess
import sys
from dataclasses import replace

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas
from dojo.verdict.diagnosis import diagnose
from dojo.verdict.model import Check, Verdict
from dojo.watch.events import Judged
from dojo.watch.loop import Loop

_PATIENCE = 60.0  # seconds for what takes a second or two on a quiet machine
ROUNDS = 4  # runs of plain pytest that share the candidates
ABOVE = "\n\n# written differently\n"


def pytest_generate_tests(metafunc):
    """Deal all candidates out, so that a few runs of pytest judge them all."""
    if "candidates" in metafunc.fixturenames:
        katas = find_katas(metafunc.config.rootpath)
        everyone = [one for kata in katas for one in find_candidates(kata)]
        rounds = [everyone[start::ROUNDS] for start in range(ROUNDS)]
        metafunc.parametrize("candidates", rounds, ids=map(str, range(1, ROUNDS + 1)))


def written_differently(one):
    """The same answer further down, an impostor with other names for its own variables."""
    if one.right:
        return ABOVE + one.source
    body = ast.parse(one.source).body
    answer = [node for node in body if getattr(node, "name", "") == one.replaces][-1]
    names = {node.id for node in _names_in(answer) if isinstance(node.ctx, ast.Store)}
    names -= {node.arg for node in ast.walk(answer) if isinstance(node, ast.arg)}
    for node in ast.walk(answer):  # Python 3.11 does not know where those of an f-string are
        if isinstance(node, ast.JoinedStr):
            names -= {inner.id for inner in _names_in(node)}
    lines = [line.encode() for line in one.source.splitlines()]
    for node in sorted(_names_in(answer), key=lambda node: -node.col_offset):
        if node.id in names:
            row, end = node.lineno - 1, node.end_col_offset
            lines[row] = lines[row][:end] + b"_of_mine" + lines[row][end:]
    return ABOVE + b"\n".join(lines).decode() + "\n"


def _names_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)]


def what_matters(verdict, above=0):
    """All of a verdict but how long it took, where the files lay, and what only the loop adds.

    Args:
        verdict: the verdict.
        above: how many lines were put above the answer, which changes the lines that are named.
    """

    def as_before(check):
        text = check.message.replace(check.file, "FILE")
        text = re.sub(r"\bline (\d+)", lambda found: f"line {int(found[1]) - above}", text)
        line = check.line - above if check.line else 0
        return replace(check, file="", message=text, line=line)

    return verdict.state, [as_before(check) for check in verdict.checks]


def as_katas_of_their_own(candidates):
    """Names under which all candidates can be answers in one dojo, each to a kata of its own.

    The second candidate of ``intro/k05_matmul`` answers that kata in the track ``intro2``.
    """
    places = collections.Counter()
    for one in candidates:
        places[one.kata] += 1
        yield f"{one.kata.track}{places[one.kata]}/{one.kata.stem}", one


def verdicts_of_pytest(dojo):
    """Plain pytest's verdicts on all the katas of a dojo, by kata."""
    file = dojo / "verdicts.json"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", f"--verdicts={file}", "-q", "-p", "no:cacheprovider"],
        cwd=dojo,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert file.exists(), run.stdout[-2000:] + run.stderr[-2000:]
    return {verdict.kata: verdict for verdict in map(as_verdict, file.read_text().splitlines())}


def as_verdict(line):
    """A verdict from its line of JSON, with the track's own name where a message has a copy's."""
    data = json.loads(re.sub(r"\btests\.([a-z]+)\d+\.", r"tests.\1.", line))
    del data["version"]
    return Verdict(**{**data, "checks": tuple(Check(**check) for check in data["checks"])})


def test_pytest_says_of_what_is_written_differently_what_warm_processes_said(
    candidates, judge_source, make_table, lay_out, tmp_path
):
    known = dict(as_katas_of_their_own(candidates))
    texts = {name: written_differently(one).encode() for name, one in known.items()}
    lay_out(tmp_path, {name: (one.kata, texts[name]) for name, one in known.items()})
    theirs = verdicts_of_pytest(tmp_path)
    assert theirs.keys() == known.keys()
    differing, not_recognised = [], []
    for name, one in known.items():
        ours = what_matters(judge_source(one.kata, one.source))
        if what_matters(theirs[name], ABOVE.count("\n")) != ours:
            differing.append((one.id, theirs[name].first_failure, ours))
        if not one.right and diagnose(theirs[name], make_table(one.kata)) != one.diagnosis:
            not_recognised.append(one.id)
        assert theirs[name].source_hash == hashlib.sha256(texts[name]).hexdigest()
    assert differing == []
    assert not_recognised == []


def test_the_loop_and_warm_processes_agree(root, judge_source, tmp_path):
    events = queue.Queue()
    loop = Loop(root, tmp_path, "all", 60.0, events.put)
    differing = []
    for kata in find_katas(root):
        one = find_candidates(kata)[0]
        path = kata.solution_in(tmp_path)
        path.parent.mkdir(exist_ok=True)
        path.write_text(one.source, encoding="utf-8")
        loop.follow(kata)
        event = events.get(timeout=_PATIENCE)
        while not isinstance(event, Judged) or event.kata != kata:
            event = events.get(timeout=_PATIENCE)
        if what_matters(event.verdict) != what_matters(judge_source(kata, one.source)):
            differing.append(kata.name)
    loop.close()
    assert differing == []
