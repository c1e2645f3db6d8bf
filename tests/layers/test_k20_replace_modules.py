"""The checks of layers/k20_replace_modules: who stands where, before and after."""

import contextlib

import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, describe, expect, expect_raises, module_untouched
from dojo.checks.laws.settings import settings_watched

COUNT = "Return the number of modules that were replaced, a Python int."
ANY_DEPTH = "Look at the children of each module that stays, at any depth."
ITSELF = "The module that is given stays, even if it is of that kind."
SUBCLASS = "`isinstance` knows subclasses too; a comparison of types does not."
ALL_PLACES = "A module may stand in several places: `parent._modules` has all names of a parent."
ONE_CALL = "Call make once for each old module, and keep what it returned."
ARGUMENT = "Hand the old module itself to make, and no copy of it."
NOT_INSIDE = "What is replaced is not searched: what stands in it stays there."
NOT_NEW = "What make returned is not searched: find all places before you put anything in."
SAME_NAMES = "The new module takes the name and the place of the old one; all names stay in order."
DOTS = "`setattr` knows no dots: set the last part of the name, on the parent that has the child."
MODE = "`new.train(old.training)` sets the mode of the new module, and of all modules in it."
LATE = "Read the modes of all old modules before you set one: a new module may hold an old one."
KEEP = "Apart from the places of old modules and the modes of new ones, everything stays."
KEEP_NEW = "Only the mode of a new module changes: Parameters and hooks are as make returned them."
FIRST_MAKE = "Make all new modules before you put the first one in, or set a mode."
NO_MODULE = "What make returns must be an instance of nn.Module, or else TypeError is raised."
FORWARD = "An exception of make goes on to the caller: do not catch it."


