"""The checks of layers/k15_sequential: chains beside Python's lists of the same modules."""

import collections
import functools

import numpy as np
import torch
from torch import nn

from dojo.checks import aspect, calls_of, describe, expect, expect_raises, module_untouched
from dojo.checks.laws import ModuleClass
from dojo.checks.laws.module_calls import Part
from dojo.checks.laws.settings import settings_untouched

NAMES = 'Register each module under the number of its place: `self.add_module("0", module)`.'
PLACES = "`self._modules` has each place once, in order; `children()` gives each object once."
ORDER = 'The order is that of the places: as text, "10" comes before "2".'
ONE = "Each module takes one argument, whatever it is: `x = module(x)`."
CALL = "`module(x)` runs the hooks of a module; `module.forward(x)` does not."
LIST = "A list knows negative indices, slices with any step, and IndexError: `list(self)[index]`."
SHARED = "A slice is a chain of the modules themselves: `type(self)(*modules)`."
FRESH = "Each `for` begins with the first module: make a new iterator each time."
NOW = "What is registered now runs: keep no second list of the modules."
INNER = "Each argument is one module, whatever it holds: take none apart, and leave none out."
KEEP = "Keep the modules themselves, and leave them as they are."
NO_DRAW = "Nothing is random here: the modules are given, and the chain only runs them."
OWN = "Write the chain yourself, as a subclass of nn.Module: nn.Sequential is what the kata makes."
KIND = "Look at each argument: `isinstance(module, torch.nn.Module)`."

FIRST = Part("nn.Linear(3, 2, bias=False)", lambda: nn.Linear(3, 2, bias=False))
LAST = Part("nn.Linear(2, 4, bias=False)", lambda: nn.Linear(2, 4, bias=False))
TANH, SIGMOID = Part("nn.Tanh()", nn.Tanh), Part("nn.Sigmoid()", nn.Sigmoid)
SLICES = [":", "1:", ":2", "1:4", "::2", "1::3", "::-1", "-2:", ":-1", "3:1:-1", "::-2", "-9:2"]
SLICES += ["-1:-4:-1", "4:1", "2:2", "9:", ":0", "1:2", ":1"]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


W, V = numbers(2, 3), numbers(4, 2, seed=2)


