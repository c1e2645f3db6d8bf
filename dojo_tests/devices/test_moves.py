"""A moved tensor is a copy on another device, or itself where it is already."""

import pytest
import torch

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


@pytest.mark.parametrize("again", ["cuda", "cuda:0", 0, GPU, torch.float32])
def test_moving_to_where_it_is_gives_the_same_object(cuda, again):
    x = torch.ones(2).cuda()
    assert x.to(again) is x


def test_a_copy_on_the_same_device_is_another_object(cuda):
    x = torch.ones(2).cuda()
    assert x.to("cuda", copy=True).data_ptr() != x.data_ptr()


def test_a_move_copies_the_memory(cuda):
    x = torch.ones(2)
    x.to("cuda").zero_()
    assert x.tolist() == [1, 1]


def test_a_moved_leaf_is_no_leaf(cuda):
    moved = torch.ones(2, requires_grad=True).to("cuda")
    assert (moved.is_leaf, moved.grad_fn.name()) == (False, "ToCopyBackward0")


def test_a_write_through_a_view_reaches_the_gpu_tensor(cuda):
    x = torch.zeros(2, 2, device="cuda")
    x[0].fill_(1)
    assert (x.tolist(), x[0].device) == ([[1, 1], [0, 0]], GPU)


def test_an_operation_leaves_its_cpu_inputs_on_the_cpu(cuda):
    number = torch.tensor(2.0)
    torch.broadcast_tensors(torch.ones(2).cuda(), number)
    assert number.device == CPU
