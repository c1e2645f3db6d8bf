"""The checks of layers/k18_count_parameters: modules whose entries were counted by hand."""

import torch
from torch import nn

from dojo.checks import aspect, describe, expect, module_untouched
from dojo.checks.laws.settings import settings_watched

PLAIN_INT = "`p.numel()` is a Python int, and so is a sum of them."
ENTRIES = "A Parameter has as many entries as the product of its sizes: `p.numel()`."
DEPTH = "`module.parameters()` has the Parameters of the module itself and of all that is below."
BUFFERS = "Buffers are saved with the Parameters in state_dict, but they are none."
UNSEEN = "A module sees the Parameters and modules in its attributes, not in a plain list."
ONCE = "One Parameter with several names counts once: which way of asking gives it once?"
BOTH = "Two Parameter objects count both: it is the object that counts, not its numbers or memory."
META = 'Ask `numel()`, on "meta" too, and add in Python: float32 is not exact above 2**24.'
TRAINABLE = "trainable_only counts the Parameters that require grad, and no others."
ALL = "Without trainable_only, frozen Parameters count too."
AT_THAT_MOMENT = "requires_grad may change at any time: look at it in each call."
ONLY_REQUIRES_GRAD = "requires_grad alone says what is trained: not the mode, and not .grad."
KEEP = "To count is to read: leave the module as it is."


