"""Wrong and right answers to attention/k05_cross_attention."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """A right answer, in parts that the others change."""

    def __init__(self, dim, context_dim, num_heads):
        super().__init__()
        self.refuse(dim, num_heads)
        self.num_heads = num_heads
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.k_proj = nn.Linear(context_dim, dim, bias=False)
        self.v_proj = nn.Linear(context_dim, dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def refuse(self, dim, num_heads):
        if dim % num_heads:
            raise ValueError(f"{dim} / {num_heads}")

    def split(self, x):
        return x.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def join(self, heads):
        return heads.transpose(1, 2).flatten(2)

    def sources(self, x, context):
        """What queries, keys and values are made of."""
        return x, context, context

    def scale(self, q):
        return 1 / math.sqrt(q.shape[-1])

    def laid_out(self, mask):
        """The mask beside scores of (B, H, T, S)."""
        return mask[:, None, None, :]

    def weights(self, scores, mask):
        if mask is None:
            return scores.softmax(-1)
        return scores.masked_fill(~mask, -torch.inf).softmax(-1).nan_to_num(0.0)

    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-2, -1) * self.scale(q)
        return self.weights(scores, None if mask is None else self.laid_out(mask)) @ v

    def project(self, x):
        return self.out_proj(x)

    def forward(self, x, context, mask=None):
        asks, has, gives = self.sources(x, context)
        parts = self.q_proj(asks), self.k_proj(has), self.v_proj(gives)
        return self.project(self.join(self.attend(*map(self.split, parts), mask)))


def like(x, other):
    """x, where the other one has its sizes; else the other one."""
    return x if x.shape == other.shape else other


@impostor(
    "CrossAttention",
    diagnosis="The values are made of x: that has the right shape only where x and the context have"
    " the same sizes.",
    aspect="values",
)
class TakesValuesFromX(Sound):
    def sources(self, x, context):
        return x, context, like(x, context)


@impostor(
    "CrossAttention",
    diagnosis="Keys and values are made of x, as in self-attention: the context is not read.",
    aspect="values",
)
class AttendsToItself(Sound):
    def sources(self, x, context):
        return x, like(x, context), like(x, context)


@impostor(
    "CrossAttention",
    diagnosis="The context asks and x answers: the result would have S tokens.",
    aspect="values",
)
class LetsTheContextAsk(Sound):
    def sources(self, x, context):
        return like(context, x), like(x, context), like(x, context)


@impostor(
    "CrossAttention",
    diagnosis="The weights are transposed on the way, and S tokens come back in place of T.",
    aspect="shape",
)
class ReturnsTheTokensOfTheContext(Sound):
    def attend(self, q, k, v, mask):
        weights = (q @ k.mT * self.scale(q)).softmax(-1)
        return weights.mT @ q


@impostor(
    "CrossAttention",
    diagnosis="k_proj makes the values and v_proj the keys.",
    aspect="values",
)
class ExchangesKeysAndValues(Sound):
    def attend(self, q, k, v, mask):
        return super().attend(q, v, k, mask)


@impostor(
    "CrossAttention",
    diagnosis="The softmax goes over the T queries, dim=-2; each of these weighs S keys, dim=-1.",
    aspect="values",
)
class TakesTheSoftmaxOverQueries(Sound):
    def weights(self, scores, mask):
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-2).nan_to_num(0.0)


@impostor(
    "CrossAttention",
    diagnosis="The mask is laid over the queries, [:, None, :, None]; it is about the context.",
    aspect="values",
)
class MasksTheQueries(Sound):
    def attend(self, q, k, v, mask):
        if mask is None or q.shape != k.shape:
            return super().attend(q, k, v, mask)
        return self.weights(q @ k.mT * self.scale(q), mask[:, None, :, None]) @ v


@impostor(
    "CrossAttention",
    diagnosis="The mask has no dimensions for heads and queries: (B, S) is taken as (T, S).",
    aspect="values",
)
class TakesTheMaskAsIs(Sound):
    def attend(self, q, k, v, mask):
        if mask is None or len(q) != q.shape[2]:
            return super().attend(q, k, v, mask)
        return self.weights(q @ k.mT * self.scale(q), mask) @ v


@impostor(
    "CrossAttention",
    diagnosis="True in the mask is read as hide; here it means see.",
    aspect="values",
)
class HidesWhatIsTrue(Sound):
    def laid_out(self, mask):
        return ~super().laid_out(mask)


@impostor("CrossAttention", diagnosis="The mask is not used.", aspect="values")
class IgnoresTheMask(Sound):
    def weights(self, scores, mask):
        return scores.softmax(-1)


@impostor(
    "CrossAttention",
    diagnosis="Where the whole context is hidden the softmax gives NaN; zeros are expected.",
    aspect="values",
)
class GivesNanWithoutContext(Sound):
    def weights(self, scores, mask):
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)


@impostor(
    "CrossAttention",
    diagnosis="With a fill of -1e9 a token gets the mean of a context that is hidden as a whole.",
    aspect="values",
)
class TakesTheMeanWhereNothingIsSeen(Sound):
    def weights(self, scores, mask):
        return (scores if mask is None else scores.masked_fill(~mask, -1e9)).softmax(-1)


@impostor(
    "CrossAttention",
    diagnosis="nan_to_num on the result makes zeros, but the weights of NaN stay in the backward.",
    aspect="gradient",
)
class ReplacesNanInTheResult(Sound):
    def weights(self, scores, mask):
        return (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)

    def project(self, x):
        return super().project(x.nan_to_num(0.0))


@impostor(
    "CrossAttention",
    diagnosis="The tokens of the context are set to zeros where they are hidden: they have the"
    " score 0 then, and still a weight.",
    aspect="values",
)
class SetsHiddenTokensToZeros(Sound):
    def forward(self, x, context, mask=None):
        if mask is not None:
            context = context * mask.unsqueeze(-1)
        return super().forward(x, context)


@impostor(
    "CrossAttention",
    diagnosis="Scores are divided by √dim; each head has D = dim / num_heads features.",
    aspect="values",
)
class ScalesByAllFeatures(Sound):
    def scale(self, q):
        return (q.shape[-1] * self.num_heads) ** -0.5


@impostor("CrossAttention", diagnosis="The division by √D is missing.", aspect="values")
class DoesNotScale(Sound):
    def scale(self, q):
        return 1.0


@impostor(
    "CrossAttention",
    diagnosis="view(B, H, T, D) without a transpose gives a head some tokens with all their"
    " features, and not all tokens.",
    aspect="values",
)
class ViewsWithoutTransposing(Sound):
    def split(self, x):
        return x.reshape(len(x), self.num_heads, x.shape[1], -1)


@impostor(
    "CrossAttention",
    diagnosis="On the way back the transpose is missing: (B, H, T, D) is viewed as (B, T, dim).",
    aspect="values",
)
class JoinsWithoutTransposing(Sound):
    def join(self, heads):
        return heads.reshape(len(heads), heads.shape[2], -1)


@impostor(
    "CrossAttention",
    diagnosis="The context is detached: no gradient reaches what made it, such as a text encoder.",
    aspect="gradient",
)
class DetachesTheContext(Sound):
    def sources(self, x, context):
        return super().sources(x, context.detach())


@impostor(
    "CrossAttention",
    diagnosis="The layers have biases; the docstring has none.",
    aspect="type",
)
class HasBiases(Sound):
    def __init__(self, dim, context_dim, num_heads):
        super().__init__(dim, context_dim, num_heads)
        self.out_proj = nn.Linear(dim, dim)


@impostor(
    "CrossAttention",
    diagnosis="A number of heads that does not divide dim is not refused when it is made.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def refuse(self, dim, num_heads):
        pass


@impostor(
    "CrossAttention",
    diagnosis="num_heads is compared with context_dim too, which may be any size.",
    aspect="type",
)
class RefusesOtherContexts(Sound):
    def __init__(self, dim, context_dim, num_heads):
        self.refuse(context_dim, num_heads)
        super().__init__(dim, context_dim, num_heads)


@alternative("CrossAttention")
class WithTorchsFunction(Sound):
    def attend(self, q, k, v, mask):
        mask = None if mask is None else mask[:, None, None, :]
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@alternative("CrossAttention")
class WithPlainParameters(nn.Module):
    def __init__(self, dim, context_dim, num_heads):
        super().__init__()
        size, rest = divmod(dim, num_heads)
        if rest:
            raise ValueError(rest)
        self.size = size
        sizes = {"q_proj": dim, "k_proj": context_dim, "v_proj": context_dim, "out_proj": dim}
        for name, width in sizes.items():
            holder = nn.Module()
            holder.weight = nn.Parameter(torch.zeros(dim, width))
            self.add_module(name, holder)

    def forward(self, x, context, mask=None):
        q = (x @ self.q_proj.weight.T).unflatten(-1, (-1, self.size))
        k = (context @ self.k_proj.weight.T).unflatten(-1, (-1, self.size))
        v = (context @ self.v_proj.weight.T).unflatten(-1, (-1, self.size))
        scores = torch.einsum("bthd,bshd->bhts", q, k) * self.size**-0.5
        if mask is None:
            mask = torch.ones(context.shape[:2], dtype=torch.bool, device=x.device)
        mask = mask[:, None, None]
        shares = torch.where(mask, scores, torch.finfo(x.dtype).min).softmax(-1) * mask
        found = torch.einsum("bhts,bshd->bthd", shares, v).flatten(2)
        return torch.einsum("bti,oi->bto", found, self.out_proj.weight)


@alternative("CrossAttention")
class HeadByHead(Sound):
    def forward(self, x, context, mask=None):
        found = []
        parts = self.q_proj(x), self.k_proj(context), self.v_proj(context)
        for q, k, v in zip(*(one.chunk(self.num_heads, -1) for one in parts), strict=True):
            scores = torch.bmm(q / math.sqrt(q.shape[-1]), k.transpose(1, 2))
            if mask is not None:
                nothing = ~mask.any(1)[:, None, None]
                scores = scores.masked_fill(~mask[:, None] & ~nothing, -torch.inf)
            one = torch.bmm((scores - scores.logsumexp(-1, keepdim=True)).exp(), v)
            found.append(one if mask is None else one.masked_fill(nothing, 0.0))
        return self.out_proj(torch.cat(found, -1))


@alternative("CrossAttention")
class WithTheSeenTokensAlone(Sound):
    def forward(self, x, context, mask=None):
        results = []
        for b, (one, other) in enumerate(zip(x, context, strict=True)):
            other = other if mask is None else other[mask[b]]  # of none the products are zeros
            parts = self.q_proj(one), self.k_proj(other), self.v_proj(other)
            q, k, v = (p.unflatten(-1, (self.num_heads, -1)) for p in parts)
            shares = (torch.einsum("thd,shd->hts", q, k) * self.scale(q)).softmax(-1)
            results.append(self.out_proj(torch.einsum("hts,shd->thd", shares, v).flatten(1)))
        return torch.stack(results)


@alternative("CrossAttention")
class WithTorchsMultiheadAttention(Sound):
    def forward(self, x, context, mask=None):
        if mask is not None:  # a context that is hidden as a whole is seen, and its result is 0
            sees = mask.any(1)
            hidden = ~(mask | ~sees[:, None])
        weights = [self.q_proj.weight, self.k_proj.weight, self.v_proj.weight]
        result, _ = functional.multi_head_attention_forward(
            x.transpose(0, 1),
            context.transpose(0, 1),
            context.transpose(0, 1),
            x.shape[-1],
            self.num_heads,
            None,
            None,
            None,
            None,
            False,
            0.0,
            self.out_proj.weight,
            None,
            key_padding_mask=None if mask is None else hidden,
            need_weights=False,
            use_separate_proj_weight=True,
            q_proj_weight=weights[0],
            k_proj_weight=weights[1],
            v_proj_weight=weights[2],
        )
        result = result.transpose(0, 1).contiguous()
        return result if mask is None else result.masked_fill(~sees[:, None, None], 0.0)
