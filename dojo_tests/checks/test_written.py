"""Modules that are written as text run as written, and remember what they returned."""

import torch

from dojo.checks.written import Module, module_of


def test_a_module_remembers_what_it_returned_as_it_was_then():
    model = module_of("Module('self.a(x).add_(1)', a=Module('2 * x', b=None))")
    assert model(torch.ones(1)).item() == 3.0
    ((out, copy),) = model.a.outputs
    assert (out.item(), copy.item()) == (3.0, 2.0)
    assert [name for name, _ in model.named_modules()] == ["", "a"]
    assert model.a._modules == {"b": None}


def test_a_module_may_stand_in_two_places():
    model = module_of("s = Module('x + 1'); nn.Sequential(s, Module('s(x)', s=s))")
    assert model[1].s is model[0]


def test_a_module_takes_what_it_is_told():
    model = Module("Pair(x, y)", takes="x, *, y=2")
    assert model(1, y=3) == (1, 3)
    assert model(1).second == 2
    assert list(Module("OrderedDict(b=x, a=1)")(2)) == ["b", "a"]
    assert not model.outputs
