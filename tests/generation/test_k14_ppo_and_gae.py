"""The checks of generation/k14_ppo_and_gae: each advantage as a sum of its own, step by step."""

import numpy as np
import torch

from dojo.checks import aspect, expect, untouched
from dojo.checks.laws import PureFunction
from dojo.checks.policies import clipped, clipped_otherwise, clipped_slope

NEAR = {torch.float32: 1e-4, torch.float64: 1e-9}
STATIC = "Both results are targets: compute them under `torch.no_grad()`, or detach the inputs."
FAR = (
    "Subtract the logarithms before exp, since exp(-100) is nearly 0 in float32; and a ratio of"
    " 22026 counts as it is."
)
POWERS = (
    "A power of gamma * lam may be 0, also where a run is long: divide by none, and sweep from the"
    " last step to the first."
)
FLAGS = "terminated and truncated are bools: write `~terminated`, since 1 - a bool tensor raises."


def run(*shape, seed=0, ends=(), cuts=()):
    """Rewards and values with one decimal, and the steps at which episodes end or are cut."""
    draw = np.random.default_rng(seed)
    flags = np.zeros((2, *shape), bool)
    for flag, places in zip(flags, (ends, cuts), strict=True):
        for place in places:
            flag[place] = True
    return *np.round(draw.uniform(-2, 2, (3, *shape)), 1), *flags


def summed(deltas, ends, factor):
    """At each step the sum of factorᵏ times the k-th delta from there, up to the first end."""
    found = np.zeros(deltas.shape)
    for place in np.ndindex(deltas.shape):
        t, rest = place[0], place[1:]
        for k in range(len(deltas) - t):
            found[place] += factor**k * deltas[(t + k, *rest)]
            if ends[(t + k, *rest)]:
                break
    return found


def behind(x, last=0.0):
    """What stands one step later; behind the last step stands ``last``."""
    return np.concatenate([x[1:], np.full_like(x[:1], last)])


