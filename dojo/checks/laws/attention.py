"""The laws of attention: large scores, and what the katas have in common that compute it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.attention import (
    ANY_ATTENTION,
    attend,
    attend_backward,
    join_heads,
    scores_of,
    softmax_of,
    split_heads,
)
from dojo.checks.expect import expect
from dojo.checks.gradients import gradients
from dojo.checks.inputs import random_like
from dojo.checks.laws.numbers import largest_of
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Asked, Record
from dojo.checks.laws.rows import Row
from dojo.checks.laws.wording import law
from dojo.checks.messages import rounded

OF_LARGE = 0.01  # of the largest number, by which a result may be off where scores are large
OF_LARGEST = {torch.float32: 1e-4, torch.float64: 1e-9}
NAN = (
    "inf / inf and 0 / 0 are NaN: before exp, hide keys, and subtract the largest score that is"
    " left."
)
LEAK = (
    "What counts is the gap between a score and the largest one that the query sees; a hidden key"
    " has the score -inf."
)

# q (3, 4), k (4, 4) and v (4, 2): scores from -10,000 to 10,000, if they are divided by √4. The
# first query has -10,000 and -9,999.2 for its first two keys, and 10,000 for the last two; the
# second one the same with the other sign; those of the last one are small.
LARGE = (
    [[100.0, 100.0, 0.0, 0.0], [-100.0, -100.0, 0.0, 0.0], [0.01, 0.0, 0.02, -0.01]],
    [
        [-100.0, -100.0, 0.0, 0.0],
        [-100.0, -99.984375, 0.0, 0.0],
        [100.0, 100.0, 100.0, 0.0],
        [100.0, 100.0, -100.0, 50.0],
    ],
    [[1.0, -2.0], [3.0, 0.5], [-4.0, 2.0], [2.5, 8.0]],
)


def of_masks(
    q: Any, k: Any, v: Any, mask: Any, scale: float | None = None
) -> dict[str, np.ndarray]:
    """Return the results of mistakes with a mask, by a hint that names them; True means seen."""
    scores = scores_of(q, k, scale)
    whole = np.broadcast_to(mask, scores.shape)
    nothing = ~whole.any(-1, keepdims=True)
    found = {
        "True says that the query sees the key; here such keys are hidden.": (
            attend(q, k, v, ~mask, scale)
        ),
        "A query that sees nothing gets zeros; here it gets the mean of all values.": (
            attend(q * ~nothing, k, v, mask | nothing, scale)
        ),
        "Hide keys before the softmax: the weights of the rest have to add up to 1.": (
            (softmax_of(scores) * mask) @ v
        ),
        "A hidden key gets the score 0 here, and so a weight above 0: give it -inf.": (
            softmax_of(scores * mask) @ v
        ),
        "The mask hides nothing here.": attend(q, k, v, True, scale),
    }
    if np.ndim(mask) > 1 and np.shape(mask)[-2] == scores.shape[-2] == scores.shape[-1] > 1:
        words = "A row of the mask is a query, and a column a key; here it is the other way round."
        found[words] = attend(q, k, v, whole.swapaxes(-1, -2), scale)
    if np.ndim(mask) == 3 and scores.ndim == 4 and len(mask) == len(q):
        words = "A mask of three dimensions is one for each head, since dimensions broadcast from"
        found[f"{words} the last one; here it is one for each sequence."] = attend(
            q, k, v, mask[:, None], scale
        )
    return found


def of_heads(q: Any, k: Any, v: Any, seen: Any = True) -> dict[str, np.ndarray]:
    """Return the results of mistakes with heads, by a hint that names them.

    Args:
        q, k, v: (B, H, T, D) each, as ``split_heads`` gives them; k and v may have another T.
        seen: which keys each query sees; it broadcasts to (B, H, T, T).

    Returns:
        (B, H, T, D) each, of which ``join_heads`` makes (B, T, H * D).
    """
    heads, size = q.shape[1], q.shape[-1]
    right, scores = attend(q, k, v, seen), np.where(seen, scores_of(q, k), -np.inf)
    viewed_q, viewed_k, viewed_v = (join_heads(one).reshape(one.shape) for one in (q, k, v))
    viewed = attend(viewed_q, viewed_k, viewed_v, seen)

    def viewed_back(one: Any) -> np.ndarray:
        return split_heads(one.reshape(len(q), -1, heads * size), heads)

    words = "view(B, H, T, D) cuts tokens apart: view(B, T, H, D), and then transpose."
    return {
        "Scores are divided by √D, the features of a head; here it is the root of all features.": (
            attend(q, k, v, seen, (heads * size) ** -0.5)
        ),
        "The scores are not scaled here: divide them by √D.": attend(q, k, v, seen, 1.0),
        words: viewed,
        f"{words} The same on the way back.": viewed_back(viewed),
        "On the way back the tokens come in front of the heads again: transpose, and then put the"
        " heads side by side.": viewed_back(right),
        "The softmax goes over the queries here; take it over the keys, the last dimension.": (
            softmax_of(scores, -2) @ v
        ),
    }


class LargeScores(PureFunction):
    """A contract whose ``wild`` cases have scores of up to 10,000 in size.

    Their results are right within 1 % of the largest number, and their gradients are finite. A
    class of modules takes it beside its family: ``class TestX(LargeScores, ModuleClass)``.
    """

    of_largest = OF_LARGEST

    hints: ClassVar[dict[str, str]] = {
        "wild": "Here scores are as large as 10,000.",
        "nan": "The softmax of -inf alone is NaN: treat a query that sees nothing by itself.",
        "nan gradient": "A NaN that is replaced comes back in the backward, as 0 * NaN: make none."
        " A query that sees nothing gets finite scores before the softmax, and no weights after.",
    }

    def why(self, law: str, arguments: Sequence[Any], got: Any, expected: Any) -> str:
        """Return a hint that names the very mistake of what came back; empty if none is known."""
        if law == "type":
            return ""
        if "gradient" in law:
            return self.hint("nan gradient") if got.isnan().any() else ""
        if law == "wild":
            return f"{self.hint('wild')} {NAN if got.isnan().any() else LEAK}"
        if got.isnan().any():
            return self.hint("nan")
        return super().why(law, arguments, got, expected)

    def compare(
        self, record: Record, expected: torch.Tensor, hint: str, rtol: float, atol: float
    ) -> None:
        """Fail unless the numbers that came back are as close as that to the expected ones."""
        __tracebackhide__ = True
        if record.row.law == "wild":
            rtol, atol = 0.0, OF_LARGE * largest_of(expected)
        super().compare(record, expected, hint, rtol, atol)

    @once
    def large_score_rows(self) -> list[Row]:
        """Every wild case in every dtype, all inputs tracked."""
        rows = [(case, dtype) for case in self.wild for dtype in self.dtypes]
        return [Row(self, case, dtype, 0, "wild", self.trackable) for case, dtype in rows]

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for part in (part for row in self.large_score_rows for part in row.parts):
            _ = part.named, part.expected
            if part.subject:
                _ = part.gradients  # say which tensors it depends on

    @aspect("gradient")
    @law("recorded", "wild")
    def test_gradients_of_large_scores(self, solution: Any) -> None:
        """Where scores are as large as 10,000, gradients are finite."""
        for row in self.large_score_rows:
            asked = Asked(row, "cpu")
            solution.hint = self.hint_of(row)
            self.make_ready(solution, asked.arguments)
            results = self.results_of(self.call(solution, asked.arguments))
            for part, (_, got) in zip(row.parts, results, strict=True):
                weights = random_like(part.expected).to(got)
                leaves = {name: x for name, x in asked.leaves.items() if self.reaches(part, name)}
                with self.as_in(solution.last_call):
                    found = gradients(got, leaves, weights, self.hint("tracked")) if leaves else {}
                hint = f"{self.hint('wild')} {NAN}".strip()
                for name, one in found.items():
                    first = rounded(one[~torch.isfinite(one)][:1].tolist()).strip("[]")
                    sentence = f"returned {first} in the gradient of {name}"
                    expect(not first, f"{sentence}; expected finite numbers.", hint)


class AttentionFunction(LargeScores):
    """The laws of a function of q, k and v: for each query the mean of values, weighted by softmax.

    A check file says by ``seen`` which keys a query sees. The truth, its gradients and what is
    hidden follow from that. ``large`` and ``largest`` bound the memory, as for all functions.
    """

    tensors = ("q", "k", "v")
    dtypes = (torch.float32, torch.float64)
    wild: ClassVar[Sequence[tuple[Any, ...]]] = [LARGE]
    forbidden = ANY_ATTENTION
    hints: ClassVar[dict[str, str]] = LargeScores.hints | {
        "shape": "The result has a row for each query, as long as a row of v: (..., Q, E).",
        "dtype": "Stay in q's dtype: masks, roots and zeros that you make can have another one.",
        "device": "What you make beside q, such as a mask or positions, has to lie where q lies.",
        "precise": "Stay in q's dtype or a wider one: √D in float32 has 7 digits, `D**0.5` has 16.",
        "gradient": "Gradients go through both products and through the softmax between them.",
        "tracked": "Compute with torch's own operations on q, k and v, without `detach`, `.data`"
        " or `no_grad`.",
        "hidden": "The weight of a key that a query does not see is exactly 0: give it the score"
        " -inf before the softmax.",
        "forbidden": "The kata is to make it from products, a softmax and a mask.",
    }
    sentences: ClassVar[dict[str, str]] = {
        "test_has_the_shape": "The result has a row for each query, of v's size.",
        "test_values": "Each query gets the mean of the values that it sees, weighted by softmax.",
        "test_wild_values": "Scores of 10,000 are right within 1 %, hidden ones too.",
        "test_gradients": "Gradients reach q, k and v, and are those of attention.",
        "test_hidden_places_change_nothing": "Keys and values that a query does not see change"
        " nothing for it.",
        "test_hidden_places_get_no_gradient": "Keys and values that a query does not see get"
        " gradient exactly 0 from it.",
        "test_is_made_without": "It is made without torch's own attention, forward and backward.",
    }

    hidden: ClassVar[dict[str, float]] = {"k": 1000.0, "v": 1e30}  # scores of some thousands

    def seen(self, q: Any, k: Any, *rest: Any) -> Any:
        """Return which keys each query sees, broadcasting to (…, Q, K); rest comes after v."""
        raise NotImplementedError

    def scale(self, *rest: Any) -> float | None:  # noqa: ARG002 - for those that are given one
        """Return what scores are multiplied by; None is 1/√D."""
        return None

    def truth(self, q: Any, k: Any, v: Any, *rest: Any) -> Any:
        """Return the right result."""
        return attend(q, k, v, self.seen(q, k, *rest), self.scale(*rest))

    def gradient(self, weights: Any, q: Any, k: Any, v: Any, *rest: Any) -> Any:
        """Return the gradients of ``(truth * weights).sum()`` for q, k and v."""
        return attend_backward(weights, q, k, v, self.seen(q, k, *rest), self.scale(*rest))

    def sees(self, q: Any, k: Any, _v: Any, *rest: Any) -> dict[str, Any]:
        """Return which keys, and so which values, each query sees."""
        seen = np.broadcast_to(self.seen(q, k, *rest), (*q.shape[:-1], k.shape[-2]))
        return {"k": seen, "v": seen}

    def others(self, q: Any, k: Any, v: Any, *rest: Any) -> dict[str, Any]:
        """Return the results of mistakes that people make, by a hint that names them.

        A kata adds its own: ``super().others(q, k, v) | {…}``.
        """
        seen, width, size = self.seen(q, k, *rest), q.shape[-1], "√D has D, the size of a key; "
        others = {
            "The scores are not scaled here: multiply them by 1/√D.": 1.0,
            "Scores are multiplied by 1/√D, and not by √D.": width**0.5,
            "D alone is no root: scores are multiplied by 1/√D.": 1 / width,
            f"{size}here it is E, the size of a value.": v.shape[-1] ** -0.5,
            f"{size}here it is the number of keys.": k.shape[-2] ** -0.5,
        }
        scores = np.where(seen, scores_of(q, k, self.scale(*rest)), -np.inf)
        found = {hint: attend(q, k, v, seen, scale) for hint, scale in others.items()}
        along = "The softmax goes over the queries here; take it over the keys, the last dimension."
        return found | {along: softmax_of(scores, -2) @ v}
