"""The saboteurs: each of them really spoils something, and the right variants spoil nothing."""

import contextlib
import copy
import itertools
import runpy
from pathlib import Path

import pytest
import torch

from dojo.checks.laws import Handed, LanguageModel
from dojo.checks.laws.handed import function_in

load = runpy.run_path(str(Path(__file__).with_name("saboteur_run.py")))["load_saboteurs"]
kinds = load()
SABOTEURS, RIGHT_VARIANTS = kinds.SABOTEURS, kinds.RIGHT_VARIANTS


def laid_out(x):
    """The numbers of x in all layouts."""
    larger = torch.cat([x.flatten()[:1], x.flatten()])
    yield x
    yield x.t().contiguous().t()
    yield larger[1:].view(x.shape)
    yield x[:1].expand(x.shape)


def tensors():
    """Inputs of all kinds: dtypes, layouts, sizes, inf and NaN, tracked."""
    for dtype in kinds.DTYPES:
        x = torch.tensor([[1, 0, 3], [0, 1, 1]]) + (2**29 + 1 if dtype == torch.int32 else 0)
        x = x + (2**60 + 1 if dtype == torch.int64 else 0)
        x = x.to(dtype) + (
            torch.tensor(0.1234567890123, dtype=dtype)
            if dtype.is_floating_point
            else 1j
            if dtype.is_complex
            else 0
        )
        yield from laid_out(x.to(dtype))
        if dtype.is_floating_point or dtype.is_complex:
            yield x.to(dtype).clone().requires_grad_()
            yield x.to(dtype).T.contiguous().T.requires_grad_()
    yield torch.tensor([1.0, float("inf"), float("nan")])
    yield torch.tensor(2.0)
    yield torch.tensor([2.0])
    yield torch.zeros(0, 3)
    yield torch.arange(40.0)  # long enough for several parts
    yield torch.arange(24.0).view(2, 3, 4).transpose(0, 2)
    yield torch.ones(3, dtype=torch.bfloat16) * 2.0**100  # too large for float16
    trained = torch.nn.Parameter(torch.ones(3))
    trained.grad = torch.ones(3)
    yield trained


def plus(x, y, dim=0):
    return x.clone() + torch.zeros_like(y)


def view(x, y, dim=0):
    return x.view_as(x)


def wild(x, y, dim=0):
    return x * torch.tensor([1.0, float("inf"), float("nan")])[: x.shape[-1] if x.dim() else 1]


def square(x, y, dim=0):
    return x * x


def write(x, y, dim=0):
    return x.detach().add_(0)


def call_until(marks, function):
    """Call a function on all inputs, with equal numbers and with the same objects, until marked."""
    for x in tensors():
        if marks:
            return
        others = [*laid_out(x.detach())] if x.dim() == 2 and x.numel() else [x.detach().clone()]
        others += [x.detach().clone().requires_grad_()] if x.requires_grad else []
        others += [torch.zeros_like(x).requires_grad_()] if x.requires_grad else []
        others += [x.detach()[:1].clone()] if x.dim() else []  # of another shape
        others += [] if x.numel() else [torch.ones(1, 3)]
        for y in others:
            for dim in (0, -1, -1):
                with contextlib.suppress(RuntimeError):  # as some of them should
                    value = function(x, y, dim)
                    if isinstance(value, torch.Tensor) and value.requires_grad:
                        leaves = [one for one in (x, y) if one.requires_grad]
                        total = (value * 1).sum().abs()  # so that what comes in is no view of 1
                        torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
                        total.backward()
                    with torch.no_grad():
                        function(x.detach().clone(), y, dim)
                    function(x.detach().clone(), y, dim)
                    if x.requires_grad:
                        function(x * 1, y, dim)  # no leaf


@pytest.fixture(autouse=True)
def torch_as_it_was():
    """Puts back what saboteurs change of torch."""
    precision = torch.get_float32_matmul_precision()
    yield
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision(precision)


