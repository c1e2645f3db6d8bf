"""Wrong and right answers to layers/k01_linear."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


def drawn(bound, *shape):
    """A parameter of uniform numbers."""
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class Sound(nn.Module):
    """What most of the layers below share: they differ from it in one place."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        bound = in_features**-0.5
        self.weight = drawn(bound, out_features, in_features)
        self.bias = drawn(bound, out_features) if bias else None

    def forward(self, x):
        return self.plus_bias(x @ self.weight.T)

    def plus_bias(self, result):
        return result if self.bias is None else result + self.bias


@impostor(
    "Linear",
    diagnosis="The weight is kept as (in_features, out_features); it has a row for each output.",
    aspect="type",
)
class KeepsTheTranspose(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight = drawn(in_features**-0.5, in_features, out_features)

    def forward(self, x):
        return self.plus_bias(x @ self.weight)


@impostor(
    "Linear",
    diagnosis="x is multiplied by W itself; its rows are the outputs, so it has to be transposed.",
    aspect="type",
)
class DoesNotTranspose(Sound):
    def forward(self, x):
        return self.plus_bias(x @ self.weight)


@impostor(
    "Linear",
    diagnosis="W is transposed only if it does not fit otherwise, and a square one always fits.",
    aspect="values",
)
class TransposesIfItMust(Sound):
    def forward(self, x):
        fits = x.shape[-1] == self.weight.shape[0]
        return self.plus_bias(x @ (self.weight if fits else self.weight.T))


@impostor(
    "Linear",
    diagnosis="bias=False changes nothing here: the layer has a bias all the same.",
    aspect="type",
)
class AlwaysHasABias(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features)


@impostor(
    "Linear",
    diagnosis="Without a bias, zeros are kept as a buffer, and the state_dict has a key too many.",
    aspect="type",
)
class HasABufferOfZeros(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if not bias:
            del self.bias
            self.register_buffer("bias", torch.zeros(out_features))


@impostor(
    "Linear",
    diagnosis="With bias=False there is no attribute `bias` at all; it should be None.",
    aspect="structure",
)
class HasNoSuchAttribute(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if not bias:
            del self.bias

    def plus_bias(self, result):
        return result + self.bias if hasattr(self, "bias") else result


@impostor(
    "Linear",
    diagnosis="Weight and bias are plain tensors with requires_grad; a module sees nn.Parameters.",
    aspect="type",
)
class KeepsPlainTensors(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        weight, number = self.weight.detach().requires_grad_(), self.bias
        del self.weight, self.bias
        self.weight, self.bias = weight, None
        if number is not None:
            del self.bias
            self.bias = number.detach().requires_grad_()


@impostor(
    "Linear",
    diagnosis="The parameters are those of an nn.Linear inside, so that their names begin with its"
    " name.",
    aspect="type",
)
class HasALayerInside(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias)

    def forward(self, x):
        result = x @ self.linear.weight.T
        return result if self.linear.bias is None else result + self.linear.bias


@impostor(
    "Linear",
    diagnosis="The bound is 1/in_features; the root of in_features belongs there.",
    aspect="values",
)
class ForgetsTheRoot(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        for one in self.parameters():
            nn.init.uniform_(one, -1 / in_features, 1 / in_features)


@impostor(
    "Linear",
    diagnosis="kaiming_uniform_ has the bound sqrt(6 / in_features) unless it is told a=sqrt(5).",
    aspect="values",
)
class DrawsAsKaimingByDefault(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.kaiming_uniform_(self.weight)


@impostor(
    "Linear",
    diagnosis="Xavier's bound depends on both sizes; here it depends on in_features alone.",
    aspect="values",
)
class DrawsAsXavier(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.xavier_uniform_(self.weight)


@impostor(
    "Linear",
    diagnosis="The weight is drawn from a normal distribution, which has no bounds.",
    aspect="values",
)
class DrawsNormalNumbers(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        nn.init.normal_(self.weight, 0, in_features**-0.5)


@impostor(
    "Linear",
    diagnosis="torch.rand gives numbers from 0 to 1: half of them should be negative.",
    aspect="values",
)
class DrawsPositiveNumbers(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight = nn.Parameter(torch.rand(out_features, in_features) * in_features**-0.5)


@impostor(
    "Linear",
    diagnosis="The bias begins with zeros; it is drawn from the same range as the weight.",
    aspect="values",
)
class BeginsWithoutABias(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if bias:
            nn.init.zeros_(self.bias)


@impostor(
    "Linear",
    diagnosis="The bias is drawn with the bound 1/sqrt(out_features), which is its own size.",
    aspect="values",
)
class DrawsTheBiasByItsSize(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if bias:
            self.bias = drawn(out_features**-0.5, out_features)


@impostor(
    "Linear",
    diagnosis="W is transposed once, when the layer is made: training and loading are not seen.",
    aspect="values",
)
class ReadsTheWeightOnce(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.turned = self.weight.detach().T.clone()

    def forward(self, x):
        return self.plus_bias(x @ self.turned.to(x))


@impostor(
    "Linear",
    diagnosis="It keeps the Parameters in a list, too, which still holds the old ones when they"
    " are exchanged.",
    aspect="dtype",
)
class KeepsAList(Sound):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.kept = [self.weight]

    def forward(self, x):
        return self.plus_bias(x @ self.kept[0].T)


@impostor(
    "Linear",
    diagnosis="All dimensions before the last become one; they should come out as they went in.",
    aspect="shape",
)
class Flattens(Sound):
    def forward(self, x):
        return self.plus_bias(x.reshape(-1, x.shape[-1]) @ self.weight.T)


@impostor(
    "Linear",
    diagnosis="torch.mm and torch.addmm take matrices only; x may have any number of dimensions.",
    aspect="shape",
)
class TakesMatricesOnly(Sound):
    def forward(self, x):
        return self.plus_bias(torch.mm(x, self.weight.T))


@impostor(
    "Linear",
    diagnosis="It calls torch's own F.linear, which is what the kata makes.",
    aspect="structure",
)
class CallsLinear(Sound):
    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)


@alternative("Linear")
class ByEinsum(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features))
        else:
            self.register_parameter("bias", None)
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            nn.init.uniform_(self.bias, -1 / math.sqrt(in_features), 1 / math.sqrt(in_features))

    def forward(self, x):
        result = torch.einsum("...i,oi->...o", x, self.weight)
        return result if self.bias is None else result + self.bias


@alternative("Linear")
class WithAForwardOfItsOwn(nn.Linear):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)

    def forward(self, x):
        result = (x.unsqueeze(-2) * self.weight).sum(-1)
        return result if self.bias is None else result + self.bias


@alternative("Linear")
class ByAddmm(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        numbers = torch.rand(out_features, in_features + 1) * 2 - 1
        numbers = numbers / math.sqrt(in_features)
        self.weight = nn.Parameter(numbers[:, :-1].clone())
        self.bias = nn.Parameter(numbers[:, -1].clone()) if bias else None

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        if self.bias is None:
            result = torch.mm(rows, self.weight.t())
        else:
            result = torch.addmm(self.bias, rows, self.weight.t())
        return result.reshape(*x.shape[:-1], self.weight.shape[0])


@alternative("Linear")
class OutputByOutput(Sound):
    def forward(self, x):
        return torch.stack([x.matmul(row) + b for row, b in zip(self.weight, self.biases())], -1)

    def biases(self):
        return [0.0] * len(self.weight) if self.bias is None else self.bias


@alternative("Linear")
class WithAFeatureOfOnes(Sound):
    def forward(self, x):
        if self.bias is None:
            return torch.matmul(self.weight, x.unsqueeze(-1)).squeeze(-1)
        ones = x.new_ones(*x.shape[:-1], 1)
        both = torch.cat([self.weight, self.bias[:, None]], 1)
        return torch.cat([x, ones], -1) @ both.t()
