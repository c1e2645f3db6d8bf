"""The laws of a loss: whatever takes tensors of other shapes is red, however it does."""

import numpy as np
import pytest
import torch

from dojo.checks.laws import LossFunction

X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]


class Absolute(LossFunction):
    """The mean of |prediction - target|."""

    name = "absolute"
    tensors = ("prediction", "target")
    one_shape = ("prediction", "target")
    cases = [
        (X, np.zeros((2, 3)) + 0.25),
        ([1.0, 2.0, 4.0], [0.5, 3.0, 1.0]),
        (2.0, 0.5),
        (np.ones((2, 1, 3)), np.full((2, 1, 3), 3.0)),
    ]
    hints = {"one shape": "Of shapes."}

    def truth(self, prediction, target):
        return np.abs(prediction - target).mean()


def absolute(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    return (prediction - target).abs().mean()


def test_a_right_loss_keeps_all_laws(red_of, device):
    assert not red_of(Absolute, absolute, device)


def broadcasts(prediction, target):
    return (prediction - target).abs().mean()


def compares_the_counts(prediction, target):
    if prediction.numel() != target.numel():
        raise ValueError("numel")
    return (prediction - target.reshape(prediction.shape)).abs().mean()


def compares_the_lengths(prediction, target):
    if prediction.dim() and len(prediction) != len(target):
        raise ValueError("length")
    return (prediction - target).abs().mean()


def compares_the_ranks(prediction, target):
    if prediction.dim() != target.dim():
        raise ValueError("rank")
    return (prediction - target).abs().mean()


def looks_at_the_last_size(prediction, target):
    if prediction.shape[-1:] != target.shape[-1:]:
        raise ValueError("last size")
    return (prediction - target).abs().mean()


def raises_another_error(prediction, target):
    assert prediction.shape == target.shape
    return (prediction - target).abs().mean()


def takes_any_single_numbers(prediction, target):
    if prediction.numel() == target.numel() == 1:
        return (prediction - target).abs().mean()
    return absolute(prediction, target)


def trims_ones(prediction, target):
    return absolute(prediction.squeeze(), target.squeeze())


WRONG = [
    broadcasts,
    compares_the_counts,
    compares_the_lengths,
    compares_the_ranks,
    looks_at_the_last_size,
    raises_another_error,
    takes_any_single_numbers,
    trims_ones,
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one.__name__)
def test_a_wrong_comparison_is_red(red_of, wrong):
    found = red_of(Absolute, wrong)
    assert set(found) == {"test_refuses_other_shapes"}
    assert "expected ValueError." in found["test_refuses_other_shapes"].sentence
    assert found["test_refuses_other_shapes"].hint == "Of shapes."


def test_the_sentence_has_both_shapes(red_of):
    sentence = red_of(Absolute, broadcasts)["test_refuses_other_shapes"].sentence
    assert "for prediction of shape (1, 3) and target of (2, 3)" in sentence


def test_the_hint_says_which_comparison_is_wrong(red_of):
    class Unhinted(Absolute):
        name = "absolute"
        hints = {}

    found = [red_of(Unhinted, wrong) for wrong in (broadcasts, compares_the_counts)]
    hints = [one["test_refuses_other_shapes"].hint for one in found]
    assert "broadcasting" in hints[0]
    assert "how many numbers" in hints[1]


@pytest.mark.parametrize("empty", ["prediction", "target"])
def test_an_empty_input_does_not_excuse_the_other(red_of, empty):
    class Total(LossFunction):
        name = "total"
        tensors = ("prediction", "target")
        one_shape = ("prediction", "target")
        cases = [(X, np.zeros((2, 3)) + 0.25), (np.zeros((0, 3)), np.zeros((0, 3)))]

        def truth(self, prediction, target):
            return np.abs(prediction - target).sum()

    def total(prediction, target):
        if prediction.shape != target.shape:
            raise ValueError("shapes")
        return (prediction - target).abs().sum()

    def returns_early(prediction, target):
        if not {"prediction": prediction, "target": target}[empty].numel():
            return prediction.sum() + target.sum()
        return total(prediction, target)

    assert not red_of(Total, total)
    assert set(red_of(Total, returns_early)) == {"test_refuses_other_shapes"}


def test_an_input_that_is_changed_before_the_error_is_red(red_of):
    def writes(prediction, target):
        if prediction.shape != target.shape:
            prediction.zero_()
        return absolute(prediction, target)

    assert "test_refuses_other_shapes" in red_of(Absolute, writes)


def off_by(share, gradient_share, least=0.0):
    """A right loss that is off by a share, and whose gradients are, of the largest of them."""

    def change(grad):
        off = gradient_share * grad.abs().max() + least
        return grad + off.to(grad.dtype)

    def loss(prediction, target):
        if prediction.requires_grad:
            prediction = prediction * 1
            prediction.register_hook(change)
        return absolute(prediction, target) * (1 + share)

    return loss


@pytest.mark.parametrize("share, gradient_share", [(5e-10, 0), (0, 5e-10)])
def test_every_usual_order_of_operations_is_near_enough(red_of, share, gradient_share):
    assert not red_of(Absolute, off_by(share, gradient_share))


def test_a_loss_that_is_off_by_more_is_red(red_of):
    assert "test_values" in red_of(Absolute, off_by(3e-9, 0))
    assert "test_gradients" in red_of(Absolute, off_by(0, 3e-9, 1e-9))


class Single(Absolute):
    """The same in float32 alone."""

    name = "absolute"
    dtypes = (torch.float32,)


def test_float32_has_room_for_its_last_digits(red_of):
    assert not red_of(Single, off_by(5e-6, 5e-5))
    assert "test_values" in red_of(Single, off_by(3e-5, 0))
    assert "test_gradients" in red_of(Single, off_by(0, 2e-4))


class Picked(LossFunction):
    """The mean of minus what each row holds at its class."""

    name = "picked"
    tensors = ("logits", "target")
    placed = ("target",)
    fixed = {"target": torch.int64}
    cases = [(X, [2, 0]), ([[1.0, 2.0], [0.5, -3.0], [2.0, 0.0]], [0, 0, 1]), ([[1.0]], [0])]

    def truth(self, logits, target):
        return -np.mean([row[index] for row, index in zip(logits, target, strict=True)])


def picked(logits, target):
    if target.shape != logits.shape[:1]:
        raise ValueError("target")
    return -logits[torch.arange(len(logits)), target].mean()


def test_a_target_of_the_right_shape_keeps_all_laws(red_of):
    assert not red_of(Picked, picked)


def lets_targets_broadcast(logits, target):
    return -logits[torch.arange(len(logits)), target].mean()


def flattens_the_target(logits, target):
    return picked(logits, target.flatten())


def compares_the_rows(logits, target):
    if len(target) != len(logits):
        raise ValueError("rows")
    return picked(logits, target.reshape(len(logits), -1)[:, 0])


@pytest.mark.parametrize("wrong", [lets_targets_broadcast, flattens_the_target, compares_the_rows])
def test_a_target_of_another_shape_is_red(red_of, wrong):
    found = red_of(Picked, wrong)
    assert set(found) == {"test_refuses_other_shapes"}
    assert "and logits of (2, 3)" in found["test_refuses_other_shapes"].sentence
    assert "the shape of target with that of logits" in found["test_refuses_other_shapes"].hint


def test_a_hint_of_the_kata_says_what_shape_a_target_has(red_of):
    class Hinted(Picked):
        name = "picked"
        hints = {"placed": "One class for each row.", "one shape": "Of other tensors."}

    found = red_of(Hinted, flattens_the_target)
    assert found["test_refuses_other_shapes"].hint == "One class for each row."