OF_OPTIONS = [one for one in SABOTEURS if one.kind.startswith("remembers_option_")]
OF_FUNCTIONS = [
    one
    for one in SABOTEURS
    if not (one.of_maker or one.of_functional or one.of_decoding or one.of_optimizer)
    and one not in OF_OPTIONS
]
OF_OPTIMIZERS = [one for one in SABOTEURS if one.of_optimizer]
OF_FUNCTIONALS = [one for one in SABOTEURS if one.of_functional]
OF_DECODINGS = [one for one in SABOTEURS if one.of_decoding]
OF_MAKERS = [one for one in SABOTEURS if one.of_maker]
NEED_A_GPU = ("returns_cpu", "returns_cpu_beside_inf", "takes_any_gpu")
NEED_A_GPU += ("knows_a_gpu_without_its_number",)


# torch's own forward mode imports a part of torch that warns of itself
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("saboteur", OF_FUNCTIONS, ids=lambda one: one.kind)
def test_a_saboteur_spoils_something(saboteur):
    if saboteur.kind in NEED_A_GPU:
        pytest.skip("needs a GPU; test_saboteurs has a simulated one")
    marks = []
    for function in (plus, view, square, wild, write):
        call_until(marks, saboteur.wrap(function, lambda: marks.append(1)))
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
    assert marks


@pytest.mark.parametrize("saboteur", OF_OPTIONS, ids=lambda one: one.kind)
def test_a_saboteur_goes_by_the_option_of_an_earlier_call(saboteur):
    marks, given = [], []
    function = saboteur.wrap(lambda *args: given.append(args), lambda: marks.append(1))
    index = OF_OPTIONS.index(saboteur)
    first = tuple(range(len(OF_OPTIONS)))
    function(*first)
    function(*first[:index], 77, *first[index + 1 :])
    function(*first[: index + 1])
    assert given == [first, first, first[: index + 1]]
    assert len(marks) == 1


@pytest.mark.parametrize("variant", RIGHT_VARIANTS, ids=lambda one: one.kind)
def test_a_right_variant_gives_the_same_numbers(variant):
    marks = []
    function = variant.wrap(plus, lambda: marks.append(1))
    for x in tensors():
        assert kinds.same(function(x, x), plus(x, x))
    assert marks


def test_kinds_have_different_names():
    names = [one.kind for one in (*SABOTEURS, *RIGHT_VARIANTS)]
    assert len(names) == len(set(names))


def write_into(module):
    with torch.no_grad():
        for one in [*module.parameters(), *module.buffers()]:
            one.mul_(2)


USES = (
    lambda module, x: module(x.requires_grad_()).sum().backward(),
    lambda module, x: module.eval()(x),
    lambda module, x: module.train()(x),
    torch.no_grad()(lambda module, x: module(x)),
    lambda module, _: write_into(module),
    torch.no_grad()(lambda module, x: module(x)),
    lambda module, x: module(x[0]),  # which one of them refuses
    lambda module, x: module(x, None),  # which all but one refuse
    lambda module, _: copy.deepcopy(module),
    lambda module, _: module.load_state_dict(module.state_dict()),
    lambda module, _: module.to("cpu"),
    lambda module, _: module.double(),
)


@pytest.mark.parametrize("saboteur", OF_MAKERS, ids=lambda one: one.kind)
def test_a_saboteur_spoils_a_module(saboteur):
    marks = []
    for kind in (lambda: torch.nn.Linear(3, 2), lambda: torch.nn.BatchNorm1d(3)):
        make = saboteur.wrap(kind, lambda: marks.append(1))
        modules = [make(), make()]
        assert all(isinstance(module, torch.nn.Module) for module in modules)
        for use in USES:
            if not marks:
                with contextlib.suppress(ValueError, TypeError):
                    use(modules[0], torch.arange(6.0).view(2, 3))
    assert marks


HANDED = [
    Handed("", lambda x, w: (x * w).sum(0), None, {"w": [3.0, 0.5]}, is_module=is_module)
    for is_module in (False, True)
]


