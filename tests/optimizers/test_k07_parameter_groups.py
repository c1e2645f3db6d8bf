"""The checks of optimizers/k07_parameter_groups: models whose groups were written down by hand."""

import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, describe, expect, module_untouched
from dojo.checks.laws.settings import settings_watched

TWO_DICTS = 'Return [{"params": […], "weight_decay": …}, {"params": […], "weight_decay": 0.0}].'
LISTS = "Lists keep an order; an optimizer refuses a set, and a generator can be used only once."
THEMSELVES = "The Parameters themselves stand in the groups: an optimizer changes what it is given."
DEPTH = "Fewer than two dimensions: no decay. The model and modules at any depth hold parameters."
OWN_NAME = 'Look for "bias" in the own name of a parameter: anywhere in it, but after the last dot.'
KINDS = (
    "The module that holds it is of a class that the docstring lists: ask for all by `isinstance`."
)
SUBCLASS = "Ask with `isinstance`: Scaled is a kind of nn.LayerNorm here, Words of nn.Embedding."
NO_NAMES = "Names of modules say nothing: ask with `isinstance` of what class the holder is."
NO_NORM = "NormEmbedding is a subclass of nn.Linear here: ask with `isinstance`, not for names."
DIRECTLY = "The module that holds it decides, not those further up. Words is an nn.Embedding."
ANY_PLACE = "One Parameter in several places: without decay if one of the places says so."
ONCE = "A Parameter comes once, however many names it has."
BOTH = "Two Parameters are two objects, even if they share memory: both come."
FROZEN = "What does not require grad at the call is left out, and all the rest comes."
ORDER = "Within each group, the order is that of `model.parameters()`."
GIVEN = "The first dict has the given number, the second 0.0."
ANEW = "Look at the model anew in each call."
KEEP = "To sort is to read: leave the model as it is."


