"""The checks of training/k18_capture_activations: modules that note themselves what they return."""

import contextlib
import copy
import functools

import torch
from torch import nn

from dojo.checks import (
    aspect,
    describe,
    device_of,
    expect,
    expect_device,
    expect_raises,
    expect_values,
    module_untouched,
    shares_storage,
    untouched,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.written import module_of

A_DICT = "Return a dict from name to tensor, in the order of names."
EACH = "Each name needs a hook of its own: a function made in a loop sees the loop's last name."
WHICH = "What comes back has the names in the order of names, and no other ones."
EARLY = (
    "Copy in the hook, `output.detach().clone()`, and return nothing: a later operation writes into"
)
EARLY += " what the module returned."
LAST = "Each call of a module puts its output in the place of the one before."
NEVER = "A module that is not called has no output: leave its name out."
TWICE = "`named_modules(remove_duplicate=False)` has each name of a module in several places."
CALLED = "`model(x)` runs the hooks of the model itself; `model.forward(x)` does not."
HOOKS = "A hook may put another output in the place of the first: register yours behind it, last."
ONCE = "Call the model once, as `model(x)`, so that its hooks run, in the mode in which it is."
REPLACED = "A hook that returns something puts that in the place of the output: return nothing."
FREE = "A copy is an ordinary tensor, made by detach and clone, and not under inference_mode."
OWN = "`clone()` gives a copy memory of its own."
STAYS = "Remove each of your hooks, and nothing else."
UNKNOWN = "Look up all names in dict(model.named_modules(…)) before you register a hook or run it."
FINALLY = "Use try and finally, or an ExitStack: the exception goes on, and hooks are removed."


CHAIN = "Module('self.c(self.b(self.a(x)))', a=Module('x - 1'), b=Module('2 * x'), c=Module('-x'))"
DEEP = "Module('self.a(x)', a=Module('self.b.c(x) + 1', b=Module('x', c=Module('x * x'))))"
IN_PLACE = "Module('self.b(self.a(x))', a=Module('x - 1'), b=Module('x.relu_()'))"
ADDED = "Module('self.a(x).mul_(3)', a=Module('self.b(x).add_(1)', b=Module('x * 2')))"
VIEW = "Module('self.b(self.a(x)).zero_()', a=Module('x + 1'), b=Module('x.T[1:]'))"
AGAIN = "Module('self.a(self.a(self.a(x)))', a=Module('x * x - 1'))"
SHARED = "s = Module('x - 2'); Module('self.b(self.a(x))', a=s, b=Module('self.c(x)', c=s), d=s)"
UNUSED = "Module('self.b(x)', a=Module('x'), b=Module('x + 1', c=Module('x')))"
KINDS = ["x.argmax(1)", "x > 1", "x.double().sum()", "x.half()[:, :0]", "x.T"]
GRAD = "Module('torch.enable_grad()(self.a)(x)', a=Module('x * torch.ones(2, requires_grad=True)'))"
REAL = "nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True), nn.Sequential(nn.Linear(3, 2)))"


def data(device="cpu"):
    return torch.tensor([[-2.0, 3.0], [1.5, 0.5]], device=device)


def captured(solution, model, names, words, hint, x=None):
    """Capture, and return the result, once it has the names and numbers that it should have."""
    modules = dict(model.named_modules(remove_duplicate=False))
    solution.hint = hint
    got = solution.capture(model, names, data() if x is None else x)
    solution.last_call = f"With model = {words}: capture(model, {names}, x)"
    expected = [name for name in names if modules[name].outputs]
    sentence = f"returned the names {list(got)}; expected {expected}."
    why = {frozenset(): WHICH, frozenset([""]): CALLED}.get(frozenset({*expected} ^ {*got}), hint)
    expect(list(got) == expected, sentence, why)
    for name, one in got.items():
        right, subject = modules[name].outputs[-1][1], f"the output of {name!r}"
        expect_device(one, device_of(right).type, hint, subject)
        expect_values(one, right, hint, subject, rtol=0, atol=0)
    return got


@aspect("type")
def test_returns_a_dict(solution):
    """capture returns a dict of tensors."""
    for names in ([], ["a"]):
        solution.hint = A_DICT
        got = solution.capture(module_of(CHAIN), names, data())
        sentence = f"returned {describe(got)}; expected a dict of {len(names)} tensors."
        is_right = isinstance(got, dict) and len(got) == len(names)
        expect(
            is_right and all(type(one) is torch.Tensor for one in got.values()), sentence, A_DICT
        )


@aspect("dtype")
def test_keeps_dtypes(solution):
    """Outputs of any dtype and shape come back as they are."""
    for kind in KINDS:
        words = f"Module('self.a(x)', a=Module({kind!r}))"
        captured(solution, module_of(words), ["a"], words, "Copy each output as it is.")


@aspect("device")
def test_stays_on_the_device(solution, device):
    """Copies are on the device of the outputs."""
    captured(solution, module_of(CHAIN), ["b"], CHAIN, "Leave a copy where it is.", data(device))


@aspect("values")
def test_captures_outputs(solution):
    """Each name gets the output of its module, in the order of names."""
    for names in (["a"], ["c", "a", "b"], ["b", ""], ("", "c"), []):
        captured(solution, module_of(CHAIN), names, CHAIN, EACH)
    captured(
        solution, module_of(DEEP), ["a.b.c", "", "a"], DEEP, "A name may have dots: a.b is in a."
    )


@aspect("values")
def test_copies_in_time(solution):
    """An output is as it was when the module returned, before later writes in place."""
    for words in (IN_PLACE, ADDED, VIEW):
        names = [name for name, one in module_of(words).named_modules() if name != "a.b"]
        captured(solution, module_of(words), names, words, EARLY)
    captured(solution, module_of(ADDED), ["a.b"], ADDED, EARLY)


@aspect("values")
def test_takes_the_last_call(solution):
    """Of several calls the last one counts, and a module that is not called is left out."""
    captured(solution, module_of(AGAIN), ["a", ""], AGAIN, LAST)
    captured(solution, module_of(UNUSED), ["b", "a", "", "b.c"], UNUSED, NEVER)


@aspect("values")
def test_knows_all_names(solution):
    """A module in several places has a name for each of them."""
    for names in (["b.c", "a"], ["d"], ["a", "b", "d", "b.c"]):
        captured(solution, module_of(SHARED), names, SHARED, TWICE)


@aspect("values")
def test_lets_hooks_change_outputs(solution):
    """What hooks of the model put in the place of an output counts."""
    model = module_of(CHAIN)
    model.register_forward_pre_hook(lambda _, inputs: (inputs[0] + 10,))
    model.a.register_forward_hook(lambda one, _, out: one.note(out * 100))
    model.register_forward_hook(lambda one, _, out: one.note(out.relu()))
    words = f"{CHAIN}, of which a and the model have hooks that change their outputs"
    captured(solution, model, ["", "a", "b"], words, HOOKS)


@aspect("memory")
def test_gives_free_copies(solution):
    """Copies are untracked, can be used in training, and lie in memory of their own."""
    for words, names in ((CHAIN, ["a", "b", "c", ""]), (DEEP, ["a.b.c", "a"]), (GRAD, ["", "a"])):
        model, x = module_of(words), data()
        model.register_parameter("weight", nn.Parameter(torch.ones(2)))
        model.register_forward_pre_hook(lambda one, inputs: (inputs[0] * one.weight,))
        got = captured(solution, model, names, words, FREE, x)
        for name, one in got.items():
            is_free = not one.requires_grad and one.grad_fn is None
            expect(is_free, f"returned as the output of {name!r} a tensor with a graph.", FREE)
            sentence = f"returned as the output of {name!r} a tensor of inference mode."
            expect(not one.is_inference(), sentence, FREE)
            for other, module in model.named_modules():
                for out, _ in module.outputs:
                    sentence = f"returned {name!r} in the memory of what {other!r} has returned."
                    expect(not shares_storage(one, out), sentence, OWN)


@aspect("memory")
def test_remembers_nothing(solution):
    """A second call gives its own outputs, and leaves the first ones as they are."""
    model = module_of(CHAIN)
    first = captured(solution, model, ["a", "c"], CHAIN, OWN)
    copies = {name: one.clone() for name, one in first.items()}
    captured(solution, model, ["c"], CHAIN, "Keep nothing from call to call.", data() + 1)
    for name, one in first.items():
        sentence = f"changed what an earlier call returned as the output of {name!r}."
        expect(torch.equal(one, copies[name]), sentence, OWN)


@aspect("memory")
def test_changes_nothing(solution):
    """Hooks, parameters, .grad, modes, x, names and torch's settings stay as they are."""
    model, x, names = module_of(REAL), data(), ["2.0", "0", "1"]
    model[0].weight.grad = torch.ones(3, 2)
    for one in model.eval()[0], model[2]:
        one.register_forward_hook(lambda *_: None)
        one.train().register_forward_pre_hook(lambda *_: None)
    hooks = list(model[0]._forward_hooks)
    with contextlib.ExitStack() as stack:
        stack.enter_context(module_untouched(model, STAYS))
        stack.enter_context(untouched(STAYS, x=x))
        found = stack.enter_context(settings_watched(solution, thoroughly=True))
        solution.hint = STAYS
        solution.capture(model, names, x)
        has_all = all(one in model[0]._forward_hooks for one in hooks)
        expect(has_all, "removed a hook that the model had before.", STAYS)
    expect(not found.text, found.text, STAYS)
    shared = module_of(SHARED)
    with module_untouched(shared, STAYS):
        captured(solution, shared, ["a", "d", "b.c"], SHARED, STAYS)
    expect(names == ["2.0", "0", "1"], f"changed names to {names}.", STAYS)


@aspect("errors")
def test_refuses_unknown_names(solution):
    """An unknown name raises KeyError: nothing is run, and no hook is left."""
    words = CHAIN.replace("c=", "none=None, c=").replace("'-x'", "'-x', d=Module('x')")
    for unknown in ("x", "a.d", "none", "c.", "C", "c.d.e", "weight"):
        for names in ([unknown], ["a", unknown], [unknown, "c.d"]):
            model = module_of(words)
            model.weight = nn.Parameter(torch.ones(2))
            solution.hint = UNKNOWN
            with module_untouched(model, UNKNOWN):
                call = functools.partial(solution.capture, model, names, data())
                expect_raises(KeyError, call, UNKNOWN, f"the names {names}")
            is_run = bool(model.outputs or model.a.outputs)
            expect(not is_run, f"ran the model, and {unknown!r} is unknown.", UNKNOWN)


class Failure(Exception):
    """What a model raises."""


def fail(*_):
    raise Failure("from inside the model")


@aspect("errors")
def test_lets_exceptions_through(solution):
    """What the model raises goes on, and no hook is left."""
    for place in ("c", "", "a"):
        for kind in ("forward_hook", "forward_pre_hook"):
            model = module_of(CHAIN)
            getattr(model.get_submodule(place), f"register_{kind}")(fail)
            solution.hint = FINALLY
            with module_untouched(model, FINALLY):
                call = functools.partial(solution.capture, model, ["a", "b", "c", ""], data())
                expect_raises(Failure, call, FINALLY, f"a model whose {place or 'own'} hook raises")


@aspect("structure")
def test_runs_once(solution):
    """The model runs once, whatever the names are, and its hooks run."""
    for names in ([], ["a"], ["a", "b", ""]):
        model, calls = module_of(CHAIN), []
        model.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        model.b.register_forward_pre_hook(lambda _, got, calls=calls: calls.append(got[0]))
        captured(solution, model, names, CHAIN, ONCE)
        count = len(model.a.outputs)
        expect(count == 1, f"ran the model {count} times; expected once.", ONCE)
        expect(calls[1:] == [1], f"ran a hook of the model {len(calls) - 1} times, not once.", ONCE)
        goes_on = calls[0] is model.a.outputs[0][0]
        expect(goes_on, "put another tensor in the place of what 'a' returned.", REPLACED)


@aspect("structure")
def test_runs_in_the_mode_of_the_model(solution):
    """Dropout and BatchNorm work as they would without capture, each in its own mode."""
    words = "nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5), nn.Flatten())"
    for active in ([], ["0"], ["1"], ["", "0", "1", "2"]):
        model, names = module_of(words).eval(), ["0", "1"]
        for name in active:
            model.get_submodule(name).training = True
        twin = copy.deepcopy(model)
        generator = torch.get_rng_state()
        norm = twin[0](data())
        right = dict(zip(names, (norm, twin[1](norm)), strict=True))
        torch.set_rng_state(generator)
        solution.hint = ONCE
        got = solution.capture(model, names, data())
        solution.last_call = f"With {active or 'nothing'} of {words} in train mode: capture(…)"
        for name in names:
            expect_values(got[name], right[name].detach(), ONCE, f"the output of {name!r}")
        for name, one in model.named_buffers():
            expect_values(one, twin.get_buffer(name), ONCE, f"the buffer {name}")
        modes = [one.training for one in model.modules()]
        is_same = modes == [one.training for one in twin.modules()]
        expect(is_same, "changed the mode of a module.", ONCE)
