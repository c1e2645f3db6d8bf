"""Attention in NumPy beside torch's own."""

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as torchs

from dojo.checks import expect_made_without
from dojo.checks.attention import (
    ANY_ATTENTION,
    ATTENTION_LAYERS,
    attend,
    attend_backward,
    causal,
    join_heads,
    qkv,
    shares_of,
    softmax_of,
    split_heads,
)
from dojo.checks.expect import CheckFailed

RNG = np.random.default_rng(0)
Q, K, V = (RNG.normal(size=size) for size in [(2, 3, 5), (2, 4, 5), (2, 4, 6)])
MASK = RNG.random((2, 3, 4)) > 0.3


@pytest.mark.parametrize("scale", [None, 0.3, 0.0])
def test_it_computes_what_torch_does_and_so_do_its_gradients(scale):
    q, k, v = (torch.tensor(one, requires_grad=True) for one in (Q, K, V))
    out = torchs(q, k, v, torch.tensor(MASK), scale=scale)
    np.testing.assert_allclose(attend(Q, K, V, MASK, scale), out.detach(), atol=1e-12)
    weights = RNG.normal(size=out.shape)
    (out * torch.tensor(weights)).sum().backward()
    for got, x in zip(attend_backward(weights, Q, K, V, MASK, scale), (q, k, v), strict=True):
        np.testing.assert_allclose(got, x.grad, atol=1e-12)


def test_a_query_that_sees_nothing_gets_zeros_and_sends_back_zeros():
    sees = np.array([[True, False], [False, False]])
    q, k, v = Q[0, :2], K[0, :2], V[0, :2]
    assert (attend(q, k, v, sees)[1] == 0).all()
    of_q, _, _ = attend_backward(np.ones((2, 6)), q, k, v, sees)
    assert (of_q[1] == 0).all()


def test_large_scores_are_finite():
    assert np.isfinite(shares_of(1e4 * Q, K)).all()


def test_queries_stand_at_the_last_places():
    assert causal(2, 3).tolist() == [[True, True, False], [True, True, True]]


def test_the_softmax_of_nothing_is_zero_along_either_dimension():
    scores = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    assert softmax_of(scores).tolist() == [[1, 0], [1, 0]]
    assert softmax_of(scores, -2).tolist() == [[0.5, 0], [0.5, 0]]


def test_queries_keys_and_values_are_numbers_with_one_decimal():
    q, k, v = qkv(2, 3, queries=1, keys=4, size=5, of_values=6, seed=0)
    assert (q.shape, k.shape, v.shape) == ((2, 3, 1, 5), (2, 3, 4, 5), (2, 3, 4, 6))
    assert (np.round(k, 1) == k).all()
    assert 1 < abs(k).max() <= 2


def test_heads_are_neighbouring_features_of_each_token():
    x = np.arange(12).reshape(1, 2, 6)
    heads = split_heads(x, 3)
    assert heads[0, 1].tolist() == [[2, 3], [8, 9]]
    assert (join_heads(heads) == x).all()


X = torch.ones(2, 3, 4)


@pytest.mark.parametrize(
    "pattern, function",
    [
        (ANY_ATTENTION, lambda x: torchs(x, x, x)),
        (
            ANY_ATTENTION,
            lambda x: torchs(x[:, None], x[:, None], x[:, None]),
        ),
        *(
            (pattern, function)
            for pattern in (ANY_ATTENTION, ATTENTION_LAYERS)
            for function in (
                lambda x: torch.nn.MultiheadAttention(4, 2, batch_first=True)(x, x, x)[0],
                lambda x: torch.nn.MultiheadAttention(4, 2, batch_first=True).eval()(x, x, x)[0],
                lambda x: torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(x),
                lambda x: torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()(x),
                lambda x: torch.nn.TransformerDecoderLayer(4, 2, 8, batch_first=True)(x, x),
            )
        ),
    ],
)
@pytest.mark.parametrize("is_tracked", [True, False])
def test_torchs_attention_is_found_under_each_name(pattern, function, is_tracked):
    x = X.clone().requires_grad_(is_tracked)
    with pytest.raises(CheckFailed), torch.set_grad_enabled(is_tracked):
        expect_made_without(pattern, function, x)


def test_softmax_and_torchs_function_are_no_layers():
    expect_made_without(ANY_ATTENTION, lambda x: (x @ x.mT).softmax(-1) @ x, X)
    expect_made_without(ATTENTION_LAYERS, lambda x: torchs(x, x, x), X)
