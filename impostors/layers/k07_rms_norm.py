"""Wrong and right answers to layers/k07_rms_norm."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the layers below share: they differ from it in one place."""

    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def widened(self, x):
        return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x

    def scaled(self, wide):
        return wide * torch.rsqrt((wide**2).mean(-1, keepdim=True) + self.eps)

    def forward(self, x):
        return (self.scaled(self.widened(x)) * self.weight).to(x.dtype)


@impostor(
    "RMSNorm",
    diagnosis="The squares are computed in 16 bits, where that of 300 is inf: use float32 there.",
    aspect="values",
)
class ComputesInTheDtypeOfX(Sound):
    def widened(self, x):
        return x


@impostor(
    "RMSNorm",
    diagnosis="The root is rounded to 16 bits before the division: one rounding too many.",
    aspect="values",
)
class DividesInSixteenBits(Sound):
    def forward(self, x):
        wide = self.widened(x)
        size = torch.sqrt((wide**2).mean(-1, keepdim=True) + self.eps)
        return x / size.to(x.dtype) * self.weight


@impostor(
    "RMSNorm",
    diagnosis="x.float() takes float64 down to float32: only 16 bits are to be widened.",
    aspect="values",
)
class ComputesAllInFloat32(Sound):
    def widened(self, x):
        return x.float()


@impostor(
    "RMSNorm",
    diagnosis="The result stays in float32 where x has 16 bits; it has x's own dtype.",
    aspect="dtype",
)
class ReturnsFloat32(Sound):
    def forward(self, x):
        return self.scaled(self.widened(x)) * self.weight.to(self.widened(x).dtype)


@impostor(
    "RMSNorm",
    diagnosis="eps is added to the root of the mean square; it belongs under the root.",
    aspect="values",
)
class AddsEpsToTheRoot(Sound):
    def scaled(self, wide):
        return wide / ((wide**2).mean(-1, keepdim=True).sqrt() + self.eps)


@impostor(
    "RMSNorm",
    diagnosis="The root mean square is kept above eps; eps is to be added under the root.",
    aspect="values",
)
class ClampsTheRoot(Sound):
    def scaled(self, wide):
        return wide / (wide**2).mean(-1, keepdim=True).sqrt().clamp(min=self.eps)


@impostor(
    "RMSNorm",
    diagnosis="eps is left out, so a row of zeros gives NaN.",
    aspect="values",
)
class LeavesOutEps(Sound):
    def scaled(self, wide):
        return wide / (wide**2).mean(-1, keepdim=True).sqrt()


@impostor(
    "RMSNorm",
    diagnosis="eps is 1e-6 here whatever the layer was made with.",
    aspect="values",
)
class HasAnEpsOfItsOwn(Sound):
    def __init__(self, dim, eps=1e-6):
        super().__init__(dim)


@impostor(
    "RMSNorm",
    diagnosis="The default eps is 1e-5, as that of layer norm; here it is 1e-6.",
    aspect="values",
)
class HasTheEpsOfLayerNorm(Sound):
    def __init__(self, dim, eps=1e-5):
        super().__init__(dim, eps)


@impostor(
    "RMSNorm",
    diagnosis="The mean is subtracted first, as in layer norm; RMS norm leaves it in.",
    aspect="values",
)
class SubtractsTheMean(Sound):
    def scaled(self, wide):
        return super().scaled(wide - wide.mean(-1, keepdim=True))


@impostor(
    "RMSNorm",
    diagnosis="A row is divided by its length, the root of the sum of squares, not of their mean.",
    aspect="values",
)
class DividesByTheLength(Sound):
    def scaled(self, wide):
        return wide * torch.rsqrt((wide**2).sum(-1, keepdim=True) + self.eps)


@impostor(
    "RMSNorm",
    diagnosis="The mean square is that of all of x; each row has its own.",
    aspect="values",
)
class TakesTheWholeTensor(Sound):
    def scaled(self, wide):
        return wide * torch.rsqrt((wide**2).mean() + self.eps)


