"""The checks of attention/k17_llama_block: the block as one formula in NumPy."""

import functools

import numpy as np
import torch

from dojo.checks.blocks import (
    attention,
    layer_norm,
    linear,
    merge_heads,
    rms_norm,
    silu,
    split_heads,
)
from dojo.checks.draws import Constant
from dojo.checks.laws import LargeScores, ModuleClass
from dojo.checks.taped import Taped, numbers_of, slopes_of

NORMS = "input_layernorm.weight", "post_attention_layernorm.weight"
SHAPES = {  # dim, the features of all heads of keys, hidden
    NORMS[0]: "d",
    "self_attn.q_proj.weight": "dd",
    "self_attn.k_proj.weight": "kd",
    "self_attn.v_proj.weight": "kd",
    "self_attn.o_proj.weight": "dd",
    NORMS[1]: "d",
    "mlp.gate_proj.weight": "hd",
    "mlp.up_proj.weight": "hd",
    "mlp.down_proj.weight": "dh",
}


def case(shape, positions, made_with, seed, size=2.0):
    """x, positions, the parameters, and what the block is made with."""
    dim, heads, of_keys, hidden = made_with[:4]
    sizes = {"d": dim, "k": of_keys * dim // heads, "h": hidden}
    draw = np.random.default_rng(seed)
    x = np.round(draw.uniform(-size, size, (*shape, dim)), 4)
    numbers = [
        np.round((name in NORMS) + draw.uniform(-0.9, 0.9, [sizes[one] for one in letters]), 2)
        for name, letters in SHAPES.items()
    ]
    return (x, positions, *numbers, *made_with)


def large():
    """A case in which what a token sees has scores of -10,000, and what it doesn't 10,000."""
    _, _, *rest = case((1, 3), None, (4, 2, 1, 3), 9)
    rest[0] = np.ones(4)
    rest[1], rest[2] = 84.089 * np.eye(4), -84.089 * np.eye(2, 4)
    x = [[[2.0, -2.0, 2.0, -2.0], [-2.0, 2.0, -2.0, 2.0], [2.0, -2.0, -2.0, 2.0]]]
    return (x, [0, 0, 0], *rest)


def turn(x, positions, base, pairs="halves", exponent=2.0):
    """RoPE of (..., T, D): each pair of features is turned by its own angle."""
    size = x.shape[-1]
    i = np.arange(size // 2)
    a, b = (i, i + size // 2) if pairs == "halves" else (2 * i, 2 * i + 1)
    angles, partner = np.zeros((len(positions), size)), np.zeros((size, size))
    angles[:, a] = angles[:, b] = np.outer(positions, base ** (-exponent * i / size))
    partner[b, a], partner[a, b] = -1.0, 1.0
    return x * np.cos(angles) + (x @ partner) * np.sin(angles)


def llama_block(  # each option is a mistake
    arguments,
    norm=rms_norm,
    turned="qk",
    turns=turn,
    at=None,
    base=None,
    eps=None,
    is_early=False,
    is_tiled=False,
    sees=None,
    scale=None,
    gate=lambda g, u: silu(g) * u,
    wiring="before",
):
    """The block of Llama as a formula, right unless an option is given."""
    x, positions, *rest = arguments
    p = {name.removesuffix(".weight"): one for name, one in zip(SHAPES, rest, strict=False)}
    _, heads, of_keys, _, own_eps, own_base = (*rest[len(SHAPES) :], 1e-5, 10000.0)[:6]
    eps, base = own_eps if eps is None else eps, own_base if base is None else base
    if at is None:
        at = np.arange(x.shape[-2]) if positions is None else positions
    sees = np.tri(x.shape[-2], dtype=bool) if sees is None else sees
    heads_in_order = np.arange(heads)
    of_head = heads_in_order % of_keys if is_tiled else heads_in_order * of_keys // heads

    def attend(x):
        found = {}
        for name, count in (("q", heads), ("k", of_keys), ("v", of_keys)):
            one = linear(x, p[f"self_attn.{name}_proj"])
            one = turns(one, at, base) if is_early and name in turned else one
            one = split_heads(one, count)
            one = turns(one, at, base) if not is_early and name in turned else one
            found[name] = one if name == "q" else one[:, of_head]
        mixed = attention(found["q"], found["k"], found["v"], sees, scale)
        return linear(merge_heads(mixed), p["self_attn.o_proj"])

    def feed(x):
        inner = gate(linear(x, p["mlp.gate_proj"]), linear(x, p["mlp.up_proj"]))
        return linear(inner, p["mlp.down_proj"])

    def first(x):
        return norm(x, p["input_layernorm"], eps)

    def second(x):
        return norm(x, p["post_attention_layernorm"], eps)

    if wiring == "after":
        x = first(x + attend(x))
        return second(x + feed(x))
    if wiring == "on the normalized":
        x = first(x)
        x = second(x + attend(x))
        return x + feed(x)
    if wiring == "one residual":
        return x + feed(second(attend(first(x))))
    if wiring == "parallel":
        return x + attend(first(x)) + feed(second(x))
    x = x + attend(first(x))
    return x + feed(second(x))


class TestLlamaBlock(LargeScores, ModuleClass):
    name = "LlamaBlock"
    tensors = ("x", "positions", *SHAPES)
    fixed = {"positions": torch.int64}
    parameters = tensors[2:]
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "transposed", "every second element")
    cases = [
        case((1, 3), None, (8, 4, 2, 5), 1),
        case((2, 4), [7, 0, 200, 7], (8, 2, 1, 3, 0.01, 100.0), 2),
        case((3, 2), [254, 255], (12, 3, 3, 2), 3, size=0.004),  # so small that eps counts
    ]
    wild = [large()]
    hidden = {"x": 50.0}
    lengths = {"x": 1, "positions": 0}
    alone = ("x", NORMS[0], "self_attn.k_proj.weight")
    drawn_with = [(8, 2, 1, 3)]
    refused_when_made = [
        ((6, 4, 2, 3), ValueError, "4 heads cannot share 6 features: raise ValueError."),
        ((6, 2, 1, 3), ValueError, "A head of 3 features has no pairs: raise ValueError."),
        ((12, 6, 4, 3), ValueError, "6 heads cannot share 4 heads of keys: raise ValueError."),
        ((8, 2, 4, 3), ValueError, "2 heads cannot share 4 heads of keys: raise ValueError."),
    ]
    hints = LargeScores.hints | {
        "parameters": "k_proj and v_proj have num_kv_heads·D rows; no layer has a bias.",
        "shape": "Both halves add to x, so the result has x's shape: (B, T, dim).",
        "dtype": "The result has the dtype of x and of the parameters: angles and masks too.",
        "device": "The angles, the mask and positions that are not given lie where x lies.",
        "values": "h = x + attn(norm(x)), then h + mlp(norm(h)); queries and keys are turned head"
        " by head.",
        "precise": "Only the last digits differ: stay in the dtype of x, in norms and in angles. A"
        " table that ever was float32 keeps 7 digits, and `float()` rounds a buffer too.",
        "own": "Each call computes with what the block holds then, in x's dtype: a table that was"
        " made in float32 has too few digits for float64.",
        "initial": "The weights of both norms are 1 at first.",
        "gradient": "Gradients go through both halves and past them; those of a head of keys add"
        " up over the heads that read it.",
        "tracked": "Compute with torch's own operations on x and on what the block holds, without"
        " `detach`, `.data` or `no_grad`.",
        "hidden": "A token sees itself and those before it in x: a later key has the score -inf.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of x.",
        "test_values": "The result is h + mlp(norm(h)), where h = x + attn(norm(x)).",
        "test_wild_values": "Scores of 10,000 are right within 1 %, hidden ones too.",
        "test_initial_values": "The norms begin with weight 1.",
        "test_gradients": "Gradients reach x and each parameter.",
        "test_hidden_places_change_nothing": "Later tokens change nothing for a token.",
        "test_hidden_places_get_no_gradient": "Later tokens get gradient exactly 0 from a token.",
        "test_is_not_made_with": "Numbers of heads that do not go together are refused.",
    }

    def made_with(self, *arguments):
        return arguments[len(self.tensors) :]

    def kinds(self):
        yield next(self.different())

    def needed(self, *arguments):
        return ()

    def initial(self, *made_with):
        return dict.fromkeys(NORMS, Constant(1.0))

    def truth(self, *arguments):
        return numbers_of(lambda *taped: llama_block(taped), arguments)

    def gradient(self, weights, *arguments):
        found = slopes_of(lambda *taped: llama_block(taped), weights, arguments)
        return [found[0], *found[2 : len(self.tensors)]]

    def sees(self, x, *rest):
        return {"x": np.tri(x.shape[1], dtype=bool)}

    def others(self, *arguments):
        x, positions, dim, heads = *arguments[:2], *arguments[len(self.tensors) :][:2]
        at = np.arange(x.shape[1]) if positions is None else positions
        options = {
            "The values are turned here, too; only queries and keys are.": {"turned": "qkv"},
            "Nothing is turned here: turn queries and keys by the positions.": {"turned": ""},
            "The keys are not turned here.": {"turned": "q"},
            "The queries are not turned here.": {"turned": "k"},
            "Neighbours are paired here; feature i goes with feature i + D/2.": {
                "turns": functools.partial(turn, pairs="neighbours")
            },
            "The exponent is -i/D here; it is -2i/D.": {
                "turns": functools.partial(turn, exponent=1.0)
            },
            "They are turned the other way here: a·cos - b·sin, and b·cos + a·sin.": {"at": -at},
            "rope_base is 10,000 here, whatever is given.": {"base": 10000.0},
            "These are the numbers for positions that follow one another: use those given.": {
                "at": np.arange(x.shape[1])
            },
            "Head h reads key head h mod num_kv_heads here; neighbours share one.": {
                "is_tiled": True
            },
            "Every token sees every token here: hide the later ones.": {"sees": True},
            "Positions decide here who sees whom: it is the place in x.": {
                "sees": at <= at[:, None]
            },
            "Scores are multiplied by 1/sqrt(dim) here; a head has D features.": {
                "scale": dim**-0.5
            },
            "Scores are not scaled here: multiply them by 1/sqrt(D).": {"scale": 1.0},
            "silu is taken of up_proj here; it is taken of gate_proj.": {
                "gate": lambda g, u: g * silu(u)
            },
            "silu is missing here.": {"gate": lambda g, u: g * u},
            "The gate is a sigmoid here; it is silu.": {
                "gate": lambda g, u: Taped(np.exp(-np.logaddexp(0, -g.numbers))) * u
            },
            "silu(gate) is added here; it is multiplied by up.": {"gate": lambda g, u: silu(g) + u},
            "The mean is subtracted here: that is LayerNorm.": {
                "norm": lambda x, weight, eps: layer_norm(x, weight, 0.0, eps)
            },
            "eps is not the one that was given here.": {"eps": 1e-5},
            "eps is 1e-6 here; if it is not given, it is 1e-5.": {"eps": 1e-6},
            "eps is missing here.": {"eps": 0.0},
            "x is multiplied by 1 + weight here; it is by weight.": {
                "norm": lambda x, weight, eps: rms_norm(x, weight + 1.0, eps)
            },
            "The norms come after the sums here: normalize what attn and mlp read.": {
                "wiring": "after"
            },
            "The normalized x is added to here: add to x itself.": {"wiring": "on the normalized"},
            "Attention is not added to x here: h is x + attn(norm(x)).": {"wiring": "one residual"},
            "mlp reads x here: it reads h, to which attention has been added.": {
                "wiring": "parallel"
            },
        }
        if heads > 1:
            options[
                "Queries and keys are turned before they are split here: each head has angles"
                " for its own D features."
            ] = {"is_early": True}
        return {
            hint: numbers_of(lambda *taped, one=one: llama_block(taped, **one), arguments)
            for hint, one in options.items()
        }
