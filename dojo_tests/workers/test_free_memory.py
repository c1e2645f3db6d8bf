"""The memory that new processes may take is read from the system, in what it tells of it."""

import pytest

from dojo.workers import free_memory
from dojo.workers.free_memory import available_memory, available_on_linux


@pytest.fixture
def system(monkeypatch, tmp_path):
    """Pretends to be a system whose files hold these texts, in a folder of its own."""

    def pretend(meminfo=None, limit=None, used=None, pages=None):
        texts = {"meminfo": meminfo, "memory.max": limit, "memory.current": used}
        for name, text in texts.items():
            if text is not None:
                (tmp_path / name).write_text(text)
        monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "meminfo")
        monkeypatch.setattr(free_memory, "_CGROUP", tmp_path)
        if pages is None:
            monkeypatch.delattr("os.sysconf", raising=False)
        else:
            sizes = {"SC_PHYS_PAGES": pages, "SC_PAGE_SIZE": 4096}
            monkeypatch.setattr("os.sysconf", sizes.__getitem__, raising=False)

    return pretend


MEMINFO = "MemTotal:       16000 kB\nMemFree:          100 kB\nMemAvailable:    8000 kB\n"


def test_linux_tells_what_is_available(system):
    system(MEMINFO)
    assert available_memory() == available_on_linux() == 8000 * 1024


def test_a_container_may_have_less(system):
    system(MEMINFO, limit="3000000\n", used="1000000\n")
    assert available_memory() == 2_000_000


def test_a_container_without_a_limit_has_all(system):
    system(MEMINFO, limit="max\n", used="1000000\n")
    assert available_memory() == 8000 * 1024


def test_a_container_over_its_limit_has_none(system):
    system(MEMINFO, limit="1000\n", used="2000\n")
    assert available_memory() == 0


def test_where_only_the_whole_memory_is_known_half_of_it_counts(system):
    system(pages=1000)
    assert available_memory() == 1000 * 4096 // 2


@pytest.mark.parametrize("meminfo", [None, "", "MemAvailable: much kB\n"])
def test_a_system_that_tells_nothing_is_unknown(system, meminfo):
    system(meminfo)
    assert available_memory() is None
