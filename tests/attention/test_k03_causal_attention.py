"""The checks of attention/k03_causal_attention: weights in NumPy, by logaddexp."""

import numpy as np

from dojo.checks.attention import attend, causal, qkv, scores_of, softmax_of
from dojo.checks.laws import AttentionFunction

# the last query has the score 0 with a key that it sees
PLAIN = (
    [[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]],
    [[1.0, 1.0], [2.0, 0.0], [-1.0, 0.5]],
    [[1.0, 0.0, 2.0, -3.0], [2.0, 8.0, 5.0, 0.5], [4.0, -6.0, 9.0, 7.0]],
)


class TestCausalAttention(AttentionFunction):
    name = "causal_attention"
    cases = [
        PLAIN,
        qkv(queries=2, keys=4, size=3, of_values=2, seed=1),
        qkv(2, queries=1, keys=3, size=5, of_values=2, seed=2),
        qkv(2, 3, queries=2, keys=5, size=3, of_values=4, seed=3),
        qkv(1, 3, 1, queries=4, keys=4, size=1, of_values=2, seed=4),
        qkv(2, queries=1, keys=1, size=3, of_values=1, seed=5),
    ]
    refused = [
        (case, None, ValueError, "There are more queries than places: raise ValueError.")
        for case in (
            qkv(queries=3, keys=2, size=2, of_values=4, seed=6),
            qkv(2, queries=2, keys=1, size=3, of_values=2, seed=7),
        )
    ]
    hints = AttentionFunction.hints | {
        "values": "Query i sees the keys 0 to K - Q + i, and the softmax goes over these alone.",
        "nan": "A row of -inf alone has the softmax NaN: each query sees its own key at least.",
    }

    def seen(self, q, k):
        return causal(q.shape[-2], k.shape[-2])

    def others(self, q, k, v):
        queries, keys = q.shape[-2], k.shape[-2]
        seen, scores = causal(queries, keys), scores_of(q, k)
        return super().others(q, k, v) | {
            "The triangle begins at the upper left here; the queries are the last Q places, so move"
            " it by K - Q.": attend(q, k, v, np.tri(queries, keys, dtype=bool)),
            "Every query sees every key here: hide the later ones.": attend(q, k, v),
            "A query sees its own key too, not only those before it.": attend(
                q, k, v, np.tri(queries, keys, keys - queries - 1, dtype=bool)
            ),
            "Each query sees one key too many, the next one.": attend(
                q, k, v, np.tri(queries, keys, keys - queries + 1, dtype=bool)
            ),
            "This is the upper triangle: a query sees what comes before it.": (
                attend(q, k, v, np.triu(np.ones((queries, keys), bool), keys - queries))
            ),
            "Hide keys before the softmax: the weights of the rest have to add up to 1.": (
                (softmax_of(scores) * seen) @ v
            ),
            "A hidden key has the score 0 here, and so a weight above 0: give it -inf.": (
                softmax_of(scores * seen) @ v
            ),
            "A score of 0 is taken for a hidden one: make the mask of positions, not of scores.": (
                attend(q, k, v, seen & (scores != 0))
            ),
        }
