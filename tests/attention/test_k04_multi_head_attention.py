"""The checks of attention/k04_multi_head_attention: heads cut out one by one in NumPy."""

import numpy as np
import torch
from torch import nn

from dojo.checks.attention import (
    ATTENTION_LAYERS,
    attend,
    attend_backward,
    join_heads,
    split_heads,
)
from dojo.checks.laws import LargeScores, ModuleClass
from dojo.checks.laws.attention import of_heads, of_masks

T, F = True, False
DIVIDES = "Each head has embed_dim / num_heads features, a whole number: raise ValueError."
# one for each head; the first token sees nothing in any of them, the third one in the last
BY_HEAD = np.array(
    [
        [[F, F, F, F], [T, T, F, T], [T, F, T, F], [T, F, F, F]],
        [[F, F, F, F], [F, T, T, F], [T, F, T, T], [F, F, T, F]],
        [[F, F, F, F], [T, F, F, T], [F, F, F, F], [T, F, T, T]],
    ]
)
PADDED = np.array([[T, F, T], [F, F, F]])[:, None, None]  # for all heads and tokens
LOW = [[T, T, F, F], [F, F, T, T], [F, F, F, F], [T, T, T, T]]  # what is hidden has larger scores


def numbers(*shape, seed, largest=2):
    """From -2 to 2, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-largest, largest, shape), 1)


def case(batch, tokens, heads, size, mask=None, bias=True, seed=0):
    """A case; parameters are smaller than x."""
    width = heads * size
    shapes = [(3 * width, width), (width, width), *([(3 * width,), (width,)] if bias else [])]
    held = [numbers(*shape, seed=seed + n, largest=1) for n, shape in enumerate(shapes, 1)]
    held += [] if bias else [None, None]
    return numbers(batch, tokens, width, seed=seed), mask, *held, heads


def large(mask):
    """Scores of up to 9,999.9: those of a token with itself are the lowest ones."""
    rows = np.array([84.0875, 84.0825, -84.0875, 0.01])[:, None] * [1, 1, 1, -1]
    one = np.eye(4)
    weights = np.concatenate([one, -one, one / 16]), numbers(4, 4, seed=9, largest=1)
    return rows[None], mask, *weights, np.zeros(12), [0.5, 1.0, 0.0, -1.0], 2


def torchs_own(embed_dim, num_heads, bias=True):
    """torch's class; its third argument is another one."""
    return nn.MultiheadAttention(embed_dim, num_heads, bias=bias, batch_first=True)