class Module(nn.Module):
    """A module that holds what it is given."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class Words(nn.Embedding):
    """A subclass of an embedding, that may hold modules."""

    def __init__(self, **parts):
        super().__init__(5, 2)
        for name, part in parts.items():
            setattr(self, name, part)


class Scaled(nn.LayerNorm):
    """A subclass of a norm layer, whose name does not tell."""


class NormEmbedding(nn.Linear):
    """No norm layer and no embedding, though its name says so."""


def param(shape=(2, 3)):
    return nn.Parameter(torch.ones(shape))


def holding(module, **parts):
    """The module, which holds these parts too."""
    for name, part in parts.items():
        setattr(module, name, part)
    return module


def frozen(part):
    return part.requires_grad_(False)


NAMES = {"nn": nn, "Module": Module, "Words": Words, "Scaled": Scaled, "param": param}
NAMES |= {"NormEmbedding": NormEmbedding, "holding": holding, "frozen": frozen}
NORMS = ["LayerNorm(2)", "GroupNorm(1, 2)", "BatchNorm1d(2)", "BatchNorm2d(2)", "BatchNorm3d(2)"]
NORMS += ["SyncBatchNorm(2)", *(f"InstanceNorm{n}d(2, affine=True)" for n in (1, 2, 3))]

# model: names in the first group | names in the second one
PLAIN = {
    "nn.Linear(3, 2)": "weight | bias",
    "nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.PReLU())": "0.weight | 0.bias 2.weight",
    "Module(a=param((2,)), b=param(), c=param(()), d=param((1, 1)))": "b d | a c",
    "Module(a=param((0, 3)), b=param((0,)))": "a | b",
    "nn.Sequential(nn.Conv3d(2, 3, 1), nn.ParameterList([param()]))": "0.weight 1.0 | 0.bias",
    "nn.MultiheadAttention(2, 1)": "in_proj_weight out_proj.weight | in_proj_bias out_proj.bias",
    "Module(a=param(), b=Module(c=param(), d=Module(e=param())))": "a b.c b.d.e | ",
    "nn.ReLU()": " | ",
}
BIASES = {
    "Module(bias=param(), weight=param())": "weight | bias",
    "Module(a=Module(bias_k=param(), position_bias_table=param(), kbias2=param()))": (
        " | a.bias_k a.position_bias_table a.kbias2"
    ),
    "Module(bias=Module(bias=nn.Bilinear(2, 2, 1)))": "bias.bias.weight | bias.bias.bias",
    "nn.ModuleDict({'bias_net': nn.Linear(3, 2)})": "bias_net.weight | bias_net.bias",
}
HOLDERS = {
    "nn.Embedding(5, 2)": " | weight",
    "Module(a=nn.Linear(2, 5), b=nn.EmbeddingBag(5, 2))": "a.weight | a.bias b.weight",
    "nn.LayerNorm((2, 3))": " | weight bias",
    "nn.RMSNorm((2, 3))": " | weight",
}
HOLDERS |= {f"holding(nn.{norm}, more=param())": " | weight bias more" for norm in NORMS}
SUBCLASSES = {"nn.Sequential(Scaled((2, 3)), Words())": " | 0.weight 0.bias 1.weight"}
CALLED = {
    "Module(norm=nn.Linear(3, 2), embed=nn.Linear(2, 2))": (
        "norm.weight embed.weight | norm.bias embed.bias"
    ),
    "Module(a=nn.Embedding(5, 2), norm_embedding=param())": "norm_embedding | a.weight",
    "Module(head=nn.Embedding(5, 2), x=nn.LayerNorm((2, 2)))": " | head.weight x.weight x.bias",
    "Module(norm=Module(weight=param(), embedding=param()))": "norm.weight norm.embedding | ",
}
CLASS_NAMES = {"NormEmbedding(2, 1)": "weight | bias"}
INSIDE = {
    "Words(inner=nn.Linear(3, 2), own=param())": "inner.weight | weight own inner.bias",
    "holding(nn.LayerNorm(2), a=Module(b=param()))": "a.b | weight bias",
}
SHARED = {
    "Module(a=(p := param()), b=nn.Linear(3, 2), c=p)": "a b.weight | b.bias",
    "nn.Sequential(one := nn.Linear(3, 2), nn.ReLU(), one)": "0.weight | 0.bias",
    "Module(a=nn.Sequential(one := nn.Linear(3, 2)), b=nn.Sequential(nn.PReLU(), one))": (
        "a.0.weight | a.0.bias b.0.weight"
    ),
}
ALIKE = {"Module(a=(p := param()), b=nn.Parameter(p.detach()))": "a b | "}
TIED = {
    "Module(a=(w := nn.Embedding(5, 2)), b=holding(nn.Linear(2, 5), weight=w.weight))": (
        " | a.weight b.bias"
    ),
    "Module(a=(h := nn.Linear(2, 5)), b=holding(nn.Embedding(5, 2), weight=h.weight))": (
        " | a.weight a.bias"
    ),
    "Module(a=(p := param()), b=Module(c=param(), bias=p))": "b.c | a",
    "Module(weight=(p := param()), bias=p, c=param())": "c | weight",
}
FROZEN_ONES = {
    "nn.Sequential(frozen(nn.Linear(3, 2)), nn.Linear(2, 1))": "1.weight | 1.bias",
    "Module(a=frozen(param()), b=nn.Embedding(5, 2), c=frozen(nn.LayerNorm(2)))": " | b.weight",
    "Module(a=nn.Parameter(param().long(), False), b=param())": "b | ",
    "frozen(nn.Linear(3, 2)).eval()": " | ",
    "nn.Sequential(nn.Linear(3, 2), nn.PReLU()).eval()": "0.weight | 0.bias 1.weight",
}
ORDERS = {
    "Module(z=nn.Linear(3, 2), a=nn.LayerNorm(2), m=nn.Linear(2, 1), b=nn.Embedding(5, 2))": (
        "z.weight m.weight | z.bias a.weight a.bias m.bias b.weight"
    ),
    "Module(a=Module(b=param((2,)), c=param()), e=param(), d=holding(Words(), f=param()))": (
        "e a.c | a.b d.weight d.f"
    ),
    "Module(y=nn.Linear(3, 2), x=param(), w=param((2,)))": "x y.weight | w y.bias",
}


def asked(solution, model, words, hint, decay=0.1, start=""):
    """What comes back, once it is two dicts of the right kind."""
    solution.hint = hint
    got = solution.parameter_groups(model, decay)
    solution.last_call = f"{start}parameter_groups({words}, {decay})"
    is_pair = type(got) is list and len(got) == 2 and all(isinstance(one, dict) for one in got)
    expect(is_pair, f"returned {describe(got)}; expected a list of two dicts.", TWO_DICTS)
    for group in got:
        sentence = f"returned a group with the keys {list(group)}; expected params, weight_decay."
        expect(set(group) == {"params", "weight_decay"}, sentence, TWO_DICTS)
        sentence = f"returned params as {describe(group['params'])}; expected a list."
        expect(type(group["params"]) is list, sentence, LISTS)
    return got


def expect_groups(solution, model, words, expected, hint, start=""):
    """Each Parameter stands in its group, once; the names come back, with those expected."""
    groups = [group["params"] for group in asked(solution, model, words, hint, start=start)]
    names = {id(p): name for name, p in model.named_parameters()}
    for p in [*groups[0], *groups[1]]:
        expect(id(p) in names, "returned a tensor that is no parameter of the model.", THEMSELVES)
    first, second = ([names[id(p)] for p in group] for group in groups)
    right, other = (one.split() for one in expected.split("|"))
    for name, p in model.named_parameters():
        if not p.requires_grad:
            sentence = f"put {name} into a group, though it does not require grad."
            expect(name not in first + second, sentence, FROZEN)
            continue
        which, there, wrong, elsewhere = "second", second, "first", first
        if name in right:
            which, there, wrong, elsewhere = "first", first, "second", second
        if name in elsewhere and name not in there:
            raise CheckFailed(f"put {name} into the {wrong} group; expected the {which}.", hint)
        count = (first + second).count(name)
        expect(count > 0, f"left out {name}; expected it in the {which} group.", hint)
        expect(count == 1, f"put {name} into the groups {count} times; expected once.", ONCE)
    return (first, second), (right, other)


def expect_all(solution, table, hint, device="cpu"):
    for words, expected in table.items():
        expect_groups(solution, eval(words, dict(NAMES)).to(device), words, expected, hint)


@aspect("type")
def test_returns_two_dicts(solution):
    """parameter_groups returns a list of two dicts, whose params are lists."""
    for words in ("nn.Linear(3, 2)", "nn.ReLU()"):
        asked(solution, eval(words, NAMES), words, DEPTH)


@aspect("values")
def test_names_the_weight_decay(solution):
    """The first dict has the given weight decay, the second 0.0."""
    for decay in (0.1, 0.01, 0.0, 1):
        got = [one["weight_decay"] for one in asked(solution, nn.ReLU(), "nn.ReLU()", GIVEN, decay)]
        are_numbers = all(type(one) in (int, float) for one in got)
        sentence = f"returned weight_decay {describe(got[0])} and {describe(got[1])};"
        is_right = are_numbers and got == [decay, 0]
        expect(is_right, f"{sentence} expected {decay} and 0.0.", GIVEN)


@aspect("values")
def test_looks_at_dimensions(solution, device):
    """Fewer than two dimensions do not decay, at any depth."""
    expect_all(solution, PLAIN, DEPTH, device)


@aspect("values")
def test_looks_at_own_names(solution):
    """A parameter with "bias" in its own name does not decay."""
    expect_all(solution, BIASES, OWN_NAME)


@aspect("values")
def test_looks_at_the_class_of_the_holder(solution):
    """What an embedding or a norm layer holds does not decay, in subclasses too."""
    expect_all(solution, HOLDERS, KINDS)
    expect_all(solution, SUBCLASSES, SUBCLASS)


@aspect("values")
def test_does_not_look_at_names_of_modules(solution):
    """Names of modules say nothing, nor do the modules further up."""
    expect_all(solution, CALLED, NO_NAMES)
    expect_all(solution, CLASS_NAMES, NO_NORM)
    expect_all(solution, INSIDE, DIRECTLY)


@aspect("values")
def test_gives_a_parameter_once(solution, device):
    """A Parameter with several names comes once."""
    expect_all(solution, SHARED, ONCE, device)
    expect_all(solution, ALIKE, BOTH, device)


@aspect("values")
def test_looks_at_all_places(solution):
    """A tied Parameter does not decay if one of its places says so."""
    expect_all(solution, TIED, ANY_PLACE)


@aspect("values")
def test_leaves_out_what_is_frozen(solution):
    """What does not require grad is left out; the mode says nothing."""
    expect_all(solution, FROZEN_ONES, FROZEN)


@aspect("values")
def test_looks_anew(solution):
    """Each call sorts the model as it is then."""
    words = "net = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))"
    model = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    asked(solution, model, "net", ANEW)[0]["params"].clear()
    model[0].weight.grad = torch.ones(2, 3)
    with torch.no_grad():
        expected = "0.weight | 0.bias 1.weight 1.bias"
        expect_groups(solution, model, "net", expected, ANEW, f"With {words}, under no_grad: ")
    frozen(model[0].weight)
    model.append(nn.Linear(2, 2))
    expected = "2.weight | 0.bias 1.weight 1.bias 2.bias"
    start = f"With {words}, changed since the last call: "
    expect_groups(solution, model, "net", expected, ANEW, start)


@aspect("structure")
def test_keeps_the_order(solution):
    """In both groups, parameters stand in the order of model.parameters()."""
    for words, expected in ORDERS.items():
        found = expect_groups(solution, eval(words, dict(NAMES)), words, expected, ORDER)
        for got, right in zip(*found, strict=True):
            expect(got == right, f"returned {got} in this order; expected {right}.", ORDER)


@aspect("memory")
def test_leaves_the_model_as_it_is(solution):
    """The model, its .grad, modes and requires_grad stay as they are."""
    words = "nn.Sequential(nn.Linear(3, 2), frozen(nn.BatchNorm1d(2)), nn.Embedding(5, 2))"
    model = eval(words, dict(NAMES))
    model[0].weight.grad = torch.ones(2, 3)
    model[1].eval()
    with module_untouched(model, KEEP), settings_watched(solution, thoroughly=True) as found:
        asked(solution, model, words, KEEP)
    expect(not found.text, found.text, KEEP)
