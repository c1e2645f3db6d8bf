"""The same answer gets the same verdict in every way that it can be judged.

The fastest way judges every known answer: all those to a kata in one process (``answers_run``). The
ways by which a learner's answer is judged, each in a process of its own, judge a sample that is
chosen by hash, and with ``--all-ways`` every answer. Plain pytest judges answers that are written
differently, so that its run also proves that a mistake is recognised however it is written.
"""

import ast
import collections
import hashlib
import json
import os
import queue
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from dojo.course.candidates import find_candidates
from dojo.course.katas import find_katas
from dojo.verdict.diagnosis import diagnose
from dojo.watch.events import Judged
from dojo.watch.loop import Loop
from dojo.workers.client import judge_source as judge_source_by
from dojo.workers.pool import WorkerPool

_PATIENCE = 60.0  # seconds for what takes a second or two on a quiet machine
SPAWNED = 500  # of so many answers one is judged by a spawned worker, which imports torch anew
ROUNDS = 4  # tests that share the answers, where these are all
ABOVE = "\n\n# written differently\n"


def pytest_generate_tests(metafunc):
    """Deal the answers out, so that a few tests judge them all."""
    if "part" in metafunc.fixturenames:
        rounds = ROUNDS if metafunc.config.getoption("--all-ways") else 1
        metafunc.parametrize("part", [slice(start, None, rounds) for start in range(rounds)])


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
        text = re.sub(r"\b\d{13,}\b", "ID", text)  # of an object
        line = check.line - above if check.line else 0
        # Python prints what a __del__ raises when it comes to that, perhaps in a later check
        output = "" if "Exception ignored in" in check.output else check.output
        return replace(check, file="", message=text, line=line, output=output)

    return verdict.state, [as_before(check) for check in verdict.checks]


def differing(candidates, judge, judge_source):
    """The answers of which a way of judging says something else than one process."""
    return [
        one.id
        for one in candidates
        if what_matters(judge(one)) != what_matters(judge_source(one.kata, one.source))
    ]


def as_katas_of_their_own(candidates):
    """Names under which all candidates can be answers in one dojo, each to a kata of its own.

    The second candidate of ``intro/k05_matmul`` answers that kata in the track ``intro2``.
    """
    places = collections.Counter()
    for one in candidates:
        places[one.kata] += 1
        yield f"{one.kata.track}{places[one.kata]}/{one.kata.stem}", one


def lines_of_pytest(dojo):
    """Plain pytest's verdicts on all the katas of a dojo, each as a line of JSON.

    Where a message has the name of a copy's track, they have that of the track itself.
    """
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
    return re.sub(r"\btests\.([a-z]+)\d+\.", r"tests.\1.", file.read_text()).splitlines()


def test_plain_pytest_says_of_what_is_written_differently_what_one_process_says(
    part, root, sample, judge_source, verdict_of, make_table, lay_out, tmp_path
):
    chosen = [one for kata in find_katas(root) for one in sample(find_candidates(kata))][part]
    known = dict(as_katas_of_their_own(chosen))
    texts = {name: written_differently(one).encode() for name, one in known.items()}
    lay_out(tmp_path, {name: (one.kata, texts[name]) for name, one in known.items()})
    theirs = {one.kata: one for one in map(verdict_of, map(json.loads, lines_of_pytest(tmp_path)))}
    assert theirs.keys() == known.keys()
    unlike, not_recognised = [], []
    for name, one in known.items():
        ours = what_matters(judge_source(one.kata, one.source))
        if what_matters(theirs[name], ABOVE.count("\n")) != ours:
            unlike.append((one.id, theirs[name].first_failure, ours))
        if not one.right and diagnose(theirs[name], make_table(one.kata)) != one.diagnosis:
            not_recognised.append(one.id)
        assert theirs[name].source_hash == hashlib.sha256(texts[name]).hexdigest()
    assert unlike == []
    assert not_recognised == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for that")
def test_no_known_answer_spoils_the_judge_for_the_next_one(kata, known_of):
    assert known_of(kata)["verdicts"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for that")
def test_no_answer_can_find_the_reference_on_which_its_verdict_was_rehearsed(kata, known_of):
    assert known_of(kata)["left"] == []


def test_forked_workers_say_what_one_process_says(kata, sample, judge_source, pool):
    def judge(one):
        return judge_source_by(pool, kata, one.source)

    assert differing(sample(find_candidates(kata)), judge, judge_source) == []


@pytest.fixture(scope="session")
def spawning_pool(root):
    """Workers that are started afresh, as where forking is unsafe."""
    pool = WorkerPool(root, "spawn")
    yield pool
    pool.close()


def test_spawned_workers_say_what_one_process_says(part, root, sample, judge_source, spawning_pool):
    def judge(one):
        return judge_source_by(spawning_pool, one.kata, one.source)

    known = [one for kata in find_katas(root) for one in find_candidates(kata)]
    assert differing(sample(known, one_of=SPAWNED)[part], judge, judge_source) == []


class WatchedAnswers:
    """A loop over a folder of answers, and the events that it tells of."""

    def __init__(self, root, folder):
        self._events = queue.Queue()
        self._folder = folder
        self.loop = Loop(root, folder, "all", 60.0, self._events.put)

    def verdict(self, one):
        """The verdict on a known answer that has just been saved."""
        path = one.kata.solution_in(self._folder)
        path.parent.mkdir(exist_ok=True)
        path.write_text(one.source, encoding="utf-8")
        source_hash = hashlib.sha256(one.source.encode()).hexdigest()
        self.loop.follow(one.kata)
        while True:
            event = self._events.get(timeout=_PATIENCE)
            if isinstance(event, Judged) and event.verdict.source_hash == source_hash:
                return event.verdict


@pytest.fixture(scope="session")
def watched(root, tmp_path_factory):
    answers = WatchedAnswers(root, tmp_path_factory.mktemp("answers"))
    yield answers
    answers.loop.close()


def test_the_loop_says_what_one_process_says(kata, sample, judge_source, watched):
    assert differing(sample(find_candidates(kata)), watched.verdict, judge_source) == []
