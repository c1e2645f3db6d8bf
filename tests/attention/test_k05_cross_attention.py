"""The checks of attention/k05_cross_attention: heads cut out one by one in NumPy."""

import numpy as np
import torch

from dojo.checks.attention import (
    attend,
    attend_backward,
    join_heads,
    split_heads,
)
from dojo.checks.laws import LargeScores, ModuleClass
from dojo.checks.laws.attention import of_heads, of_masks

T, F = True, False
DIVIDES = "Each head has dim / num_heads features, a whole number: raise ValueError."


def numbers(*shape, seed, largest=2):
    """From -2 to 2, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-largest, largest, shape), 1)


def case(batch, tokens, others, heads, size, of_context, mask=None, seed=0):
    """A case of so many tokens of x and of the context; parameters are smaller than these."""
    dim = heads * size
    x = numbers(batch, tokens, dim, seed=seed), numbers(batch, others, of_context, seed=seed + 1)
    shapes = (dim, dim), (dim, of_context), (dim, of_context), (dim, dim)
    held = [numbers(*shape, seed=seed + n, largest=1) for n, shape in enumerate(shapes, 2)]
    return *x, mask, *held, heads


def large(mask):
    """Scores of up to 9,999.9 in size: what is hidden has the larger ones."""
    asked = np.array([84.0875, -84.0875, 0.01])[:, None] * [1, 1, 1, -1]
    context = np.array([-84.0875, -84.0825, 84.0875])[:, None] * [1, 1, 1, -1]
    weights = np.eye(4), np.eye(4), np.eye(4) / 16, numbers(4, 4, seed=9, largest=1)
    return np.stack([asked] * 2), np.stack([context, -context]), mask, *weights, 2


class TestCrossAttention(LargeScores, ModuleClass):
    name = "CrossAttention"
    parameters = ("q_proj.weight", "k_proj.weight", "v_proj.weight", "out_proj.weight")
    tensors = ("x", "context", "mask", *parameters)
    fixed = {"mask": torch.bool}
    dtypes = (torch.float32, torch.float64)
    alone = ("x", "context")
    cases = [
        case(1, 2, 3, 2, 3, 5, seed=10),
        case(2, 1, 4, 2, 3, 5, [[T, F, T, T], [F, F, F, F]], seed=20),
        case(3, 3, 3, 2, 2, 4, [[T, T, F], [F, T, T], [T, F, T]], seed=30),
        case(2, 2, 1, 1, 3, 1, [[T], [F]], seed=40),
    ]
    wild = [large([[T, T, F], [T, T, F]])]
    hidden = {"x": 10.0, "context": 100.0}  # so that no score is above 10,000
    refused_when_made = [(sizes, ValueError, DIVIDES) for sizes in [(6, 8, 4), (2, 4, 4)]]
    hints = LargeScores.hints | {
        "parameters": "Four nn.Linear with bias=False; a weight is (out, in), and keys and values"
        " are made of the context's features.",
        "shape": "Each token of x has a row of dim features, whatever the context's sizes.",
        "dtype": "Stay in x's dtype: masks, roots and zeros that you make can have another one.",
        "device": "What you make beside x, such as a mask, has to lie where x lies.",
        "values": "Queries from x, keys and values from the context; heads, softmax, out_proj.",
        "raises": "x is (B, T, dim) and the context (B, S, context_dim): T, S and the features may"
        " differ. The mask is (B, S), and scores are (B, H, T, S).",
        "tracked": "Compute with torch's own operations on x, the context and the parameters,"
        " without `detach`, `.data` or `no_grad`.",
        "gradient": "Gradients go to x by the queries, and to the context by keys and values.",
        "hidden": "A token of x asks for itself, and a hidden token of the context has weight 0.",
    }
    sentences = {
        "test_has_the_shape": "The result has x's shape.",
        "test_values": "Each token of x takes from the context what fits its query, by heads.",
        "test_wild_values": "Scores of 10,000 are right within 1 %, hidden ones too.",
        "test_gradients": "Gradients reach x, the context and each parameter.",
        "test_hidden_places_change_nothing": "Hidden tokens of the context, and other tokens of x,"
        " change nothing.",
        "test_hidden_places_get_no_gradient": "Hidden tokens of the context, and other tokens of x,"
        " get gradient exactly 0.",
    }

    def made_with(self, x, context, mask, of_q, of_k, of_v, out, heads):
        return len(out), of_k.shape[1], heads

    def needed(self, *arguments):
        return ()  # a part of the matrices would tell nothing

    def seen(self, mask):
        return True if mask is None else mask[:, None, None]

    def parts(self, x, context, of_q, of_k, of_v, heads):
        """Queries, keys and values: (B, H, T or S, D) each."""
        pairs = (x, of_q), (context, of_k), (context, of_v)
        return [split_heads(one @ weight.T, heads) for one, weight in pairs]

    def truth(self, x, context, mask, of_q, of_k, of_v, out, heads):
        parts = self.parts(x, context, of_q, of_k, of_v, heads)
        return join_heads(attend(*parts, self.seen(mask))) @ out.T

    def gradient(self, weights, x, context, mask, of_q, of_k, of_v, out, heads):
        parts, seen = self.parts(x, context, of_q, of_k, of_v, heads), self.seen(mask)
        back = attend_backward(split_heads(weights @ out, heads), *parts, seen)
        by_q, by_k, by_v = (join_heads(one) for one in back)
        together = join_heads(attend(*parts, seen))
        pairs = (by_q, x), (by_k, context), (by_v, context), (weights, together)
        of_held = [np.einsum("bti,btj->ij", *pair) for pair in pairs]
        return by_q @ of_q, by_k @ of_k + by_v @ of_v, *of_held

    def sees(self, x, context, mask, *others):
        shape = len(x), x.shape[1], context.shape[1]
        of_context = np.broadcast_to(True if mask is None else mask[:, None], shape)
        return {"x": np.eye(x.shape[1], dtype=bool), "context": of_context}

    def others(self, x, context, mask, of_q, of_k, of_v, out, heads):
        seen, (q, k, v) = self.seen(mask), self.parts(x, context, of_q, of_k, of_v, heads)
        found = of_heads(q, k, v, seen) | {
            "Keys are made by k_proj and values by v_proj; here it is the other way round.": (
                attend(q, v, k, seen)
            ),
            **({} if mask is None else of_masks(q, k, v, seen)),
        }
        if mask is not None:
            known = self.parts(x, context * mask[..., None], of_q, of_k, of_v, heads)
            words = "Hidden tokens are set to zeros here: they have the score 0, and so a weight."
            found[words] = attend(*known)
        if x.shape == context.shape:
            own_q, own_k, own_v = self.parts(context, x, of_q, of_k, of_v, heads)
            found |= {
                "The values come from x here; the context answers with keys and values.": (
                    attend(q, k, own_v, seen)
                ),
                "The keys come from x here; the context answers with keys and values.": (
                    attend(q, own_k, v, seen)
                ),
                "Keys and values come from x here, which is self-attention; the context answers.": (
                    attend(q, own_k, own_v, seen)
                ),
                "The context asks here, and x answers; it is the other way round.": (
                    attend(own_q, own_k, own_v, seen)
                ),
            }
        if mask is not None and len(x) == x.shape[1] == context.shape[1]:
            found |= {
                "The mask is laid over the queries here; it says which tokens of the context are"
                " seen, the last dimension of the scores.": attend(q, k, v, mask[:, None, :, None]),
                "The mask is (B, S), a row for each sequence; here it is taken as (T, S), a row for"
                " each query.": attend(q, k, v, mask),
            }
        found = {hint: join_heads(one) @ out.T for hint, one in found.items()}
        found["out_proj is missing: it mixes what the heads found."] = join_heads(
            attend(q, k, v, seen)
        )
        return found

    def why_shape(self, arguments, shape):
        if shape[1:2] == arguments[1].shape[1:2]:
            return "There is a row for each token of the context here; there is one for each of x."
        return ""
