"""The checks of layers/k14_residual: the formula in NumPy, and modules that note what they get."""

import functools

import numpy as np
import torch
from torch import nn

from dojo.checks import aspect, expect, expect_raises, expect_values, module_untouched, untouched
from dojo.checks.draws import Constant
from dojo.checks.laws import ModuleClass, exact_slopes
from dojo.checks.laws.module_calls import Part
from dojo.checks.laws.settings import settings_untouched

SAME_SHAPE = "Compare the shape of what the module returns with that of x, before you add them."
ITSELF = "Keep the module as it is: `self.module = module`."
CALL = "Call the module once, `self.module(...)`: its forward alone leaves the hooks out."
NO_DRAW = "Nothing is random here: a norm begins with ones and zeros, and the module is given."
NOW = "Read self.module at each call: another module may be there by then."
READ = "x + result makes a new tensor; x and what the module returns are only read."
IDENTITY, TANH = Part("nn.Identity()", nn.Identity), Part("nn.Tanh()", nn.Tanh)
RELU = Part("nn.ReLU(inplace=True)", lambda: nn.ReLU(inplace=True))
LINEAR = Part("nn.Linear(4, 4, bias=False)", lambda: nn.Linear(4, 4, bias=False))
# shape of x, the module
CASES = [((2, 1, 3, 4), LINEAR), ((4,), LINEAR), ((3, 1), TANH), ((3, 5), RELU), ((0, 4), LINEAR)]


