"""A language model as a policy, in NumPy: log-probabilities of tokens, and PPO's clipped objective.

Arrays are float64. ``log_probs`` and ``old`` are log-probabilities of the tokens that were drawn,
by the policy that learns and by the one that has drawn them.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def log_softmax(rows: Any) -> np.ndarray:
    """Return each row less the log of the sum of its powers."""
    return np.asarray(rows - np.logaddexp.reduce(rows, axis=-1, keepdims=True))


def picked(rows: Any, tokens: Any) -> np.ndarray:
    """Return the entry of each row that its token names."""
    return np.take_along_axis(rows, tokens[..., None], -1)[..., 0]


def clipped(log_probs: Any, old: Any, advantages: Any, clip: float) -> np.ndarray:
    """Return the loss of each token: the ratio times A, but no more than at the edge of the clip.

    Where A is above 0 the ratio counts up to 1 + clip, and where it is below 0 from 1 - clip on.
    """
    ratio = np.exp(log_probs - old)
    counted = np.where(advantages > 0, np.minimum(ratio, 1 + clip), np.maximum(ratio, 1 - clip))
    return np.asarray(-counted * advantages)


def clipped_slope(log_probs: Any, old: Any, advantages: Any, clip: float) -> np.ndarray:
    """Return the gradient of ``clipped`` for log_probs: 0 beyond the edge that counts."""
    ratio = np.exp(log_probs - old)
    is_beyond = np.where(advantages > 0, ratio > 1 + clip, ratio < 1 - clip)
    return np.where(is_beyond, 0.0, -ratio * advantages)


def clipped_otherwise(log_probs: Any, old: Any, advantages: Any, clip: float) -> dict[str, Any]:
    """Return what known mistakes give for each token, by the hint that names each."""
    off = log_probs - old
    ratio = np.exp(off)
    inside = np.clip(ratio, 1 - clip, 1 + clip)
    plain, cut = ratio * advantages, inside * advantages
    return {
        "This is the larger of both products: take the smaller one before you turn the sign.": (
            -np.maximum(plain, cut)
        ),
        "Nothing is clipped here: this is the plain product.": -plain,
        "Only the clipped product counts here; take the smaller of both.": -cut,
        "The sign is missing: a good advantage has to make the loss small.": np.minimum(plain, cut),
        "The ratio is upside down: it is exp(log_prob - old).": -np.minimum(
            advantages / ratio, np.clip(1 / ratio, 1 - clip, 1 + clip) * advantages
        ),
        "The ratio is the exp of the difference, not the difference itself.": -np.minimum(
            off * advantages, np.clip(off, 1 - clip, 1 + clip) * advantages
        ),
        "The difference is clipped before exp; the ratio itself is to be clipped.": -np.minimum(
            plain, np.exp(np.clip(off, -clip, clip)) * advantages
        ),
        "The advantage comes after the minimum here: below 0 that takes the larger product.": (
            -np.minimum(ratio, inside) * advantages
        ),
        "This is log_prob times advantage: old_log_probs are not looked at.": (
            -log_probs * advantages
        ),
        "The ratio is 1 everywhere here: it compares log_probs with old_log_probs.": -advantages
        * np.ones(ratio.shape),
        "Only one side is clipped here: the ratio has a lower edge too, 1 - clip.": -np.minimum(
            plain, np.minimum(ratio, 1 + clip) * advantages
        ),
    }