@impostor(
    "RMSNorm",
    diagnosis="A row is divided by its mean square; it is to be divided by the root of that.",
    aspect="values",
)
class ForgetsTheRoot(Sound):
    def scaled(self, wide):
        return wide / ((wide**2).mean(-1, keepdim=True) + self.eps)


@impostor(
    "RMSNorm",
    diagnosis="The weight begins with zeros and 1 is added to it, as in Gemma; here it is ones.",
    aspect="values",
)
class AddsOneToTheWeight(Sound):
    def __init__(self, dim, eps=1e-6):
        super().__init__(dim, eps)
        nn.init.zeros_(self.weight)

    def forward(self, x):
        return (self.scaled(self.widened(x)) * (1 + self.widened(self.weight))).to(x.dtype)


@impostor(
    "RMSNorm",
    diagnosis="The weight begins with random numbers; it should begin with ones.",
    aspect="values",
)
class DrawsTheWeight(Sound):
    def __init__(self, dim, eps=1e-6):
        super().__init__(dim, eps)
        nn.init.normal_(self.weight)


@impostor(
    "RMSNorm",
    diagnosis="It has a bias, too, as layer norm has; RMS norm has only a weight.",
    aspect="type",
)
class HasABias(Sound):
    def __init__(self, dim, eps=1e-6):
        super().__init__(dim, eps)
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        return super().forward(x) + self.bias


@impostor(
    "RMSNorm",
    diagnosis="The parameter is called scale; its name is weight.",
    aspect="type",
)
class CallsItScale(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        root = torch.sqrt((wide**2).mean(-1, keepdim=True) + self.eps)
        return (wide / root * self.scale).to(x.dtype)


@impostor(
    "RMSNorm",
    diagnosis="The mean square is detached: gradients of x go through it as well.",
    aspect="gradient",
)
class DetachesTheSize(Sound):
    def scaled(self, wide):
        size = torch.sqrt((wide**2).mean(-1, keepdim=True) + self.eps)
        return wide / size.detach()


@impostor(
    "RMSNorm",
    diagnosis="It calls torch's own rms_norm, which is what the kata makes.",
    aspect="structure",
)
class CallsRmsNorm(Sound):
    def forward(self, x):
        return functional.rms_norm(x, x.shape[-1:], self.weight, self.eps)


@alternative("RMSNorm")
class RoundedBeforeTheWeight(Sound):
    def forward(self, x):
        return self.weight * self.scaled(self.widened(x)).to(x.dtype)


@alternative("RMSNorm")
class ByTheLength(Sound):
    def scaled(self, wide):
        # sqrt(|x|² / dim + eps) is the length of (x / sqrt(dim), sqrt(eps))
        dim = wide.shape[-1]
        root = wide.new_full((*wide.shape[:-1], 1), self.eps**0.5)
        both = torch.cat([wide / dim**0.5, root], -1)
        return wide / torch.linalg.vector_norm(both, dim=-1, keepdim=True)


@alternative("RMSNorm")
class InFloat64(Sound):
    def forward(self, x):
        wide = x.double()
        square = torch.einsum("...i,...i->...", wide, wide) / x.shape[-1]
        scaled = wide / (square + self.eps).pow(0.5)[..., None]
        return (scaled * self.weight.double()).to(x.dtype)


@alternative("RMSNorm")
class WithAForwardOfItsOwn(nn.RMSNorm):
    def __init__(self, dim, eps=1e-6):
        super().__init__(dim, eps)

    def forward(self, x):
        dtype = torch.promote_types(x.dtype, torch.float32)
        wide = x.to(dtype)
        size = wide.square().mean(dim=-1, keepdim=True).add(self.eps).sqrt()
        return wide.div(size).mul(self.weight.to(dtype)).to(x.dtype)


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, wide, eps):
        inverse = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
        result = wide * inverse
        ctx.save_for_backward(result, inverse)
        return result

    @staticmethod
    def backward(ctx, slopes):
        result, inverse = ctx.saved_tensors
        along = (slopes * result).mean(-1, keepdim=True)
        return (slopes - result * along) * inverse, None


@alternative("RMSNorm")
class WithABackwardOfItsOwn(Sound):
    def scaled(self, wide):
        return _Scaled.apply(wide, self.eps)
