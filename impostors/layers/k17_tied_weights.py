"""Wrong and right answers to layers/k17_tied_weights."""

import copy

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the models below share: they differ from it in one place."""

    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        self.output = nn.Linear(dim, vocab_size, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.tie()

    def tie(self):
        self.output.weight = self.embedding.weight

    def forward(self, tokens):
        return self.output(self.embedding(tokens))


class Holder(nn.Module):
    """A module that only holds a weight."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight


def table(vocab_size, dim):
    """A Parameter of normal numbers."""
    return nn.Parameter(0.02 * torch.randn(vocab_size, dim))


@impostor(
    "TiedLM",
    diagnosis="The two layers have a Parameter each: nothing ties them.",
    aspect="type",
)
class TiesNothing(Sound):
    def tie(self):
        pass


@impostor(
    "TiedLM",
    diagnosis="Only `.data` is shared: these are two Parameters, each with a gradient of its own.",
    aspect="type",
)
class SharesTheMemory(Sound):
    def tie(self):
        self.output.weight.data = self.embedding.weight.data


@impostor(
    "TiedLM",
    diagnosis="The numbers are copied once; from the first step on, the two tables differ.",
    aspect="type",
)
class CopiesTheNumbers(Sound):
    def tie(self):
        self.output.weight = nn.Parameter(self.embedding.weight.detach().clone())


@impostor(
    "TiedLM",
    diagnosis="Each call makes a new Parameter for the output, so that no gradient of it reaches"
    " the one that is trained.",
    aspect="type",
)
class CopiesAtEachCall(Sound):
    def forward(self, tokens):
        self.output.weight = nn.Parameter(self.embedding.weight.detach().clone())
        return super().forward(tokens)


@impostor(
    "TiedLM",
    diagnosis="The table has one name only: `output.weight` is missing in the state_dict.",
    aspect="type",
)
class HasOneNameOnly(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, tokens):
        return self.embedding(tokens) @ self.embedding.weight.T