class TestGae(PureFunction):
    name = "gae"
    tensors = ("rewards", "values", "next_values", "terminated", "truncated")
    fixed = {"terminated": torch.bool, "truncated": torch.bool}
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "transposed", "every second element", "repeated")
    results = ("the advantages", "the returns")
    recorded = False
    cases = [
        ([1.0, 0.0, 2.0], [0.5, 1.0, -1.0], [1.0, -1.0, 3.0], [0, 0, 0], [0, 0, 0], 0.5, 0.8),
        run(5, 2, seed=1, ends=[(1, 0)], cuts=[(3, 1)]),
        (*run(6, seed=2, ends=[(3,)], cuts=[(1,)]), 0.9),
        (*run(4, 2, 3, seed=4, ends=[(1, 0), (2, 1)], cuts=[(0, 1), (1, 0, 2)]), 1.0, 0.6),
        (*run(3, 3, seed=5, ends=[(2, 0)], cuts=[(2, 1)]), 0.7, 1.0),
        (*run(1, 2, seed=6, ends=[(0, 1)]), 0.5, 0.5),
        (*run(3, 2, seed=7, ends=[(1, 0)]), 0.0, 0.9),
        (*run(4, 2, seed=8, cuts=[(2, 1)]), 0.9, 0.0),
        (*run(36, seed=9, ends=[(30,)], cuts=[(18,)]), 0.2, 0.2),  # 0.04³⁵ is 0 in float32
    ]
    of_largest = NEAR
    hints = {
        "type": "Return a tuple of two tensors: the advantages, and the advantages plus values.",
        "shape": "Each step has an advantage and a return in its own place.",
        "values": "delta = rewards + gamma * next_values * ~terminated - values; A[t] = delta[t] +"
        " gamma * lam * A[t + 1], without A[t + 1] where t is terminated or truncated.",
        "raises": f"{FLAGS} Any dimensions may follow the first one, or none.",
        "precise": "float64 makes no detour by float32: a bool tensor times a plain number, and"
        " `torch.zeros(n)`, are float32.",
        "memory": "Make new tensors: `rewards += ...` writes into the caller's.",
    }
    sentences = {
        "test_values": "Each step has its delta, and what came later in its own episode.",
        "test_has_the_dtype": "Both results have the dtype of rewards.",
    }

    def truth(self, rewards, values, following, terminated, truncated, gamma=0.99, lam=0.95):
        deltas = rewards + gamma * np.where(terminated, 0.0, following) - values
        advantages = summed(deltas, terminated | truncated, gamma * lam)
        return advantages, advantages + values

    def others(self, rewards, values, following, terminated, truncated, gamma=0.99, lam=0.95):
        ended, never = terminated | truncated, np.zeros_like(terminated)
        kept = gamma * np.where(terminated, 0.0, following)
        deltas, bare = rewards + kept - values, rewards - values
        right = summed(deltas, ended, gamma * lam)
        late = behind(ended)
        at_end = np.where(behind(never, last=True), 0.0, kept)
        next_one = np.concatenate([values[1:], following[-1:]])
        shifted = gamma * np.where(terminated, 0.0, next_one)
        later_flags = gamma * np.where(behind(terminated), 0.0, following)
        return {
            "Where a step is truncated the next value counts: it would have gone on.": summed(
                bare + gamma * np.where(ended, 0.0, following), ended, gamma * lam
            ),
            "The advantage leaks over truncated steps: behind them another episode begins.": summed(
                deltas, terminated, gamma * lam
            ),
            "The advantage leaks over terminated steps: behind them another episode begins.": (
                summed(deltas, truncated, gamma * lam)
            ),
            "The advantage leaks over the ends of episodes.": summed(deltas, never, gamma * lam),
            "Where a step is terminated its next value counts as 0.": summed(
                bare + gamma * following, ended, gamma * lam
            ),
            "Where a step is both terminated and truncated, it is terminated.": summed(
                bare + gamma * np.where(terminated & ~truncated, 0.0, following), ended, gamma * lam
            ),
            "The next value of the last step counts too: it stands in next_values.": summed(
                bare + at_end, ended, gamma * lam
            ),
            "The flags are those of step t + 1 here: step t has its own.": summed(
                bare + later_flags, late, gamma * lam
            ),
            "Here values[t + 1] is taken; next_values[t] is what counts.": summed(
                bare + shifted, ended, gamma * lam
            ),
            "lam is missing: A[t + 1] is multiplied by gamma * lam.": summed(deltas, ended, gamma),
            "gamma is missing: A[t + 1] is multiplied by gamma * lam.": summed(deltas, ended, lam),
            "gamma is missing in delta: the next value is multiplied by it.": summed(
                bare + np.where(terminated, 0.0, following), ended, gamma * lam
            ),
            "These are the deltas: what comes later in the episode is missing.": deltas,
            "values are not subtracted in delta.": summed(rewards + kept, ended, gamma * lam),
            "The sweep begins at the first step; begin at the last one.": summed(
                deltas[::-1], ended[::-1], gamma * lam
            )[::-1],
            "gamma and lam are arguments: 0.99 and 0.95 are only their defaults.": self.truth(
                rewards, values, following, terminated, truncated
            )[0],
            "The advantages are normalised here; nothing asks for that.": (right - right.mean())
            / (right.std(ddof=min(1, right.size - 1)) + 1e-8),
            "The returns are the advantages plus values, not plus next_values.": right + following,
            "The advantages come back twice: add values for the returns.": right,
            "The returns are the advantages plus values, not sums of rewards alone.": summed(
                rewards, ended, gamma
            ),
            "The returns are the advantages plus values, not plus rewards.": right + rewards,
            "The two results have changed places, or values are added to both.": right + values,
        }

    def why(self, law, arguments, got, expected):
        return POWERS if got.isnan().any() else super().why(law, arguments, got, expected)

    @aspect("gradient")
    def test_is_not_tracked(self, solution, device):
        """Both results are free of autograd, also where an input requires grad."""
        given = [torch.tensor(one).to(device) for one in self.cases[1]]
        for index, name in enumerate(self.tensors[:3]):
            inputs = [*given]
            inputs[index] = given[index].clone().requires_grad_()
            with untouched(self.hints["memory"], **dict(zip(self.tensors, inputs, strict=True))):
                got = solution.gae(*inputs)
            for words, one in self.results_of(got):
                sentence = f"returned {words} tracked by autograd, where {name} requires grad."
                expect(not one.requires_grad, sentence, STATIC)