def numbers(shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def case(shape, part, seed):
    """x, the parameters of the norm, that of the module or None, and the module."""
    dim, tensors = shape[-1], [shape, shape[-1], shape[-1]]
    tensors += [(dim, dim)] if part is LINEAR else []
    arrays = [numbers(one, 5 * seed + n) for n, one in enumerate(tensors)]
    return (*arrays, *[None] * (4 - len(arrays)), part)


class Spy(nn.Module):
    """A module that notes what it gets, and returns what a function makes of it."""

    def __init__(self, function):
        super().__init__()
        self.function, self.seen = function, []

    def forward(self, *arguments, **others):
        self.seen.append((arguments, others))
        return self.function(*arguments)


SHAPES = {  # of what the module returns for x of shape (2, 3)
    "(2, 4)": lambda z: torch.cat([z, z[:, :1]], 1),
    "(2, 1)": lambda z: z[:, :1].clone(),
    "(1, 3)": lambda z: z[:1].clone(),
    "(3,)": lambda z: z[0].clone(),
    "()": torch.Tensor.sum,
    "(1, 2, 3)": lambda z: z[None].clone(),
    "(2, 2, 3)": lambda z: torch.stack([z, z]),
    "(3, 2)": lambda z: z.T.clone(),
}


class TestResidual(ModuleClass):
    name = "Residual"
    tensors = ("x", "norm.weight", "norm.bias", "module.weight")
    parameters = tensors[1:]
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, 2.0, 3.0], [4.0, 0.5, -2.0]], [2.0, 1, 1], [0, 0.5, 0], None, TANH)]
    cases += [case(shape, part, seed) for seed, (shape, part) in enumerate(CASES)]
    cases += [([[1e-3, 2e-3, 4e-3], [2.5, 2.5, 2.5]], [1.0, 2, 1], [0.5, 0, 0], None, IDENTITY)]
    optional = ()  # it is given where the module has it
    ulps = 256
    gradient_ulps = 256
    drawn_with = [(IDENTITY, 3)]
    hints = {
        "parameters": "The norm is kept as `norm`, with a weight and a bias, and the module as"
        " `module`, not in a list.",
        "shape": "The result has the shape of x.",
        "dtype": "The result has the dtype of x.",
        "values": "x itself, plus what the module makes of norm(x).",
        "initial": "`nn.LayerNorm(dim)` begins with a weight of ones and a bias of zeros.",
        "gradient": "Gradients go back through both terms of the sum, and through the norm.",
        "memory": READ,
        "tracked": "Call the module once, and compute without detach, .data or no_grad.",
        "raises": "x may have any number of dimensions. The module may need what it has returned,"
        " or write into what it gets: make a new sum.",
    }
    sentences = {
        "test_values": "The result is x + module(norm(x)).",
        "test_gradients": "Gradients reach x, the norm and the module.",
        "test_initial_values": "The norm begins with a weight of ones and a bias of zeros.",
    }

    def made_with(self, x, weight, bias, w, part):
        return part, x.shape[-1]

    def initial(self, part, dim):
        return {"norm.weight": Constant(1.0), "norm.bias": Constant(0.0)}

    def norm(self, x, weight=1.0, bias=0.0, eps=1e-5, ddof=0):
        centred = x - x.mean(-1, keepdims=True)
        squares = (centred**2).sum(-1, keepdims=True) / max(x.shape[-1] - ddof, 1)
        return centred / np.sqrt(squares + eps) * weight + bias

    def inner(self, z, w, part):
        if part is RELU:
            return z * (z.real > 0)
        if w is None:
            return np.tanh(z) if part is TANH else z
        return (z[..., None, :] * w).sum(-1)

    def truth(self, x, weight, bias, w, part):
        return x + self.inner(self.norm(x, weight, bias), w, part)

    def gradient(self, weights, *arguments):
        def total(*arrays):
            return (self.truth(*arrays) * weights).sum()

        given = enumerate(arguments[: len(self.tensors)])
        return [None if one is None else exact_slopes(total, arguments, n) for n, one in given]

    def why(self, law, arguments, got, expected):
        x, weight, bias, *module = arguments
        if law != "values" or not got.numel():
            return ""
        norm = functools.partial(self.norm, weight=weight, bias=bias)
        z = norm(x)
        others = {
            "This is norm(x + module(x)); the norm belongs in front of the module.": norm(
                x + self.inner(x, *module)
            ),
            "This is norm(x) + module(norm(x)); x itself is added.": z + self.inner(z, *module),
            "This is x + module(x), without the norm.": x + self.inner(x, *module),
            "This is x + norm(module(x)); the norm belongs in front of the module.": x
            + norm(self.inner(x, *module)),
            "This is module(norm(x)); x has to be added.": self.inner(z, *module),
            "Here the weight and the bias of the norm are left out.": x
            + self.inner(self.norm(x), *module),
            "The variance of the norm is divided by dim - 1 here.": x
            + self.inner(norm(x, ddof=1), *module),
            "The norm has the eps 1e-6 here; it should be 1e-5.": x
            + self.inner(norm(x, eps=1e-6), *module),
            "The norm has a smaller eps here, or none; it should be 1e-5.": x
            + self.inner(norm(x, eps=1e-12), *module),
        }
        far = np.abs(expected.numpy() - got.numpy()).max()  # where it is small, eps makes it
        near = [words for words, one in others.items() if np.abs(one - got.numpy()).max() < far / 9]
        return near[0] if near else ""

    @aspect("memory")
    def test_only_reads(self, solution, device):
        """x stays where the module writes into what it gets, and so does what it returns."""
        x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]]).to(device)
        kept = torch.ones(2, 3).to(device)
        block = solution.Residual(Spy(lambda z: z.zero_().add_(1)), 3).to(device)
        solution.hint = READ
        with untouched(READ, x=x):
            expect_values(block(x), x + 1, READ, "the sum with a module that writes 1 into norm(x)")
        block = solution.Residual(Spy(lambda _: kept), 3).to(device)
        block(x)
        expect(bool((kept == 1).all()), "wrote into what the module has returned.", READ)

    @aspect("errors")
    def test_refuses_another_shape(self, solution, device):
        """A result of the module of another shape than x raises a ValueError."""
        some = list(SHAPES.items())[: None if device == "cpu" else 2]
        for n, (shape, function) in enumerate(some):
            x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]]).to(device)
            inner = Spy(torch.tanh)
            block = solution.Residual(inner, 3).to(device).train(n % 2 == 0)
            is_itself = getattr(block, "module", inner) is inner
            expect(is_itself, "has a module that is not the object it was given.", ITSELF)
            block(x)  # each call looks at its own result
            inner.function = function
            what = f"a module that makes shape {shape} of (2, 3)"
            with module_untouched(block, SAME_SHAPE), untouched(SAME_SHAPE, x=x):
                expect_raises(ValueError, functools.partial(block, x), SAME_SHAPE, what)

    @aspect("structure")
    def test_keeps_the_module_itself(self, solution):
        """The attribute module is the given object, which stays as it is."""
        inner = nn.Sequential(nn.Linear(3, 3), nn.Dropout(), nn.Linear(3, 3).double()).eval()
        inner[0].requires_grad_(False)
        inner[2].weight.grad, solution.hint = torch.ones(3, 3).double(), ITSELF
        with module_untouched(inner, ITSELF), settings_untouched(solution, NO_DRAW):
            block, again = solution.Residual(inner, 3), solution.Residual(inner, 3)
        for one in (block, again):
            expect(one.module is inner, "has a module that is not the object it was given.", ITSELF)
        for training in (True, False):
            block.train(training)
            modes = {one.training for one in inner.modules()}
            sentence = f"has a module whose training is {modes} after .train({training})."
            expect(modes == {training}, sentence, ITSELF)

    @aspect("structure")
    def test_calls_the_module_once(self, solution):
        """Each call calls the module once, with norm(x) alone, and its hooks run."""
        x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]])
        inner, solution.hint = Spy(torch.tanh), CALL
        block = solution.Residual(inner, 3)
        hooked = []
        inner.register_forward_pre_hook(lambda *_: hooked.append("before"))
        inner.register_forward_hook(lambda *_: hooked.append("after"))
        for count, training in ((1, True), (2, False)):
            block.train(training)(x)
            calls = len(inner.seen)
            sentence = f"has called the module {calls} times after {count} of its own calls."
            expect(calls == count, sentence, CALL)
            expect(hooked == ["before", "after"] * count, "does not run the module's hooks.", CALL)
        (arguments, others), *_ = inner.seen
        is_one = len(arguments) == 1 and not others
        expect(is_one, "calls the module with more than one argument.", CALL)
        expected = torch.tensor(self.norm(x.double().numpy())).float()
        expect_values(arguments[0], expected, self.hints["values"], "the input of the module")
        inner.register_forward_hook(lambda *_: torch.ones(2, 3))
        expect_values(block(x), x + 1, CALL, "the sum, where a hook makes ones of the result,")

    @aspect("structure")
    def test_sees_an_exchange(self, solution):
        """Another module that is set as block.module is called from then on."""
        x = torch.tensor([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]])
        block = solution.Residual(nn.Tanh(), 3)
        block(x)
        block.module, solution.hint = Spy(torch.zeros_like), NOW
        expect_values(block(x), x, NOW, "the sum, with a new module that gives zeros,")
