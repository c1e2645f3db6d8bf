"""While nothing else is to do, a worker is prepared, and then a table of known mistakes."""

from types import SimpleNamespace

import pytest

from dojo.verdict.diagnosis import find_impostors, known_table
from dojo.verdict.model import GREEN, RED, Check, Verdict
from dojo.watch.ahead import Ahead
from dojo.workers.client import NoChecks


class FakeWorker:
    """A prepared worker without a process."""

    def __init__(self, kata):
        self.kata, self.is_closed = kata, False
        self.worker = SimpleNamespace(is_waiting=True)

    def close(self):
        self.is_closed = True


class RecordedAhead(Ahead):
    """Prepares by fakes, and records in order what it asks for.

    Attributes:
        calls: "prepare" or "judge" and the kata's name, in order.
        workers: all workers that were prepared.
        diagnoses: the events that were reported.
        is_interrupted: whether a request of the learner interrupts the judging of an impostor.
        ready: how many workers can be had at once.
    """

    def __init__(self):
        self.calls, self.workers, self.diagnoses = [], [], []
        self.is_interrupted, self.ready = False, 1000
        super().__init__(
            self._prepare_fake, self._judge_fake, self.diagnoses.append, lambda: self.ready
        )

    def _prepare_fake(self, kata):
        self.calls.append(f"prepare {kata.name}")
        self.workers.append(FakeWorker(kata))
        return self.workers[-1]

    def _judge_fake(self, kata, source):
        self.calls.append(f"judge {kata.name}")
        return None if self.is_interrupted else verdict_on(kata, message=source)

    def prepare_all(self):
        while self.prepare_one_step():
            pass


def verdict_on(kata, state=RED, message=""):
    """A verdict of one check, which tells answers apart by its message."""
    check = Check("doubles each number", "values", "cpu", state, message)
    return Verdict(kata.name, state, 0.1, "", (check,))


@pytest.fixture
def ahead():
    return RecordedAhead()


# ---------------------------------------------------------------- prepare_one_step


def test_before_any_verdict_there_is_nothing_to_prepare(ahead):
    assert not ahead.prepare_one_step()
    assert ahead.calls == []


def test_the_first_step_prepares_a_worker(ahead, double):
    ahead.remember(double, None)
    assert ahead.prepare_one_step()
    assert ahead.calls == ["prepare first/k01_double"]