class TestPpoLoss(PureFunction):
    name = "ppo_loss"
    tensors = ("log_probs", "old_log_probs", "advantages")
    constants = tensors[1:]
    alone = ("log_probs", "advantages")
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "transposed", "every second element")
    cases = [
        ([-1.0, -1.0, -2.0, -0.5], [-1.5, -0.25, -1.0, -1.5], [1.0, -2.0, 0.5, -1.5]),
        (
            [[-0.4, -2.1, -1.3], [-0.9, -1.1, -3.0]],
            [[-0.7, -1.6, -1.3], [-0.8, -1.2, -2.0]],
            [[-5.0, 25.0, 10.0], [15.0, -10.0, -40.0]],
            0.05,
        ),
        ([[-1.0, -3.0], [-0.2, -0.1], [-5.0, -0.6]], [[-4.0, -0.5]] * 3, [[2.0, 1.5]] * 3, 0.5),
        (
            [[[-1.0, -0.5]], [[-2.0, -2.5]]],
            [[[-1.0, -0.5]], [[-2.0, -2.25]]],
            [[[1, 0]], [[-1, 2]]],
        ),
        ([-11.0, -90.0, -10.25, -1.0], [-1.0, -100.0, -0.25, -11.0], [1.0, -1.0, -2.0, 2.0], 0.1),
    ]
    gradient_cases = cases[:4]
    of_largest = NEAR
    hints = {
        "shape": "The loss is one number, the mean over all actions.",
        "values": "-min(ratio * A, clamp(ratio, 1 - clip, 1 + clip) * A) for each action, with"
        " ratio = exp(log_prob - old_log_prob), and the mean of all.",
        "gradient": "It is -ratio * A over the number of actions, but 0 where A is above 0 and the"
        " ratio above 1 + clip, and where A is below 0 and the ratio below 1 - clip.",
        "constant": "Only log_probs learn: detach old_log_probs and advantages.",
        "tracked": "Use torch's operations on log_probs: no `detach`, `.data` or `no_grad`.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor.",
        "test_values": "The smaller product counts for each action, with the other sign.",
        "test_gradients": "Gradients reach log_probs, and none goes to the constants.",
    }

    def truth(self, log_probs, old, advantages, clip=0.2):
        return clipped(log_probs, old, advantages, clip).mean()

    def gradient(self, weights, log_probs, old, advantages, clip=0.2):
        back = clipped_slope(log_probs, old, advantages, clip) / log_probs.size * weights
        return [back, 0 * back, 0 * back]

    def others(self, log_probs, old, a, clip=0.2):
        right = self.truth(log_probs, old, a, clip)
        one = min(1, a.size - 1)
        normal = (a - a.mean()) / (a.std(ddof=one) + 1e-8)
        made = clipped_otherwise(log_probs, old, a, clip)
        return {hint: each.mean() for hint, each in made.items()} | {
            "The losses are added up; take their mean.": right * a.size,
            "The advantages are normalised here; they are taken as they are.": self.truth(
                log_probs, old, normal, clip
            ),
            "clip is an argument: 0.2 is only its default.": self.truth(log_probs, old, a),
        }

    def why(self, law, arguments, got, expected):
        found = super().why(law, arguments, got, expected)
        return found or (FAR if law == "values" and arguments[0].min() < -50 else "")
