"""The laws of attention: large scores, and what a function of q, k and v has to do."""

import itertools

import numpy as np
import pytest
import torch

from dojo.checks.attention import attend, causal
from dojo.checks.laws import AttentionFunction, LargeScores, ModuleClass
from dojo.checks.laws.attention import LARGE, of_heads, of_masks

DRAW = np.random.default_rng(0)
Q, K, V = (np.round(DRAW.uniform(-2, 2, size), 1) for size in [(2, 3, 5), (2, 4, 5), (2, 4, 2)])
OF_LARGE = "test_gradients_of_large_scores"


class Causal(AttentionFunction):
    """Attention in which the queries stand at the last places."""

    name = "attention"
    cases = [(Q[0], K[0], V[0]), (Q, K, V), (Q, K[:, :3], V[:, :3])]

    def seen(self, q, k):
        return causal(q.shape[-2], k.shape[-2])


def weights_of(q, k, hidden=-torch.inf, shift=0, scale=None):
    """The weights of causal attention; the arguments are for mistakes."""
    seen = torch.tensor(causal(q.shape[-2], k.shape[-2]), device=q.device)
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    return torch.where(seen, scores, hidden).softmax(-1) + shift


def attention(q, k, v):
    return weights_of(q, k) @ v


def test_a_right_one_is_green(red_of):
    for device in ("cpu", "cuda"):
        assert not red_of(Causal, attention, device)


def test_large_scores_may_be_off_by_one_percent(red_of):
    def rounded(q, k, v):
        is_large = (q.detach().abs() > 50).any()
        return attention(q, k, v) * (1.009 if is_large else 1)

    assert not red_of(Causal, rounded)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda q, k, v: weights_of(q, k, hidden=-1e4) @ v,
        lambda q, k, v: attention(q, k, v) * (1.02 if (q > 50).any() else 1),
    ],
)
def test_a_wrong_result_of_large_scores_is_red(red_of, wrong):
    red = red_of(Causal, wrong)
    assert list(red) == ["test_wild_values"]
    assert "Here scores are as large as 10,000." in red["test_wild_values"].hint


class Overflows(torch.autograd.Function):
    """The gradient is NaN where a number is large."""

    @staticmethod
    def forward(ctx, x):
        ctx.factor = float("nan") if (x.abs() > 50).any() else 1.0
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor


def test_a_gradient_of_nan_where_scores_are_large_is_red(red_of):
    red = red_of(Causal, lambda q, k, v: attention(Overflows.apply(q), k, v))
    assert list(red) == [OF_LARGE]
    assert red[OF_LARGE].sentence == "returned nan in the gradient of q; expected finite numbers."


@pytest.mark.parametrize(
    "wrong, hint",
    [
        (lambda q, k, v: weights_of(q, k, scale=1.0) @ v, "not scaled"),
        (lambda q, k, v: weights_of(q, k, scale=v.shape[-1] ** -0.5) @ v, "it is E"),
        (lambda q, k, v: weights_of(q, k, scale=k.shape[-2] ** -0.5) @ v, "number of keys"),
        (lambda q, k, v: weights_of(q, k, scale=1 / q.shape[-1]) @ v, "no root"),
    ],
)
def test_a_mistake_with_the_scale_is_named(red_of, wrong, hint):
    assert hint in red_of(Causal, wrong, only=["test_values"])["test_values"].hint


def test_the_softmax_over_queries_is_named(red_of):
    class All(Causal):
        name = "attention"

        def seen(self, q, k):
            return np.arange(k.shape[-2]) < 3

    def over_queries(q, k, v):
        scores = q @ k.mT * q.shape[-1] ** -0.5
        scores[..., 3:] = -torch.inf
        return scores.softmax(-2).nan_to_num(0.0) @ v

    assert "over the queries" in red_of(All, over_queries, only=["test_values"])["test_values"].hint


def test_what_is_hidden_has_weight_zero(red_of):
    red = red_of(Causal, lambda q, k, v: weights_of(q, k, shift=1e-15) @ v)
    assert "test_hidden_places_change_nothing" in red


def test_torchs_own_is_forbidden(red_of):
    def torchs(q, k, v):
        seen = torch.tensor(causal(q.shape[-2], k.shape[-2]), device=q.device)
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, seen)

    assert list(red_of(Causal, torchs)) == ["test_is_made_without"]


def test_a_contract_without_wild_cases_has_no_law_of_large_scores(laws_of):
    class Small(Causal):
        name = "attention"
        wild = []

    assert OF_LARGE in laws_of(Causal)
    assert OF_LARGE not in laws_of(Small)


class AttendsContract(LargeScores, ModuleClass):
    """softmax(x·Wᵀ·xᵀ)·x."""

    name = "Attends"
    tensors = ("x", "weight")
    parameters = ("weight",)
    dtypes = (torch.float32, torch.float64)
    cases = [(Q[0], np.eye(5)), (K, np.eye(5) - 0.5)]
    wild = [(np.array(LARGE[1]), np.eye(4) / 2)]

    def made_with(self, x, weight):
        return (weight.shape[0],)

    def truth(self, x, weight):
        return attend(x, x @ weight, x, scale=1.0)


class Attends(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(size, size))

    def forward(self, x):
        return (x @ self.weight.T @ x.mT).softmax(-1) @ x


class AttendsAgain(Attends):
    """Computes once more in its backward."""

    def forward(self, x):
        return torch.utils.checkpoint.checkpoint(super().forward, x, use_reentrant=False)


class AttendsByExp(Attends):
    def forward(self, x):
        parts = (x @ self.weight.T @ x.mT).exp()
        return parts / parts.sum(-1, keepdim=True) @ x


def test_a_class_of_modules_can_have_large_scores_too(red_of):
    assert not red_of(AttendsContract, Attends)
    assert not red_of(AttendsContract, AttendsAgain)
    assert list(red_of(AttendsContract, AttendsByExp)) == ["test_wild_values", OF_LARGE]


def test_mistakes_with_heads_and_masks_are_wrong_and_differ():
    q, k, v = (np.random.default_rng(seed).normal(size=(2, 3, 4, 2)) for seed in range(3))
    mask = np.array([[True, True, False, True]] * 3 + [[False] * 4])
    found = {"": attend(q, k, v, mask), **of_heads(q, k, v, mask), **of_masks(q, k, v, mask)}
    results = list(found.values())
    assert {one.shape for one in results} == {q.shape}
    pairs = itertools.combinations(results, 2)
    assert not any(np.allclose(one, other, 1e-3) for one, other in pairs)


def test_a_mask_of_three_dimensions_is_not_one_for_each_sequence():
    q, k, v = (np.random.default_rng(seed).normal(size=(2, 2, 4, 2)) for seed in range(3))
    mask = np.stack([np.tri(4, dtype=bool), np.eye(4, dtype=bool)])
    found = of_masks(q, k, v, mask)
    by_sequence = next(one for hint, one in found.items() if "one for each sequence" in hint)
    assert not np.allclose(by_sequence, attend(q, k, v, mask))
    assert np.allclose(by_sequence[0], attend(q, k, v, mask[0])[0])
    assert not any("each sequence" in hint for hint in of_masks(q, k, v, mask[0]))