class Module(nn.Module):
    """A module that holds what it is given."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class Scale(nn.Parameter):
    """A Parameter of a class of its own."""


def frozen(module):
    return module.requires_grad_(False)


def buffered():
    module = Module(a=nn.Parameter(torch.ones(2, 3)))
    module.register_buffer("b", torch.ones(5))
    return module


def tied(p):
    """A layer whose weight is p."""
    layer = nn.Linear(3, 2, bias=False)
    layer.weight = p
    return layer


NAMES = {"nn": nn, "torch": torch, "ones": torch.ones, "Parameter": nn.Parameter}
NAMES |= {"Module": Module, "Scale": Scale, "frozen": frozen, "buffered": buffered, "tied": tied}
P, LAYER = "p = Parameter(ones(2, 3))", "layer = nn.Linear(3, 2)"

PLAIN = {
    "nn.Linear(3, 2)": (8, ENTRIES),
    "nn.Conv2d(2, 4, 3, bias=False)": (72, ENTRIES),
    "Module(a=Parameter(torch.tensor(2.0)))": (1, ENTRIES),
    "Module(a=Parameter(ones(0, 3)), b=Scale(ones(5)))": (5, ENTRIES),
    "Module(a=Parameter(ones(3, dtype=torch.complex64)))": (3, ENTRIES),
    "Module(a=Parameter(ones(1).expand(4, 3)), b=Parameter(ones(2, 3).T.double()))": (18, ENTRIES),
    "nn.Sequential(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), nn.Linear(2, 1))": (11, DEPTH),
    "Module(a=Parameter(ones(6)), b=Module(c=nn.PReLU(), d=Module(e=nn.PReLU(3))))": (10, DEPTH),
    "nn.ModuleDict({'a': nn.ModuleList([nn.Linear(2, 2)]), 'b': nn.PReLU()})": (7, DEPTH),
    "nn.ParameterList([ones(2), ones(3)])": (5, DEPTH),
    "nn.ReLU()": (0, DEPTH),
    "nn.Sequential()": (0, DEPTH),
}
NOT_ALL = {
    "nn.BatchNorm1d(4)": (8, BUFFERS),
    "nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, affine=False))": (8, BUFFERS),
    "buffered()": (6, BUFFERS),
    "Module(a=Parameter(ones(6)), b=ones(4), c=[Parameter(ones(2)), nn.Linear(3, 2)])": (6, UNSEEN),
}
SHARED = {
    f"{P}; Module(a=p, b=p)": (6, ONCE),
    f"{LAYER}; nn.Sequential(layer, nn.ReLU(), layer)": (8, ONCE),
    f"{LAYER}; Module(a=nn.Sequential(layer), b=nn.Sequential(layer), c=layer)": (8, ONCE),
    f"{P}; Module(a=tied(p), b=Module(c=Module(d=p)), e=nn.Linear(2, 2))": (12, ONCE),
}
ALIKE = {
    "Module(a=Parameter(ones(2)), b=Parameter(ones(2)))": (4, BOTH),
    "nn.Sequential(nn.LayerNorm(3), nn.LayerNorm(3))": (12, BOTH),
    f"{P}; Module(a=p, b=Parameter(p.detach()))": (12, BOTH),
    f"{P}; Module(a=p, b=Parameter(p.detach()[:1]))": (9, BOTH),
}
LARGE = {
    "nn.Linear(3, 2, device='meta')": (8, META),
    "nn.Linear(100_000, 50_000, device='meta')": (5_000_050_000, META),
}
TRAINED = {  # all, and what is trainable
    "nn.Linear(3, 2)": (8, 8),
    "frozen(nn.Linear(3, 2))": (8, 0),
    "nn.Sequential(frozen(nn.Linear(3, 2)), nn.Sequential(nn.Linear(2, 1)))": (11, 3),
    "Module(a=frozen(nn.BatchNorm1d(2)), b=Parameter(ones(5)))": (9, 5),
    f"{P}; {LAYER}; Module(a=p, b=nn.Sequential(layer, layer, tied(p)))": (14, 14),
    f"{P}; Module(a=p, b=frozen(tied(p)), c=nn.PReLU())": (7, 1),
    "Module(a=Parameter(torch.arange(3), requires_grad=False), b=nn.Linear(3, 2))": (11, 8),
    "Module(a=Parameter(ones(3).half()), b=Parameter(ones(4).bfloat16()))": (7, 7),
    "Module(a=Parameter(ones(2).double()), b=Parameter(ones(3) * 1j))": (5, 5),
    f"{P}; Module(a=p, b=Parameter(p.detach()), c=Parameter(p.detach()[1:]))": (15, 15),
    "Module(a=Parameter(ones(1).expand(4, 3)), b=frozen(nn.PReLU()))": (13, 12),
    "nn.Linear(3, 2, device='meta')": (8, 8),
}


def made(words, device="cpu"):
    """The module that a text means; what it consists of may be made before."""
    before, _, last = words.rpartition("; ")
    names = dict(NAMES)
    exec(before, names)
    module = eval(last, names)
    return module if "meta" in words else module.to(device)


def expect_count(solution, module, words, expected, hint, *args, **kwargs):
    """The count is this Python int."""
    before, _, last = words.rpartition("; ")
    solution.hint = hint
    got = solution.count_parameters(module, *args, **kwargs)
    rest = "".join(f", {one}" for one in (*args, *(f"{k}={v}" for k, v in kwargs.items())))
    solution.last_call = f"{before and f'With {before}: '}count_parameters({last}{rest})"
    sentence = f"returned {describe(got)}; expected {expected}."
    expect(type(got) is int, sentence, PLAIN_INT)
    expect(got == expected, sentence, hint)


def expect_counts(solution, counts, device="cpu"):
    for words, (expected, hint) in counts.items():
        expect_count(solution, made(words, device), words, expected, hint)


@aspect("type")
def test_returns_an_int(solution):
    """count_parameters returns a Python int."""
    for words in ("nn.Linear(3, 2)", "nn.ReLU()"):
        for only in (False, True):
            solution.hint = DEPTH
            got = solution.count_parameters(made(words), only)
            expect(type(got) is int, f"returned {describe(got)}; expected an int.", PLAIN_INT)


@aspect("values")
def test_counts_entries(solution):
    """The entries of all Parameters count, at any depth."""
    expect_counts(solution, PLAIN)


@aspect("values")
def test_counts_parameters_alone(solution):
    """Buffers and what torch does not see do not count."""
    expect_counts(solution, NOT_ALL)


@aspect("values")
def test_counts_a_parameter_once(solution, device):
    """A Parameter counts once, under however many names it stands."""
    expect_counts(solution, SHARED, device)


@aspect("values")
def test_counts_each_of_two(solution, device):
    """Two Parameters count both, even if they are equal or lie in the same memory."""
    expect_counts(solution, ALIKE, device)


@aspect("values")
def test_counts_without_memory(solution):
    """A count larger than 2**31 is exact, of Parameters that have no memory."""
    expect_counts(solution, LARGE)


@aspect("values")
def test_counts_what_is_trainable(solution):
    """With trainable_only=True, only the Parameters that require grad count."""
    for words, (everything, trainable) in TRAINED.items():
        hint = BOTH if "p.detach()" in words else TRAINABLE
        expect_count(solution, made(words), words, trainable, hint, trainable_only=True)
        expect_count(solution, made(words), words, everything, ALL, False)
        expect_count(solution, made(words), words, everything, ALL)


@aspect("values")
def test_looks_at_requires_grad_alone(solution):
    """Modes, .grad and no_grad make no difference; each call looks anew."""
    net = "net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))"
    module = made(net.partition(" = ")[2])
    only, again = {"trainable_only": True}, "Count anew in each call."
    expect_count(solution, module.eval(), f"{net}; net.eval()", 12, ONLY_REQUIRES_GRAD, **only)
    with torch.no_grad():
        words = f"{net}, under no_grad; net"
        expect_count(solution, module.train(), words, 12, ONLY_REQUIRES_GRAD, **only)
        expect_count(solution, module, words, 12, ALL)
    weight = module[0].weight.requires_grad_(False)
    weight.grad = torch.ones(2, 3)
    words = f"{net}, whose first weight is frozen and has a .grad; net"
    expect_count(solution, module, words, 6, AT_THAT_MOMENT, **only)
    weight.requires_grad_(True)
    words = f"{net}, whose first weight is no longer frozen; net"
    expect_count(solution, module, words, 12, AT_THAT_MOMENT, **only)
    module.append(nn.Linear(2, 2))
    words = f"{net}, counted before; net.append(nn.Linear(2, 2))"
    expect_count(solution, module, words, 18, again, **only)
    expect_count(solution, module, words, 18, again)


@aspect("memory")
def test_leaves_the_module_as_it_is(solution):
    """The module, its .grad, modes and requires_grad stay as they are."""
    module = made("nn.Sequential(nn.Linear(3, 2), frozen(nn.BatchNorm1d(2)), nn.Dropout())")
    module[0].weight.grad = torch.ones(2, 3)
    module[1].eval()
    for only in (False, True):
        solution.hint = KEEP
        with module_untouched(module, KEEP), settings_watched(solution, thoroughly=True) as found:
            solution.count_parameters(module, only)
        expect(not found.text, found.text, KEEP)
