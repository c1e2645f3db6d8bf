"""The checks of layers/k19_kaiming_init: distributions of drawn weights, and all that stays.

A right answer fails less than once in 1e9 verdicts. Numbers are compared with a distribution by
``expect_drawn``, and among 9,000 normal numbers there is one beyond 3 deviations, but for one time
in 3e10.
"""

import math

import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, describe, expect, module_untouched
from dojo.checks.draws import Constant, Normal, expect_drawn, seed_torch
from dojo.checks.laws.settings import settings_watched

ITSELF = "Change the module in place, and return it."
DEVIATION = "The deviation is sqrt(2 / fan_in), and `weight[0]` holds fan_in numbers."
BIAS = "The bias of these layers is 0, where there is one."
NORMS = "The weight of a norm is 1, and its bias is 0."
EVERYWHERE = "`module.modules()` gives the module itself, and all modules below it."
MISSING = "A weight or a bias may be missing: it is None then."
SUBCLASS = "`isinstance` knows subclasses too; a comparison of types does not."
OTHERS = "Only the kinds that are named are initialised; other modules keep their numbers."
FROZEN = "A frozen Parameter is initialised too, and stays frozen."
IN_PLACE = "Write into the Parameters that are there, and leave everything else as it is."
NORMAL = "The numbers are normal, and all of them: not uniform, and not cut off at the sides."
GRAPH = "Write under `torch.no_grad()`, so that autograd records nothing."
SEED = "Draw from torch's global generator, and seed none."
EVAL = "A module in eval mode is initialised too, and stays in that mode."
MODE = "Autograd is on or off as before: `with torch.no_grad():` puts it back at its end."


class Module(nn.Module):
    """A module that holds what it is given, and a weight and a bias of its own."""

    def __init__(self, **parts):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))
        for name, part in parts.items():
            setattr(self, name, part)


class MyLinear(nn.Linear):
    """A subclass."""


class MyConv2d(nn.Conv2d):
    """A subclass."""


class MyLayerNorm(nn.LayerNorm):
    """A subclass."""


