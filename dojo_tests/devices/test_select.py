"""The device that a check runs on is chosen: the real GPU, or a simulated one."""

import sys
from types import SimpleNamespace

import pytest
import torch

from dojo.devices import select
from dojo.devices.tags import device_of

has_no_real_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a real GPU")


def item_with(**params):
    return SimpleNamespace(callspec=SimpleNamespace(params=params))


def test_gpu_gives_a_machine_with_a_gpu():
    with select.gpu():
        assert torch.cuda.is_available()
        assert device_of(torch.ones(1, device="cuda")).type == "cuda"


def test_gpu_may_be_entered_again():
    for _ in range(2):
        with select.gpu(), select.gpu():
            assert torch.cuda.is_available()


def test_no_gpu_gives_a_machine_without_one():
    with select.gpu(), select.no_gpu():
        assert not torch.cuda.is_available()


@pytest.mark.parametrize("place", select.CHOICES)
def test_on_gives_the_device(place):
    with select.on(place) as name:
        assert name == place
        assert device_of(torch.ones(1, device=name)).type == place


@has_no_real_gpu
def test_on_the_cpu_there_is_no_gpu_unless_asked_for():
    with select.on("cpu"):
        assert not torch.cuda.is_available()
    with select.on("cpu", beside_a_gpu=True) as name:
        assert torch.cuda.is_available()
        assert name == "cpu"


@has_no_real_gpu
def test_on_leaves_the_machine_as_it_was():
    with select.on("cuda"):
        pass
    assert not torch.cuda.is_available()


def test_takes_device_is_true_of_an_item_with_that_parameter():
    assert select.takes_device(item_with(device="cpu"))
    assert not select.takes_device(item_with(size=3))
    assert not select.takes_device(SimpleNamespace())


def test_device_of_item_is_its_parameter_or_the_cpu():
    assert select.device_of_item(item_with(device="cuda")) == "cuda"
    assert select.device_of_item(item_with(size=3)) == "cpu"
    assert select.device_of_item(SimpleNamespace()) == "cpu"


@pytest.mark.parametrize(
    "is_real, line", [(True, "cpu, cuda"), (False, "cpu, cuda simulated: no GPU here")]
)
def test_devices_line_says_whether_the_gpu_is_simulated(monkeypatch, is_real, line):
    monkeypatch.setattr(select, "_REAL_GPU", is_real)
    assert select.devices_line(("cpu", "cuda")) == line
    assert select.devices_line(("cpu",)) == "cpu"


@pytest.mark.parametrize(
    "platform, is_real, forks",
    [
        ("linux", False, True),
        ("linux", True, False),
        ("darwin", False, False),
        ("win32", False, False),
    ],
)
def test_can_fork_on_linux_without_a_real_gpu_only(monkeypatch, platform, is_real, forks):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(select, "_REAL_GPU", is_real)
    assert select.can_fork() is forks


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_a_copy_lies_on_the_device_in_memory_of_its_own(place):
    x = torch.ones(3)
    with select.on(place):
        copy = select.copied_to(x, place)
        assert device_of(copy).type == place
        assert copy.data_ptr() != x.data_ptr()
        assert copy.tolist() == x.tolist()
    assert device_of(x).type == "cpu"


@has_no_real_gpu
def test_tensors_that_were_made_for_a_device_lie_there():
    x, y, z = (torch.ones(3) for _ in range(3))
    select.tag_for("cuda", x, y)
    select.tag_for("cpu", z)
    assert [device_of(one).type for one in (x, y, z)] == ["cuda", "cuda", "cpu"]
