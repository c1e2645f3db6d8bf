"""The checks of generation/k13_group_relative_policy: each group and each answer by itself."""

import numpy as np
import torch

from dojo.checks import aspect, expect_values
from dojo.checks.laws import PureFunction
from dojo.checks.policies import clipped, clipped_otherwise, clipped_slope

NEAR = {torch.float32: 1e-4, torch.float64: 1e-9}
WHOLE = "N must be a multiple of group_size: compare before you compute, and raise ValueError."
EQUAL = (
    "The deviation of equal rewards is 0, and 0 / 0 is NaN: eps is added to the deviation, so that"
    " nothing divides by 0."
)
ONE = "The deviation of one number by n - 1 is 0 / 0, NaN: a group of one has the advantage 0."
BIG = [[-1.0, 1e4, -2.0], [-1e4, -1.5, 1e4], [-90.0, 0.0, -100.0]]
# hidden places far from one another; and places that count, whose differences are up to 10
FAR = (
    BIG,
    [[-1.2, -1e4, -1.0], [1e4, -1.0, -1e4], [-100.0, 0.0, -90.0]],
    [[-1.1, -1e4, -1.5], [1e4, -1.25, -1e4], [-100.0, 5.0, -90.0]],
    [1.5, -0.5, -2.0],
    [[True, False, True], [False, True, False], [True, False, True]],
)


def answers(n, t, kept, seed=0):
    """Log-probabilities by three policies with two decimals, advantages, and what counts."""
    draw = np.random.default_rng(seed)
    new = draw.uniform(-3, 0, (n, t))
    old, ref = new - draw.uniform(-0.6, 0.6, (n, t)), new + draw.uniform(-0.8, 0.8, (n, t))
    advantages = draw.uniform(0.2, 2, n) * np.resize([1, -1, 0], n)
    mask = [[t in places for t in range(t)] for places in kept]
    return *(np.round(one, 2) for one in (new, old, ref, advantages)), np.array(mask)


def per_row(losses, mask):
    """The mean over what counts in each row, and then over the rows."""
    return (np.where(mask, losses, 0).sum(1) / mask.sum(1)).mean()


class TestGroupAdvantages(PureFunction):
    name = "group_advantages"
    tensors = ("rewards",)
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "every second element", "repeated")
    recorded = False
    cases = [
        ([1.0, 0.0, 0.0, 1.0, 3.0, 5.0], 3),
        ([0.5, -1.0, 2.0, 10.0, 0.0, -3.0, 1.0, 1.5], 2),
        ([7.0, -10.0, 2.5, 4.0], 4, 0.5),
        ([1.0, -2.0, 4.0], 1),
        ([2.0], 1),
    ]
    of_largest = NEAR
    refused = [
        ((rewards, size), None, ValueError, WHOLE)
        for rewards, size in [([1.0, 2.0, 3.0, 4.0, 5.0], 2), ([1.0, 2.0], 4), ([1.0] * 6, 4)]
    ]
    hints = {
        "shape": "Each reward has an advantage in its own place: (N,).",
        "dtype": "The result has the dtype of rewards.",
        "values": "(reward - mean) / (std + eps), each by the group of the reward.",
        "precise": "Is eps added to the deviation? And float64 makes no detour by float32.",
    }
    sentences = {
        "test_values": "Each reward is compared with the mean and the deviation of its group.",
        "test_refuses": "A number of rewards that group_size does not divide raises ValueError.",
    }

    def truth(self, rewards, group_size, eps=1e-4):
        found = []
        for start in range(0, len(rewards), group_size):
            group = rewards[start : start + group_size]
            centred = group - group.sum() / group_size
            found += list(centred / (np.sqrt((centred**2).sum() / max(group_size - 1, 1)) + eps))
        return np.array(found)

    def others(self, rewards, group_size, eps=1e-4):
        shape = -1, group_size
        groups, woven = rewards.reshape(shape), rewards.reshape(group_size, -1).T
        centred, freedom = groups - groups.mean(1, keepdims=True), max(group_size - 1, 1)
        variance = (centred**2).sum(1, keepdims=True) / freedom
        deviation, of_all = np.sqrt(variance), rewards - rewards.mean()
        biased = groups.std(1, keepdims=True)
        made = {
            "This is the mean and the deviation of all rewards: each group has its own.": of_all
            / (rewards.std(ddof=min(1, len(rewards) - 1)) + eps),
            "The deviation is that of all rewards: each group has its own.": centred
            / (rewards.std(ddof=min(1, len(rewards) - 1)) + eps),
            "Neighbours form a group; here the groups are woven into one another.": (
                self.truth(woven.ravel(), group_size, eps).reshape(-1, group_size).T
            ),
            "The deviation divides by n here; by n - 1 is right.": centred / (biased + eps),
            "This divides by the variance; the deviation is its root.": centred / (variance + eps),
            "eps is added to the deviation, not to the variance under the root.": centred
            / np.sqrt(variance + eps),
            "eps is left out, or is not that of the caller.": centred / (deviation + 1e-4),
            "Only the mean is subtracted: divide by std + eps.": centred,
            "The mean is not subtracted.": groups / (deviation + eps),
        }
        return {hint: one.ravel() for hint, one in made.items()}

    def why(self, law, arguments, got, expected):
        if law == "values" and got.isnan().any():
            return ONE if arguments[1] == 1 else ""
        return super().why(law, arguments, got, expected)

    @aspect("values")
    def test_equal_rewards(self, solution, device):
        """Equal rewards have the advantage 0, beside groups whose rewards differ."""
        for dtype in self.dtypes:
            rewards = [3.0, 3.0, 3.0, 1.0, 2.0, 3.0, 0.1, 0.1, 0.1]
            got = solution.group_advantages(torch.tensor(rewards, dtype=dtype).to(device), 3)
            expected = torch.tensor(self.truth(np.array(rewards), 3), dtype=dtype)
            expect_values(got, expected, EQUAL, rtol=0, atol=0.01)