class Module(nn.Module):
    """A module that holds what it is given; None stands for a child that is missing."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            self.register_module(name, part)


class Kind(nn.Module):
    """What is replaced; it may hold modules."""

    def __init__(self, *parts):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        for place, part in enumerate(parts):
            self.add_module(f"part{place}", part)


class SubKind(Kind):
    """A subclass."""


class Plain(nn.Module):
    """What make returns: it holds a module, and not the old one."""

    def __init__(self, _old):
        super().__init__()
        self.more = nn.Sequential(nn.Dropout())


class Wrapper(nn.Module):
    """What make returns: it holds the old module, and another one."""

    def __init__(self, old):
        super().__init__()
        self.old, self.more = old, nn.Sequential(nn.Dropout())


class NewKind(Kind):
    """What make returns where it is to be of the same kind."""


class Maker:
    """Makes new modules, and notes for which old ones."""

    def __init__(self, new=Plain):
        self.new, self.made = new, []

    def __call__(self, old):
        new = self.new(old)
        self.made.append((old, new))
        return new


NAMES = {one.__name__: one for one in (Module, Kind, SubKind)} | {"nn": nn}
DEPTHS = ["nn.Sequential(Kind(), nn.ReLU(), Kind())", "Module(a=Module(b=Module(c=Kind())))"]
DEPTHS += ["nn.Sequential(Module(a=nn.ModuleList([Kind(), nn.Sequential(Kind())])), Kind())"]
DEPTHS += ["nn.ModuleDict({'a b': Kind(), 'c': nn.ModuleDict({'d': Kind()})})"]
DEPTHS += ["nn.Sequential(nn.ReLU(), nn.Sequential())"]
SHARED = ["k = Kind(); nn.Sequential(k, nn.ReLU(), k)", "k = Kind(); Module(a=k, b=Module(c=k))"]
SHARED += ["k = Kind(); Module(a=k, b=nn.ModuleList([Kind(), k]), c=k)"]
SHARED += ["s = nn.Sequential(Kind(), nn.ReLU()); Module(a=s, b=Module(c=s), d=s)"]
INSIDE = ["nn.Sequential(Kind(Kind()), nn.Sequential(Kind(nn.Sequential(Kind()))))"]
INSIDE += ["k = Kind(); nn.Sequential(Kind(k), k)", "k = Kind(); nn.Sequential(k, Kind(k))"]
PLACES = ["Module(z=Kind(), a=None, m=nn.ReLU(), b=Kind(), c=None)"]
PLACES += ["nn.Sequential(nn.ReLU(), Kind(), nn.Sequential(Kind(), nn.ReLU()), nn.Tanh())"]
ITSELVES = ["Kind(Kind(), nn.Sequential(Kind()))", "Kind()", "SubKind(nn.ReLU(), Kind())"]
SUBS = ["nn.Sequential(SubKind(), nn.Sequential(Kind(), nn.ReLU(), SubKind()))"]
MIXED = "nn.Sequential(Kind(nn.Dropout()), nn.BatchNorm1d(2), Module(a=Kind(), b=None, c=Kind()))"


def made(words):
    """The module that a text means; what it consists of may be made before."""
    before, _, last = words.rpartition("; ")
    names = dict(NAMES)
    exec(before, names)
    return eval(last, names)


def places_of(module, stop, name=""):
    """All places: name → what stands there; not inside of those for which stop is True."""
    found = {}
    for kind in ("_parameters", "_buffers", "_modules"):
        for key, one in getattr(module, kind).items():
            found[f"{name}{key}"] = one
            if isinstance(one, nn.Module) and not stop(one):
                found |= places_of(one, stop, f"{name}{key}.")
    return found


def is_equal(now, before):
    """Whether the same objects stand in the same places, in the same order."""
    return list(now) == list(before) and all(now[name] is before[name] for name in now)


def in_words(one):
    return type(one).__name__ if isinstance(one, nn.Module) else describe(one)


def replaced(solution, module, words, hint, kind=Kind, new=Plain):
    """Call replace_ and return its result, once each old module has its new one everywhere."""
    before = places_of(module, lambda one: isinstance(one, kind))
    olds = {one for one in before.values() if isinstance(one, kind)}
    everything = set(module.modules())
    make = Maker(new)
    solution.hint = hint
    got = solution.replace_(module, kind, make)
    start, _, last = words.rpartition("; ")
    solution.last_call = f"{start and f'With {start}: '}replace_({last}, {kind.__name__}, make)"
    for place, (old, _) in enumerate(make.made):
        is_known = any(old is one for one in everything)
        expect(is_known, "called make for what is no module of the network.", ARGUMENT)
        sentence = f"called make for a {in_words(old)} that is to stay."
        inner = NOT_INSIDE if any(old in one.modules() for one in olds) else hint
        expect(old in olds, sentence, ITSELF if old is module else inner)
        is_new = all(old is not other for other, _ in make.made[:place])
        sentence = "called make twice for one old module."
        expect(is_new, sentence, ONE_CALL if start else NOT_NEW)
    for name in module._modules:
        expect("." not in name, f"gave the module itself a child with the name {name!r}.", DOTS)
    news = dict(make.made)
    after = places_of(module, lambda one: one in news.values())
    for name, one in before.items():
        if isinstance(one, kind):
            is_there = one in news and after.get(name) is news[one]
            sentence = f"did not put the new module in the place of {name}: there is"
            expect(is_there, f"{sentence} {in_words(after.get(name))}.", hint)
    if list(after) != list(before):
        raise CheckFailed(
            f"changed the names from {list(before)} to {list(after)}.",
            SAME_NAMES if len(after) == len(before) else hint,
        )
    for name, one in before.items():
        if not isinstance(one, kind):
            expect(after[name] is one, f"put another object in the place of {name}.", KEEP)
    return got, make.made


def expect_replaced(solution, texts, hint, **rest):
    for words in texts:
        replaced(solution, made(words), words, hint, **rest)


@aspect("type")
def test_returns_an_int(solution):
    """replace_ returns a Python int."""
    for words in (DEPTHS[0], DEPTHS[-1]):
        solution.hint = COUNT
        got = solution.replace_(made(words), Kind, Maker())
        expect(type(got) is int, f"returned {describe(got)}; expected an int.", COUNT)


@aspect("values")
def test_goes_to_any_depth(solution):
    """Modules are replaced at any depth."""
    expect_replaced(solution, DEPTHS, ANY_DEPTH)


@aspect("values")
def test_knows_subclasses(solution):
    """Instances of subclasses are replaced too."""
    expect_replaced(solution, SUBS, SUBCLASS)
    expect_replaced(solution, SUBS, "A Kind is no SubKind: only SubKinds go.", kind=SubKind)


@aspect("values")
def test_finds_all_places(solution):
    """What stands in several places is replaced in all of them, by one new module."""
    expect_replaced(solution, SHARED, ALL_PLACES)


@aspect("values")
def test_counts_each_module_once(solution):
    """The number of replaced modules comes back, not that of the places."""
    for words, number in ((DEPTHS[0], 2), (DEPTHS[-1], 0), (SHARED[0], 1), (SHARED[2], 2)):
        got, _ = replaced(solution, made(words), words, COUNT)
        expect(got == number, f"returned {describe(got)}; expected {number}.", COUNT)


@aspect("values")
def test_does_not_search_what_is_new(solution):
    """What make returned is not searched, though it is or holds a module of that kind."""
    for new in (Wrapper, NewKind, lambda old: NewKind(Kind(), old)):
        expect_replaced(solution, [DEPTHS[0], DEPTHS[2], SHARED[0]], NOT_NEW, new=new)


@aspect("values")
def test_does_not_search_what_is_replaced(solution):
    """What stands inside of a replaced module stays there."""
    expect_replaced(solution, INSIDE, NOT_INSIDE)
    for words in INSIDE:
        module = made(words)
        outer = next(one for one in module.children() if isinstance(one, Kind))
        inner = places_of(outer, lambda _: False)
        _, news = replaced(solution, module, words, NOT_INSIDE, new=Wrapper)
        wrapped = [new.old for old, new in news if old is outer]
        is_same = is_equal(places_of(wrapped[0], lambda _: False), inner)
        expect(is_same, "changed what stands inside of an old module.", NOT_INSIDE)


@aspect("values")
def test_leaves_the_module_itself(solution):
    """The module that is given stays, and its children are replaced."""
    expect_replaced(solution, ITSELVES, ITSELF)
    expect_replaced(solution, [*DEPTHS[:2], SHARED[0]], ITSELF, kind=nn.Module)


@aspect("values")
def test_works_at_all_times(solution):
    """Each call searches anew, with the make that it gets."""
    words = DEPTHS[2]
    module = made(words)
    for new in (NewKind, NewKind, Wrapper):
        replaced(solution, module, words, "Keep nothing from call to call.", new=new)


@aspect("structure")
def test_keeps_names_and_order(solution):
    """Names and their order stay, and so do children that are None."""
    expect_replaced(solution, PLACES, SAME_NAMES)


@aspect("structure")
def test_takes_the_mode_over(solution):
    """A new module, with all modules in it, is in the mode of the old one."""
    for mode in (False, True):
        module = made(MIXED).train(not mode)
        olds = [module[0], module[2].a]
        for old in olds:
            old.train(mode)
        module[0].part0.train(not mode)
        expect_modes(solution, module, MIXED, MODE, Wrapper)
        for words in INSIDE[1:]:  # what one new module holds has a mode and a new one of its own
            module = made(words)
            inner, outer = sorted(module, key=lambda one: len(one._modules))
            outer.train(mode)
            inner.train(not mode)
            expect_modes(solution, module, words, LATE, {inner: Plain, outer: Wrapper})


def expect_modes(solution, module, words, hint, new):
    """Each new module, with all in it, is in the mode that the old one was in."""
    is_training = {id(one): one.training for one in module.modules()}
    make = (lambda old: new[old](old)) if isinstance(new, dict) else new
    _, news = replaced(solution, module, words, hint, new=make)
    for old, one in news:
        for name, part in one.named_modules():
            was, now = is_training[id(old)], part.training
            where = f"{name} in the new module" if name else "the new module"
            sentence = f"left {where} with training={now}, and the old one had training={was}."
            expect(now is was, sentence, hint)


@aspect("memory")
def test_changes_nothing_else(solution):
    """Other modules, all numbers, .grad, hooks and modes stay as they are."""
    module = made(MIXED)
    module[1].eval()
    module[1].weight.grad = torch.ones(2)
    module[1].bias.requires_grad_(False)
    for one in (module[0], module[1]):
        one.register_forward_hook(lambda *_: None)
    torch.nn.init.constant_(module[0].weight, 3.0)
    module[2].c.requires_grad_(False).eval()
    with contextlib.ExitStack() as stack:
        stack.enter_context(module_untouched(module, KEEP, ["modules"]))
        for old in (module[0], module[2].a, module[2].c):
            stack.enter_context(module_untouched(old, KEEP))
        found = stack.enter_context(settings_watched(solution, thoroughly=True))

        def new(_old):
            one = NewKind(nn.BatchNorm1d(2))  # as the old ones it has a weight; it draws nothing
            stack.enter_context(module_untouched(one, KEEP_NEW, ["modes"]))
            return one

        replaced(solution, module, MIXED, KEEP, new=new)
    expect(not found.text, found.text, "Replacing modules changes no setting of torch.")


class Fails(Maker):
    """Makes some new modules first; then it raises, or returns something else."""

    def __init__(self, calls, result):
        super().__init__(Wrapper)
        self.calls, self.result = calls, result

    def __call__(self, old):
        if len(self.made) < self.calls:
            return super().__call__(old)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def expect_fails(solution, error, calls, result, hint):
    """This error is raised, and the module is as before."""
    module = made(MIXED)
    module[0].part0.eval()
    places = places_of(module, lambda _: False)
    make = Fails(calls, result)
    does = "raises" if isinstance(result, Exception) else "returns"
    what = f"a make that {does} {result!r} in call {calls + 1}"
    solution.hint = hint
    with module_untouched(module, FIRST_MAKE):
        expect_raises(error, lambda: solution.replace_(module, Kind, make), hint, what)
        solution.last_call = f"replace_(module, Kind, make), with {what},"
        is_same = is_equal(places_of(module, lambda _: False), places)
        expect(is_same, "changed the children of the module.", FIRST_MAKE)


@aspect("errors")
def test_refuses_what_is_no_module(solution):
    """What make returns is an nn.Module, or TypeError is raised and nothing changes."""
    for calls in (0, 2):
        for result in (None, nn.ReLU, 3):
            expect_fails(solution, TypeError, calls, result, NO_MODULE)


@aspect("errors")
def test_changes_nothing_if_make_raises(solution):
    """An exception of make goes on, and nothing is changed."""
    for calls in (0, 1, 2):
        for error in (KeyError("no such layer"), RuntimeError("too large")):
            expect_fails(solution, type(error), calls, error, FORWARD)
