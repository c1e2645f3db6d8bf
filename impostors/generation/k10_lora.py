"""Wrong and right answers to generation/k10_lora."""

import copy
import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the layers below share: they differ from it in one place."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.refuse(rank)
        self.linear = linear
        self.rank, self.alpha = rank, alpha
        self.freeze()
        self.make(rank)
        self.merged = False

    def refuse(self, rank):
        if rank < 1:
            raise ValueError("rank")

    def freeze(self):
        self.linear.requires_grad_(False)

    def make(self, rank):
        weight = self.linear.weight
        bound = weight.shape[1] ** -0.5
        self.lora_A = nn.Parameter(weight.new_empty(rank, weight.shape[1]).uniform_(-bound, bound))
        self.lora_B = nn.Parameter(weight.new_zeros(weight.shape[0], rank))

    def factor(self):
        return self.alpha / self.rank

    def change(self):
        return self.factor() * self.lora_B @ self.lora_A

    def merge(self):
        if not self.merged:
            self.add(1)
            self.merged = True

    def unmerge(self):
        if self.merged:
            self.add(-1)
            self.merged = False

    @torch.no_grad()
    def add(self, sign):
        self.linear.weight += sign * self.change()

    def forward(self, x):
        result = self.linear(x)
        return result if self.merged else result + self.factor() * x @ self.lora_A.T @ self.lora_B.T


# ---------------------------------------------------------------- the factor


@impostor(
    "LoRALinear",
    diagnosis="The change is multiplied by alpha; it is alpha / rank.",
    aspect="values",
)
class TakesAlpha(Sound):
    def factor(self):
        return self.alpha


@impostor(
    "LoRALinear",
    diagnosis="alpha / sqrt(rank) is the factor of rsLoRA; here it is alpha / rank.",
    aspect="values",
)
class TakesTheRootOfRank(Sound):
    def factor(self):
        return self.alpha / math.sqrt(self.rank)


@impostor("LoRALinear", diagnosis="The change has no factor: alpha is never used.", aspect="values")
class ForgetsTheFactor(Sound):
    def factor(self):
        return 1.0


@impostor(
    "LoRALinear",
    diagnosis="merge() adds B·A without alpha / rank.",
    aspect="values",
)
class MergesWithoutTheFactor(Sound):
    def change(self):
        return self.lora_B @ self.lora_A


# ---------------------------------------------------------------- what a new layer holds


@impostor(
    "LoRALinear",
    diagnosis="B is random too, so that the layer begins with a change of its own.",
    aspect="values",
)
class DrawsBoth(Sound):
    def make(self, rank):
        super().make(rank)
        nn.init.uniform_(self.lora_B, -0.1, 0.1)


@impostor(
    "LoRALinear",
    diagnosis="A holds zeros as B does: then neither ever gets a gradient.",
    aspect="values",
)
class DrawsNone(Sound):
    def make(self, rank):
        super().make(rank)
        nn.init.zeros_(self.lora_A)


@impostor(
    "LoRALinear",
    diagnosis="A holds zeros and B is random; it is B that begins with zeros.",
    aspect="values",
)
class DrawsTheOther(Sound):
    def make(self, rank):
        super().make(rank)
        nn.init.zeros_(self.lora_A)
        nn.init.uniform_(self.lora_B, -0.1, 0.1)


@impostor(
    "LoRALinear",
    diagnosis="A is normal, with the deviation 0.02; it is uniform.",
    aspect="values",
)
class DrawsNormalNumbers(Sound):
    def make(self, rank):
        super().make(rank)
        nn.init.normal_(self.lora_A, std=0.02)


@impostor(
    "LoRALinear",
    diagnosis="`kaiming_uniform_` without a=sqrt(5) has the bound sqrt(6/in); it is 1/sqrt(in).",
    aspect="values",
)
class DrawsTooFar(Sound):
    def make(self, rank):
        super().make(rank)
        nn.init.kaiming_uniform_(self.lora_A)


@impostor(
    "LoRALinear",
    diagnosis="A is (in_features, rank) and B (rank, out_features): both are the other way round.",
    aspect="type",
)
class TransposesBoth(Sound):
    def make(self, rank):
        super().make(rank)
        self.lora_A = nn.Parameter(self.lora_A.detach().T.contiguous())
        self.lora_B = nn.Parameter(self.lora_B.detach().T.contiguous())

    def change(self):
        return self.factor() * (self.lora_A @ self.lora_B).T

    def forward(self, x):
        result = self.linear(x)
        return result if self.merged else result + self.factor() * x @ self.lora_A @ self.lora_B


