"""Wrong and right answers to layers/k14_residual."""

import copy

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the blocks below share: they differ from it in one place."""

    def __init__(self, module, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.module = module

    def run(self, z):
        return self.checked(self.module(z), z)

    def checked(self, result, x):
        if result.shape != x.shape:
            raise ValueError(f"{result.shape} is not {x.shape}")
        return result

    def forward(self, x):
        return x + self.run(self.norm(x))


class OwnNorm(nn.Module):
    """A layer norm by hand."""

    def __init__(self, dim, eps=1e-5, correction=0):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))
        self.eps, self.correction = eps, correction

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        size = max(x.shape[-1] - self.correction, 1)
        variance = (centred**2).sum(-1, keepdim=True) / size
        return centred / torch.sqrt(variance + self.eps) * self.weight + self.bias


@impostor(
    "Residual",
    diagnosis="The norm stands behind the sum, as in the first transformer; it belongs in front of"
    " the module.",
    aspect="values",
)
class NormalisesTheSum(Sound):
    def forward(self, x):
        return self.norm(x + self.run(x))


@impostor(
    "Residual",
    diagnosis="norm(x) takes the place of x in the sum, too; x itself is to be added.",
    aspect="values",
)
class NormalisesTheSkip(Sound):
    def forward(self, x):
        x = self.norm(x)
        return x + self.run(x)


@impostor("Residual", diagnosis="The norm is made and never used.", aspect="values")
class ForgetsTheNorm(Sound):
    def forward(self, x):
        return x + self.run(x)


@impostor(
    "Residual",
    diagnosis="The norm is applied to what the module returns; it belongs in front of the module.",
    aspect="values",
)
class NormalisesTheResult(Sound):
    def forward(self, x):
        return x + self.norm(self.run(x))


@impostor("Residual", diagnosis="x is not added to the result of the module.", aspect="values")
class ForgetsTheSum(Sound):
    def forward(self, x):
        return self.run(self.norm(x))


@impostor(
    "Residual",
    diagnosis="`x += ...` writes into the tensor of the caller.",
    aspect="values",
)
class AddsIntoX(Sound):
    def forward(self, x):
        x += self.run(self.norm(x))
        return x


@impostor(
    "Residual",
    diagnosis="`result += x` writes into what the module has returned, which its backward may"
    " need.",
    aspect="gradient",
)
class AddsIntoTheResult(Sound):
    def forward(self, x):
        result = self.run(self.norm(x))
        result += x
        return result


@impostor(
    "Residual",
    diagnosis="x is detached before the sum, so that no gradient goes the short way back.",
    aspect="gradient",
)
class DetachesTheSkip(Sound):
    def forward(self, x):
        return x.detach() + self.run(self.norm(x))


@impostor(
    "Residual",
    diagnosis="`module.forward` leaves the hooks of the module out.",
    aspect="structure",
)
class CallsForward(Sound):
    def run(self, z):
        return self.checked(self.module.forward(z), z)


@impostor(
    "Residual",
    diagnosis="The module is run twice: once for the shape of its result, once for the sum.",
    aspect="structure",
)
class RunsTwice(Sound):
    def run(self, z):
        self.checked(self.module(z), z)
        return self.module(z)


@impostor(
    "Residual",
    diagnosis="The module is copied: training the block does not train what was given.",
    aspect="structure",
)
class CopiesTheModule(Sound):
    def __init__(self, module, dim):
        super().__init__(copy.deepcopy(module), dim)


@impostor(
    "Residual",
    diagnosis="The module is put into train mode when the block is made; it stays as it is.",
    aspect="structure",
)
class SetsTheMode(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.train()


@impostor(
    "Residual",
    diagnosis="The norm is drawn at random before it is set to ones: nothing is to be drawn.",
    aspect="structure",
)
class DrawsTheNorm(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm.weight = nn.Parameter(nn.init.ones_(torch.randn(dim)))


@impostor(
    "Residual",
    diagnosis="The module stands in a plain list, where the block does not see it.",
    aspect="type",
)
class HidesTheModule(nn.Module):
    def __init__(self, module, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.parts = [module]

    def forward(self, x):
        result = self.parts[0](self.norm(x))
        if result.shape != x.shape:
            raise ValueError("another shape")
        return x + result


@impostor(
    "Residual",
    diagnosis="The module is kept under another name than `module`.",
    aspect="type",
)
class HasAnotherName(nn.Module):
    def __init__(self, module, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = module

    def forward(self, x):
        result = self.fn(self.norm(x))
        if result.shape != x.shape:
            raise ValueError("another shape")
        return x + result


@impostor(
    "Residual",
    diagnosis="Norm and module stand in an nn.Sequential, so that their names begin with its name.",
    aspect="type",
)
class HasASequential(nn.Module):
    def __init__(self, module, dim):
        super().__init__()
        self.way = nn.Sequential(nn.LayerNorm(dim), module)

    def forward(self, x):
        result = self.way(x)
        if result.shape != x.shape:
            raise ValueError("another shape")
        return x + result


@impostor(
    "Residual",
    diagnosis="The norm is computed without a weight and a bias, so that it has none to train.",
    aspect="type",
)
class HasNoWeight(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)


@impostor(
    "Residual",
    diagnosis="nn.RMSNorm does not subtract the mean, and has no bias.",
    aspect="type",
)
class TakesAnRmsNorm(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm = nn.RMSNorm(dim)


@impostor(
    "Residual",
    diagnosis="eps is 1e-6, as in ViT and Llama; here it is 1e-5, that of torch.nn.LayerNorm.",
    aspect="values",
)
class TakesAnotherEps(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)


@impostor(
    "Residual",
    diagnosis="The variance of the norm divides by dim - 1; layer norm divides by dim.",
    aspect="values",
)
class TakesTheUnbiasedVariance(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm = OwnNorm(dim, correction=1)


@impostor(
    "Residual",
    diagnosis="The shapes are not compared, and a result of shape (..., 1) is added by"
    " broadcasting.",
    aspect="errors",
)
class AddsWhateverFits(Sound):
    def checked(self, result, x):
        return result


@impostor(
    "Residual",
    diagnosis="Only the last dimension of the result is compared with that of x.",
    aspect="errors",
)
class ComparesTheLastDimension(Sound):
    def checked(self, result, x):
        if not result.dim() or result.shape[-1] != x.shape[-1]:
            raise ValueError("another shape")
        return result


@impostor(
    "Residual",
    diagnosis="Only the number of elements is compared: (3, 2) has as many as (2, 3).",
    aspect="errors",
)
class ComparesTheSize(Sound):
    def checked(self, result, x):
        if result.numel() != x.numel():
            raise ValueError("another size")
        return result


@impostor(
    "Residual",
    diagnosis="The shape of the sum is compared with that of x, which a smaller result does not"
    " change.",
    aspect="errors",
)
class ComparesTheSum(Sound):
    def run(self, z):
        return self.module(z)

    def forward(self, x):
        try:
            total = x + self.run(self.norm(x))
        except RuntimeError as error:
            raise ValueError("another shape") from error
        if total.shape != x.shape:
            raise ValueError("another shape")
        return total


@impostor(
    "Residual",
    diagnosis="An assert raises AssertionError, and nothing under `python -O`: raise a ValueError.",
    aspect="errors",
)
class Asserts(Sound):
    def checked(self, result, x):
        assert result.shape == x.shape
        return result


@alternative("Residual")
class WithItsOwnNorm(Sound):
    def __init__(self, module, dim):
        super().__init__(module, dim)
        self.norm = OwnNorm(dim)


@alternative("Residual")
class ByFunctions(nn.Module):
    def __init__(self, module, dim):
        super().__init__()
        self.add_module("module", module)
        self.norm = nn.ParameterDict({"weight": torch.ones(dim), "bias": torch.zeros(dim)})

    def forward(self, x):
        norm = self.norm
        z = functional.layer_norm(x, x.shape[-1:], norm["weight"], norm["bias"])
        result = self.module(z)
        if list(result.size()) != list(x.size()):
            raise ValueError("module changes the shape")
        return torch.add(result, x)


class PreNorm(nn.Module):
    """The norm and the module, one after the other."""

    def __init__(self, module, dim):
        super().__init__()
        self.module, self.norm = module, nn.LayerNorm([dim])

    def forward(self, x):
        return self.module(self.norm(x))


@alternative("Residual")
class InheritsThePreNorm(PreNorm):
    def forward(self, x):
        total = torch.stack([x, self.compared(super().forward(x), x)])
        return total.sum(0)

    def compared(self, result, x):
        class AnotherShape(ValueError):
            pass

        if result.dim() != x.dim() or any(a != b for a, b in zip(result.shape, x.shape)):
            raise AnotherShape(tuple(result.shape))
        return result


@alternative("Residual")
class ByAHandMadeVariance(nn.Module):
    def __init__(self, module, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.module = module

    def forward(self, x):
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        z = torch.addcmul(self.norm.bias, (x - mean) * (variance + 1e-5).rsqrt(), self.norm.weight)
        change = self.module(z)
        if change.shape == x.shape:
            return x.clone().add_(change)
        raise ValueError("another shape")