class Says(nn.Module):
    """A module that puts its number behind the text that it gets."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, text):
        return f"{text} {self.number}"


class Notes(nn.Module):
    """A module that notes what it gets, and returns something else."""

    def __init__(self, gives):
        super().__init__()
        self.gives, self.seen = gives, []

    def forward(self, *arguments):
        self.seen.append(arguments)
        return self.gives


def chain(solution, *said):
    """A chain of modules that say a number, and these modules; equal numbers are one module."""
    known = {number: Says(number) for number in said}
    modules = [known[number] for number in said]
    solution.hint = NAMES
    return solution.Sequential(*modules), modules


def words_for(modules):
    """How a learner would make a chain of them."""
    return f"Sequential({', '.join(f'm{one.number}' for one in modules)})"


def expect_modules(solution, got, modules, words, hint):
    """Fail unless these are the very modules, in this order."""
    got = list(got)
    solution.last_call = words
    seen = [f"m{one.number}" if type(one) is Says else describe(one) for one in got]
    expected = [f"m{one.number}" for one in modules]
    sentence = f"gives the modules [{', '.join(seen)}]; expected [{', '.join(expected)}]."
    expect(seen == expected, sentence, hint)
    is_same = all(a is b for a, b in zip(got, modules, strict=True))
    hint = hint if SHARED in hint else KEEP
    expect(is_same, "gives copies of the modules; expected the modules themselves.", hint)


def expect_said(solution, got, modules, words, hint):
    """Fail unless these modules ran, in this order."""
    expected = " ".join(["x", *(str(one.number) for one in modules)])
    solution.last_call = f"{words}('x')"
    sentence = f"returned {describe(got)}; expected {expected!r}: each module adds its number."
    expect(type(got) is str and got == expected, sentence, hint)


class TestSequential(ModuleClass):
    name = "Sequential"
    tensors = ("x", "0.weight", "2.weight")
    parameters = tensors[1:]
    torchs = nn.Sequential
    memory = "free"
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]], W, V, (FIRST, TANH, LAST))]
    cases += [(numbers(2, 1, 3, seed=4), W, V, (FIRST, SIGMOID, LAST))]
    cases += [(numbers(2, 3, seed=6), None, None, (TANH, SIGMOID, TANH))]
    cases += [(numbers(3, seed=7), None, None, ())]
    optional = ()  # they are given where the modules have them
    ulps = gradient_ulps = 64
    hints = {
        "parameters": NAMES,
        "values": "Each module gets what the one before it has returned.",
        "gradient": "Hand on what a module returns as it is.",
        "memory": "The modules compute; the chain only hands on.",
    }
    sentences = {
        "test_values": "The modules run one after the other, each on the result before.",
        "test_gradients": "Gradients reach x and the parameters of each module.",
    }

    def made_with(self, x, first, last, parts):
        return parts

    def truth(self, x, first, last, parts):
        for part in parts:
            if part in (FIRST, LAST):
                x = (x[..., None, :] * (first if part is FIRST else last)).sum(-1)
            else:
                x = np.tanh(x) if part is TANH else 1 / (1 + np.exp(-x))
        return x

    @aspect("type")
    def test_is_no_sequential_of_torch(self, solution):
        """Neither a chain nor a slice of it is or holds a torch.nn.Sequential."""

        def expect_none(one, words):
            is_module = issubclass(type(one), nn.Module)
            expect(is_module, f"is {describe(one)}{words}; expected a Sequential.", SHARED)
            has_torchs = any(isinstance(each, nn.Sequential) for each in one.modules())
            expect(not has_torchs, f"is or holds a torch.nn.Sequential{words}.", OWN)

        with calls_of(nn.Sequential.__init__) as made:
            whole, _ = chain(solution, 0, 1, 2)
            expect_none(whole, "")
            whole("x")
            expect_none(whole[1:], " in the slice [1:]")
        expect(not made, "has made a torch.nn.Sequential.", OWN)

    @aspect("values")
    def test_is_counted_and_iterated(self, solution):
        """len and iteration count each place, in order, as often as they are asked."""
        for said in ((), range(3), (3, 5, 3), range(12)):
            hint = ORDER if len(said) > 10 else PLACES
            whole, modules = chain(solution, *said)
            words, solution.hint = words_for(modules), hint
            count = len(whole)
            solution.last_call = f"len({words})"
            expect(count == len(modules), f"is {count}; expected {len(modules)}.", hint)
            expect_modules(solution, whole, modules, f"Iteration of {words}", hint)
            expect_modules(solution, whole, modules, f"The next iteration of {words}", FRESH)
            nested = [one for _ in whole for one in whole]
            words = f"One `for` inside of another on {words}"
            expect_modules(solution, nested, modules * len(modules), words, FRESH)

    @aspect("values")
    def test_is_indexed(self, solution):
        """s[i] is the very module at each place, counted from the front or from the end."""
        for said in ((0,), (0, 1, 2), (3, 5, 3, 7), range(12)):
            whole, modules = chain(solution, *said)
            solution.hint = LIST
            for index in range(-len(modules), len(modules)):
                words = f"{words_for(modules)}[{index}]"
                expect_modules(solution, [whole[index]], [modules[index]], words, LIST)

    @aspect("values")
    def test_hands_on_whatever_it_gets(self, solution):
        """Tuples, dicts, None and the like are handed on as one argument."""
        for given in ((1, 2), (), {"a": 1}, [3], None, 0, "text", torch.ones(2, 3).T):
            first, last = Notes((3, 4)), Notes({"y": None})
            solution.hint = ONE
            got = solution.Sequential(first, last)(given)
            for module, expected in ((first, given), (last, first.gives)):
                calls, words = len(module.seen), describe(expected)
                sentence = f"called a module {calls} times for {words}; expected one call."
                expect(calls == 1, sentence, ONE)
                count = len(module.seen[0])
                sentence = f"called a module with {count} arguments for {words}; expected one."
                expect(count == 1, sentence, ONE)
                got_one = describe(module.seen[0][0])
                sentence = f"called a module with {got_one}; expected {words} itself."
                expect(module.seen[0][0] is expected, sentence, ONE)
            sentence = f"returned {describe(got)}; expected {last.gives}, the last result itself."
            expect(got is last.gives, sentence, ONE)

    @aspect("values")
    def test_is_nothing_without_modules(self, solution):
        """Without modules, x itself comes back."""
        for x in (torch.ones(2), torch.Size([1, 2]), None, {"a": 1}):
            solution.hint = "Without modules there is nothing to do: return x."
            got = solution.Sequential()(x)
            sentence = f"returned {describe(got)}; expected {describe(x)}, x itself."
            expect(got is x, sentence, solution.hint)

    @aspect("values")
    def test_runs_in_order(self, solution):
        """Twelve modules run in order, and a module that stands in two places runs twice."""
        for said, hint in ((range(12), ORDER), ((3, 5, 3), PLACES), ((4, 4), PLACES)):
            whole, modules = chain(solution, *said)
            expect_said(solution, whole("x"), modules, words_for(modules), hint)

    @aspect("values")
    def test_takes_a_chain_as_one_module(self, solution):
        """A chain in a chain is one module, without modules too, and so is a ModuleList."""
        inner, solution.hint = solution.Sequential(Says(1), Says(2)), INNER
        modules = [solution.Sequential(), inner, Says(3)]
        whole = solution.Sequential(*modules)
        solution.last_call = "Sequential(Sequential(), Sequential(m1, m2), m3)"
        got = list(whole)
        expect(len(got) == 3, f"has {len(got)} modules; expected 3.", INNER)
        is_same = all(a is b for a, b in zip(got, modules, strict=True))
        expect(is_same, "gives other modules; expected the very ones.", INNER)
        said = whole("x")
        expect(said == "x 1 2 3", f"returned {describe(said)}; expected 'x 1 2 3'.", INNER)
        count = len(list(solution.Sequential(nn.ModuleList([Says(1), Says(2)]))))
        solution.last_call = "Sequential(nn.ModuleList([m1, m2]))"
        expect(count == 1, f"has {count} modules; expected 1, the ModuleList.", INNER)

    @aspect("values")
    def test_is_sliced(self, solution):
        """A slice is a new chain of the very modules, numbered from 0, and runs."""
        asked = [(chain(solution, 0, 1, 2, 1, 4), text) for text in SLICES]
        asked += [(chain(solution, *range(12)), "1:"), (chain(solution, 0), ":")]
        for (whole, modules), text in [*asked, (chain(solution), ":")]:
            words, solution.hint = f"{words_for(modules)}[{text}]", SHARED
            index = slice(*(int(end) if end else None for end in text.split(":")))
            with module_untouched(whole, KEEP):
                part = whole[index]
            solution.last_call = words
            is_chain = issubclass(type(part), type(whole)) and part is not whole
            expect(is_chain, f"is {describe(part)}; expected a new Sequential.", SHARED)
            expect_modules(solution, part, modules[index], words, f"{SHARED} {LIST}")
            names = [name for name, _ in part.named_modules(remove_duplicate=False)][1:]
            expected = [str(place) for place in range(len(modules[index]))]
            sentence = f"has modules under the names {names}; expected {expected}."
            expect(names == expected, sentence, SHARED)
            expect_said(solution, part("x"), modules[index], words, SHARED)

    @aspect("memory")
    def test_leaves_the_modules_as_they_are(self, solution):
        """The modules are kept as they are: themselves, their modes, hooks and .grad."""
        inner = nn.ModuleList([nn.Linear(2, 2), nn.Dropout().eval(), nn.Tanh()])
        inner[0].register_forward_hook(lambda *_: None)
        inner[0].bias.requires_grad_(False)
        inner[0].weight.grad, solution.hint = torch.ones(2, 2), KEEP
        with settings_untouched(solution, NO_DRAW), module_untouched(inner, KEEP):
            whole = solution.Sequential(*inner)
            whole(torch.ones(2))
            whole[::-1](torch.ones(2))
        is_same = all(a is b for a, b in zip(whole, inner, strict=True))
        expect(is_same, "holds copies of the modules.", KEEP)

    @aspect("errors")
    def test_refuses_what_is_no_module(self, solution):
        """Anything but a Module raises a TypeError, None and a class too."""
        wrong = {"None": None, "the class nn.Tanh": nn.Tanh, "torch.tanh": torch.tanh}
        wrong |= {"a list of modules": [nn.Tanh()], "a tuple of modules": (nn.Tanh(),)}
        wrong |= {"an OrderedDict of modules": collections.OrderedDict({"0": nn.Tanh()})}
        wrong |= {"a tensor": torch.ones(2), "a text": "0", "a generator": iter([nn.Tanh()])}
        asked = [(words, (one,)) for words, one in wrong.items()]
        for words in list(wrong)[:4]:
            asked += [(words, (nn.Tanh(), wrong[words])), (words, (wrong[words], nn.Tanh()))]
        for words, modules in asked:
            make = functools.partial(solution.Sequential, *modules)
            expect_raises(TypeError, make, KIND, words)

    @aspect("errors")
    def test_refuses_other_places(self, solution):
        """An index beyond either end raises an IndexError."""
        for said in ((), (0,), (0, 1, 2), (3, 5, 3)):
            whole, modules = chain(solution, *said)
            count = len(modules)
            for index in (count, count + 3, -count - 1, -2 * count - 2):
                solution.last_call = f"{words_for(modules)}[{index}]"
                expect_raises(IndexError, functools.partial(whole.__getitem__, index), LIST)

    @aspect("structure")
    def test_has_the_names_of_torchs(self, solution):
        """The keys are those of torch's nn.Sequential, also of a module in two places."""
        layer = nn.Linear(2, 2)
        for modules in ([nn.PReLU() for _ in range(12)], [layer, nn.Tanh(), layer]):
            solution.hint = NAMES
            whole, torchs = solution.Sequential(*modules), nn.Sequential(*modules)
            keys, expected = list(whole.state_dict()), list(torchs.state_dict())
            sentence = f"has a state_dict with the keys {keys}; expected {expected}."
            expect(keys == expected, sentence, f"{NAMES} {PLACES}")
            count, right = len(list(whole.parameters())), len(list(torchs.parameters()))
            expect(count == right, f"has {count} parameters; expected {right}.", KEEP)

    @aspect("structure")
    def test_runs_hooks(self, solution):
        """The hooks of each module run, and what they return counts."""
        whole, modules = chain(solution, 0, 1, 2)
        modules[0].register_forward_hook(lambda *given: f"{given[-1]} after")
        modules[2].register_forward_pre_hook(lambda _, given: f"{given[0]} before")
        for training in (True, False):
            got = whole.train(training)("x")
            sentence = f"returned {describe(got)}; expected 'x 0 after 1 before 2' with hooks."
            expect(got == "x 0 after 1 before 2", sentence, CALL)

    @aspect("structure")
    def test_reaches_all_modules(self, solution):
        """train() and eval() reach each module, and of a slice those that it shares."""
        whole, modules = chain(solution, 0, 1, 2)
        for one, training, reached in ((whole, False, modules), (whole[1:], True, modules[1:])):
            one.train(training)
            modes = [module.training for module in reached]
            sentence = f"gives its modules the modes {modes} by train({training})."
            expect(modes == [training] * len(reached), sentence, NAMES)

    @aspect("structure")
    def test_sees_an_exchange(self, solution):
        """A module that is set in the place of another one runs, and is indexed and iterated."""
        whole, modules = chain(solution, 0, 1, 1)
        whole("x"), list(whole), whole[1:]  # what is kept of these is old then
        modules[1] = Says(7)
        setattr(whole, "1", modules[1])
        words, solution.hint = 'With setattr(s, "1", m7), s', NOW
        expect_said(solution, whole("x"), modules, words, NOW)
        expect_modules(solution, whole, modules, words, NOW)
        expect_modules(solution, [whole[1]], modules[1:2], f"{words}[1]", NOW)
        expect_modules(solution, whole[1:], modules[1:], f"{words}[1:]", NOW)
