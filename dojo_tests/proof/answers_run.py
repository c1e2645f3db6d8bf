"""Judges all known answers to a kata in one process, one after another.

A forked worker for each of them gives the same verdicts, in three times as long. Nobody's answer
is judged so: what one answer leaves behind, the next one would meet. Here that is found out: the
reference is judged first and last, and unless it is green both times, there are no verdicts.
"""

import gc
import hashlib
import time
import types
from pathlib import Path

from dojo.course.candidates import find_candidates
from dojo.devices.select import devices_line
from dojo.devices.write_order import WriteOrder
from dojo.judge.sandbox.output import print_to_memory
from dojo.judge.serve import AnswerRun
from dojo.judge.solution import Solution
from dojo.verdict.model import GREEN, Verdict, state_of
from dojo.workers.limits import bound_memory

DEMO_LINES = Path(__file__).with_name("demo_lines.py")


def known_answers(kata, stub):
    """The texts of the answers to a kata that the course holds; the reference is the last one.

    The stub is among them, and the reference with the lines of a demonstration below it.
    """
    known = [one.source for one in find_candidates(kata)]
    files = stub, kata.reference, DEMO_LINES
    blank, reference, demo = (path.read_text(encoding="utf-8") for path in files)
    return [*known, blank, reference + demo, reference]


def judge_all(runner, kata, stub, folder):
    """What is known by judging all known answers in this very process.

    "verdicts" are those, as JSON, by the hash of the answer. "left" is what an answer could find in
    the memory of a worker of the reference, on which the verdict was rehearsed.

    The process is of no more use then: it may write to no file of the dojo or of the folder, and it
    prints nothing.

    Args:
        runner: what runs the checks.
        kata: what is answered.
        stub: the file of its stub.
        folder: an empty one, into which the answers are written.
    """
    texts = known_answers(kata, stub)
    folders = [folder / str(place) for place in range(len(texts) + 1)]
    for one, text in zip(folders, [texts[-1], *texts], strict=True):  # the reference twice
        path = kata.solution_in(one)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    runner.warm_up()
    runner.open(kata, folder, will_rehearse=True)
    bound_memory()
    tail = print_to_memory()
    runner.record_process(tail.stream)
    runner.rehearse(kata, runner.checks.of(kata))
    left = sorted(map(repr, _made_by(kata.solution_in(folder))))
    found = [_verdict(runner, kata, one, tail) for one in folders]
    if {found[0].state, found[-1].state} != {GREEN}:
        found = []
    return {"left": left, "verdicts": {one.source_hash: one.as_json() for one in found}}


def _made_by(path):
    """The functions and modules in this process that a file has made."""
    gc.unfreeze()
    return [one for one in gc.get_objects() if _file_of(one) == str(path)]


def _file_of(one):
    if isinstance(one, types.FunctionType):
        return one.__code__.co_filename
    return vars(one).get("__file__") if isinstance(one, types.ModuleType) else None


def _verdict(runner, kata, solutions, tail):
    runner.solutions = solutions
    names = runner.solution(kata)._names  # of the answer before; to read the reference is forbidden
    path = kata.solution_in(solutions)
    WriteOrder.was_open = False
    answer = Solution(kata, path, names, runner.root, lambda: runner._state)
    runner._loaded[kata.name] = answer
    run = AnswerRun(runner, tail)
    items = runner.checks.of(kata)
    started = time.perf_counter()
    checks = [run.check(*pair) for pair in zip(items, [*items[1:], None], strict=True)]
    seconds = time.perf_counter() - started
    devices = devices_line(tuple(sorted({check.device for check in checks})))
    source_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    return Verdict(
        kata.name, state_of(checks), seconds, source_hash, tuple(checks), devices=devices
    )