class Tied(nn.Module):
    """An embedding and a layer with one weight."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(4, 3), nn.Linear(3, 4)
        self.head.weight = self.embed.weight


NAMES = {one.__name__: one for one in (Module, MyLinear, MyConv2d, MyLayerNorm, Tied)} | {"nn": nn}
DRAWN = [
    "nn.Linear(50, 200)",
    "nn.Conv1d(24, 120, 7, groups=2)",
    "nn.Conv2d(12, 128, (3, 5), groups=2)",
    "nn.Conv3d(6, 192, (2, 3, 4), groups=3)",
]
ONES = ["nn.LayerNorm((2, 3))", "nn.GroupNorm(2, 4)"]
ONES += [f"nn.BatchNorm{n}d(3)" for n in (1, 2, 3)]
DEEP = {  # the parts that are initialised
    "nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)))": "1.0 1.1",
    "Module(a=Module(b=nn.ModuleList([nn.Conv1d(2, 2, 2)])), c=nn.LayerNorm(2))": "a.b.0 c",
    "nn.ModuleDict({'a': nn.Sequential(nn.Sequential(nn.Sequential(nn.Conv3d(1, 2, 1))))})": (
        "a.0.0.0"
    ),
    "nn.Sequential(nn.Linear(3, 2, bias=False), nn.Conv2d(2, 2, 1, bias=False))": "0 1",
    "nn.Sequential(nn.LayerNorm(3, bias=False), nn.GroupNorm(1, 2))": "0 1",
    "nn.Sequential(nn.LayerNorm(3, elementwise_affine=False), nn.Linear(3, 2))": "1",
    "nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.BatchNorm2d(2))": "1",
    "Tied()": "head",
    "nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)).eval()": "0 1",
}
SUBCLASSES = {
    "nn.Sequential(MyLinear(3, 2), MyConv2d(2, 3, 2), MyLayerNorm(3))": "0 1 2",
    "nn.MultiheadAttention(4, 2)": "out_proj",
}
STAY = [f"nn.ConvTranspose{n}d(2, 3, 2)" for n in (1, 2, 3)]
STAY += [f"nn.InstanceNorm{n}d(3, affine=True)" for n in (1, 2, 3)]
STAY += ["nn.Embedding(4, 3)", "nn.Bilinear(2, 3, 2)", "nn.RMSNorm(3)", "nn.SyncBatchNorm(3)"]
STAY += ["nn.LSTM(2, 3)", "nn.PReLU()", "nn.EmbeddingBag(3, 2)", "Module()", "nn.ReLU()"]
MIXED = f"nn.Sequential(nn.Linear(3, 2), {', '.join(STAY)}, nn.Conv1d(2, 2, 2), nn.BatchNorm1d(2))"


def made(words, number=7.0):
    """The module that a text means; this number is in all of its Parameters."""
    module = eval(words, dict(NAMES))
    with torch.no_grad():
        for one in module.parameters():
            one.fill_(number)
        for one in module.buffers():
            one.fill_(7)
    return module


def call(solution, module, words, hint):
    """Call kaiming_; the message of what fails next begins with this call."""
    solution.hint = hint
    got = solution.kaiming_(module)
    solution.last_call = f"kaiming_({words})"
    return got


def mistake(layer, deviation):
    """The sentence on the mistake that gives this deviation, if it is known."""
    weight = layer.weight
    outputs, inputs, places = *weight.shape[:2], weight[0, 0].numel()
    square = weight.shape[-1] ** (weight.dim() - 2)
    fan_in, groups = inputs * places, getattr(layer, "groups", 1)
    others = {
        "The deviation is right: the numbers are normal, not uniform.": 2 / fan_in,
        "This is fan_out, the outputs: count the inputs of one output.": 2 / (outputs * places),
        "This is fan_out, the outputs in one group: count inputs.": 2 * groups / (outputs * places),
        "The places of the kernel count too: each channel comes with all of them.": 2 / inputs,
        "One output sees the channels of its group alone: divide by groups.": 2 / (fan_in * groups),
        "The sides of a kernel may differ: multiply them.": 2 / (inputs * square),
        "Under the root stands 2, not 1: a ReLU takes half away.": 1 / fan_in,
        "This is what torch draws by itself, with a=sqrt(5): a is 0 for a ReLU.": 1 / (3 * fan_in),
        "This is the variance: the deviation is its root.": (2 / fan_in) ** 2,
        "This is Xavier's rule: count the inputs alone.": 2 / (fan_in + outputs * places),
        "Normal numbers are not cut off: here they end at 2 deviations.": 0.7737 * 2 / fan_in,
    }
    near = [hint for hint, one in others.items() if abs(deviation / math.sqrt(one) - 1) < 0.03]
    return near[0] if near else DEVIATION


def expect_initial(layer, name):
    """A layer with some thousand weights has its initial numbers."""
    weight = layer.weight.detach().cpu().double()
    is_old = bool((weight == 7).all()) or bool(weight.isnan().all())
    expect(not is_old, f"left {name} as it was.", EVERYWHERE)
    expected = math.sqrt(2 / weight[0].numel())
    hint = mistake(layer, float(weight.std()))
    expect_drawn(weight.numpy(), Normal(expected), f"left {name}, which", hint)
    is_cut = float(weight.abs().max()) < 3 * expected
    sentence = f"gave {name} no number beyond 3 deviations; normal ones have 0.27 % there."
    expect(not is_cut, sentence, NORMAL)


def expect_constant(parameter, value, name, hint):
    numbers = parameter.detach().cpu().numpy()
    expect_drawn(numbers, Constant(value), f"left {name}, which", hint)


def expect_parts(solution, words, parts, hint):
    """Exactly these parts are initialised; the rest keeps its numbers."""
    module = made(words)
    call(solution, module, words, hint)
    known = {one for part in parts for one in module.get_submodule(part).parameters()}
    for name, one in module.named_parameters():
        if one in known:
            expect(bool((one != 7).all()), f"left {name} as it was.", hint)
            kind = module.get_submodule(name.rpartition(".")[0])
            if name.endswith("bias"):
                expect_constant(one, 0.0, name, BIAS)
            elif "Norm" in type(kind).__name__:
                expect_constant(one, 1.0, name, NORMS)
        else:
            expect(bool((one == 7).all()), f"changed {name}.", OTHERS)


@aspect("type")
def test_returns_the_module(solution):
    """kaiming_ returns the module itself."""
    for words in (DRAWN[0], ONES[0], "nn.Sequential(nn.Linear(3, 2))", "nn.ReLU()"):
        module = made(words)
        got = call(solution, module, words, ITSELF)
        came = "another module" if isinstance(got, nn.Module) else describe(got)
        expect(got is module, f"returned {came}; expected the module itself.", ITSELF)


@aspect("values")
def test_draws_weights(solution, device):
    """Weights are normal with the deviation sqrt(2 / fan_in), and the bias is 0."""
    for place, words in enumerate(DRAWN if device == "cpu" else DRAWN[-1:]):
        layer = made(words, math.nan if place else 7.0).to(device)
        call(solution, layer, words, DEVIATION)
        expect_initial(layer, "module.weight")
        expect_constant(layer.bias, 0.0, "module.bias", BIAS)


@aspect("values")
def test_norms_begin_as_ones(solution):
    """The weight of a norm is 1 and its bias is 0."""
    for place, words in enumerate(ONES):
        norm = made(words, math.nan if place else 7.0)
        call(solution, norm, words, NORMS)
        expect_constant(norm.weight, 1.0, "module.weight", NORMS)
        expect_constant(norm.bias, 0.0, "module.bias", NORMS)


@aspect("values")
def test_goes_to_any_depth(solution):
    """Modules at any depth are initialised, with or without a weight or bias."""
    for words, parts in DEEP.items():
        hint = MISSING if "False" in words else EVAL if "eval" in words else EVERYWHERE
        expect_parts(solution, words, parts.split(), hint)


@aspect("values")
def test_knows_subclasses(solution):
    """Subclasses of the kinds are initialised as well."""
    for words, parts in SUBCLASSES.items():
        expect_parts(solution, words, parts.split(), SUBCLASS)


@aspect("values")
def test_leaves_other_kinds(solution):
    """Other kinds of modules keep their numbers."""
    for words in STAY:
        expect_parts(solution, words, [], OTHERS)


@aspect("values")
def test_initialises_frozen_ones(solution):
    """A frozen Parameter is initialised too, of any strides and in float64."""
    words = "nn.Sequential(nn.Conv2d(12, 128, (3, 5)), nn.LayerNorm(3)).double()"
    net = made(words).to(memory_format=torch.channels_last).requires_grad_(False)
    call(solution, net, words, FROZEN)
    sentence = "left the weight of a frozen layer as it was."
    expect(bool((net[0].weight != 7).all()), sentence, FROZEN)
    expect_initial(net[0], "0.weight")
    for one, value in ((net[0].bias, 0.0), (net[1].weight, 1.0), (net[1].bias, 0.0)):
        expect_constant(one, value, "a frozen weight or bias", FROZEN)


@aspect("values")
def test_draws_anew(solution):
    """Each layer and each call draws anew, as torch.manual_seed decides."""
    words = "nn.Sequential(nn.Linear(5, 4), nn.Linear(5, 4))"
    net, seen = made(words), []
    seed_torch(0)
    for _ in range(2):
        call(solution, net, words, SEED)
        seen += [one.weight.detach().clone() for one in net]
    for place, one in enumerate(seen):
        is_new = not any(torch.equal(one, other) for other in seen[:place])
        what = "two layers" if place % 2 else "a layer in two calls"
        expect(is_new, f"gave {what} the same numbers.", SEED)
    seed_torch(0)
    call(solution, net, words, SEED)
    is_same = all(torch.equal(one.weight, seen[place]) for place, one in enumerate(net))
    expect(is_same, "gave other numbers, though torch.manual_seed was the same.", SEED)


@aspect("memory")
def test_writes_in_place(solution, device):
    """Parameters, .grad, requires_grad, buffers, modes and settings stay as they are."""
    net = made(MIXED).to(device)
    net[0].weight.grad = torch.ones(2, 3).to(device)
    net[0].bias.requires_grad_(False)
    net[-1].eval().weight.requires_grad_(False)
    net[-2].requires_grad_(False)
    last = len(net) - 1
    new = [f"{place}.{name}" for place in (0, last - 1, last) for name in ("weight", "bias")]
    for is_on in (True, False):
        with torch.set_grad_enabled(is_on), module_untouched(net, IN_PLACE, {"values": new}):
            with settings_watched(solution, thoroughly=is_on, may_draw=True) as found:
                call(solution, net, "net", IN_PLACE)
            expect(not found.text, found.text, SEED if "generator" in found.text else MODE)


@aspect("gradient")
def test_records_nothing(solution):
    """Autograd records nothing: each Parameter is still a leaf, whether frozen or not."""
    words = "nn.Sequential(nn.Linear(3, 2), nn.Conv1d(2, 2, 2), nn.LayerNorm(2))"
    net = made(words)
    net[1].requires_grad_(False)
    call(solution, net, words, GRAPH)
    for name, one in net.named_parameters():
        if not one.is_leaf:
            raise CheckFailed(f"left {name} with a history of autograd's.", GRAPH)
    (net[0](torch.ones(3)).sum() + net[2].weight.sum()).backward()
    for name in ("0.weight", "0.bias", "2.weight"):
        sentence = f"made {name} a Parameter that gets no gradient."
        expect(net.get_parameter(name).grad is not None, sentence, GRAPH)
