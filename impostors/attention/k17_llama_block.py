"""Wrong and right answers to attention/k17_llama_block."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + eps) times a weight."""

    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def rotate_half(x):
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)


class Attention(nn.Module):
    """Llama's attention, in steps that the blocks below change."""

    def __init__(self, dim, num_heads, num_kv_heads, base):
        super().__init__()
        self.heads, self.kv_heads = num_heads, num_kv_heads
        self.size, self.base = dim // num_heads, base
        self.q_proj = nn.Linear(dim, num_heads * self.size, bias=False)
        self.k_proj = nn.Linear(dim, num_kv_heads * self.size, bias=False)
        self.v_proj = nn.Linear(dim, num_kv_heads * self.size, bias=False)
        self.o_proj = nn.Linear(num_heads * self.size, dim, bias=False)

    def frequencies(self, like, size):
        steps = torch.arange(0, size, 2, dtype=like.dtype, device=like.device)
        return self.base ** (-steps / size)

    def turn(self, x, positions):
        angles = positions[:, None] * self.frequencies(x, x.shape[-1])
        angles = torch.cat([angles, angles], -1)
        return x * angles.cos() + rotate_half(x) * angles.sin()

    def split(self, x, heads):
        return x.view(*x.shape[:2], heads, self.size).transpose(1, 2)

    def parts(self, x, positions):
        q, k = self.split(self.q_proj(x), self.heads), self.split(self.k_proj(x), self.kv_heads)
        v = self.split(self.v_proj(x), self.kv_heads)
        return self.turn(q, positions), self.turn(k, positions), v

    def share(self, one):
        return one.repeat_interleave(self.heads // self.kv_heads, 1)

    def sees(self, positions):
        length = len(positions)
        return torch.ones(length, length, dtype=torch.bool, device=positions.device).tril()

    def scale(self):
        return self.size**-0.5

    def forward(self, x, positions):
        q, k, v = self.parts(x, positions)
        scores = q @ self.share(k).mT * self.scale()
        shares = scores.masked_fill(~self.sees(positions), -torch.inf).softmax(-1)
        return self.o_proj((shares @ self.share(v)).transpose(1, 2).reshape(x.shape))


class Network(nn.Module):
    """The network with a gate."""

    def __init__(self, dim, hidden):
        super().__init__()
        self.gate_proj = nn.Linear(dim, hidden, bias=False)
        self.up_proj = nn.Linear(dim, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, dim, bias=False)

    def gate(self, gate, up):
        return functional.silu(gate) * up

    def forward(self, x):
        return self.down_proj(self.gate(self.gate_proj(x), self.up_proj(x)))


class Sound(nn.Module):
    """What most of the blocks below share: they differ from it in one place."""

    Attention, Network, Norm = Attention, Network, RMSNorm

    def __init__(self, dim, num_heads, num_kv_heads, hidden, eps=1e-5, rope_base=10000.0):
        super().__init__()
        self.check(dim, num_heads, num_kv_heads)
        self.input_layernorm = self.Norm(dim, eps)
        self.self_attn = self.Attention(dim, num_heads, num_kv_heads, rope_base)
        self.post_attention_layernorm = self.Norm(dim, eps)
        self.mlp = self.Network(dim, hidden)

    def check(self, dim, num_heads, num_kv_heads):
        if dim % (2 * num_heads):
            raise ValueError("The heads have no pairs.")
        if num_heads % num_kv_heads:
            raise ValueError("The heads cannot share the keys.")

    def positions(self, x, positions):
        if positions is None:
            positions = torch.arange(x.shape[1], device=x.device)
        return positions

    def forward(self, x, positions=None):
        x = x + self.self_attn(self.input_layernorm(x), self.positions(x, positions))
        return x + self.mlp(self.post_attention_layernorm(x))


@impostor(
    "LlamaBlock",
    diagnosis="Queries and keys are turned before they are split, so later heads get the"
    " angles of later features.",
    aspect="values",
)
class TurnsBeforeItSplits(Sound):
    class Attention(Attention):
        def parts(self, x, positions):
            q, k = self.turn(self.q_proj(x), positions), self.turn(self.k_proj(x), positions)
            split = self.split(q, self.heads), self.split(k, self.kv_heads)
            return *split, self.split(self.v_proj(x), self.kv_heads)


@impostor(
    "LlamaBlock",
    diagnosis="The values are turned, too; positions decide who is looked at, not what is read.",
    aspect="values",
)
class TurnsValues(Sound):
    class Attention(Attention):
        def parts(self, x, positions):
            q, k, v = super().parts(x, positions)
            return q, k, self.turn(v, positions)


@impostor(
    "LlamaBlock",
    diagnosis="The keys are not turned, so a score depends on the query's position and not"
    " on the distance.",
    aspect="values",
)
class TurnsQueriesAlone(Sound):
    class Attention(Attention):
        def parts(self, x, positions):
            q, _, v = super().parts(x, positions)
            return q, self.split(self.k_proj(x), self.kv_heads), v


@impostor(
    "LlamaBlock",
    diagnosis="Positions are left out: nothing is turned.",
    aspect="values",
)
class TurnsNothing(Sound):
    class Attention(Attention):
        def turn(self, x, positions):
            return x


@impostor(
    "LlamaBlock",
    diagnosis="Neighbouring features are a pair, as in Meta's own files; here feature i goes"
    " with i + D/2.",
    aspect="values",
)
class PairsNeighbours(Sound):
    class Attention(Attention):
        def turn(self, x, positions):
            angles = positions[:, None] * self.frequencies(x, x.shape[-1])
            a, b = x[..., ::2], x[..., 1::2]
            cos, sin = angles.cos(), angles.sin()
            return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


@impostor(
    "LlamaBlock",
    diagnosis="The sign of the sine is wrong: everything is turned the other way.",
    aspect="values",
)
class TurnsBackwards(Sound):
    class Attention(Attention):
        def turn(self, x, positions):
            return super().turn(x, -positions)


@impostor(
    "LlamaBlock",
    diagnosis="The angles go with rope_base^(-i/D); the exponent is -2i/D.",
    aspect="values",
)
class HalvesTheExponent(Sound):
    class Attention(Attention):
        def frequencies(self, like, size):
            return super().frequencies(like, size) ** 0.5


@impostor(
    "LlamaBlock",
    diagnosis="The heads of keys are repeated as a whole, so query head h reads head h mod"
    " num_kv_heads.",
    aspect="values",
)
class TilesTheKeys(Sound):
    class Attention(Attention):
        def share(self, one):
            return one.repeat(1, self.heads // self.kv_heads, 1, 1)


@impostor(
    "LlamaBlock",
    diagnosis="The positions that are given are ignored: every call counts from 0.",
    aspect="values",
)
class IgnoresPositions(Sound):
    def positions(self, x, positions):
        return torch.arange(x.shape[1], device=x.device)


@impostor(
    "LlamaBlock",
    diagnosis="A token sees the tokens whose position is not larger; it sees those before it in x.",
    aspect="values",
)
class SeesByPosition(Sound):
    class Attention(Attention):
        def sees(self, positions):
            return positions <= positions[:, None]


@impostor(
    "LlamaBlock",
    diagnosis="Nothing is hidden: each token sees those after it.",
    aspect="values",
)
class SeesAll(Sound):
    class Attention(Attention):
        def sees(self, positions):
            return torch.ones(1, dtype=torch.bool, device=positions.device)


@impostor(
    "LlamaBlock",
    diagnosis="Scores are multiplied by 1/sqrt(dim); a head has D features.",
    aspect="values",
)
class ScalesByTheWholeWidth(Sound):
    class Attention(Attention):
        def scale(self):
            return self.q_proj.weight.shape[1] ** -0.5


@impostor(
    "LlamaBlock",
    diagnosis="silu is taken of up_proj; it is taken of gate_proj.",
    aspect="values",
)
class BendsUp(Sound):
    class Network(Network):
        def gate(self, gate, up):
            return gate * functional.silu(up)


@impostor(
    "LlamaBlock",
    diagnosis="The gate is a sigmoid, as in the first GLU; here it is silu.",
    aspect="values",
)
class GatesWithSigmoid(Sound):
    class Network(Network):
        def gate(self, gate, up):
            return gate.sigmoid() * up


@impostor(
    "LlamaBlock",
    diagnosis="The norm subtracts the mean; RMSNorm does not.",
    aspect="values",
)
class NormalizesLikeLayerNorm(Sound):
    class Norm(RMSNorm):
        def forward(self, x):
            return super().forward(x - x.mean(-1, keepdim=True))


@impostor(
    "LlamaBlock",
    diagnosis="The norms have eps 1e-6, as `LlamaRMSNorm` without arguments, whatever is given.",
    aspect="values",
)
class ForgetsEps(Sound):
    class Norm(RMSNorm):
        def __init__(self, dim, eps):
            super().__init__(dim, 1e-6)


@impostor(
    "LlamaBlock",
    diagnosis="rope_base is ignored: it is 10,000 always.",
    aspect="values",
)
class FixesTheBase(Sound):
    class Attention(Attention):
        def __init__(self, dim, num_heads, num_kv_heads, base):
            super().__init__(dim, num_heads, num_kv_heads, 10000.0)


@impostor(
    "LlamaBlock",
    diagnosis="attn and mlp are added to the normalized x; they are added to x itself.",
    aspect="values",
)
class AddsToTheNormalized(Sound):
    def forward(self, x, positions=None):
        x = self.input_layernorm(x)
        x = self.post_attention_layernorm(x + self.self_attn(x, self.positions(x, positions)))
        return x + self.mlp(x)


@impostor(
    "LlamaBlock",
    diagnosis="attn and mlp both read x; mlp reads h, to which attention has been added.",
    aspect="values",
)
class WorksInParallel(Sound):
    def forward(self, x, positions=None):
        of_attn = self.self_attn(self.input_layernorm(x), self.positions(x, positions))
        return x + of_attn + self.mlp(self.post_attention_layernorm(x))


@impostor(
    "LlamaBlock",
    diagnosis="The frequencies are made in float32 once; after `double()` they are float64"
    " with 7 digits.",
    aspect="values",
)
class KeepsAFloat32Table(Sound):
    class Attention(Attention):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            frequencies = super().frequencies(torch.zeros(1), self.size)
            self.register_buffer("inv_freq", frequencies, persistent=False)

        def frequencies(self, like, size):
            return self.inv_freq


@impostor(
    "LlamaBlock",
    diagnosis="The angles are computed in float32, as in transformers: a float64 block loses"
    " its digits.",
    aspect="values",
)
class TurnsInFloat32(Sound):
    class Attention(Attention):
        def turn(self, x, positions):
            angles = positions[:, None].float() * self.frequencies(x.float(), x.shape[-1])
            angles = torch.cat([angles, angles], -1)
            return x * angles.cos().to(x.dtype) + rotate_half(x) * angles.sin().to(x.dtype)


@impostor(
    "LlamaBlock",
    diagnosis="The frequencies stand in the state_dict: a checkpoint of this block does not load.",
    aspect="type",
)
class SavesTheFrequencies(Sound):
    class Attention(Attention):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.register_buffer("inv_freq", self.frequencies(torch.zeros(1), self.size))


@impostor(
    "LlamaBlock",
    diagnosis="k_proj and v_proj have as many heads as q_proj: num_kv_heads is ignored.",
    aspect="type",
)
class HasAllHeadsOfKeys(Sound):
    class Attention(Attention):
        def __init__(self, dim, num_heads, num_kv_heads, base):
            super().__init__(dim, num_heads, num_heads, base)


@impostor(
    "LlamaBlock",
    diagnosis="The gate is detached, so that gate_proj is never trained.",
    aspect="gradient",
)
class DetachesTheGate(Sound):
    class Network(Network):
        def gate(self, gate, up):
            return functional.silu(gate).detach() * up


@impostor(
    "LlamaBlock",
    diagnosis="Heads of an odd number of features, which have no pairs, are not refused.",
    aspect="errors",
)
class TakesOddHeads(Sound):
    def check(self, dim, num_heads, num_kv_heads):
        if dim % num_heads or num_heads % num_kv_heads:
            raise ValueError("The heads do not go together.")


@impostor(
    "LlamaBlock",
    diagnosis="Heads of keys that do not divide the heads of queries are not refused.",
    aspect="errors",
)
class TakesAnyHeadsOfKeys(Sound):
    def check(self, dim, num_heads, num_kv_heads):
        if dim % (2 * num_heads):
            raise ValueError("The heads have no pairs.")


@alternative("LlamaBlock")
class WithTorchsAttention(Sound):
    class Attention(Attention):
        def forward(self, x, positions):
            parts = self.parts(x, positions)
            mixed = functional.scaled_dot_product_attention(*parts, is_causal=True, enable_gqa=True)
            return self.o_proj(mixed.transpose(1, 2).reshape(x.shape))

    Norm = nn.RMSNorm


class ExactTable(Attention):
    """Keeps cos and sin of all positions in float64, in plain tensors."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        frequencies = self.frequencies(torch.zeros(1, dtype=torch.float64), self.size)
        angles = torch.arange(256)[:, None] * frequencies
        self.table = angles.cos(), angles.sin()

    def turn(self, x, positions):
        cos, sin = (one.to(x.device)[positions].to(x.dtype).repeat(1, 2) for one in self.table)
        return x * cos + rotate_half(x) * sin


@alternative("LlamaBlock")
class WithAnExactTable(Sound):
    Attention = ExactTable


class BufferOfSteps(Attention):
    """Keeps whole numbers in a buffer, which no conversion rounds; the angles are made anew."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.register_buffer("steps", torch.arange(0.0, self.size, 2), persistent=False)

    def frequencies(self, like, size):
        return self.base ** (-self.steps / size)


@alternative("LlamaBlock")
class WithABufferOfSteps(Sound):
    Attention = BufferOfSteps


def weight(rows, columns):
    return nn.ParameterDict({"weight": torch.randn(rows, columns) / math.sqrt(columns)})


@alternative("LlamaBlock")
class ByComplexNumbers(nn.Module):
    def __init__(self, dim, num_heads, num_kv_heads, hidden, eps=1e-5, rope_base=10000.0):
        super().__init__()
        size, rest = divmod(dim, num_heads)
        if rest or size % 2 or num_heads % num_kv_heads:
            raise ValueError(f"{dim=} {num_heads=} {num_kv_heads=}")
        self.size, self.groups, self.eps, self.base = size, num_kv_heads, eps, rope_base
        self.input_layernorm = nn.ParameterDict({"weight": torch.ones(dim)})
        self.post_attention_layernorm = nn.ParameterDict({"weight": torch.ones(dim)})
        few = num_kv_heads * size
        self.self_attn = nn.ModuleDict(
            {"q_proj": weight(dim, dim), "k_proj": weight(few, dim), "v_proj": weight(few, dim)}
        )
        self.self_attn["o_proj"] = weight(dim, dim)
        self.mlp = nn.ModuleDict({"gate_proj": weight(hidden, dim), "up_proj": weight(hidden, dim)})
        self.mlp["down_proj"] = weight(dim, hidden)

    def norm(self, x, one):
        return x / (x.square().mean(-1, keepdim=True) + self.eps).sqrt() * one["weight"]

    def turned(self, x, places):
        pairs = torch.complex(x[..., : self.size // 2], x[..., self.size // 2 :])
        i = torch.arange(self.size // 2, dtype=x.dtype, device=x.device)
        angles = places.to(x.dtype)[:, None] * torch.exp(-2 * i / self.size * math.log(self.base))
        pairs = pairs * torch.polar(torch.ones_like(angles), angles)
        return torch.cat([pairs.real, pairs.imag], -1)

    def forward(self, x, positions=None):
        batch, length, dim = x.shape
        places = torch.arange(length, device=x.device) if positions is None else positions
        own, normed = self.self_attn, self.norm(x, self.input_layernorm)
        q = (normed @ own["q_proj"]["weight"].T).view(batch, length, self.groups, -1, self.size)
        k, v = (
            (normed @ own[name]["weight"].T).view(batch, length, self.groups, 1, self.size)
            for name in ("k_proj", "v_proj")
        )
        q, k = (self.turned(one.permute(0, 2, 3, 1, 4), places) for one in (q, k))
        scores = torch.einsum("bghqd,bgokd->bghqk", q, k) / math.sqrt(self.size)
        later = torch.full((length, length), -math.inf, dtype=x.dtype, device=x.device).triu(1)
        shares = torch.softmax(scores + later, -1)
        mixed = torch.einsum("bghqk,bkgod->bqghd", shares, v).reshape(batch, length, dim)
        h = x + mixed @ own["o_proj"]["weight"].T
        normed = self.norm(h, self.post_attention_layernorm)
        gate = normed @ self.mlp["gate_proj"]["weight"].T
        up = normed @ self.mlp["up_proj"]["weight"].T
        return h + (gate * gate.sigmoid() * up) @ self.mlp["down_proj"]["weight"].T
