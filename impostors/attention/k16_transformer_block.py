"""Wrong and right answers to attention/k16_transformer_block."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Attention(nn.Module):
    """GPT-2's attention, in steps that the blocks below change."""

    sees = staticmethod(lambda scores: torch.ones_like(scores, dtype=torch.bool).tril())
    hidden = -math.inf

    def __init__(self, dim, num_heads):
        super().__init__()
        self.heads = num_heads
        self.c_attn = nn.Linear(dim, 3 * dim)
        self.c_proj = nn.Linear(dim, dim)

    def scale(self, q):
        return q.shape[-1] ** -0.5

    def parts(self, x):
        batch, length, dim = x.shape
        parts = self.c_attn(x).split(dim, -1)
        return [one.view(batch, length, self.heads, -1).transpose(1, 2) for one in parts]

    def merge(self, mixed, shape):
        return mixed.transpose(1, 2).reshape(shape)

    def mix(self, q, k, v):
        scores = q @ k.transpose(-2, -1) * self.scale(q)
        return scores.masked_fill(~self.sees(scores), self.hidden).softmax(-1) @ v

    def forward(self, x):
        return self.c_proj(self.merge(self.mix(*self.parts(x)), x.shape))


class Network(nn.Module):
    """GPT-2's two layers."""

    gelu = staticmethod(lambda z: functional.gelu(z, approximate="tanh"))

    def __init__(self, dim):
        super().__init__()
        self.c_fc = nn.Linear(dim, 4 * dim)
        self.c_proj = nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.c_proj(self.gelu(self.c_fc(x)))