class TestGrpoLoss(PureFunction):
    name = "grpo_loss"
    tensors = ("log_probs", "old_log_probs", "ref_log_probs", "advantages", "mask")
    fixed = {"mask": torch.bool}
    constants = tensors[1:4]
    alone = ("log_probs", "ref_log_probs")
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "transposed", "every second element", "repeated")
    cases = [
        (
            [[-1.0, -1.0, -2.0], [-0.5, -1.5, -3.0]],
            [[-1.5, -0.25, -2.0], [-1.0, -1.0, -2.5]],
            [[-1.25, -2.0, -2.5], [-0.25, -1.0, -4.0]],
            [1.0, -2.0],
            [[True, True, False], [True, True, True]],
        ),
        answers(4, 5, [{1, 2, 3}, {0}, {0, 1, 2, 3, 4}, {2, 4}], seed=1),
        (*answers(3, 3, [{0, 1}, {1, 2}, {2}], seed=2), 0.1, 0.5),
        (*answers(2, 6, [{0, 1, 2, 3, 4, 5}, {3}], seed=3), 0.4, 0.0),
        (*answers(1, 4, [{1, 2, 3}], seed=4), 0.3, 1.0),
        (*answers(3, 1, [{0}] * 3, seed=5), 0.05),
    ]
    gradient_cases = cases[:4]
    wild = [FAR]
    wild_gradients = wild
    of_largest = NEAR
    hints = {
        "shape": "The loss is one number for all answers.",
        "values": "Per token -min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A) + beta *"
        " (exp(d) - d - 1); the mean over each row's True tokens; the mean over the rows.",
        "raises": "advantages has one number for each row: make it (N, 1) to meet (N, T).",
        "wild": "What is hidden may be as far apart as 20,000: fill the differences with 0 there"
        " before exp, which is inf else.",
        "gradient": "By the ratio it is -ratio * A, but 0 beyond the edge that counts; by d it is"
        " beta * (1 - exp(d)). Both over the row's tokens, and over N.",
        "wild gradient": "0 * inf is NaN on the way back: fill the differences before exp.",
        "constant": "Only log_probs learn: detach old_log_probs, ref_log_probs and advantages.",
        "tracked": "Use torch's operations on log_probs: no `detach`, `.data` or `no_grad`.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor.",
        "test_values": "The clipped objective and the KL term are averaged per answer.",
        "test_wild_values": "Hidden tokens change nothing, however far apart they are.",
        "test_gradients": "Gradients reach log_probs, and none goes to the constants.",
        "test_wild_gradients": "Gradients are right, and 0 for hidden tokens, without NaN.",
    }

    def other_case(self, arrays):
        return [*super().other_case(arrays)[:4], *arrays[4:]]  # each row keeps a token that counts

    def parts(self, new, old, ref, a, mask, clip=0.2, beta=0.04):
        """The numbers of all tokens, with 0 where they are hidden, and the settings."""
        new, old, ref = (np.where(mask, one, 0.0) for one in (new, old, ref))
        return new, old, ref - new, a[:, None], mask, clip, beta

    def truth(self, *arguments):
        new, old, d, a, mask, clip, beta = self.parts(*arguments)
        return per_row(clipped(new, old, a, clip) + beta * (np.expm1(d) - d), mask)

    def gradient(self, weights, *arguments):
        new, old, d, a, mask, clip, beta = self.parts(*arguments)
        slopes = clipped_slope(new, old, a, clip) - beta * np.expm1(d)
        back = np.where(mask, slopes, 0.0) / mask.sum(1, keepdims=True) / len(mask) * weights
        return [back, 0 * back, 0 * back, 0 * a[:, 0]]

    def others(self, *arguments):
        new, old, d, a, mask, clip, beta = self.parts(*arguments)
        kl, gain = np.expm1(d) - d, clipped(new, old, a, clip)
        each, size = gain + beta * kl, len(mask)
        whole = np.array(arguments[:3])  # the hidden numbers too
        plain = clipped(*whole[:2], a, clip) + beta * (
            np.expm1(whole[2] - whole[0]) - whole[2] + whole[0]
        )
        made = {
            "The sums of the rows are divided by T: each row has its own number of tokens.": (
                (each * mask).sum() / mask.size
            ),
            "All tokens weigh the same here; each row has a mean of its own first.": (
                (each * mask).sum() / mask.sum()
            ),
            "The rows are added up here; take their mean.": per_row(each, mask) * size,
            "The tokens of a row are added up here; take their mean.": ((each * mask).sum() / size),
            "mask is not looked at: hidden tokens count here.": plain.mean(),
            "Hidden tokens that are filled with 0 have the ratio 1, and so a loss: leave them"
            " out of the sum.": (each.sum(1) / mask.sum(1)).mean(),
            "d is ref_log_prob - log_prob, not the other way round.": per_row(
                gain + beta * (np.expm1(-d) + d), mask
            ),
            "The KL term is subtracted; it is a loss, and is added.": per_row(
                gain - beta * kl, mask
            ),
            "The KL term is left out.": per_row(gain, mask),
            "beta is not used.": per_row(gain + kl, mask),
            "This is the KL term without exp: exp(d) - d - 1 is never below 0.": per_row(
                gain - beta * d, mask
            ),
            "This is the KL term d² / 2, which is right for small d alone.": per_row(
                gain + beta * d**2 / 2, mask
            ),
            "The KL term lacks the - 1: it is 0 where both policies agree.": per_row(
                each + beta, mask
            ),
            "clip and beta are arguments: 0.2 and 0.04 are only their defaults.": self.truth(
                *arguments[:5]
            ),
        }
        for hint, one in clipped_otherwise(new, old, a, clip).items():
            made[hint] = per_row(one + beta * kl, mask)
        return made

    def why(self, law, arguments, got, expected):
        is_close = law == "wild" and torch.allclose(got, expected, 1e-4)
        if is_close:
            return "Only the last digits differ: stay in the dtype of log_probs."
        if law == "wild" and got.isfinite().all():
            return (
                "Where mask is True a difference of 10 counts as it is: cut nothing off, and"
                " subtract the logarithms before exp."
            )
        return super().why(law, arguments, got, expected)
