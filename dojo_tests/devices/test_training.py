"""Modules, optimizers and loaders work on the GPU as on the CPU."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")


OPTIMIZERS = {
    "Adam": torch.optim.Adam,
    "SGD with momentum": lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9),
    "AdamW with foreach": lambda parameters: torch.optim.AdamW(parameters, foreach=True),
}


@pytest.mark.parametrize(
    "move",
    [
        lambda m: m.cuda(),
        lambda m: m.to("cuda"),
        lambda m: m.to(device="cuda"),
        lambda m: m.to(device=GPU, dtype=torch.float32),
        lambda m: copy.deepcopy(m.to("cuda")),
    ],
)
def test_a_moved_module_is_on_the_gpu(cuda, move):
    module = move(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    assert {value.device for value in module.state_dict().values()} == {GPU}


def test_moving_a_module_keeps_its_parameters(cuda):
    module = nn.Linear(2, 2)
    weight = module.weight
    assert module.cuda().weight is weight
    assert weight.is_leaf


@pytest.mark.parametrize(
    "make", [lambda: nn.LazyLinear(2).cuda(), lambda: nn.LazyLinear(2, device="cuda")]
)
def test_a_lazy_module_materializes_on_the_gpu(cuda, make):
    module = make()
    module(torch.ones(3, 4, device="cuda"))
    assert module.weight.device == GPU


def test_a_state_dict_from_the_cpu_loads_into_a_gpu_module(cuda):
    source, module = nn.Linear(2, 2), nn.Linear(2, 2).cuda()
    module.load_state_dict(source.state_dict())
    assert module.weight.device == GPU
    assert module.weight.tolist() == source.weight.tolist()


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_training_step_on_the_gpu_gives_the_weights_of_the_cpu(cuda, optimizer):
    def train(device):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).to(device)
        steps = optimizer(module.parameters())
        inputs = torch.linspace(-1, 1, 15).reshape(5, 3).to(device)
        for _ in range(3):
            steps.zero_grad()
            module(inputs).pow(2).mean().backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            steps.step()
        assert {parameter.grad.device.type for parameter in module.parameters()} == {device}
        return [parameter.tolist() for parameter in module.parameters()]

    assert train("cuda") == train("cpu")


def test_a_packed_sequence_keeps_its_batch_sizes_on_the_cpu(cuda):
    packed = nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2, 4).cuda(), torch.tensor([3, 2]))
    outputs = nn.LSTM(4, 5).cuda()(packed)[0]
    assert (outputs.data.device, outputs.batch_sizes.device) == (GPU, CPU)


@pytest.mark.parametrize("pin_memory", [False, True])
def test_a_loader_gives_cpu_batches_that_move(cuda, pin_memory):
    batches = DataLoader(TensorDataset(torch.arange(4.0)), batch_size=2, pin_memory=pin_memory)
    assert [(batch.device, batch.cuda().device) for (batch,) in batches] == [(CPU, GPU)] * 2
