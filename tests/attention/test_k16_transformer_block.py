"""The checks of attention/k16_transformer_block: the block as one formula in NumPy."""

import math

import numpy as np
import torch

from dojo.checks.blocks import (
    GPT_BLOCK,
    gpt_block,
    layer_norm,
    linear,
    mlp,
    part_of,
    self_attention,
    split_heads,
)
from dojo.checks.draws import Constant
from dojo.checks.laws import LargeScores, ModuleClass
from dojo.checks.taped import numbers_of, slopes_of


def numbers(shape, seed, size=1.0, around=0.0):
    """Some numbers with two decimals."""
    drawn = np.random.default_rng(seed).uniform(-size, size, shape)
    return np.round(around + drawn, 2)


def case(batch, length, dim, heads, seed, size=2.0):
    """x, the parameters of a block, and the number of heads."""
    x = numbers((batch, length, dim), seed) * size
    parameters = [
        numbers(shape(dim), 20 * seed + n, 0.8, float(name in ("ln_1.weight", "ln_2.weight")))
        for n, (name, shape) in enumerate(GPT_BLOCK.items())
    ]
    return (x, *parameters, heads)


def large():
    """A case in which what a token sees has scores of -10,000, and what it doesn't 10,000."""
    _, *rest = case(1, 3, 4, 2, 9)
    rest[0], rest[1] = np.ones(4), np.zeros(4)
    rest[2] = np.concatenate([84.089 * np.eye(4), -84.089 * np.eye(4), rest[2][8:]])
    rest[3] = rest[3] * (np.arange(12) >= 8)
    return ([[[2.0, -2.0, 2.0, -2.0], [-2.0, 2.0, -2.0, 2.0], [2.0, -2.0, -2.0, 2.0]]], *rest)


def sharp():
    """A case in which GELU by erf gives other numbers: where it differs, it is weighted most."""
    x, *rest = case(2, 5, 4, 2, 2)
    at_2, at_half = 2.2 * 0.9860967, 0.5 * 0.6914625  # GELU of 2.2 and of 0.5
    rest[8] = rest[8] * 0.1
    rest[9] = np.tile([2.2, 0.5], 8)
    rest[10] = np.round(20 + rest[10], 2) * np.tile([1.0, -at_2 / at_half], 8)
    return (x, *rest)


def exact_gelu(x):
    """GELU by erf; nothing goes back through it."""
    share = [0.5 * (1 + math.erf(one / 2**0.5)) for one in x.numbers.flat]
    return x.map(x.numbers * np.reshape(share, x.shape), np.nan)


def relu(x):
    return x.map(np.maximum(x.numbers, 0), np.nan)


def per_head(joint, heads):
    """Queries, keys and values side by side in each head."""
    whole = split_heads(joint, heads)
    size = whole.shape[-1] // 3
    return [whole[..., n * size : (n + 1) * size] for n in range(3)]


def thirds(order):
    """The thirds of c_attn's result in another order."""

    def parts(joint, heads):
        dim = joint.shape[-1] // 3
        return [split_heads(joint[..., n * dim : (n + 1) * dim], heads) for n in order]

    return parts


