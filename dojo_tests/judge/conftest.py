"""Helpers for the tests of the judge: a pool for the small dojo, and items of pytest."""

import subprocess
import sys

import pytest

from dojo.course.katas import Kata
from dojo.judge.items import KATA
from dojo.workers import client
from dojo.workers.pool import WorkerPool


@pytest.fixture(scope="session")
def small_pool(small_dojo):
    """Warm workers for the small dojo."""
    pool = WorkerPool(small_dojo)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def add_kata(small_dojo):
    """The kata that most answers of these tests are answers to."""
    return Kata("first/k02_add", small_dojo)


@pytest.fixture(scope="session")
def judge_folder(small_pool, add_kata):
    """The verdict on the answer to ``add_kata`` in a folder."""

    def judge_folder(folder, **options):
        verdict = client.judge(small_pool, add_kata, folder, **options)
        small_pool.start()  # so that the next worker is warm
        return verdict

    return judge_folder


@pytest.fixture(scope="session")
def judge_text(small_pool, add_kata):
    """The verdict on an answer to ``add_kata`` that is given as text."""

    def judge_text(text, **options):
        verdict = client.judge_source(small_pool, add_kata, text, **options)
        small_pool.start()  # so that the next worker is warm
        return verdict

    return judge_text


@pytest.fixture
def item_of(request, add_kata):
    """Makes pytest's item of a function, as a check of a kata."""

    def item_of(function, kata=add_kata):
        parent = request.node.getparent(pytest.Module)
        item = pytest.Function.from_parent(parent, name=function.__name__, callobj=function)
        item.stash[KATA] = kata
        return item

    return item_of


@pytest.fixture(scope="session")
def output_of():
    """What a new Python prints that runs a text; it must end well."""

    def output_of(code):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return output_of
