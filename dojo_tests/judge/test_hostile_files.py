"""A file that is broken, cheats, hangs or rages is named in one line, whichever way it is judged.

Each row of ``hostile_rows.py`` is judged by a forked process. A sample of them, with
``--all-ways`` each, is judged also by plain pytest: there many rows in one run, as the answers of
as many katas, so that none may harm its neighbour. A smaller sample is judged by processes that
are started afresh, each of which imports torch.
"""

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT
from dojo.workers import client
from dojo.workers.pool import WorkerPool

rows = runpy.run_path(str(Path(__file__).with_name("hostile_rows.py")))
ROWS, BROKEN = rows["ROWS"], rows["BROKEN"]
TIME_LIMIT = 10.0  # seconds, also where the machine has much else to do
SHORT_LIMIT = 1.5  # seconds for what never ends, which keeps a processor busy for all of them
PATIENCE = 20.0  # seconds until a test gives up waiting for the end of a process
PARTS = 3  # runs of plain pytest that share all rows which end
HANGING = [row for row, (_, states, _) in ROWS.items() if TIMED_OUT in states]
NEVER_ENDING = [row for row in HANGING if ROWS[row][1] == {TIMED_OUT}]
pytestmark = pytest.mark.new_python  # what they leave is found by its environment

MARK = f"DOJO_TEST_{uuid.uuid4().hex}"  # in the environment of all that these tests start


def one_of(number, found):
    """About one of so many rows, chosen by a hash of its name, and at least one."""
    ranks = {row: int(hashlib.sha256(row.encode()).hexdigest(), 16) for row in found}
    chosen = [row for row, rank in ranks.items() if rank % number == 0]
    return chosen or [min(ranks, key=ranks.get)]


OF_PROCESSES = [*rows["OF_PROCESSES"]]
OTHERS = [row for row in ROWS if row not in HANGING and row not in OF_PROCESSES]
# Rows that plain pytest judges: those that end take little time, those that hang all of theirs.
BY_PYTEST = [*one_of(4, NEVER_ENDING), *OF_PROCESSES, *one_of(4, OTHERS)]
BY_SPAWNED = [*one_of(4, NEVER_ENDING), *one_of(4, OF_PROCESSES), *one_of(16, OTHERS)]


def pytest_generate_tests(metafunc):
    all_ways = metafunc.config.getoption("--all-ways")
    if "row_to_spawn" in metafunc.fixturenames:
        metafunc.parametrize("row_to_spawn", list(ROWS) if all_ways else BY_SPAWNED)
    if "together" in metafunc.fixturenames:
        parts, chosen = (PARTS, list(ROWS)) if all_ways else (1, BY_PYTEST)
        hanging = [row for row in chosen if row in HANGING]
        ending = [row for row in chosen if row not in HANGING]
        metafunc.parametrize(
            "together",
            [hanging, *(ending[part::parts] for part in range(parts))],
            ids=["hanging", *(f"ending {part + 1} of {parts}" for part in range(parts))],
        )


@pytest.fixture(scope="module")
def judge_by(small_dojo, add_kata):
    """Judges the answer in a folder by a worker of the kind that is named, within a limit."""
    os.environ[MARK] = "1"
    pools = {}

    def judge(kind, folder, limit):
        pool = pools.get(kind) or pools.setdefault(kind, WorkerPool(small_dojo, kind))
        verdict = client.judge(pool, add_kata, folder, limit=limit)
        pool.start()  # so that the next is warm
        return verdict.as_json()

    yield judge
    for pool in pools.values():
        pool.close()
    del os.environ[MARK]


def limit_of(row):
    return SHORT_LIMIT if row in HANGING else TIME_LIMIT