class Sound(nn.Module):
    """What most of the blocks below share: they differ from it in one place."""

    Attention, Network = Attention, Network

    def __init__(self, dim, num_heads):
        super().__init__()
        self.check(dim, num_heads)
        self.ln_1 = nn.LayerNorm(dim)
        self.attn = self.Attention(dim, num_heads)
        self.ln_2 = nn.LayerNorm(dim)
        self.mlp = self.Network(dim)

    def check(self, dim, num_heads):
        if dim % num_heads:
            raise ValueError("The heads cannot share the features evenly.")

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Conv1D(nn.Module):
    """A linear layer whose weight is (in, out)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


@impostor(
    "TransformerBlock",
    diagnosis="In train mode dropout hides a part of what attn and mlp make; there is none here.",
    aspect="values",
)
class DropsInTrainMode(Sound):
    def forward(self, x):
        x = x + functional.dropout(self.attn(self.ln_1(x)), 0.1, self.training)
        return x + functional.dropout(self.mlp(self.ln_2(x)), 0.1, self.training)


@impostor(
    "TransformerBlock",
    diagnosis="The norms come after the sums, as in the first transformer; GPT-2 normalizes"
    " what attn and mlp read.",
    aspect="values",
)
class NormalizesTheSums(Sound):
    def forward(self, x):
        x = self.ln_1(x + self.attn(x))
        return self.ln_2(x + self.mlp(x))


@impostor(
    "TransformerBlock",
    diagnosis="Attention and mlp are added to the normalized x; they are added to x itself.",
    aspect="values",
)
class AddsToTheNormalized(Sound):
    def forward(self, x):
        x = self.ln_1(x)
        x = self.ln_2(x + self.attn(x))
        return x + self.mlp(x)


@impostor(
    "TransformerBlock",
    diagnosis="x is added once, at the end; attention has to be added, too.",
    aspect="values",
)
class HasOneResidual(Sound):
    def forward(self, x):
        return x + self.mlp(self.ln_2(self.attn(self.ln_1(x))))


@impostor(
    "TransformerBlock",
    diagnosis="The result of mlp is added to x in place of h, so what attention has found is"
    " lost on the way.",
    aspect="values",
)
class AddsMlpToX(Sound):
    def forward(self, x):
        h = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(h))


@impostor(
    "TransformerBlock",
    diagnosis="Attention and mlp both read x, as in GPT-J; here mlp reads h, to which"
    " attention has been added.",
    aspect="values",
)
class WorksInParallel(Sound):
    def forward(self, x):
        return x + self.attn(self.ln_1(x)) + self.mlp(self.ln_2(x))


@impostor(
    "TransformerBlock",
    diagnosis="ln_1 stands before both halves, and ln_2 is never used.",
    aspect="values",
)
class UsesOneNorm(Sound):
    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_1(x))


@impostor(
    "TransformerBlock",
    diagnosis="This is GELU by erf, the default of torch; GPT-2 has the tanh form.",
    aspect="values",
)
class TakesTheExactGelu(Sound):
    class Network(Network):
        gelu = staticmethod(functional.gelu)


@impostor(
    "TransformerBlock",
    diagnosis="relu stands in place of GELU.",
    aspect="values",
)
class TakesRelu(Sound):
    class Network(Network):
        gelu = staticmethod(functional.relu)


@impostor(
    "TransformerBlock",
    diagnosis="eps is 1e-12, as in BERT; here it is 1e-5.",
    aspect="values",
)
class KeepsTheEpsOfBert(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        self.ln_1 = nn.LayerNorm(dim, eps=1e-12)
        self.ln_2 = nn.LayerNorm(dim, eps=1e-12)


@impostor(
    "TransformerBlock",
    diagnosis="Nothing is hidden: each token sees those after it.",
    aspect="values",
)
class SeesAll(Sound):
    class Attention(Attention):
        sees = staticmethod(torch.ones_like)

        def mix(self, q, k, v):
            return (q @ k.transpose(-2, -1) * self.scale(q)).softmax(-1) @ v


@impostor(
    "TransformerBlock",
    diagnosis="Later keys get the score -10,000; a token whose own scores are as low sees them.",
    aspect="values",
)
class HidesByTenThousand(Sound):
    class Attention(Attention):
        hidden = -1e4


@impostor(
    "TransformerBlock",
    diagnosis="Scores are multiplied by 1/sqrt(dim); a head has only dim / num_heads features.",
    aspect="values",
)
class ScalesByTheWholeWidth(Sound):
    class Attention(Attention):
        def scale(self, q):
            return self.c_proj.weight.shape[0] ** -0.5


@impostor(
    "TransformerBlock",
    diagnosis="Scores are not multiplied by 1/sqrt(dim / num_heads).",
    aspect="values",
)
class DoesNotScale(Sound):
    class Attention(Attention):
        def scale(self, q):
            return 1.0


@impostor(
    "TransformerBlock",
    diagnosis="Each head has its queries, keys and values side by side, as in GPT-NeoX; here"
    " all queries come first.",
    aspect="values",
)
class SplitsPerHead(Sound):
    class Attention(Attention):
        def parts(self, x):
            batch, length, _ = x.shape
            return self.c_attn(x).view(batch, length, self.heads, -1).transpose(1, 2).chunk(3, -1)


@impostor(
    "TransformerBlock",
    diagnosis="The first third of c_attn is taken for the keys, and the second one for the"
    " queries.",
    aspect="values",
)
class TakesKeysFirst(Sound):
    class Attention(Attention):
        def parts(self, x):
            k, q, v = super().parts(x)
            return q, k, v


@impostor(
    "TransformerBlock",
    diagnosis="The heads are made by a view alone, which mixes tokens and features up.",
    aspect="values",
)
class ViewsWithoutATranspose(Sound):
    class Attention(Attention):
        def parts(self, x):
            parts = self.c_attn(x).split(x.shape[-1], -1)
            return [one.reshape(len(x), self.heads, x.shape[1], -1) for one in parts]


@impostor(
    "TransformerBlock",
    diagnosis="The heads are put side by side by a reshape alone: tokens get features of"
    " other tokens.",
    aspect="values",
)
class MergesWithoutATranspose(Sound):
    class Attention(Attention):
        def merge(self, mixed, shape):
            return mixed.reshape(shape)


@impostor(
    "TransformerBlock",
    diagnosis="attn.c_proj is made and never used.",
    aspect="values",
)
class LeavesOutTheProjection(Sound):
    class Attention(Attention):
        def forward(self, x):
            return self.merge(self.mix(*self.parts(x)), x.shape)


@impostor(
    "TransformerBlock",
    diagnosis="num_heads is ignored: there is one head.",
    aspect="values",
)
class HasOneHead(Sound):
    class Attention(Attention):
        def __init__(self, dim, num_heads):
            super().__init__(dim, 1)


@impostor(
    "TransformerBlock",
    diagnosis="The norms begin with numbers of a normal distribution; they begin with weight"
    " 1 and bias 0.",
    aspect="values",
)
class BeginsWithSmallNorms(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        for one in self.parameters():
            nn.init.normal_(one, 0.0, 0.02)


@impostor(
    "TransformerBlock",
    diagnosis="The path past attention is detached, and so x gets a part of its gradient only.",
    aspect="gradient",
)
class DetachesTheSkip(Sound):
    def forward(self, x):
        x = x.detach() + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


@impostor(
    "TransformerBlock",
    diagnosis="The linear layers have no bias; in GPT-2 each has one.",
    aspect="type",
)
class HasNoBiases(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        self.attn.c_attn = nn.Linear(dim, 3 * dim, bias=False)
        self.mlp.c_fc = nn.Linear(dim, 4 * dim, bias=False)


@impostor(
    "TransformerBlock",
    diagnosis="The mask is a buffer that goes into the state_dict, as in old checkpoints of GPT-2.",
    aspect="type",
)
class KeepsTheMask(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        self.attn.register_buffer("bias", torch.ones(8, 8, dtype=torch.bool).tril())


@impostor(
    "TransformerBlock",
    diagnosis="The weights are (in, out), as in the Conv1D of transformers; here they are"
    " (out, in).",
    aspect="type",
)
class TransposesTheWeights(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        self.attn.c_attn = Conv1D(dim, 3 * dim)
        self.mlp.c_fc = Conv1D(dim, 4 * dim)
        self.mlp.c_proj = Conv1D(4 * dim, dim)


@impostor(
    "TransformerBlock",
    diagnosis="A number of heads that does not divide dim is not refused when the block is made.",
    aspect="errors",
)
class RoundsTheHeads(Sound):
    def check(self, dim, num_heads):
        pass


@alternative("TransformerBlock")
class WithTorchsAttention(Sound):
    class Attention(Attention):
        def mix(self, q, k, v):
            return functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class CachedMask(Attention):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        mask = torch.ones(64, 64).tril().view(1, 1, 64, 64)
        self.register_buffer("bias", mask, persistent=False)

    def mix(self, q, k, v):
        length = q.size(-2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.bias[:, :, :length, :length] == 0, float("-inf"))
        return functional.softmax(att, dim=-1) @ v


@alternative("TransformerBlock")
class AsNanoGPT(Sound):
    Attention = CachedMask


class NewGELU(nn.Module):
    def forward(self, z):
        inner = math.sqrt(2 / math.pi) * (z + 0.044715 * torch.pow(z, 3.0))
        return 0.5 * z * (1 + torch.tanh(inner))


@alternative("TransformerBlock")
class WithSequential(Sound):
    def __init__(self, dim, num_heads):
        super().__init__(dim, num_heads)
        layers = {"c_fc": nn.Linear(dim, 4 * dim), "act": NewGELU()}
        self.mlp = nn.Sequential()
        for name, one in {**layers, "c_proj": nn.Linear(4 * dim, dim)}.items():
            self.mlp.add_module(name, one)


class Holder(nn.Module):
    """A module that only holds a weight and a bias."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0]))


