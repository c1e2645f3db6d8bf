"""``module_untouched``: every change of a module is seen and named, and may be allowed."""

import pytest
import torch
from torch import nn

from dojo.checks import CheckFailed, module_untouched
from dojo.checks.modules import FACTS


@pytest.fixture(name="net")
def make_net():
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 2)))
    net[0].weight.grad = torch.ones(2, 3)
    return net


def replaces_a_module(net):
    net[2] = nn.Sequential(nn.Linear(2, 2))


def adds_a_module(net):
    net.append(nn.ReLU())


def replaces_a_parameter(net):
    net[0].weight = nn.Parameter(net[0].weight.detach().clone())


def gives_other_memory(net):
    net[0].weight.data = net[0].weight.data.clone()


def writes_a_parameter(net):
    net[0].weight.data[0, 0] += 1


def writes_a_buffer(net):
    net[1].running_mean += 1


def replaces_a_buffer(net):
    net[1].running_mean = net[1].running_mean.clone()


def clears_grad(net):
    net[0].weight.grad = None


def writes_grad(net):
    net[0].weight.grad.zero_()


def gives_a_grad(net):
    net[0].bias.grad = torch.zeros(2)


def freezes(net):
    net[2][0].bias.requires_grad_(False)


def goes_to_eval(net):
    net[2].eval()


def leaves_a_hook(net):
    net[1].register_forward_hook(lambda *_: None)


def replaces_a_hook(net):
    net._forward_hooks.clear()
    net.register_forward_hook(lambda *_: 1)


def replaces_forward(net):
    net[1].forward = lambda x: x


@pytest.fixture(autouse=True)
def no_common_hook():
    yield
    nn.modules.module._global_forward_hooks.clear()


def leaves_a_common_hook(_net):
    nn.modules.module.register_module_forward_hook(lambda *_: None)


CHANGES = {
    replaces_a_module: ("put another object in the place of 2.", "modules"),
    adds_a_module: ("changed the modules of the module from", "modules"),
    replaces_a_parameter: ("put another object in the place of 0.weight.", "modules"),
    gives_other_memory: ("gave 0.weight other memory.", ""),
    writes_a_parameter: ("changed the values of 0.weight.", "values"),
    writes_a_buffer: ("changed the values of 1.running_mean.", "values"),
    replaces_a_buffer: ("put another object in the place of 1.running_mean.", "modules"),
    clears_grad: ("replaced the .grad of 0.weight.", "grad"),
    writes_grad: ("changed the .grad of 0.weight.", "grad"),
    gives_a_grad: ("replaced the .grad of 0.bias.", "grad"),
    freezes: ("changed the requires_grad of 2.0.bias to False.", "requires_grad"),
    goes_to_eval: ("changed the mode of 2: its training is False now.", "modes"),
    leaves_a_hook: ("changed the hooks of 1.", "hooks"),
    replaces_a_hook: ("changed the hooks of the module itself.", "hooks"),
    replaces_forward: ("changed the forward of 1.", ""),
    leaves_a_common_hook: ("changed the hooks that run for all modules.", ""),
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_change_is_named(net, change):
    net.register_forward_hook(lambda *_: None)
    with pytest.raises(CheckFailed) as caught, module_untouched(net, "Leave it."):
        change(net)
    assert caught.value.sentence.startswith(CHANGES[change][0])
    assert caught.value.hint == "Leave it."


@pytest.mark.parametrize(
    "change", [one for one in CHANGES if CHANGES[one][1]], ids=lambda one: one.__name__
)
def test_a_change_may_be_allowed(net, change):
    with module_untouched(net, but=[CHANGES[change][1]]):
        change(net)


OF_PARTS = {
    writes_a_parameter: ("values", ["0.weight"]),
    clears_grad: ("grad", ["0.weight"]),
    freezes: ("requires_grad", ["2.0.bias"]),
    goes_to_eval: ("modes", ["2", "2.0"]),
    leaves_a_hook: ("hooks", ["1"]),
}


@pytest.mark.parametrize("change", OF_PARTS, ids=lambda one: one.__name__)
def test_a_change_may_be_allowed_for_some_parts(net, change):
    fact, names = OF_PARTS[change]
    with module_untouched(net, but={fact: names}):
        change(net)


@pytest.mark.parametrize("change", OF_PARTS, ids=lambda one: one.__name__)
def test_a_change_of_another_part_is_seen(net, change):
    fact, names = OF_PARTS[change]
    with pytest.raises(CheckFailed), module_untouched(net, but={fact: names[1:]}):
        change(net)


@pytest.mark.parametrize("fact", FACTS)
def test_what_only_reads_changes_nothing(net, fact):
    with module_untouched(net, but=[fact]):
        net.eval()(torch.ones(4, 3)).sum()
        net.train()
        net.state_dict()
    with module_untouched(net):
        list(net.parameters())


def test_tied_parameters_and_nan_are_no_change():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net[0].weight.data.fill_(float("nan"))
    with module_untouched(net):
        pass