@impostor(
    "LoRALinear",
    diagnosis="A and B are layers: their keys are lora_A.weight and lora_B.weight.",
    aspect="type",
)
class HasLayers(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.linear = linear.requires_grad_(False)
        self.lora_A = nn.Linear(linear.in_features, rank, bias=False)
        self.lora_B = nn.Linear(rank, linear.out_features, bias=False)
        nn.init.zeros_(self.lora_B.weight)
        self.scale, self.merged = alpha / rank, False

    def merge(self):
        if not self.merged:
            self.linear.weight.data += (
                self.scale * self.lora_B.weight.data @ self.lora_A.weight.data
            )
        self.merged = True

    def unmerge(self):
        if self.merged:
            self.linear.weight.data -= (
                self.scale * self.lora_B.weight.data @ self.lora_A.weight.data
            )
        self.merged = False

    def forward(self, x):
        result = self.linear(x)
        return result if self.merged else result + self.scale * self.lora_B(self.lora_A(x))


@impostor(
    "LoRALinear",
    diagnosis="A and B are float32, whatever the dtype of the given layer is.",
    aspect="dtype",
)
class StaysInTheDefaultDtype(Sound):
    def make(self, rank):
        super().make(rank)
        self.lora_A = nn.Parameter(self.lora_A.detach().float())
        self.lora_B = nn.Parameter(self.lora_B.detach().float())


@impostor(
    "LoRALinear",
    diagnosis="A and B are made on the CPU, wherever the given layer lies.",
    aspect="device",
)
class StaysOnTheCPU(Sound):
    def make(self, rank):
        super().make(rank)
        self.lora_A = nn.Parameter(self.lora_A.detach().cpu())
        self.lora_B = nn.Parameter(self.lora_B.detach().cpu())


@impostor(
    "LoRALinear",
    diagnosis="`merged` is a buffer, which is saved in the state_dict.",
    aspect="type",
)
class SavesTheFlag(Sound):
    def __init__(self, linear, rank, alpha):
        super().__init__(linear, rank, alpha)
        del self.merged
        self.register_buffer("merged", torch.tensor(False))


# ---------------------------------------------------------------- the given layer


@impostor(
    "LoRALinear",
    diagnosis="The given layer is not frozen, and trains together with A and B.",
    aspect="type",
)
class FreezesNothing(Sound):
    def freeze(self):
        pass


@impostor(
    "LoRALinear",
    diagnosis="The bias of the given layer trains: only its weight is frozen.",
    aspect="type",
)
class FreezesTheWeightOnly(Sound):
    def freeze(self):
        self.linear.weight.requires_grad_(False)


@impostor(
    "LoRALinear",
    diagnosis="The given layer is copied, so that there are two large weights.",
    aspect="structure",
)
class CopiesTheLayer(Sound):
    def __init__(self, linear, rank, alpha):
        super().__init__(copy.deepcopy(linear), rank, alpha)


@impostor(
    "LoRALinear",
    diagnosis="linear(x) is computed under no_grad, which also cuts x off from its gradient.",
    aspect="gradient",
)
class CutsTheLayerOff(Sound):
    def forward(self, x):
        with torch.no_grad():
            result = self.linear(x)
        return result if self.merged else result + self.factor() * x @ self.lora_A.T @ self.lora_B.T


@impostor(
    "LoRALinear",
    diagnosis="x is detached in front of A and B, so that deeper layers are not trained by them.",
    aspect="gradient",
)
class CutsTheChangeOff(Sound):
    def forward(self, x):
        result = self.linear(x)
        change = self.factor() * x.detach() @ self.lora_A.T @ self.lora_B.T
        return result if self.merged else result + change


# ---------------------------------------------------------------- merging


@impostor(
    "LoRALinear",
    diagnosis="The second merge() adds the change once more.",
    aspect="values",
)
class MergesTwice(Sound):
    def merge(self):
        self.add(1)
        self.merged = True


@impostor(
    "LoRALinear",
    diagnosis="unmerge() subtracts the change from a weight that does not hold it.",
    aspect="values",
)
class UnmergesAlways(Sound):
    def unmerge(self):
        self.add(-1)
        self.merged = False


@impostor(
    "LoRALinear",
    diagnosis="unmerge() changes the flag and leaves the change in the weight.",
    aspect="values",
)
class OnlyChangesTheFlag(Sound):
    def unmerge(self):
        self.merged = False


@impostor(
    "LoRALinear",
    diagnosis="forward adds the change once more when it is in the weight already.",
    aspect="values",
)
class AddsItOnceMore(Sound):
    def forward(self, x):
        return self.linear(x) + self.factor() * x @ self.lora_A.T @ self.lora_B.T


@impostor(
    "LoRALinear",
    diagnosis="merge() never sets `merged`.",
    aspect="values",
)
class ForgetsTheFlag(Sound):
    def merge(self):
        if not self.merged:
            self.add(1)


@impostor(
    "LoRALinear",
    diagnosis="eval() merges and train() unmerges; only merge() and unmerge() should.",
    aspect="values",
)
class MergesInEval(Sound):
    def train(self, mode=True):
        super().train(mode)
        self.unmerge() if mode else self.merge()
        return self

    def forward(self, x):
        change = 0 if self.merged else self.change()
        return functional.linear(x, self.linear.weight + change, self.linear.bias)


@impostor(
    "LoRALinear",
    diagnosis="The change is computed once, at the first merge(), and added again later on.",
    aspect="values",
)
class KeepsTheChange(Sound):
    kept = None

    def change(self):
        if self.kept is None:
            self.kept = super().change().detach()
        return self.kept


@impostor(
    "LoRALinear",
    diagnosis="merge() makes a new Parameter, which trains and which nobody else knows.",
    aspect="memory",
)
class MakesANewParameter(Sound):
    @torch.no_grad()
    def add(self, sign):
        self.linear.weight = nn.Parameter(self.linear.weight + sign * self.change())


@impostor(
    "LoRALinear",
    diagnosis="`.data = ...` gives the Parameter other memory; the change is written in place.",
    aspect="memory",
)
class GivesItOtherMemory(Sound):
    def add(self, sign):
        self.linear.weight.data = self.linear.weight.data + sign * self.change().data


@impostor(
    "LoRALinear",
    diagnosis="merge() runs without no_grad, and makes the weight a part of autograd's graph.",
    aspect="memory",
)
class TracksTheMerge(Sound):
    def add(self, sign):
        self.linear.weight.add_(sign * self.change())


@impostor(
    "LoRALinear",
    diagnosis="Once it is merged, A and B are set to zero, and cannot be trained further.",
    aspect="values",
)
class ClearsTheChange(Sound):
    def merge(self):
        super().merge()
        nn.init.zeros_(self.lora_B)


# ---------------------------------------------------------------- refused


@impostor(
    "LoRALinear",
    diagnosis="A rank below 1 is not refused.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, rank):
        pass


@impostor(
    "LoRALinear",
    diagnosis="Only rank 0 is refused; a negative one fails later, by another error.",
    aspect="errors",
)
class RefusesZeroOnly(Sound):
    def refuse(self, rank):
        if rank == 0:
            raise ValueError("rank")


@impostor(
    "LoRALinear",
    diagnosis="The layer is frozen before rank is looked at.",
    aspect="errors",
)
class FreezesFirst(Sound):
    def __init__(self, linear, rank, alpha):
        linear.requires_grad_(False)
        super().__init__(linear, rank, alpha)


# ---------------------------------------------------------------- right answers


@alternative("LoRALinear")
class ByOneMatrix(Sound):
    """It changes the weight for each call."""

    def forward(self, x):
        weight = self.linear.weight
        if not self.merged:
            weight = torch.addmm(weight, self.lora_B, self.lora_A, alpha=self.factor())
        return functional.linear(x, weight, self.linear.bias)


@alternative("LoRALinear")
class KeepsTheOldWeight(nn.Module):
    """It saves the weight when it merges, as a plain attribute."""

    def __init__(self, linear, rank, alpha):
        if rank <= 0:
            raise ValueError("rank must be positive")
        super().__init__()
        for one in linear.parameters():
            one.requires_grad = False
        self.linear, self.alpha, self.rank = linear, alpha, rank
        a = torch.empty(rank, linear.in_features)
        nn.init.kaiming_uniform_(a, a=math.sqrt(5))
        self.lora_A = nn.Parameter(a.to(linear.weight))
        self.lora_B = nn.Parameter(torch.zeros_like(linear.weight[:, :1]).repeat(1, rank))
        self.before = None

    @property
    def merged(self):
        return self.before is not None

    def merge(self):
        if self.merged:
            return
        weight = self.linear.weight.data
        self.before = weight.clone()
        weight.copy_(weight + (self.lora_B.data @ self.lora_A.data) * self.alpha / self.rank)

    def unmerge(self):
        if self.merged:
            self.linear.weight.data.copy_(self.before)
            self.before = None

    def forward(self, x):
        down = torch.einsum("...i,ri->...r", x, self.lora_A)
        up = torch.einsum("...r,or->...o", down, self.lora_B)
        return self.linear(x) + up * (0.0 if self.merged else self.alpha / self.rank)


@alternative("LoRALinear")
class InheritsFromALayer(nn.Module):
    """It says how it is merged by its forward function."""

    def __init__(self, linear, rank, alpha):
        super().__init__()

        class BadRank(ValueError):
            pass

        if not rank >= 1:
            raise BadRank(rank)
        self.add_module("linear", linear)
        linear.weight.requires_grad_(False)
        if linear.bias is not None:
            linear.bias.requires_grad_(False)
        weight = linear.weight
        outputs, inputs = weight.shape
        draws = 2 * torch.rand(rank, inputs, dtype=weight.dtype, device=weight.device) - 1
        self.register_parameter("lora_A", nn.Parameter(draws / inputs**0.5))
        zeros = torch.zeros(outputs, rank, dtype=weight.dtype, device=weight.device)
        self.register_parameter("lora_B", nn.Parameter(zeros))
        self.scaling = float(alpha) / rank
        self.merged = False

    def merge(self):
        self._switch(True)

    def unmerge(self):
        self._switch(False)

    def _switch(self, merged):
        sign = int(merged) - int(self.merged)
        with torch.no_grad():
            for row, factors in zip(self.linear.weight, self.lora_B):
                row += sign * self.scaling * (factors @ self.lora_A)
        self.merged = merged

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        low = functional.linear(flat, self.lora_A)
        change = functional.linear(low, self.lora_B * self.scaling)
        change = change.reshape(*x.shape[:-1], -1)
        return self.linear(x) if self.merged else torch.add(self.linear(x), change)