@alternative("TransformerBlock")
class TokenByToken(nn.Module):
    def __init__(self, dim, num_heads):
        super().__init__()
        if num_heads * (dim // num_heads) != dim:
            raise ValueError(f"{dim=} {num_heads=}")
        self.size = dim // num_heads
        self.ln_1, self.ln_2 = Holder(dim), Holder(dim)
        nn.init.ones_(self.ln_1.weight)
        nn.init.ones_(self.ln_2.weight)
        self.attn = nn.ModuleDict({"c_attn": Holder(3 * dim, dim), "c_proj": Holder(dim, dim)})
        self.mlp = nn.ModuleDict({"c_fc": Holder(4 * dim, dim), "c_proj": Holder(dim, 4 * dim)})

    def norm(self, x, one):
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        return torch.addcmul(one.bias, (x - mean) / (variance + 1e-5).sqrt(), one.weight)

    def forward(self, x):
        def linear(x, one):
            return torch.einsum("...i,oi->...o", x, one.weight) + one.bias

        q, k, v = linear(self.norm(x, self.ln_1), self.attn["c_attn"]).tensor_split(3, -1)
        rows = []
        for t in range(x.shape[1]):
            heads = []
            for at in range(0, x.shape[2], self.size):
                own = slice(at, at + self.size)
                scores = (k[:, : t + 1, own] * q[:, t : t + 1, own]).sum(-1) / self.size**0.5
                heads.append((scores.softmax(1)[..., None] * v[:, : t + 1, own]).sum(1))
            rows.append(torch.cat(heads, -1))
        h = x + linear(torch.stack(rows, 1), self.attn["c_proj"])
        inner = linear(self.norm(h, self.ln_2), self.mlp["c_fc"])
        return h + linear(functional.gelu(inner, approximate="tanh"), self.mlp["c_proj"])
