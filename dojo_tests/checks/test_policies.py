"""Log-probabilities and the clipped objective in NumPy beside torch's own."""

import numpy as np
import torch

from dojo.checks.policies import clipped, clipped_otherwise, clipped_slope, log_softmax, picked

RNG = np.random.default_rng(0)
NEW, OLD = RNG.uniform(-3, 0, (2, 3, 8))
A = RNG.normal(size=(3, 8)) * (RNG.random((3, 8)) > 0.2)  # some are 0


def test_log_probs_are_those_of_cross_entropy():
    logits, tokens = RNG.normal(size=(2, 4, 5)) * 300, RNG.integers(0, 5, (2, 4))
    got = picked(log_softmax(logits), tokens)
    flat = torch.tensor(logits).flatten(0, 1), torch.tensor(tokens).flatten()
    loss = torch.nn.functional.cross_entropy(*flat, reduction="none").view(2, 4)
    np.testing.assert_allclose(got, -loss, atol=1e-11)


def test_the_clipped_loss_and_its_slope_are_those_of_autograd():
    for clip in (0.05, 0.2, 0.7):
        x = torch.tensor(NEW, requires_grad=True)
        a, ratio = torch.tensor(A), (x - torch.tensor(OLD)).exp()
        loss = -torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)
        np.testing.assert_allclose(clipped(NEW, OLD, A, clip), loss.detach(), atol=1e-12)
        loss.sum().backward()
        np.testing.assert_allclose(clipped_slope(NEW, OLD, A, clip), x.grad, atol=1e-12)


def test_the_known_mistakes_differ_from_it_and_from_each_other():
    made = [clipped(NEW, OLD, A, 0.2), *clipped_otherwise(NEW, OLD, A, 0.2).values()]
    means = sorted(one.mean() for one in made)
    assert all(one.shape == A.shape for one in made)
    assert min(np.diff(means)) > 1e-3
