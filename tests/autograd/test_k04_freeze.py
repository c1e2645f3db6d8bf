"""The checks of autograd/k04_freeze: names that look alike, tied parameters, and what stays."""

import functools

import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises, module_untouched
from dojo.checks.laws.settings import settings_watched

LIST = "Return a list of the names, such as ['layer1.weight', 'layer1.bias']."
FITS = "A prefix fits if it is the whole name, or if the name goes on after it with a dot."
EVERY = 'The prefix "" fits every name.'
ALL_NAMES = "A parameter with two names: `named_parameters(remove_duplicate=False)` has both."
ORDER = "Each name once, in the order of named_parameters: go through the names, not the prefixes."
BEFORE = "A parameter that was frozen before has a name that fits, too."
FREEZE = "`p.requires_grad_(False)` freezes a parameter."
NO_GRAD = "An optimizer goes on moving what has a .grad: set it to None."
OTHERS = "What does not fit keeps its requires_grad and its .grad; nothing else changes either."
UNKNOWN = "A prefix that fits no name raises ValueError."
FIRST_FIND = "Look at all prefixes before you freeze anything."
SETTINGS = "Freezing changes parameters, and no setting of torch."


class Module(nn.Module):
    """A module that holds what it is given."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


def network():
    """Names that look alike."""
    layer1 = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.ReLU())
    inner = Module(layer1=nn.Linear(2, 2, bias=False), act=nn.PReLU())
    parts = {"layer10": nn.Linear(2, 2), "layer1": layer1, "layer1_norm": nn.LayerNorm(2)}
    return Module(**parts, net=inner, scale=nn.Parameter(torch.ones(2)), relu=nn.ReLU())


def tied():
    """One weight in two layers."""
    net = Module(embed=nn.Embedding(3, 2), body=nn.Linear(2, 2), head=nn.Linear(2, 3))
    net.head.weight = net.embed.weight
    return net


def shared():
    """One layer in two places."""
    layer = nn.Linear(2, 2)
    return Module(a=layer, b=nn.Sequential(nn.PReLU(), layer))


def layer():
    return nn.Linear(3, 2)


CASES = [
    (network, ["layer1"], FITS),
    (network, ["layer10"], FITS),
    (network, ["layer1.0"], FITS),
    (network, ["layer1.0.weight"], FITS),
    (network, ["net"], FITS),
    (network, ("net.layer1", "scale"), FITS),
    (network, [""], EVERY),
    (network, [], "Without prefixes there is nothing to freeze."),
    (nn.ReLU, [], "Without prefixes there is nothing to freeze."),
    (layer, ["bias"], FITS),
    (layer, ["", "weight"], ORDER),
    (network, ["scale", "layer1.1", "layer10"], ORDER),
    (network, ["layer1", "net", "layer1.0.bias", "net"], ORDER),
]
OF_TIED = [
    (tied, ["embed"], ALL_NAMES),
    (tied, ["head"], ALL_NAMES),
    (tied, ["head.weight", "body.bias"], ALL_NAMES),
    (tied, [""], ALL_NAMES),
    (shared, ["a"], ALL_NAMES),
    (shared, ("b",), ALL_NAMES),
    (shared, ["b.1.weight"], ALL_NAMES),
]
UNFIT = [["layer2"], ["layer"], ["layer1."], ["layer1.0.weigh"], ["relu"], ["LAYER1"], ["weight"]]
UNFIT += [["layer1.1.running_mean"], ["0"], ["net.scale"], ["layer1.norm"], ["layer*"], ["net "]]
LATE = [["layer1", "layer2"], ("", "layer"), ["layer2", "layer1"]]
FEW = [CASES[0], CASES[3], CASES[4], CASES[6], CASES[-1], *OF_TIED[:2], OF_TIED[-1]]


def made(make):
    """A module whose parameters have a .grad, except for some; some are frozen, or in eval."""
    net = make()
    for place, p in enumerate(net.parameters()):
        p.grad = torch.full_like(p, place + 1.0) if place % 4 != 3 else None
        p.requires_grad_(place % 3 != 1)
    for place, one in enumerate(net.modules()):
        one.training = place % 2 == 0
    return net


def names_of(net, prefixes):
    """The names that fit, found by comparing their parts."""
    names = [name for name, _ in net.named_parameters(remove_duplicate=False)]
    parts = [prefix.split(".") if prefix else [] for prefix in prefixes]
    return [name for name in names if any(name.split(".")[: len(one)] == one for one in parts)]


def call(solution, net, prefixes, hint):
    """What freeze_ returns; the message of what fails next begins with this call."""
    solution.hint = hint
    given = type(prefixes)(prefixes)
    got = solution.freeze_(net, given)
    solution.last_call = f"freeze_(net, {prefixes})"
    expect(given == prefixes, f"changed the prefixes to {given}.", "Only read the prefixes.")
    return got


def expect_names(got, net, prefixes, hint):
    """Exactly the names that fit came back."""
    expected = names_of(net, prefixes)
    is_list = type(got) is list and all(type(name) is str for name in got)
    expect(is_list, f"returned {describe(got)}; expected a list of names.", LIST)
    known = [name for name, _ in net.named_parameters(remove_duplicate=False)]
    where = f"The names are: {', '.join(known)}."
    if more := [name for name in got if name not in expected]:
        raise CheckFailed(f"returned {more[0]!r} too, which does not fit.", f"{hint} {where}")
    if fewer := [name for name in expected if name not in got]:
        raise CheckFailed(f"left {fewer[0]!r} out of what it returned.", f"{hint} {where}")
    expect(got == expected, f"returned {got}; expected {expected}.", ORDER)


def frozen_names(net, prefixes):
    """All names of the parameters that are to be frozen."""
    parameters = dict(net.named_parameters(remove_duplicate=False))
    frozen = {id(parameters[name]) for name in names_of(net, prefixes)}
    return [name for name, p in parameters.items() if id(p) in frozen]


@aspect("type")
def test_returns_a_list(solution):
    """freeze_ returns a list of names."""
    for prefixes in (["layer1"], []):
        got = call(solution, made(network), prefixes, LIST)
        is_list = type(got) is list and all(type(name) is str for name in got)
        expect(is_list, f"returned {describe(got)}; expected a list of names.", LIST)


@aspect("values")
def test_returns_the_names_that_fit(solution):
    """The names that fit come back, each once, in the order of named_parameters."""
    for make, prefixes, hint in CASES:
        net = make()
        expect_names(call(solution, net, prefixes, hint), net, prefixes, hint)


@aspect("values")
def test_returns_what_was_frozen_before(solution):
    """A parameter that was frozen before has its name in the list, too."""
    for make, prefixes, hint in FEW:  # no name of the first ones stands for two
        net, where = made(make), hint if hint is ALL_NAMES else BEFORE
        expect_names(call(solution, net, prefixes, where), net, prefixes, where)
    expect_names(call(solution, net, prefixes, BEFORE), net, prefixes, BEFORE)


@aspect("values")
def test_knows_all_names(solution):
    """A parameter with several names is known by each of them."""
    for make, prefixes, hint in OF_TIED:
        net = made(make)
        expect_names(call(solution, net, prefixes, hint), net, prefixes, hint)


@aspect("values")
def test_freezes(solution, device):
    """What fits does not require grad any more, by whichever of its names it fits."""
    for make, prefixes, _ in FEW:
        net = made(make).to(device)
        call(solution, net, prefixes, FREEZE)
        parameters = dict(net.named_parameters(remove_duplicate=False))
        for name in frozen_names(net, prefixes):
            sentence = f"left {name} trainable: its requires_grad is True."
            expect(parameters[name].requires_grad is False, sentence, FREEZE)


@aspect("gradient")
def test_takes_grad_away(solution):
    """The .grad of what fits is None, also where it was frozen before."""
    for make, prefixes, _ in FEW:
        net = made(make)
        parameters = dict(net.named_parameters(remove_duplicate=False))
        before = {name: p.grad for name, p in parameters.items()}
        call(solution, net, prefixes, NO_GRAD)
        for name in frozen_names(net, prefixes):
            grad, old = parameters[name].grad, before[name]
            left = "its old .grad" if grad is None or grad.any() else "a .grad of zeros"
            expect(grad is None, f"left {name} {left}; expected None.", NO_GRAD)
            sentence = f"wrote zeros into the tensor that was in {name}.grad."
            expect(old is None or bool(old.any()), sentence, f"Others may hold it. {NO_GRAD}")


@aspect("memory")
def test_changes_nothing_else(solution):
    """All other parameters, all values, buffers and modes stay as they are."""
    for make, prefixes, _ in FEW:
        net = made(make)
        names = frozen_names(net, prefixes)
        may = {"requires_grad": names, "grad": names}
        with module_untouched(net, OTHERS, may), settings_watched(solution) as found:
            call(solution, net, prefixes, OTHERS)
        expect(not found.text, found.text, SETTINGS)


@aspect("errors")
def test_refuses_what_fits_nothing(solution):
    """A prefix that fits no name raises ValueError."""
    net = made(network)
    for prefixes in UNFIT + LATE:
        expect_raises(ValueError, functools.partial(solution.freeze_, net, prefixes), UNKNOWN)
    bare = functools.partial(solution.freeze_, nn.ReLU(), [""])
    expect_raises(ValueError, bare, UNKNOWN, "a module without parameters")


@aspect("errors")
def test_changes_nothing_if_it_raises(solution):
    """Where one prefix fits no name, nothing is frozen."""
    for prefixes in [*LATE, UNFIT[0]]:
        net = made(network)
        with module_untouched(net, FIRST_FIND):
            expect_raises(ValueError, functools.partial(solution.freeze_, net, prefixes), UNKNOWN)
            solution.last_call = f"freeze_(net, {prefixes}) raised ValueError, and"