@impostor(
    "TiedLM",
    diagnosis="`output.weight` is a property here: a state_dict only has what a module has"
    " registered.",
    aspect="type",
)
class HasAProperty(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.output = Reads(self.embedding)

    def forward(self, tokens):
        return self.embedding(tokens) @ self.output.weight.T


class Reads(nn.Module):
    """A module whose weight is that of another one."""

    def __init__(self, other):
        super().__init__()
        self.other = other

    @property
    def weight(self):
        return self.other.weight


@impostor(
    "TiedLM",
    diagnosis="The output layer has a bias.",
    aspect="type",
)
class HasABias(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        self.output = nn.Linear(dim, vocab_size)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.output.weight = self.embedding.weight

    def forward(self, tokens):
        return self.output(self.embedding(tokens))


@impostor(
    "TiedLM",
    diagnosis="The table keeps the numbers of `nn.Embedding`, whose deviation is 1 and not 0.02.",
    aspect="values",
)
class KeepsTheNumbersOfAnEmbedding(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, dim)
        self.output = nn.Linear(dim, vocab_size, bias=False)
        self.output.weight = self.embedding.weight

    def forward(self, tokens):
        return self.output(self.embedding(tokens))


@impostor(
    "TiedLM",
    diagnosis="The normal numbers are drawn first, and the tie then puts those of `nn.Linear` in"
    " their place.",
    aspect="values",
)
class KeepsTheNumbersOfTheOutput(Sound):
    def tie(self):
        self.embedding.weight = self.output.weight


@impostor(
    "TiedLM",
    diagnosis="0.02 is taken for the variance; it is the deviation.",
    aspect="values",
)
class TakesTheVariance(Sound):
    def tie(self):
        nn.init.normal_(self.embedding.weight, std=0.02**0.5)
        super().tie()


@impostor(
    "TiedLM",
    diagnosis="The rows are multiplied by sqrt(dim), as in the first transformer; here there is no"
    " factor.",
    aspect="values",
)
class ScalesTheRows(Sound):
    def forward(self, tokens):
        return self.output(self.embedding(tokens) * self.embedding.weight.shape[1] ** 0.5)


@impostor(
    "TiedLM",
    diagnosis="The logits are divided by sqrt(dim), as in attention; here there is no factor.",
    aspect="values",
)
class ScalesTheLogits(Sound):
    def forward(self, tokens):
        return super().forward(tokens) / self.embedding.weight.shape[1] ** 0.5


@impostor(
    "TiedLM",
    diagnosis="log_softmax is applied; logits are the products as they are.",
    aspect="values",
)
class GivesLogProbabilities(Sound):
    def forward(self, tokens):
        return super().forward(tokens).log_softmax(-1)


@impostor(
    "TiedLM",
    diagnosis="The table is detached where the logits are made, and half of the gradient is lost.",
    aspect="gradient",
)
class DetachesTheOutput(Sound):
    def forward(self, tokens):
        return functional.linear(self.embedding(tokens), self.output.weight.detach())


@impostor(
    "TiedLM",
    diagnosis="The rows are detached after they are looked up, and half of the gradient is lost.",
    aspect="gradient",
)
class DetachesTheRows(Sound):
    def forward(self, tokens):
        return self.output(self.embedding(tokens).detach())


@impostor(
    "TiedLM",
    diagnosis="padding_idx=0 keeps gradients from token 0, which is a token like all others here.",
    aspect="gradient",
)
class HasPadding(Sound):
    def __init__(self, vocab_size, dim):
        super().__init__(vocab_size, dim)
        self.embedding.padding_idx = 0


@impostor(
    "TiedLM",
    diagnosis="Loading sets a new Parameter for each name, and so unties them.",
    aspect="structure",
)
class LoadsTwoParameters(Sound):
    def load_state_dict(self, state_dict, strict=True):
        for name, one in state_dict.items():
            layer = name.partition(".")[0]
            getattr(self, layer).weight = nn.Parameter(one.clone())


@impostor(
    "TiedLM",
    diagnosis="load_state_dict is overridden, and leaves out what stands under `output.weight`.",
    aspect="structure",
)
class LoadsTheEmbeddingOnly(Sound):
    def load_state_dict(self, state_dict, strict=True):
        state_dict = {"embedding.weight": state_dict.get("embedding.weight", self.output.weight)}
        return super().load_state_dict(state_dict, strict=False)


@impostor(
    "TiedLM",
    diagnosis="A deepcopy is made part by part, and each part gets a copy of the table of its own.",
    aspect="structure",
)
class CopiesPartByPart(Sound):
    def __deepcopy__(self, memo):
        twin = type(self)(*self.embedding.weight.shape)
        twin.embedding = copy.deepcopy(self.embedding)
        twin.output = copy.deepcopy(self.output)
        return twin


@impostor(
    "TiedLM",
    diagnosis="The transposed table is kept when the model is made: training is not seen in it.",
    aspect="values",
)
class KeepsTheTranspose(Sound):
    def __init__(self, vocab_size, dim):
        super().__init__(vocab_size, dim)
        self.turned = self.embedding.weight.detach().T.clone()

    def forward(self, tokens):
        rows = self.embedding(tokens)
        return rows @ self.turned.to(rows)


@impostor(
    "TiedLM",
    diagnosis="The batch is flattened: the logits have to keep the shape of tokens.",
    aspect="shape",
)
class Flattens(Sound):
    def forward(self, tokens):
        return super().forward(tokens.reshape(-1))


@alternative("TiedLM")
class TiesFirst(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.output = nn.Linear(dim, vocab_size, bias=False)
        self.embedding = nn.Embedding(vocab_size, dim)
        self.embedding.weight = self.output.weight
        with torch.no_grad():
            self.output.weight.normal_(0.0, 0.02)

    def forward(self, tokens):
        return functional.linear(self.embedding(tokens), self.embedding.weight)


@alternative("TiedLM")
class WithHolders(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = Holder(table(vocab_size, dim))
        self.output = Holder(self.embedding.weight)

    def forward(self, tokens):
        return self.output.weight[tokens] @ self.output.weight.T


@alternative("TiedLM")
class ByOneHot(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        weight = table(vocab_size, dim)
        self.embedding = nn.ParameterDict({"weight": weight})
        self.output = nn.ParameterDict({"weight": weight})

    def forward(self, tokens):
        weight = self.embedding["weight"]
        chosen = functional.one_hot(tokens, len(weight)).to(weight.dtype)
        return torch.einsum("...v,vd,wd->...w", chosen, weight, self.output["weight"])


@alternative("TiedLM")
class ByAllProducts(Sound):
    def forward(self, tokens):
        weight = self.embedding.weight
        products = weight @ weight.T
        return products.index_select(0, tokens.reshape(-1)).reshape(*tokens.shape, len(weight))


@alternative("TiedLM")
class FromAPretrainedTable(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        numbers = torch.empty(vocab_size, dim).normal_(std=0.02)
        self.embedding = nn.Embedding.from_pretrained(numbers, freeze=False)
        self.output = nn.Linear(dim, vocab_size, bias=False, device="meta")
        self.output.register_parameter("weight", self.embedding.weight)

    def forward(self, tokens):
        return torch.inner(self.embedding(tokens), self.output.weight)


@alternative("TiedLM")
class WithOneLayer(nn.Module):
    def __init__(self, vocab_size, dim):
        super().__init__()
        self.embedding = self.output = Holder(table(vocab_size, dim))

    def forward(self, tokens):
        return functional.embedding(tokens, self.embedding.weight) @ self.output.weight.mT
