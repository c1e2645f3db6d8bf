"""Attention in NumPy, for the checks of katas that compute it: shares, results, gradients.

Arrays are float64: q (…, Q, D), k (…, K, D), v (…, K, E). ``sees`` says which keys each query sees;
it broadcasts to (…, Q, K).
"""

from __future__ import annotations

from typing import Any

import numpy as np

# torch's attention under whatever name: as a function, as a layer and below them
ANY_ATTENTION = ".*(attention|multi_?head|transformer).*"
# the layers alone: `scaled_dot_product_attention` is free
ATTENTION_LAYERS = ".*(multi_?head|transformer).*"


def qkv(
    *leading: int, queries: int, keys: int, size: int, of_values: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return q (…, Q, D), k (…, K, D) and v (…, K, E): from -2 to 2, with one decimal."""
    draw = np.random.default_rng(seed)
    shapes = (queries, size), (keys, size), (keys, of_values)
    q, k, v = (np.round(draw.uniform(-2, 2, (*leading, *shape)), 1) for shape in shapes)
    return q, k, v


def split_heads(x: np.ndarray, heads: int) -> np.ndarray:
    """Return (B, T, H * D) as (B, H, T, D): a head has D neighbouring features of each token."""
    return np.stack(np.split(x, heads, -1), -3)


def join_heads(x: np.ndarray) -> np.ndarray:
    """Return (B, H, T, D) as (B, T, H * D), the reverse of ``split_heads``."""
    return np.concatenate(list(np.moveaxis(x, -3, 0)), -1)


def causal(queries: int, keys: int) -> np.ndarray:
    """Return which keys each query sees, where the queries stand at the last places: (Q, K)."""
    return np.tri(queries, keys, keys - queries, dtype=bool)


def shares_of(q: Any, k: Any, sees: Any = True, scale: float | None = None) -> np.ndarray:
    """Return the weight of each key for each query, (…, Q, K): 0 where a query sees nothing."""
    return softmax_of(np.where(sees, scores_of(q, k, scale), -np.inf))


def scores_of(q: Any, k: Any, scale: float | None = None) -> np.ndarray:
    """Return the score of each key for each query, (…, Q, K); scale None is 1/√D."""
    return np.asarray((q @ k.swapaxes(-1, -2)) * _scale(q, scale))


def softmax_of(scores: Any, axis: int = -1) -> np.ndarray:
    """Return the softmax of scores along a dimension: of -inf alone it is 0."""
    totals = np.logaddexp.reduce(scores, axis=axis, keepdims=True)
    return np.asarray(np.exp(scores - np.where(np.isneginf(totals), 0, totals)))


def attend(q: Any, k: Any, v: Any, sees: Any = True, scale: float | None = None) -> np.ndarray:
    """Return what each query takes from the values, (…, Q, E); scale None is 1/√D."""
    return np.asarray(shares_of(q, k, sees, scale) @ v)


def attend_backward(
    weights: Any, q: Any, k: Any, v: Any, sees: Any = True, scale: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of ``(attend(…) * weights).sum()`` for q, k and v."""
    shares = shares_of(q, k, sees, scale)
    of_shares = weights @ v.swapaxes(-1, -2)
    of_scores = shares * (of_shares - (shares * of_shares).sum(-1, keepdims=True))
    of_scores = of_scores * _scale(q, scale)
    return of_scores @ k, of_scores.swapaxes(-1, -2) @ q, shares.swapaxes(-1, -2) @ weights


def _scale(q: Any, scale: float | None) -> float:
    return float(q.shape[-1] ** -0.5) if scale is None else scale