def viewed(joint, heads):
    """Heads by a view alone, without a transpose."""
    batch, length, dim = *joint.shape[:2], joint.shape[-1] // 3
    return [
        joint[..., n * dim : (n + 1) * dim].reshape(batch, heads, length, dim // heads)
        for n in range(3)
    ]


def unmerged(x, p, heads):
    """Attention whose heads are put side by side without a transpose."""
    dim = x.shape[-1]
    q, k, v = thirds((0, 1, 2))(linear(x, p["c_attn.weight"], p["c_attn.bias"]), heads)
    scores = q @ k.T * (dim // heads) ** -0.5
    mixed = scores.softmax(np.tri(x.shape[1], dtype=bool)) @ v
    return linear(mixed.reshape(*x.shape), p["c_proj.weight"], p["c_proj.bias"])


class TestTransformerBlock(LargeScores, ModuleClass):
    name = "TransformerBlock"
    tensors = ("x", *GPT_BLOCK)
    parameters = tensors[1:]
    dtypes = (torch.float32, torch.float64)
    cases = [
        case(1, 3, 4, 2, 1),
        sharp(),
        case(2, 4, 6, 3, 3),
        case(3, 1, 3, 3, 4, size=0.004),  # so small that eps counts
    ]
    wild = [large()]
    layouts = ("contiguous", "transposed")
    hidden = {"x": 50.0}
    lengths = {"x": 1}
    alone = ("x", "ln_1.bias", "mlp.c_fc.weight")
    drawn_with = [(6, 2)]
    refused_when_made = [
        ((dim, heads), ValueError, f"{heads} heads can't share {dim} features: raise ValueError.")
        for dim, heads in ((4, 3), (2, 4))
    ]
    hints = LargeScores.hints | {
        "parameters": "ln_1 and ln_2 are LayerNorms; attn.c_attn, attn.c_proj, mlp.c_fc and"
        " mlp.c_proj are Linear layers with a bias.",
        "shape": "Both halves add to x, so the result has x's shape: (B, T, dim).",
        "dtype": "The result has the dtype of x and of the parameters: masks and roots too.",
        "values": "h = x + attn(ln_1(x)), and then h + mlp(ln_2(h)). Train mode does the same as"
        " eval mode: there is no dropout.",
        "initial": "LayerNorms begin with weight 1 and bias 0, as `nn.LayerNorm` makes them.",
        "gradient": "Gradients go through both halves and past them, along x itself.",
        "tracked": "Compute with torch's own operations on x and on what the block holds, without"
        " `detach`, `.data` or `no_grad`.",
        "hidden": "A token sees itself and those before it: a later key has the score -inf.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of x.",
        "test_values": "The result is h + mlp(ln_2(h)), where h = x + attn(ln_1(x)).",
        "test_wild_values": "Scores of 10,000 are right within 1 %, hidden ones too.",
        "test_initial_values": "LayerNorms begin with weight 1 and bias 0.",
        "test_gradients": "Gradients reach x and each parameter.",
        "test_hidden_places_change_nothing": "Later tokens change nothing for a token.",
        "test_hidden_places_get_no_gradient": "Later tokens get gradient exactly 0 from a token.",
        "test_is_not_made_with": "A number of heads that does not divide dim is refused.",
    }

    def made_with(self, x, *rest):
        return (x.shape[-1], rest[-1])

    def needed(self, *arguments):
        return ()

    def initial(self, dim, num_heads):
        norms = ("ln_1", "ln_2")
        ones = {f"{name}.weight": Constant(1.0) for name in norms}
        return ones | {f"{name}.bias": Constant(0.0) for name in norms}

    def formula(self, x, *rest):
        return gpt_block(x, dict(zip(self.parameters, rest, strict=False)), rest[-1])

    def truth(self, *arguments):
        return numbers_of(self.formula, arguments)

    def gradient(self, weights, *arguments):
        return slopes_of(self.formula, weights, arguments)[: len(self.tensors)]

    def sees(self, x, *rest):
        return {"x": np.tri(x.shape[1], dtype=bool)}

    def others(self, x, *rest):
        p, heads = dict(zip(self.parameters, rest, strict=False)), rest[-1]
        length, dim = x.shape[-2:]
        lower = np.tri(length, dtype=bool)

        def norm(name, x, **options):
            return layer_norm(x, p[f"{name}.weight"], p[f"{name}.bias"], **options)

        def attn(x, **options):
            return self_attention(x, part_of(p, "attn"), heads, **options)

        def feed(x, **options):
            return mlp(x, part_of(p, "mlp"), **options)

        def block(attend=attn, feed=feed, norm=norm):
            def formula(x):
                h = x + attend(norm("ln_1", x))
                return h + feed(norm("ln_2", h))

            return formula

        def bent(gelu):
            return block(feed=lambda x: feed(x, bend=gelu))

        def with_attention(**options):
            return block(lambda x: attn(x, **options))

        def unbiased(name, x):
            x = x - x.mean()
            scale = ((x * x).mean() * (dim / max(dim - 1, 1)) + 1e-5) ** -0.5
            return x * scale * p[f"{name}.weight"] + p[f"{name}.bias"]

        def normed_first(x):
            x = norm("ln_1", x)
            h = norm("ln_2", x + attn(x))
            return h + feed(h)

        def only(one):
            return lambda name, x: norm(name, x) if name == one else x

        def swapped(name, x):
            return norm({"ln_1": "ln_2", "ln_2": "ln_1"}[name], x)

        def without_projection(x):
            whole = part_of(p, "attn") | {"c_proj.weight": np.eye(dim), "c_proj.bias": 0.0}
            return self_attention(x, whole, heads)

        def after(x):
            h = norm("ln_1", x + attn(x))
            return norm("ln_2", h + feed(h))

        formulas = {
            "The norms come after the sums here: normalize what attn and mlp read.": after,
            "The normalized x is added to here: add to x itself, which no norm has touched.": (
                normed_first
            ),
            "Attention is not added to x here: h is x + attn(ln_1(x)).": (
                lambda x: x + feed(norm("ln_2", attn(norm("ln_1", x))))
            ),
            "mlp's result is added to x here: add it to h, with attention in it.": (
                lambda x: x + feed(norm("ln_2", x + attn(norm("ln_1", x))))
            ),
            "mlp reads x here: it reads h, to which attention has been added.": (
                lambda x: x + attn(norm("ln_1", x)) + feed(norm("ln_2", x))
            ),
            "mlp's result stands alone here: it is added to h.": (
                lambda x: feed(norm("ln_2", x + attn(norm("ln_1", x))))
            ),
            "Attention reads x without a norm here.": block(norm=only("ln_2")),
            "mlp reads h without a norm here.": block(norm=only("ln_1")),
            "ln_1 stands before mlp here; that is the place of ln_2.": block(
                norm=lambda _name, x: norm("ln_1", x)
            ),
            "ln_1 and ln_2 stand in each other's place here.": block(norm=swapped),
            "This is GELU by erf; the tanh form is meant.": bent(exact_gelu),
            "This is relu; GELU's tanh form is meant.": bent(relu),
            "Every token sees every token here: hide the later ones.": with_attention(
                sees=np.ones_like(lower)
            ),
            "Scores are multiplied by 1/sqrt(dim) here; a head has dim / num_heads features.": (
                with_attention(scale=dim**-0.5)
            ),
            "Scores are not scaled here: multiply them by 1/sqrt(dim / num_heads).": (
                with_attention(scale=1.0)
            ),
            "Queries, keys and values stand side by side in each head here: c_attn gives all"
            " queries, then all keys, then all values.": with_attention(parts=per_head),
            "Keys come before queries here: c_attn gives queries, keys, values.": (
                with_attention(parts=thirds((1, 0, 2)))
            ),
            "Keys and values are exchanged here: c_attn gives queries, keys, values.": (
                with_attention(parts=thirds((0, 2, 1)))
            ),
            "A view alone makes the heads here: view (B, T, num_heads, D), then transpose.": (
                with_attention(parts=viewed)
            ),
            "The heads go back by a view alone here: transpose to (B, T, num_heads, D) first.": (
                block(lambda x: unmerged(x, part_of(p, "attn"), heads))
            ),
            "The heads' results do not go through attn.c_proj here.": block(without_projection),
            "The variance is divided by dim - 1 here; it is by dim.": block(norm=unbiased),
        }
        if heads > 1:
            formulas["All features are one head here."] = lambda x: block(
                lambda x: self_attention(x, part_of(p, "attn"), 1)
            )(x)
        found = {hint: numbers_of(one, [x]) for hint, one in formulas.items()}
        for eps, words in ((0.0, "missing or far too small"), (1e-6, "1e-6")):
            tried = block(norm=lambda name, x, eps=eps: norm(name, x, eps=eps))
            found[f"eps is {words} here; it is 1e-5."] = numbers_of(tried, [x])
        return found