def slope(f, x):
    point = x.detach().requires_grad_()
    return torch.autograd.grad(f(point).sum(), point)[0]


@torch.no_grad()
def next_token(model, tokens):
    return torch.cat([tokens, model(tokens)[:, -1:].argmax(-1)], 1)


@pytest.mark.parametrize("saboteur", OF_DECODINGS, ids=lambda one: one.kind)
def test_a_saboteur_spoils_a_function_that_is_handed_a_language_model(saboteur):
    marks = []
    function = saboteur.wrap(next_token, lambda: marks.append(1))
    for is_module, fails_at in itertools.product((False, True), (0, 1)):
        words = LanguageModel("", lambda t: torch.nn.functional.one_hot(t, 3), is_module)
        model = words.made("cpu")
        model.calls.fails_at = fails_at
        with contextlib.suppress(RuntimeError, KeyError, AttributeError):
            function(model, torch.tensor([[0, 2]]))
    assert marks


@pytest.mark.parametrize("saboteur", OF_FUNCTIONALS, ids=lambda one: one.kind)
def test_a_saboteur_spoils_a_function_that_is_handed_one(saboteur):
    marks = []
    function = saboteur.wrap(slope, lambda: marks.append(1))
    leaf = torch.ones(2, requires_grad=True)
    full = torch.ones(2, requires_grad=True)
    full.grad = torch.ones(2)
    for handed, fails_at in itertools.product(HANDED, (0, 1)):
        for x in (torch.ones(2), leaf, full, leaf * 2, torch.ones(3, 2)):
            f = handed.made(torch.float32, "cpu")
            function_in(f).fails_at = fails_at
            with contextlib.suppress(RuntimeError, ValueError):
                function(f, x)
    assert marks


class Momentum(torch.optim.Optimizer):
    """A right optimizer."""

    def __init__(self, params, lr=1e-3, momentum=0.0):
        if lr < 0:
            raise ValueError("lr is negative")
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    old = self.state[p].get("v", torch.zeros_like(p))
                    self.state[p]["v"] = group["momentum"] * old + p.grad
                    p.sub_(group["lr"] * self.state[p]["v"])
        return loss


def drive(make):
    """Use a class of optimizers in all ways."""
    starts = (torch.tensor(1.0), torch.ones(2, 3).t(), torch.ones(2).double(), torch.ones(2))
    params = [torch.nn.Parameter(x) for x in starts]
    params[0].requires_grad_(False)
    groups = [{"params": params[:2]}, {"params": params[2:3], "lr": 0.5, "momentum": 0.1}]
    optimizer = make(groups, 0.1, momentum=0.9)
    optimizer.add_param_group({"params": params[3:]})
    for size in (1e6, 0.0, 1e-6, None, 1.0, 1.0):
        for p in params:
            p.grad = None if size is None or p is params[3] else torch.full_like(p, size / 3)
        optimizer.step()
        for group in optimizer.param_groups:
            group.update(lr=group["lr"] / 2, momentum=group["momentum"] / 2)
    params[3].grad = torch.ones(2)
    optimizer.step(lambda: torch.tensor(1.0))
    copies = [torch.nn.Parameter(p.detach().clone()) for p in params]
    parts = (copies[:2], copies[2:3], copies[3:])
    other = make([{"params": one} for one in parts], lr=0.3)
    other.load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize("saboteur", OF_OPTIMIZERS, ids=lambda one: one.kind)
def test_a_saboteur_spoils_an_optimizer(saboteur):
    marks = []
    make = saboteur.wrap(Momentum, lambda: marks.append(1))
    param = torch.nn.Parameter(torch.ones(1))
    with contextlib.suppress(RuntimeError, ValueError):
        drive(make)
    for lr in (0, -1):
        with contextlib.suppress(ValueError):
            make([param], lr=lr)
    with contextlib.suppress(AssertionError):
        make(iter([param]))
    assert marks
