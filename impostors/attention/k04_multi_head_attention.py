"""Wrong and right answers to attention/k04_multi_head_attention."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """A right answer, in parts that the others change."""

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        self.refuse(embed_dim, num_heads)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * embed_dim, embed_dim) / embed_dim**0.5)
        self.register_parameter("in_proj_bias", nn.Parameter(torch.zeros(3 * embed_dim)))
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        if not bias:
            self.in_proj_bias = None

    def refuse(self, embed_dim, num_heads):
        if embed_dim % num_heads:
            raise ValueError(f"{embed_dim} / {num_heads}")

    def scale(self):
        return 1 / math.sqrt(self.embed_dim // self.num_heads)

    def parts(self, x):
        return functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)

    def split(self, x):
        return x.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def heads(self, x):
        return [self.split(one) for one in self.parts(x)]

    def weights(self, scores, mask):
        if mask is None:
            return scores.softmax(-1)
        return scores.masked_fill(~mask, -torch.inf).softmax(-1).nan_to_num(0.0)

    def join(self, heads):
        return heads.transpose(1, 2).flatten(2)

    def project(self, x):
        return self.out_proj(x)

    def forward(self, x, mask=None):
        q, k, v = self.heads(x)
        scores = q @ k.transpose(-2, -1) * self.scale()
        return self.project(self.join(self.weights(scores, mask) @ v))


@impostor(
    "MultiHeadAttention",
    diagnosis="view(B, H, T, D) without a transpose gives a head some tokens with all their"
    " features, and not all tokens.",
    aspect="values",
)
class ViewsWithoutTransposing(Sound):
    def split(self, x):
        return x.reshape(x.shape[0], self.num_heads, x.shape[1], -1)


@impostor(
    "MultiHeadAttention",
    diagnosis="view(B, H, T, D) without a transpose, and view(B, T, E) on the way back: both mix"
    " tokens with heads.",
    aspect="values",
)
class ViewsBothWays(Sound):
    def split(self, x):
        return x.reshape(x.shape[0], self.num_heads, x.shape[1], -1)

    def join(self, heads):
        return heads.reshape(heads.shape[0], heads.shape[2], -1)


@impostor(
    "MultiHeadAttention",
    diagnosis="On the way back the transpose is missing: (B, H, T, D) is viewed as (B, T, E).",
    aspect="values",
)
class JoinsWithoutTransposing(Sound):
    def join(self, heads):
        return heads.reshape(heads.shape[0], heads.shape[2], -1)


@impostor(
    "MultiHeadAttention",
    diagnosis="Scores are divided by √embed_dim; each head has D = embed_dim / num_heads features.",
    aspect="values",
)
class ScalesByAllFeatures(Sound):
    def scale(self):
        return self.embed_dim**-0.5


@impostor("MultiHeadAttention", diagnosis="The division by √D is missing.", aspect="values")
class DoesNotScale(Sound):
    def scale(self):
        return 1.0


@impostor(
    "MultiHeadAttention",
    diagnosis="The features of in_proj are cut into heads first, and each head into q, k and v, as"
    " in GPT-NeoX; torch has all queries first.",
    aspect="values",
)
class SplitsEachHeadInThree(Sound):
    def heads(self, x):
        rows = functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        rows = rows.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)
        return rows.chunk(3, -1)


@impostor(
    "MultiHeadAttention",
    diagnosis="A head takes every H-th feature: view(B, T, D, H) in place of view(B, T, H, D).",
    aspect="values",
)
class TakesEveryFewFeatures(Sound):
    def split(self, x):
        return x.reshape(*x.shape[:2], -1, self.num_heads).permute(0, 3, 1, 2)


@impostor(
    "MultiHeadAttention",
    diagnosis="The first rows of in_proj_weight are taken for keys; they are for queries.",
    aspect="values",
)
class TakesKeysFirst(Sound):
    def parts(self, x):
        k, q, v = super().parts(x)
        return q, k, v


@impostor(
    "MultiHeadAttention",
    diagnosis="The output projection is missing: the heads are only put side by side.",
    aspect="values",
)
class DoesNotProjectTheOutput(Sound):
    def project(self, x):
        return x + 0 * self.out_proj.weight.sum()


@impostor(
    "MultiHeadAttention",
    diagnosis="in_proj_bias is there, but not added.",
    aspect="values",
)
class ForgetsTheBias(Sound):
    def parts(self, x):
        return functional.linear(x, self.in_proj_weight).chunk(3, -1)


@impostor(
    "MultiHeadAttention",
    diagnosis="True in the mask is read as hide, as in torch's class; here it means see.",
    aspect="values",
)
class HidesWhatIsTrue(Sound):
    def weights(self, scores, mask):
        return super().weights(scores, None if mask is None else ~mask)


@impostor(
    "MultiHeadAttention",
    diagnosis="All heads attend as one: the features are not cut.",
    aspect="values",
)
class HasOneHead(Sound):
    def scale(self):
        return self.embed_dim**-0.5

    def split(self, x):
        return x.unsqueeze(1).expand(-1, self.num_heads, -1, -1)

    def join(self, heads):
        return torch.stack(heads[:, 0].chunk(self.num_heads, -1), 2).flatten(2)


@impostor(
    "MultiHeadAttention",
    diagnosis="The softmax goes over the queries (dim=-2); each query weighs the keys (dim=-1).",
    aspect="values",
)
class TakesTheSoftmaxOverQueries(Sound):
    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-2).nan_to_num(0.0)


@impostor(
    "MultiHeadAttention",
    diagnosis="With a fill of -1e9 a token that sees nothing gets the mean of all values.",
    aspect="values",
)
class TakesTheMeanWhereNothingIsSeen(Sound):
    def weights(self, scores, mask):
        return (scores if mask is None else scores.masked_fill(~mask, -1e9)).softmax(-1)


@impostor(
    "MultiHeadAttention",
    diagnosis="Where a token sees nothing the result is set to zeros; there out_proj of zeros is"
    " meant, which is its bias.",
    aspect="values",
)
class SetsTheResultToZeros(Sound):
    def forward(self, x, mask=None):
        result = super().forward(x, mask)
        if mask is None:
            return result
        shape = (x.shape[0], self.num_heads, x.shape[1], x.shape[1])
        return result * mask.expand(shape).any(-1).any(1).unsqueeze(-1)


@impostor(
    "MultiHeadAttention",
    diagnosis="nan_to_num on the heads' result makes zeros, but the weights of NaN stay in the"
    " backward.",
    aspect="gradient",
)
class ReplacesNanInTheResult(Sound):
    def weights(self, scores, mask):
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)

    def project(self, x):
        return super().project(x.nan_to_num(0.0))


@impostor(
    "MultiHeadAttention",
    diagnosis="-10,000 is no score that hides: where the visible ones are as low, the hidden tokens"
    " get as much weight.",
    aspect="values",
)
class FillsWithMinusTenThousand(Sound):
    def weights(self, scores, mask):
        if mask is None:
            return scores.softmax(-1)
        return scores.masked_fill(~mask, -1e4).softmax(-1) * mask.any(-1, keepdim=True)


@impostor(
    "MultiHeadAttention",
    diagnosis="bias=False leaves out in_proj_bias alone; out_proj has no bias then, either.",
    aspect="type",
)
class KeepsTheOuterBias(Sound):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim)


@impostor(
    "MultiHeadAttention",
    diagnosis="Queries, keys and values have layers of their own; torch's names are in_proj_weight"
    " and in_proj_bias.",
    aspect="type",
)
class HasThreeLayers(Sound):
    def __init__(self, embed_dim, num_heads, bias=True):
        nn.Module.__init__(self)
        self.refuse(embed_dim, num_heads)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.q_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.k_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.v_proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def parts(self, x):
        return self.q_proj(x), self.k_proj(x), self.v_proj(x)


@impostor(
    "MultiHeadAttention",
    diagnosis="A number of heads that does not divide embed_dim is not refused when it is made.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, embed_dim, num_heads):
        pass


@impostor(
    "MultiHeadAttention",
    diagnosis="It calls torch's own multi-head attention, which is what the kata makes.",
    aspect="structure",
)
class CallsTorchsOwn(Sound):
    def forward(self, x, mask=None):
        batch, tokens, _ = x.shape
        if mask is not None:  # torch's function would give NaN where a token sees nothing
            mask = mask.expand(batch, self.num_heads, tokens, tokens).flatten(0, 1)
            mask = torch.zeros_like(mask, dtype=x.dtype).masked_fill(~mask, -torch.inf)
            if bool(mask.isneginf().all(-1).any()):
                return super().forward(x, mask.view(batch, -1, tokens, tokens) == 0)
        x = x.transpose(0, 1)
        bias = self.in_proj_bias, None, None, False, 0.0, self.out_proj.weight, self.out_proj.bias
        result, _ = functional.multi_head_attention_forward(
            x,
            x,
            x,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            *bias,
            training=self.training,
            need_weights=False,
            attn_mask=mask,
        )
        return result.transpose(0, 1)


@alternative("MultiHeadAttention")
class WithTorchsFunction(Sound):
    def forward(self, x, mask=None):
        result = functional.scaled_dot_product_attention(*self.heads(x), attn_mask=mask)
        return self.out_proj(result.transpose(1, 2).reshape(x.shape))


@alternative("MultiHeadAttention")
class InheritsTheStateOfTorchs(nn.MultiheadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        if embed_dim // num_heads * num_heads != embed_dim:
            raise ValueError("heads")
        super().__init__(embed_dim, num_heads, bias=bias, batch_first=True)

    def forward(self, x, mask=None):
        batch, tokens, width = x.shape
        rows = x @ self.in_proj_weight.T
        if self.in_proj_bias is not None:
            rows = rows + self.in_proj_bias
        rows = rows.view(batch, tokens, 3, self.num_heads, width // self.num_heads)
        q, k, v = rows.permute(2, 0, 3, 1, 4)
        scores = torch.einsum("bhid,bhjd->bhij", q, k) / (width / self.num_heads) ** 0.5
        if mask is None:
            mask = torch.ones((), dtype=torch.bool, device=x.device)
        lowest = torch.finfo(x.dtype).min
        shares = scores.where(mask, lowest).softmax(-1) * mask
        return self.out_proj(torch.einsum("bhij,bhjd->bihd", shares, v).reshape(x.shape))


@alternative("MultiHeadAttention")
class HeadByHead(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        size, rest = divmod(embed_dim, num_heads)
        if rest:
            raise ValueError(rest)
        self.sizes = [size] * num_heads
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * embed_dim, embed_dim))
        if bias:
            self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)

    def forward(self, x, mask=None):
        found = []
        rows = x @ self.in_proj_weight.mT + getattr(self, "in_proj_bias", 0)
        q, k, v = (part.split(self.sizes, -1) for part in rows.tensor_split(3, -1))
        if mask is not None:
            mask = mask.expand(x.shape[0], len(self.sizes), x.shape[1], x.shape[1])
        for n, size in enumerate(self.sizes):
            scores = q[n] @ k[n].mT / math.sqrt(size)
            if mask is not None:
                scores = torch.where(mask[:, n], scores, -torch.inf)
            found.append(scores.softmax(-1).nan_to_num(0.0) @ v[n])
        return self.out_proj(torch.cat(found, -1))


@alternative("MultiHeadAttention")
class WithHeadsInTheBatch(Sound):
    def forward(self, x, mask=None):
        batch, tokens, _ = x.shape
        q, k, v = (one.flatten(0, 1) for one in self.heads(x))
        scores = torch.bmm(q * self.scale(), k.transpose(1, 2))
        if mask is not None:
            mask = mask.expand(batch, self.num_heads, tokens, tokens).reshape(scores.shape)
            nothing = ~mask.any(-1, keepdim=True)
            scores = scores.masked_fill(~mask & ~nothing, -torch.inf)
        found = torch.bmm((scores - scores.logsumexp(-1, keepdim=True)).exp(), v)
        if mask is not None:
            found = found.masked_fill(nothing, 0.0)
        return self.out_proj(self.join(found.view(batch, -1, *found.shape[1:])))
