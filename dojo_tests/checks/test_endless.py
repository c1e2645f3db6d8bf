"""What has no end is ended, and what has one goes on as ever."""

import itertools
import sys

import torch

from dojo.checks.endless import CallsLimited, steps_limited


def test_calls_of_torch_are_counted(failure_of):
    def call(times):
        with CallsLimited(3, "still runs.", "Hint."):
            x = torch.ones(2)
            for _ in itertools.repeat(None, times):
                x = x * 2
        return x

    assert call(2).tolist() == [4.0, 4.0]
    failed = failure_of(call, 3)
    assert (failed.sentence, failed.hint) == ("still runs.", "Hint.")


def test_calls_of_python_and_c_are_counted(failure_of):
    def call(times):
        with steps_limited(100, "walks on.", "Hint."):
            return sum(map(abs, range(times)))

    def walk(times):
        with steps_limited(100, "walks on.", "Hint."):
            for one in range(times):
                abs(one)

    before = sys.getprofile()
    assert call(4) == 6
    failed = failure_of(walk, 200)
    assert (failed.sentence, failed.hint) == ("walks on.", "Hint.")
    assert sys.getprofile() is before
