"""The layers of a transformer as formulas of taped arrays, for oracles: x is (…, T, dim).

A weight is (out, in). Heads are blocks of consecutive features.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dojo.checks.taped import Taped

EPS = 1e-5
_C = math.sqrt(2 / math.pi)


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """Return x·Wᵀ + b."""
    product = x @ weight.T
    return product if bias is None else product + bias


def layer_norm(x: Taped, weight: Any, bias: Any, eps: float = EPS) -> Taped:
    """Return x with mean 0 and variance 1 along its last dimension, times weight, plus bias."""
    x = x - x.mean()
    return x * ((x * x).mean() + eps) ** -0.5 * weight + bias


def rms_norm(x: Taped, weight: Any, eps: float = EPS) -> Taped:
    """Return x divided by the root of the mean of its squares, times weight."""
    return x * ((x * x).mean() + eps) ** -0.5 * weight


def gelu(x: Taped) -> Taped:
    """Return GELU in its tanh form."""
    z = x.numbers
    t = np.tanh(_C * (z + 0.044715 * z**3))
    inner = _C * (1 + 3 * 0.044715 * z**2)
    return x.map(0.5 * z * (1 + t), 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner)


def silu(x: Taped) -> Taped:
    """Return x·sigmoid(x)."""
    z = x.numbers
    share = np.exp(-np.logaddexp(0, -z))
    return x.map(z * share, share * (1 + z * (1 - share)))


def split_heads(x: Any, heads: int) -> Any:
    """Return (B, heads, T, D) for (B, T, heads·D)."""
    return x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads).swapaxes(-2, -3)


def merge_heads(x: Any) -> Any:
    """Return (B, T, heads·D) for (B, heads, T, D)."""
    x = x.swapaxes(-2, -3)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def attention(q: Any, k: Any, v: Any, sees: Any, scale: float | None = None) -> Any:
    """Return what each query takes from the values that it sees; scale None is 1/√D."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return (q @ k.T * scale).softmax(sees) @ v


def self_attention(
    x: Any,
    p: dict[str, Any],
    heads: int,
    sees: Any = None,
    scale: float | None = None,
    parts: Callable[[Any, int], Any] | None = None,
) -> Any:
    """Return GPT-2's attention of x; what is not given is as in GPT-2.

    Args:
        x: what it is applied to.
        p: ``c_attn`` and ``c_proj``, each with ``.weight`` and ``.bias``.
        heads: their number.
        sees: (T, T), which keys each query sees.
        scale: what scores are multiplied by.
        parts: makes queries, keys and values of c_attn's result and the number of heads.
    """
    length, dim = x.shape[-2:]
    sees = np.tri(length, dtype=bool) if sees is None else sees
    joint = linear(x, p["c_attn.weight"], p["c_attn.bias"])
    if parts is None:
        thirds = (joint[..., n * dim : (n + 1) * dim] for n in range(3))
        q, k, v = (split_heads(one, heads) for one in thirds)
    else:
        q, k, v = parts(joint, heads)
    return linear(
        merge_heads(attention(q, k, v, sees, scale)), p["c_proj.weight"], p["c_proj.bias"]
    )


def mlp(x: Any, p: dict[str, Any], bend: Callable[[Any], Any] = gelu) -> Any:
    """Return GPT-2's two layers, ``c_fc`` and ``c_proj``, with GELU between."""
    inner = bend(linear(x, p["c_fc.weight"], p["c_fc.bias"]))
    return linear(inner, p["c_proj.weight"], p["c_proj.bias"])


def part_of(p: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the parameters of a part, by their names in it."""
    return {
        key.removeprefix(f"{name}."): one for key, one in p.items() if key.startswith(f"{name}.")
    }


def gpt_block(x: Any, p: dict[str, Any], heads: int, **options: Any) -> Any:
    """Return GPT-2's block of x: h + mlp(ln_2(h)), where h is x + attn(ln_1(x)).

    The options are those of ``self_attention``.
    """
    normed = layer_norm(x, p["ln_1.weight"], p["ln_1.bias"])
    x = x + self_attention(normed, part_of(p, "attn"), heads, **options)
    return x + mlp(layer_norm(x, p["ln_2.weight"], p["ln_2.bias"]), part_of(p, "mlp"))


# the names and shapes of what a block of GPT-2 holds, for a width of d
GPT_BLOCK: dict[str, Callable[[int], tuple[int, ...]]] = {
    "ln_1.weight": lambda d: (d,),
    "ln_1.bias": lambda d: (d,),
    "attn.c_attn.weight": lambda d: (3 * d, d),
    "attn.c_attn.bias": lambda d: (3 * d,),
    "attn.c_proj.weight": lambda d: (d, d),
    "attn.c_proj.bias": lambda d: (d,),
    "ln_2.weight": lambda d: (d,),
    "ln_2.bias": lambda d: (d,),
    "mlp.c_fc.weight": lambda d: (4 * d, d),
    "mlp.c_fc.bias": lambda d: (4 * d,),
    "mlp.c_proj.weight": lambda d: (d, 4 * d),
    "mlp.c_proj.bias": lambda d: (d,),
}