def test_each_further_step_judges_one_impostor(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    for number in range(1, len(find_impostors(double)) + 1):
        assert ahead.prepare_one_step()
        assert ahead.calls[1:] == ["judge first/k01_double"] * number


def test_after_the_last_impostor_nothing_is_left(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_all()
    assert len(ahead.calls) == 1 + len(find_impostors(double))
    assert not ahead.prepare_one_step()


def test_an_impostor_whose_judging_was_interrupted_is_judged_again(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.is_interrupted = True
    assert ahead.prepare_one_step()
    ahead.is_interrupted = False
    ahead.prepare_all()
    assert len(ahead.calls) == 1 + 1 + len(find_impostors(double))
    assert len(ahead.table(double)) == len(find_impostors(double))


def test_a_table_that_is_kept_is_not_made_again(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_all()
    other = RecordedAhead()
    other.remember(double, None)
    other.prepare_all()
    assert other.calls == ["prepare first/k01_double"]
    assert other.table(double) == known_table(double)


def test_where_no_worker_can_be_had_nothing_more_is_prepared(double):
    def fail(kata):
        raise NoChecks("none was collected")

    ahead = Ahead(fail, fail, fail, lambda: 1000)
    ahead.remember(double, None)
    assert not ahead.prepare_one_step()
    assert not ahead.prepare_one_step()


def test_the_last_ready_worker_is_left_for_any_kata(ahead, double):
    ahead.remember(double, None)
    ahead.ready = 1
    assert not ahead.prepare_one_step()
    assert ahead.calls == []


def test_with_two_ready_workers_one_opens_the_kata(ahead, double):
    ahead.remember(double, None)
    ahead.ready = 2
    assert ahead.prepare_one_step()
    assert ahead.calls == ["prepare first/k01_double"]


def test_no_impostor_is_judged_by_the_last_ready_worker(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.ready = 1
    assert not ahead.prepare_one_step()
    ahead.ready = 2
    assert ahead.prepare_one_step()
    assert ahead.calls == ["prepare first/k01_double", "judge first/k01_double"]


# ---------------------------------------------------------------- the last verdict's diagnosis


def verdict_of_impostor(kata, number):
    return verdict_on(kata, message=find_impostors(kata)[number].source)


def test_a_red_verdict_is_diagnosed_once_the_table_is_complete(ahead, double):
    ahead.remember(double, verdict_of_impostor(double, 0))
    ahead.prepare_all()
    (diagnosed,) = ahead.diagnoses
    assert (diagnosed.kata, diagnosed.diagnosis) == (double, "x is squared, not doubled.")


def test_a_mistake_that_no_impostor_makes_is_not_diagnosed(ahead, double):
    ahead.remember(double, verdict_on(double, message="something else"))
    ahead.prepare_all()
    assert ahead.diagnoses == []


def test_a_green_verdict_is_not_diagnosed(ahead, double):
    ahead.remember(double, verdict_on(double, GREEN))
    ahead.prepare_all()
    assert ahead.diagnoses == []


# ---------------------------------------------------------------- table


def test_a_table_is_there_once_it_is_complete(ahead, double):
    ahead.remember(double, None)
    for _ in range(len(find_impostors(double))):
        ahead.prepare_one_step()
        assert ahead.table(double) is None
    ahead.prepare_one_step()
    diagnoses = [diagnosis for diagnosis, _ in ahead.table(double)]
    assert diagnoses == [one.diagnosis for one in find_impostors(double)]


def test_a_table_stays_while_another_kata_is_judged(ahead, double, add):
    ahead.remember(double, None)
    ahead.prepare_all()
    ahead.remember(add, None)
    assert ahead.table(double) is not None
    assert ahead.table(add) is None


# ---------------------------------------------------------------- take, keep, drop a worker


def test_without_a_worker_none_is_taken(ahead, double):
    assert ahead.take_worker(double) is None


def test_a_worker_of_the_kata_is_taken_once(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    assert ahead.take_worker(double) is ahead.workers[0]
    assert not ahead.workers[0].is_closed
    assert ahead.take_worker(double) is None


def test_a_worker_of_another_kata_is_ended_and_not_taken(ahead, double, add):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    assert ahead.take_worker(add) is None
    assert ahead.workers[0].is_closed


def test_a_worker_that_has_died_meanwhile_is_not_taken(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.workers[0].worker.is_waiting = False
    assert ahead.take_worker(double) is None
    assert ahead.workers[0].is_closed


def test_a_worker_that_was_taken_is_replaced_by_the_next_step(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.take_worker(double)
    ahead.prepare_one_step()
    assert ahead.calls == ["prepare first/k01_double"] * 2


def test_it_tells_for_which_kata_a_worker_is_ready(ahead, double, add):
    assert not ahead.has_worker(double)
    ahead.remember(double, None)
    ahead.prepare_one_step()
    assert (ahead.has_worker(double), ahead.has_worker(add)) == (True, False)
    ahead.workers[0].worker.is_waiting = False
    assert not ahead.has_worker(double)


def test_a_worker_that_is_kept_is_taken_next(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    kept = FakeWorker(double)
    ahead.keep_worker(double, kept)
    assert ahead.workers[0].is_closed
    assert ahead.take_worker(double) is kept


def test_a_worker_that_is_dropped_is_ended(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.drop_worker()
    assert ahead.workers[0].is_closed
    assert ahead.take_worker(double) is None


# ---------------------------------------------------------------- forget


@pytest.fixture
def forgotten(ahead, double):
    """One that had a worker and a table, and has forgotten both."""
    ahead.remember(double, None)
    ahead.prepare_all()
    ahead.forget()
    return ahead


def test_to_forget_ends_the_worker(forgotten):
    assert forgotten.workers[0].is_closed


def test_to_forget_drops_tables(forgotten, double):
    assert forgotten.table(double) is None


def test_to_forget_leaves_nothing_to_prepare(forgotten):
    assert not forgotten.prepare_one_step()


def test_to_forget_drops_a_table_that_is_half_made(ahead, double):
    ahead.remember(double, None)
    ahead.prepare_one_step()
    ahead.prepare_one_step()
    ahead.forget()
    ahead.calls.clear()
    ahead.remember(double, None)
    ahead.prepare_all()
    assert ahead.calls.count("judge first/k01_double") == len(find_impostors(double))