def left_running(but_of_fork_server=False):
    """The commands of processes that these tests started, less the warm ones that wait.

    Args:
        but_of_fork_server: leave out the children of a fork server, of which one waits as a spare.
    """
    found, warm = [], set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = MARK.encode() in (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().decode().replace("\0", " ").strip()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has just ended
            continue
        if is_ours and int(parent) == os.getpid():
            warm.add(folder.name)
        elif is_ours:
            found.append((parent, command))
    return [one for parent, one in found if not (but_of_fork_server and parent in warm)]


def left_after_a_while(**options):
    """What still runs once a warm process that imported all of torch has ended its spare worker."""
    until = time.monotonic() + PATIENCE
    while (left := left_running(**options)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def source_of(row, root):
    source = ROWS[row][0]
    return source.replace("ROOT", repr(str(root))).encode() if isinstance(source, str) else source


def expect_the_state_and_one_clear_line(row, verdict):
    _, states, words = ROWS[row]
    assert verdict["state"] in states, row
    messages = [check["message"] for check in verdict["checks"] if check["state"] != GREEN]
    assert all(messages), row
    if verdict["state"] != GREEN:
        assert words in " ".join(messages), row
    if row in BROKEN:
        assert len(set(messages)) == 1, row
        assert "k02_add.py" in messages[0]


def judge_row(row, kind, add_kata, judge_by, folder):
    path = add_kata.solution_in(folder)
    path.parent.mkdir()
    path.write_bytes(source_of(row, add_kata.root))
    expect_the_state_and_one_clear_line(row, judge_by(kind, folder, limit_of(row)))
    assert path.read_bytes() == source_of(row, add_kata.root)
    if sys.platform.startswith("linux"):
        assert left_after_a_while(but_of_fork_server=kind != "fork") == []


@pytest.mark.parametrize("row", ROWS)
def test_a_forked_worker_gives_a_hostile_file_its_state_and_one_clear_line(
    row, add_kata, judge_by, tmp_path
):
    judge_row(row, "fork", add_kata, judge_by, tmp_path)


def test_a_spawned_worker_gives_a_hostile_file_its_state_and_one_clear_line(
    row_to_spawn, add_kata, judge_by, tmp_path
):
    judge_row(row_to_spawn, "spawn", add_kata, judge_by, tmp_path)


def test_plain_pytest_judges_hostile_files_beside_each_other(
    add_kata, together, lay_out, monkeypatch, tmp_path
):
    tracks = {row: f"row{number:02}" for number, row in enumerate(together)}
    katas = {
        f"{tracks[row]}/{add_kata.stem}": (add_kata, source_of(row, tmp_path)) for row in together
    }
    lay_out(tmp_path, katas)
    reference = tmp_path / "reference" / "first" / add_kata.reference.name  # which two of them read
    reference.parent.mkdir()
    shutil.copy(add_kata.reference, reference)
    file = tmp_path / "verdicts.json"
    monkeypatch.setenv(MARK, "1")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            f"--time-limit={limit_of(together[0])}",
            f"--verdicts={file}",
        ],
        cwd=tmp_path,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 1
    verdicts = [json.loads(line) for line in file.read_text().splitlines()]
    by_track = {verdict["kata"].partition("/")[0]: verdict for verdict in verdicts}
    assert by_track.keys() == set(tracks.values())
    for row, track in tracks.items():
        expect_the_state_and_one_clear_line(row, by_track[track])
        path = tmp_path / "katas" / track / "k02_add.py"
        assert path.read_bytes() == source_of(row, tmp_path)
    if sys.platform.startswith("linux"):
        assert left_after_a_while() == []


def test_the_samples_have_rows_about_processes_about_time_outs_and_others():
    assert len({*HANGING, *OF_PROCESSES, *OTHERS}) == len(ROWS)
    for sample in (BY_PYTEST, BY_SPAWNED):
        assert all(set(sample) & set(kind) for kind in (NEVER_ENDING, OF_PROCESSES, OTHERS))
        assert len(set(sample)) == len(sample) < len(ROWS)
    assert set(OF_PROCESSES) <= set(BY_PYTEST)


def test_a_missing_file_is_not_started(judge_folder, tmp_path):
    verdict = judge_folder(tmp_path)
    assert verdict.state == NOT_STARTED
    assert "there is no such file" in verdict.checks[0].message


def test_a_folder_in_place_of_the_file_is_named(judge_folder, add_kata, tmp_path):
    add_kata.solution_in(tmp_path).mkdir(parents=True)
    verdict = judge_folder(tmp_path)
    assert verdict.state == CRASHED
    assert "a folder stands where your file should be" in verdict.checks[0].message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Linux and macOS")
def test_a_pipe_in_place_of_the_file_is_named_at_once(judge_folder, add_kata, tmp_path):
    path = add_kata.solution_in(tmp_path)
    path.parent.mkdir()
    os.mkfifo(path)
    verdict = judge_folder(tmp_path)
    assert verdict.state == CRASHED
    assert "your file is a named pipe (FIFO), not a file" in verdict.checks[0].message


def test_a_file_without_end_is_named_at_once(judge_folder, add_kata, tmp_path):
    path = add_kata.solution_in(tmp_path)
    path.parent.mkdir()
    path.symlink_to("/dev/zero")
    verdict = judge_folder(tmp_path)
    assert verdict.state == CRASHED
    assert "your file is a device, not a file" in verdict.checks[0].message


def test_an_endless_loop_times_out_with_the_line_it_hangs_on(judge_text):
    source = "def add(x1, x2):\n    while True:\n        pass\ndef add_(x1, x2):\n    return x1\n"
    verdict = judge_text(source, limit=1.0)
    assert verdict.state == TIMED_OUT
    assert re.search(r"line [23]: not finished after 1 s", verdict.first_failure.message)


def test_one_started_name_makes_the_kata_red_and_names_the_other(judge_text):
    source = (
        "def add(x1, x2):\n    return x1 + x2\ndef add_(x1, x2):\n    raise NotImplementedError\n"
    )
    verdict = judge_text(source)
    assert verdict.state == RED
    assert any(check.message.startswith("add_ is not started") for check in verdict.checks)


def test_notimplemented_from_inside_torch_is_not_an_unstarted_kata(judge_text):
    source = (
        "import torch\ndef add(x1, x2):\n    return torch.zeros(2, device='meta').cpu()\n"
        "def add_(x1, x2):\n    return torch.zeros(2, device='meta').cpu()\n"
    )
    verdict = judge_text(source)
    assert verdict.state == RED
    assert "raised NotImplementedError" in verdict.first_failure.message
