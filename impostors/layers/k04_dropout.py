"""Wrong and right answers to layers/k04_dropout."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the modules below share: they differ from it in one place."""

    def __init__(self, p=0.5):
        super().__init__()
        self.refuse(p)
        self.p = p

    def refuse(self, p):
        if p < 0 or p > 1:
            raise ValueError(f"p is {p}")

    def forward(self, x):
        if not self.training:
            return x
        return self.dropped(x, self.mask(x))

    def mask(self, x):
        return torch.bernoulli(torch.full(x.shape, 1.0 - self.p, device=x.device)).to(x.dtype)

    def dropped(self, x, mask):
        return x * mask if self.p == 1 else x * mask / (1 - self.p)


@impostor(
    "Dropout",
    diagnosis="What is kept is not scaled: divide it by 1 - p, so that the expected value stays.",
    aspect="values",
)
class DoesNotScale(Sound):
    def dropped(self, x, mask):
        return x * mask


@impostor(
    "Dropout",
    diagnosis="It scales in eval mode, by 1 - p, and not in train mode: here it is the other way.",
    aspect="values",
)
class ScalesInEval(Sound):
    def forward(self, x):
        return x * self.mask(x) if self.training else x * (1 - self.p)


@impostor(
    "Dropout",
    diagnosis="It drops in eval mode as well: self.training is not asked.",
    aspect="values",
)
class NeverMindsTheMode(Sound):
    def forward(self, x):
        return self.dropped(x, self.mask(x))


@impostor(
    "Dropout",
    diagnosis="Under no_grad nothing is dropped; it is train and eval that decide.",
    aspect="values",
)
class TakesNoGradForEval(Sound):
    def forward(self, x):
        return super().forward(x) if torch.is_grad_enabled() else x * (self.p < 1)


@impostor(
    "Dropout",
    diagnosis="p is taken for the share that is kept; it is the share of zeros.",
    aspect="values",
)
class KeepsTheShareP(Sound):
    def forward(self, x):
        if not self.training:
            return x
        mask = torch.bernoulli(torch.full(x.shape, float(self.p), device=x.device)).to(x.dtype)
        return x * mask / self.p if self.p else x * mask


@impostor(
    "Dropout",
    diagnosis="Entries are kept with the probability p, though they are scaled by 1 / (1 - p).",
    aspect="values",
)
class KeepsTooFew(Sound):
    def mask(self, x):
        share = self.p if 0 < self.p < 1 else 1 - self.p
        return torch.bernoulli(torch.full(x.shape, float(share), device=x.device)).to(x.dtype)


@impostor(
    "Dropout",
    diagnosis="With p = 1, 0 is divided by 0 and gives NaN.",
    aspect="values",
)
class DividesByZero(Sound):
    def dropped(self, x, mask):
        return x * mask / (1 - self.p)


@impostor(
    "Dropout",
    diagnosis="With p = 1 the gradient is 0 * inf, which is NaN: torch.where chooses too late.",
    aspect="gradient",
)
class ChoosesAfterTheDivision(Sound):
    def dropped(self, x, mask):
        return torch.where(mask.bool(), x / torch.tensor(1.0 - self.p).to(x), 0.0)


@impostor(
    "Dropout",
    diagnosis="With p = 1 new zeros come out, which autograd does not track.",
    aspect="gradient",
)
class MakesNewZeros(Sound):
    def dropped(self, x, mask):
        return torch.zeros_like(x) if self.p == 1 else super().dropped(x, mask)


@impostor(
    "Dropout",
    diagnosis="One mask is drawn for all rows: each entry has to be drawn by itself.",
    aspect="values",
)
class DrawsOneRow(Sound):
    def mask(self, x):
        return super().mask(x[:1]).expand_as(x) if x.dim() else super().mask(x)


@impostor(
    "Dropout",
    diagnosis="Whole rows are dropped, with one number drawn for each: that is Dropout1d.",
    aspect="values",
)
class DropsWholeRows(Sound):
    def mask(self, x):
        return super().mask(x[..., :1]).expand_as(x) if x.dim() else super().mask(x)


@impostor(
    "Dropout",
    diagnosis="Exactly the share p is dropped at each call; here entries are independent.",
    aspect="values",
)
class DropsAFixedNumber(Sound):
    def mask(self, x):
        order = torch.randperm(x.numel(), device=x.device).reshape(x.shape)
        return (order >= round(self.p * x.numel())).to(x.dtype)


@impostor(
    "Dropout",
    diagnosis="The mask is kept for the next call with that shape: it has to be drawn anew.",
    aspect="values",
)
class KeepsItsMask(Sound):
    def __init__(self, p=0.5):
        super().__init__(p)
        self.kept = {}

    def mask(self, x):
        key = x.shape, self.p, x.dtype, x.device
        if key not in self.kept:
            self.kept[key] = super().mask(x)
        return self.kept[key]


@impostor(
    "Dropout",
    diagnosis="It sets a seed at each call, so all calls drop the same entries.",
    aspect="values",
)
class Seeds(Sound):
    def mask(self, x):
        torch.manual_seed(0)
        return super().mask(x)


@impostor(
    "Dropout",
    diagnosis="The mask comes from NumPy, so that torch.manual_seed does not decide about it.",
    aspect="values",
)
class DrawsFromNumpy(Sound):
    def mask(self, x):
        drawn = np.random.random_sample(tuple(x.shape)) >= self.p
        return torch.tensor(drawn).to(x)


