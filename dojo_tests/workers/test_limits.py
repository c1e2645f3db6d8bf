"""How much time and memory a worker may take, and how its memory is made cheap to fork."""

import os
import subprocess
import sys

import pytest

from dojo.workers import huge_pages, limits
from dojo.workers.huge_pages import collapse
from dojo.workers.limits import LONGEST_TIME_LIMIT, TIME_LIMIT, bound_memory

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")


def test_the_usual_time_limit_is_ten_seconds_and_the_longest_a_day():
    assert (TIME_LIMIT, LONGEST_TIME_LIMIT) == (10.0, 24 * 60 * 60)


@linux_only
def test_bound_memory_turns_too_much_memory_into_an_error():
    code = (
        "from dojo.workers.limits import bound_memory\nbound_memory()\n"
        "try:\n    bytearray(2**46)\nexcept MemoryError:\n    print('refused')\n"
        "import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA)[0] < 2**46)\n"
        "print(open('/proc/self/oom_score_adj').read())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused", "True", "1000"]


def test_bound_memory_does_nothing_where_there_are_no_limits(monkeypatch):
    monkeypatch.setattr(limits, "resource", None)
    bound_memory()


@linux_only
def test_collapse_leaves_the_memory_as_it_is():
    data = os.urandom(1 << 16) * 64
    kept = bytes(bytearray(data))
    collapse()
    assert kept == data


def test_collapse_does_nothing_where_there_are_no_huge_pages(monkeypatch, tmp_path):
    monkeypatch.setattr(huge_pages, "_SIZE", tmp_path / "missing")
    collapse()