class TestMultiHeadAttention(LargeScores, ModuleClass):
    name = "MultiHeadAttention"
    tensors = ("x", "mask", "in_proj_weight", "out_proj.weight", "in_proj_bias", "out_proj.bias")
    parameters = tensors[2:]
    fixed = {"mask": torch.bool}
    dtypes = (torch.float32, torch.float64)
    torchs = staticmethod(torchs_own)
    cases = [
        case(1, 2, 3, 2, seed=10),
        case(3, 4, 3, 2, BY_HEAD, seed=20),  # as many sequences as heads: the mask is by heads
        case(2, 3, 3, 1, PADDED, bias=False, seed=30),
        case(2, 1, 3, 2, seed=40),
        case(2, 3, 1, 2, np.tri(3, dtype=bool), bias=False, seed=50),
    ]
    alone = ("x", "in_proj_weight")
    wild = [large(LOW)]
    hidden = {"x": 300.0}
    refused_when_made = [(sizes, ValueError, DIVIDES) for sizes in [(6, 4), (2, 4), (3, 2, False)]]
    forbidden = ATTENTION_LAYERS
    hints = LargeScores.hints | {
        "parameters": "The names and shapes are those of torch.nn.MultiheadAttention, and out_proj"
        " is an nn.Linear. With bias=False there is no bias, neither in nor out.",
        "shape": "Each token has a row of embed_dim features, whatever the number of heads.",
        "dtype": "Stay in x's dtype: masks, roots and zeros that you make can have another one.",
        "device": "What you make beside x, such as a mask, has to lie where x lies.",
        "values": "Project, cut into heads, attend in each, put them side by side, project.",
        "raises": "The mask has any shape that broadcasts to (B, H, T, T), or is None; bias=False"
        " leaves both biases out.",
        "tracked": "Compute with torch's own operations on x and the parameters, without `detach`,"
        " `.data` or `no_grad`.",
        "gradient": "Gradients go through both projections, and through the softmax between them.",
        "hidden": "The weight of a token that is not seen is exactly 0: give it the score -inf"
        " before the softmax.",
        "forbidden": "The kata is to make the layer; `scaled_dot_product_attention` is free.",
    }
    sentences = {
        "test_has_the_shape": "The result has x's shape.",
        "test_values": "Each head attends in its own features, and out_proj mixes the heads.",
        "test_wild_values": "Scores of 10,000 are right within 1 %, hidden ones too.",
        "test_gradients": "Gradients reach x and each parameter.",
        "test_hidden_places_change_nothing": "Tokens that a token does not see in any head change"
        " nothing for it.",
        "test_hidden_places_get_no_gradient": "Tokens that a token does not see in any head get"
        " gradient exactly 0 from it.",
        "test_is_made_without": "It is made without torch's own layers of attention.",
    }

    def made_with(self, x, mask, weight, out, bias, out_bias, heads):
        return (len(out), heads) if bias is not None else (len(out), heads, False)

    def needed(self, *arguments):
        return ()  # the biases alone would tell nothing

    def parts_of(self, x, weight, bias):
        """The queries, keys and values, all heads side by side."""
        return np.split(x @ weight.T + (0 if bias is None else bias), 3, -1)

    def truth(self, x, mask, weight, out, bias, out_bias, heads):
        q, k, v = (split_heads(one, heads) for one in self.parts_of(x, weight, bias))
        together = join_heads(attend(q, k, v, True if mask is None else mask))
        return together @ out.T + (0 if bias is None else out_bias)

    def gradient(self, weights, x, mask, weight, out, bias, out_bias, heads):
        seen = True if mask is None else mask
        q, k, v = (split_heads(one, heads) for one in self.parts_of(x, weight, bias))
        together, back = join_heads(attend(q, k, v, seen)), split_heads(weights @ out, heads)
        of_parts = attend_backward(back, q, k, v, seen)
        projected = np.concatenate([join_heads(one) for one in of_parts], -1)
        of_weight, of_out = (
            np.einsum("bti,btj->ij", *pair) for pair in [(projected, x), (weights, together)]
        )
        return projected @ weight, of_weight, of_out, projected.sum((0, 1)), weights.sum((0, 1))

    def sees(self, x, mask, weight, out, bias, out_bias, heads):
        seen = np.broadcast_to(True if mask is None else mask, (len(x), heads, *[x.shape[1]] * 2))
        return {"x": seen.any(1) | np.eye(x.shape[1], dtype=bool)}  # a token is its own query

    def others(self, x, mask, weight, out, bias, out_bias, heads):
        seen, (batch, tokens, width) = True if mask is None else mask, x.shape
        parts, size = self.parts_of(x, weight, bias), width // heads
        q, k, v = (split_heads(one, heads) for one in parts)
        right = attend(q, k, v, seen)
        rows = np.concatenate(parts, -1).reshape(batch, tokens, heads, 3, size)
        strided = [one.reshape(batch, tokens, size, heads).transpose(0, 3, 1, 2) for one in parts]
        found = of_heads(q, k, v, seen) | {
            "in_proj_weight has all queries first, then all keys, then all values; here each head"
            " has its three in a row.": attend(*rows.transpose(3, 0, 2, 1, 4), seen),
            "A head has D neighbouring features; here it has every num_heads-th one.": (
                attend(*strided, seen)
            ),
            "The rows of in_proj_weight are for queries, keys, values; here keys come first.": (
                attend(k, q, v, seen)
            ),
            **({} if mask is None else of_masks(q, k, v, mask)),
        }
        if mask is None:
            found["There is one head here; cut the features into num_heads of them."] = split_heads(
                attend(*parts), heads
            )
        after, together = 0 if bias is None else out_bias, join_heads(right)
        found = {hint: join_heads(one) @ out.T + after for hint, one in found.items()}
        not_turned = "A Linear is x @ W.T + b; here out_proj.weight is not transposed."
        found |= {
            "out_proj is missing: it mixes what the heads found.": together,
            not_turned: together @ out + after,
        }
        if bias is not None:
            found["out_proj.bias is missing."] = together @ out.T
            bare = self.truth(x, mask, weight, out, 0 * bias, out_bias, heads)
            found["in_proj_bias is missing."] = bare
            sees = np.broadcast_to(seen, (*q.shape[:-1], tokens)).any((1, 3))[..., None]
            words = "Where a token sees nothing, out_proj gets zeros, and adds its bias."
            found[words] = (together @ out.T + after) * sees
        return found