@impostor(
    "Dropout",
    diagnosis="p is read when the module is made, so that a later change of p does nothing.",
    aspect="values",
)
class ReadsPOnce(Sound):
    def __init__(self, p=0.5):
        super().__init__(p)
        self.keep = 1.0 - p

    def mask(self, x):
        return torch.bernoulli(torch.full(x.shape, self.keep, device=x.device)).to(x.dtype)

    def dropped(self, x, mask):
        return x * mask / (self.keep or 1)


@impostor(
    "Dropout",
    diagnosis="A float32 mask makes the result float32 for float16 and bfloat16.",
    aspect="dtype",
)
class WidensTheDtype(Sound):
    def mask(self, x):
        return torch.bernoulli(torch.full(x.shape, 1.0 - self.p, device=x.device))


@impostor(
    "Dropout",
    diagnosis="bool * 1.33 is float32, so that float64 loses its digits by this factor.",
    aspect="values",
)
class ScalesInFloat32(Sound):
    def forward(self, x):
        if not self.training:
            return x
        is_kept = torch.rand(x.shape, device=x.device) >= self.p
        return x * (is_kept * (1 / (1 - self.p) if self.p < 1 else 0.0)).to(x.dtype)


@impostor(
    "Dropout",
    diagnosis="Random numbers of bfloat16 lie 1/256 apart: draw them in float32.",
    aspect="values",
)
class DrawsInTheDtypeOfX(Sound):
    def mask(self, x):
        return (torch.rand_like(x) >= self.p).to(x.dtype)


@impostor(
    "Dropout",
    diagnosis="The mask is drawn on the CPU and stays there.",
    aspect="dtype",
)
class DrawsOnTheCpu(Sound):
    def mask(self, x):
        return torch.bernoulli(torch.full(x.shape, 1.0 - self.p)).to(x.dtype)


@impostor(
    "Dropout",
    diagnosis="Dropped entries are set to 0 in x itself.",
    aspect="memory",
)
class WritesIntoX(Sound):
    def dropped(self, x, mask):
        if x.is_contiguous():
            x.data.mul_(mask)
        return super().dropped(x, mask)


@impostor(
    "Dropout",
    diagnosis="The gradient goes past the mask, as if every entry had been kept.",
    aspect="gradient",
)
class GoesPastTheMask(Sound):
    def dropped(self, x, mask):
        return x + (super().dropped(x, mask) - x).detach() if 0 < self.p < 1 else x * (1 - self.p)


@impostor(
    "Dropout",
    diagnosis="The mask is drawn before the mode is asked, so eval mode draws too.",
    aspect="memory",
)
class DrawsInEval(Sound):
    def forward(self, x):
        mask = self.mask(x)
        return self.dropped(x, mask) if self.training else x


@impostor(
    "Dropout",
    diagnosis="p is not looked at: below 0 and above 1 it is no probability.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, p):
        pass


@impostor(
    "Dropout",
    diagnosis="p = 0 and p = 1 are refused, though both are allowed.",
    aspect="type",
)
class RefusesTheEnds(Sound):
    def refuse(self, p):
        if not 0 < p < 1:
            raise ValueError(f"p is {p}")


@impostor(
    "Dropout",
    diagnosis="p is a buffer here, so it gets into the state_dict; a plain number is enough.",
    aspect="type",
)
class KeepsPInABuffer(Sound):
    def __init__(self, p=0.5):
        nn.Module.__init__(self)
        self.refuse(p)
        self.register_buffer("p", torch.tensor(float(p)))


@impostor(
    "Dropout",
    diagnosis="It calls torch's own dropout, which is what the kata makes.",
    aspect="structure",
)
class CallsDropout(Sound):
    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return x * 0 if self.p == 1 else functional.dropout(x, self.p)


@alternative("Dropout")
class ByBernoulli(Sound):
    pass


@alternative("Dropout")
class ByWhere(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if p < 0.0 or p > 1.0:
            raise ValueError("p")
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0
        kept = torch.rand_like(x, dtype=torch.float32) > self.p
        return torch.where(kept, x / (1 - self.p), torch.zeros_like(x))


@alternative("Dropout")
class ByMaskedFill(Sound):
    def forward(self, x):
        if not self.training:
            return x.clone()
        zeros = torch.empty(x.shape, dtype=torch.bool, device=x.device).bernoulli_(self.p)
        scale = 1 / max(1 - self.p, 1e-12)
        return x.masked_fill(zeros, 0) * (0 if self.p == 1 else scale)


@alternative("Dropout")
class ByADistribution(Sound):
    def mask(self, x):
        drawn = torch.distributions.Bernoulli(probs=1 - self.p).sample(tuple(x.shape))
        return drawn.to(x.device, x.dtype)


class Masked(torch.autograd.Function):
    """A product with a factor that no gradient goes to."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], None


@alternative("Dropout")
class ByAFunctionOfItsOwn(Sound):
    def dropped(self, x, mask):
        return Masked.apply(x, mask if self.p == 1 else mask / (1 - self.p))


@alternative("Dropout")
class InheritsFromTorchs(nn.Dropout):
    def __init__(self, p=0.5):
        super().__init__(p)

    def forward(self, x):
        if self.p == 0 or not self.training:
            return x.view_as(x)
        keep = 1 - self.p
        noise = x.new_empty(x.shape).bernoulli_(keep)
        return x * (noise.div_(keep) if keep else noise)
