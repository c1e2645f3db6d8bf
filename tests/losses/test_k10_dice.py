"""The checks of losses/k10_dice: sample by sample, and the slope of a ratio in closed form."""

import numpy as np

from dojo.checks.laws import LossFunction

# the last sample has an empty mask, and nothing is found in it
SURE = [[1e4, -1e4, 30.0], [-1e4, 1e4, -40.0], [-1e4, -200.0, -1e4]]
MASKS = [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
SMOOTH = "smooth must be above 0: compare it with 0 before you compute, and raise ValueError."


def pair(*shape, seed=0, share=0.4):
    """Logits from -3 to 3, with one decimal, and for a share of them the target 1."""
    draw = np.random.default_rng(seed)
    return np.round(draw.uniform(-3, 3, shape), 1), (draw.random(shape) < share) * 1.0


def sums(*arrays):
    """Of each array the sum of each sample."""
    return [one.reshape(len(one), -1).sum(1) for one in arrays]


def loss_of(both, total, smooth):
    """The loss of these common areas and sums of areas."""
    with np.errstate(all="ignore"):
        return 1 - np.mean((2 * both + smooth) / (total + smooth))


class TestDiceLoss(LossFunction):
    name = "dice_loss"
    tensors = ("logits", "target")
    one_shape = tensors
    trackable = ("logits",)  # the gradient of target is not judged
    cases = [
        ([[2.0, -1.0, 0.5], [-3.0, 1.0, -2.0]], [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]),
        ([[1.5, -0.5], [2.0, 1.0], [-1.0, 0.0]], [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]], 0.3),
        (*pair(2, 3, 2, 2, seed=2), 0.1),
        (*pair(3, 4, seed=1), 1e-4),
        (*pair(4, 2, seed=3, share=0.0), 0.7),  # every mask is empty
        ([[0.4, -0.3]], [[1.0, 0.0]], 0.1),
        (*pair(3, 1, seed=5), 10.0),
        (*pair(2, 2, 1, 3, 2, seed=6), 100.0),
    ]
    wild = [(SURE, MASKS), (SURE, MASKS, 1e-4)]
    wild_gradients = wild
    refused = [((*pair(2, 3), s), None, ValueError, SMOOTH) for s in (0.0, -1.0, -1e-3)]
    hints = {
        "shape": "The loss is one number: 1 minus the mean over the samples.",
        "values": "A ratio for each sample: all dimensions but the first are summed. Then comes 1"
        " minus the mean of the ratios.",
        "raises": "logits may have any number of dimensions from two on.",
        "wild": "`torch.sigmoid` is right for large logits: exp of 10,000 is inf.",
        "precise": "Only the last digits differ: p is not held away from 0 and 1, nothing else is"
        " added, and a `torch.tensor(smooth)` has float32.",
        "gradient": "p stands above and below the line, and has a slope in both places.",
        "tracked": "The gradient reaches logits by way of p: a rounded p has no slope.",
        "zero": "A logit of 0 gets no gradient here: `abs` has the slope 0 there, and the sigmoid"
        " has 1/4.",
        "nan": "Here 0 / 0 or inf / inf is NaN: smooth belongs above and below the line, and"
        " `torch.sigmoid` does not overflow.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each sample has its own ratio, and 1 minus their mean comes back.",
        "test_wild_values": "The loss is right for logits of 10,000, and for an empty mask.",
        "test_gradients": "The gradient reaches logits, above and below the line.",
        "test_wild_gradients": "Gradients are right, and not NaN, for logits of 10,000.",
        "test_refuses": "A smooth of 0 or less raises ValueError.",
    }

    def parts(self, logits, target, smooth=1.0):
        """p, and what stands above and below the line, for each sample."""
        p = np.exp(-np.logaddexp(0, -logits))
        both, found, wanted = sums(p * target, p, target)
        return p, 2 * both + smooth, found + wanted + smooth

    def truth(self, *arguments):
        _, above, below = self.parts(*arguments)
        return 1 - np.mean(above / below)

    def gradient(self, weights, logits, target, *rest):
        p, above, below = self.parts(logits, target, *rest)
        above, below = (one.reshape(-1, *[1] * (logits.ndim - 1)) for one in (above, below))
        slope = (above - 2 * target * below) / below**2 / len(logits)
        return [weights * slope * p * np.exp(-np.logaddexp(0, logits))]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        logits, target, *rest = arguments
        p, above, below = self.parts(*arguments)
        if got.isnan().any():
            return self.hints["nan"]
        if "gradient" in law:
            zero = (logits == 0) & (expected.numpy() != 0)
            if zero.any() and got.any() and not got.numpy()[zero].any():
                return self.hints["zero"]
            one_part = target / below.reshape(-1, *[1] * (logits.ndim - 1)) * p * (1 - p)
            place = one_part.argmax()
            right, found, part = (
                np.asarray(one).flatten() / np.asarray(one).flat[place]
                for one in (expected, got, one_part)
            )
            is_part = np.allclose(found, part, 1e-3) and not np.allclose(found, right, 1e-3)
            return "What stands below the line counts as a constant here." if is_part else ""
        if law != "values":
            return ""
        smooth, right = rest[0] if rest else 1.0, self.truth(*arguments)
        both, total, wanted, raw = sums(p * target, p + target, target, logits + target)
        raw_both, squared, hard = sums(logits * target, p * p + target, np.round(p) + target)
        (hard_both,), ratio, filled = sums(np.round(p) * target), above / below, wanted > 0
        soft = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        size, inner = logits[0].size, max(logits[0, 0].size, 1)
        others = {
            "This is one ratio for the whole batch; take one for each sample.": loss_of(
                both.sum(), total.sum(), smooth
            ),
            "This is the Dice coefficient; the loss is 1 minus it.": ratio.mean(),
            "The losses of the samples are added up here; take their mean.": (1 - ratio).sum(),
            "The 2 above the line is missing.": loss_of(both / 2, total, smooth),
            "A sample with an empty mask is left out here; it counts like every other one.": (
                1 - ratio[filled].sum() / max(filled.sum(), 1)
            ),
            "A sample with an empty mask costs nothing here; the formula holds for it too.": (
                (1 - ratio) * filled
            ).mean(),
            "A sample with an empty mask costs 1 here; the formula holds for it too.": 1
            - (ratio * filled).mean(),
            "smooth is missing above the line.": loss_of(both - smooth / 2, total, smooth),
            "smooth is missing below the line.": loss_of(both, total - smooth, smooth),
            "smooth is missing above and below the line.": loss_of(both, total, 0),
            "smooth is doubled above the line: add it after the 2.": loss_of(
                both + smooth / 2, total, smooth
            ),
            "smooth is an argument: 1 is only its default.": loss_of(both, total, 1),
            "The sigmoid is missing: logits are no probabilities.": loss_of(raw_both, raw, smooth),
            "These are the p of a softmax; each number has a sigmoid of its own.": loss_of(
                *sums(soft * target, soft + target), smooth
            ),
            "p is rounded to 0 or 1 here; that has no slope.": loss_of(hard_both, hard, smooth),
            "p is squared below the line here.": loss_of(both, squared, smooth),
            "This is the Jaccard index, which has the union below the line.": loss_of(
                both / 2, total - both, smooth
            ),
            "Means stand in the place of the sums here: smooth then weighs far too much.": loss_of(
                both / size, total / size, smooth
            ),
            "There is one ratio for each channel here; sum over the channels too.": loss_of(
                *(one.reshape(-1, inner).sum(1) for one in (p * target, p + target)), smooth
            ),
            "Only the last dimension is summed here; sum over all but the first.": loss_of(
                (p * target).sum(-1), (p + target).sum(-1), smooth
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
