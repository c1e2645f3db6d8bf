"""Which of several numbers stays in one place is not promised on a GPU; on the pretended one it is
the first, where a CPU keeps the last."""

import pytest
import torch

from dojo.devices.simulated_cuda import SimulatedCuda

INDEX, SOURCE = [0, 1, 0, 2], [1.0, 2.0, 3.0, 4.0]
LAST, FIRST, SUM = [3.0, 2.0, 4.0], [1.0, 2.0, 4.0], [4.0, 2.0, 4.0]

WRITES = {
    "scatter": lambda x, i, s: x.scatter(0, i, s),
    "scatter by names": lambda x, i, s: x.scatter(dim=0, index=i, src=s),
    "scatter_": lambda x, i, s: x.scatter_(0, i, s),
    "torch.scatter": lambda x, i, s: torch.scatter(x, 0, i, s),
    "index_copy_": lambda x, i, s: x.index_copy_(0, i, s),
    "index_copy": lambda x, i, s: x.index_copy(0, i, s),
    "index_put_": lambda x, i, s: x.index_put_((i,), s),
    "index_put": lambda x, i, s: torch.index_put(x, (i,), s),
    "setitem": lambda x, i, s: (x.__setitem__(i, s), x)[1],
    "setitem of a tuple": lambda x, i, s: (x[None].__setitem__((i * 0, i), s), x)[1],
}
ADDS = {
    "scatter_add": lambda x, i, s: x.scatter_add(0, i, s),
    "scatter with reduce": lambda x, i, s: x.scatter(0, i, s, reduce="add"),
    "index_put with accumulate": lambda x, i, s: x.index_put((i,), s, accumulate=True),
    "index_add": lambda x, i, s: x.index_add(0, i, s),
}


def written(write, device, index=INDEX, source=SOURCE):
    tensors = torch.zeros(3), torch.tensor(index), torch.tensor(source)
    return write(*(one.to(device) for one in tensors)).cpu().tolist()


@pytest.mark.parametrize("name", WRITES)
def test_of_numbers_for_one_place_another_one_stays_than_on_the_cpu(name):
    with SimulatedCuda():
        assert written(WRITES[name], "cpu") == LAST
        assert written(WRITES[name], "cuda") == FIRST


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize("name", ADDS)
def test_numbers_that_are_added_have_no_order(name):
    with SimulatedCuda():
        assert written(ADDS[name], "cuda") == written(ADDS[name], "cpu") == SUM


@pytest.mark.parametrize("name", WRITES)
def test_where_no_place_occurs_twice_all_is_as_on_the_cpu(name):
    with SimulatedCuda():
        shuffled = [2, 0, 1]
        on_cpu, on_gpu = (written(WRITES[name], d, shuffled, SOURCE[:3]) for d in ("cpu", "cuda"))
    assert on_cpu == on_gpu == [2.0, 3.0, 1.0]


def test_an_index_from_the_end_is_the_same_place():
    with SimulatedCuda():
        assert written(WRITES["index_put"], "cuda", [0, -3], SOURCE[:2]) == [1.0, 0.0, 0.0]


def test_rows_and_broadcast_numbers_are_written():
    with SimulatedCuda():
        x, index = torch.zeros(3, 2).cuda(), torch.tensor([[0, 1], [0, 2]]).cuda()
        x[index] = torch.tensor([[1.0], [2.0]]).cuda()
        assert x.cpu().tolist() == [[1, 1], [2, 2], [2, 2]]
        y = torch.zeros(2, 3).cuda()
        y.scatter_(1, torch.tensor([[0, 0], [1, 2]]).cuda(), torch.arange(6.0).view(2, 3).cuda())
        assert y.cpu().tolist() == [[0, 0, 0], [0, 3, 4]]


def test_gradients_reach_the_numbers():
    with SimulatedCuda():
        source = torch.tensor(SOURCE, device="cuda", requires_grad=True)
        result = torch.zeros(3, device="cuda").scatter(
            0, torch.tensor(INDEX, device="cuda"), source
        )
        result.sum().backward()
        assert source.grad.device.type == "cuda"


def test_tensors_on_two_devices_are_refused_as_ever():
    with SimulatedCuda(), pytest.raises(RuntimeError, match="same device"):
        torch.zeros(3).cuda().scatter(0, torch.tensor(INDEX).cuda(), torch.tensor(SOURCE))
