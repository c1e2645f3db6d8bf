"""The verdict on an answer to a kata of the small dojo, from workers of both kinds."""

import contextlib
import hashlib

import pytest

from dojo.course.katas import Kata
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT
from dojo.workers.client import (
    NoChecks,
    judge,
    judge_source,
    prepare_worker,
    temporary_solutions,
)
from dojo.workers.pool import WorkerPool

RIGHT = "def double(x):\n    return x * 2\n"
WRONG = "def double(x):\n    return x * 3\n"
HANGS_IN_A_CALL = "def double(x):\n    while True:\n        pass\n"
EXITS_IN_A_CALL = "import os\ndef double(x):\n    os._exit(3)\n"


@pytest.fixture(scope="module")
def double(small_dojo):
    return Kata("first/k01_double", small_dojo)


@pytest.fixture
def judge_text(small_pool, double):
    """The verdict on a text, from a pool of each kind."""

    def judge_text(text, **options):
        verdict = judge_source(small_pool, double, text, **options)
        small_pool.start()  # so that the next worker is warm
        return verdict

    return judge_text


def test_a_right_answer_is_green(judge_text):
    verdict = judge_text(RIGHT)
    assert (verdict.kata, verdict.state, len(verdict.checks)) == ("first/k01_double", GREEN, 12)


def test_only_the_checks_of_the_kata_that_is_judged_are_imported(own_dojo, tmp_path):
    for checks in (own_dojo / "tests").rglob("test_*.py"):
        note = f"open({str(tmp_path / 'imported')!r}, 'a').write('{checks.stem} ')\n"
        checks.write_text(checks.read_text(encoding="utf-8") + note, encoding="utf-8")
    with contextlib.closing(WorkerPool(own_dojo, "spawn")) as pool:
        assert judge_source(pool, Kata("first/k01_double", own_dojo), RIGHT).state == GREEN
    assert (tmp_path / "imported").read_text(encoding="utf-8") == "test_k01_double "


def test_a_wrong_answer_is_red(judge_text):
    verdict = judge_text(WRONG)
    assert verdict.state == RED
    assert {check.aspect for check in verdict.checks if check.state == RED} == {
        "values",
        "gradient",
    }


def test_an_answer_given_as_bytes_is_judged_as_they_are(judge_text):
    verdict = judge_text(b"# caf\xe9\n")
    assert verdict.state == CRASHED
    assert "not UTF-8" in verdict.checks[0].message


def test_an_answer_that_ends_the_process_crashes_every_check(judge_text):
    verdict = judge_text(EXITS_IN_A_CALL)
    assert {check.state for check in verdict.checks} == {CRASHED}
    assert "exit code 3 before the check had finished" in verdict.checks[-1].message


def test_an_answer_that_hangs_times_out_on_its_line(judge_text):
    verdict = judge_text(HANGS_IN_A_CALL, limit=1.0)
    assert verdict.state == TIMED_OUT
    assert verdict.checks[0].line in (2, 3)
    assert "not finished after 1 s; stuck here." in verdict.checks[0].message


def test_only_the_checks_for_the_device_run(judge_text):
    verdict = judge_text(RIGHT, device="cpu")
    assert {check.device for check in verdict.checks} == {"cpu"}
    assert (len(verdict.checks), verdict.devices) == (7, "cpu")


def test_the_source_hash_is_that_of_the_text(judge_text):
    assert judge_text(RIGHT).source_hash == hashlib.sha256(RIGHT.encode()).hexdigest()


def test_judge_reads_the_folder_of_answers(small_pool, double, small_dojo):
    verdict = judge(small_pool, double, small_dojo / "katas")
    small_pool.start()
    assert verdict.state == NOT_STARTED


@pytest.mark.parametrize("rehearse", [False, True])
def test_a_prepared_worker_judges_the_file_as_it_is_when_it_runs(small_pool, double, rehearse):
    with temporary_solutions(double, WRONG) as folder:
        prepared = prepare_worker(small_pool, double, folder, limit=60.0, rehearse=rehearse)
        small_pool.start()
        try:
            double.solution_in(folder).write_text(RIGHT)
            assert prepared.run().state == GREEN
        finally:
            prepared.close()


def test_a_prepared_worker_knows_its_checks_and_tells_of_each_as_it_ends(small_pool, double):
    told = []
    with temporary_solutions(double, WRONG) as folder:
        prepared = prepare_worker(small_pool, double, folder, limit=60.0)
        small_pool.start()
        try:
            verdict = prepared.run(told.append)
        finally:
            prepared.close()
    assert tuple(told) == verdict.checks
    assert [check.name for check in prepared.plan] == [check.name for check in verdict.checks]


def test_a_worker_that_is_dropped_gives_a_crashed_verdict(small_pool, double):
    with temporary_solutions(double, RIGHT) as folder:
        prepared = prepare_worker(small_pool, double, folder, limit=60.0)
        small_pool.start()
        prepared.worker.drop()
        assert prepared.run().state == CRASHED
        prepared.close()


def test_temporary_solutions_has_the_layout_of_katas_and_is_removed(double):
    with temporary_solutions(double, RIGHT) as folder:
        assert (folder / "first" / "k01_double.py").read_text() == RIGHT
    assert not folder.exists()


def test_a_kata_without_checks_is_not_judged(own_dojo):
    kata = Kata("first/k01_double", own_dojo)
    kata.checks.write_text('"""No check yet."""\n')
    pool = WorkerPool(own_dojo)
    try:
        with pytest.raises(NoChecks) as error:
            judge(pool, kata, own_dojo / "katas")
    finally:
        pool.close()
    assert str(error.value) == (
        f"first/k01_double: no check was collected; see: pytest {kata.checks}"
    )
