"""The checks of optimizers/k14_sam: what closure and step() find, beside an oracle in float64."""

import inspect
import math

import numpy as np
import torch
from torch import nn

from dojo.checks import CheckFailed, aspect, expect, expect_values, in_layout, module_untouched
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import rounded

TWICE = "closure is called twice, once at w and once at the moved weights, and not by step()."
FIRST = "Return what the first call of closure has computed, detached."
MOVE = "Move each parameter by rho * g / norm, with one norm over all parameters of all groups."
ZERO = "A norm of 0 moves nothing: 0 / 0 is NaN."
SECOND = "Only the gradient at the moved weights is for the step: clear .grad before each pass."
UNUSED = "A parameter without gradient has None in .grad: 0 would let weight decay or momentum act."
BITS = "Adding and subtracting the same number is rounded: keep a copy of w, and write that back."
STEP = "One optimizer.step() comes last, after w is written back: it starts from w."
STATE = "Keep w in a list or dict of your own: groups and state belong to the optimizer."
IN_PLACE = "Write into the parameters, `p.copy_(w)` under no_grad; they stay where they are."
RAISED = "Use try and finally: the weights are moved back, and the error goes on by itself."
NEARLY = "This is nearly right: compute in the parameters' own dtype, with no float32 on the way."
ALONE = "Make the second pass yourself, write w back, and call optimizer.step() after that."
RTOL = {torch.float32: 1e-5, torch.float64: 1e-9}
OLD = 100.0  # what stands in .grad before a call
SGD, DECAY = "SGD(groups, lr=0.5)", "SGD(groups, lr=0.25, momentum=0.9, weight_decay=0.5)"
ADAM = "Adam(groups, lr=0.125)"
MANY = [[[[1.5, -0.3, 2.0], [0.7, 0.0, -1.2]], 0.9], [], [[[2.5], [-1.9]], []]]
# the parameters of each group; the exponent n of the loss, the sum of x**n / n; rho
CASES = [
    ([[[3.0, 4.0]]], 2, 1.0),
    ([[[3.0, 4.0], [12.0]]], 2, 6.5),
    (MANY, 4, 0.7),
    ([[[1e-6, -2e-6]], [1e-6]], 2, 0.5),
    ([[[1e6, -7e5]], [3e4]], 2, 1e5),
    ([[[0.5, -2.0], [0.0, 0.0]]], 4, 0.3),
    ([[[0.5, -2.0]], [1.5]], 2, 0.0),
    ([[[[1000.1 + n / 7, 0.3 - n, 1e-5 * n] for n in range(8)]]], 2, 0.7),  # these are rounded
    ([[[0.0, 0.0], 0.0]], 2, 0.5),
    ([[[0.0]], [[0.0]]], 4, 1.0),
]


class Run:
    """An optimizer and a closure, which note what they find: the loss uses some parameters."""

    def __init__(self, groups, n, words=SGD, dtype=torch.float32, device="cpu", layout=None):
        tensors = [[torch.tensor(x, dtype=dtype).to(device) for x in group] for group in groups]
        made = [[nn.Parameter(in_layout(x, layout or "contiguous")) for x in g] for g in tensors]
        self.groups, self.words, self.n = made, words, n
        self.fails_at, self.error, self.is_handed = 0, ArithmeticError, False
        self.parameters = self.used = [p for group in made for p in group]
        kind = getattr(torch.optim, words.partition("(")[0])
        # torch's wrapper around step would import its compiler, for seconds
        plain = torch.no_grad()(inspect.unwrap(kind.step))

        def step(optimizer, closure=None):
            grads = [None if p.grad is None else p.grad.detach() * 1 for p in self.parameters]
            before, self.is_handed = self.weights(), closure is not None
            plain(optimizer, closure)
            self.steps.append((before, grads, self.weights()))

        names = {kind.__name__: type(kind.__name__, (kind,), {"step": step})}
        self.optimizer = eval(words, {**names, "groups": [{"params": one} for one in made]})

    def weights(self):
        return [p.detach().clone() for p in self.parameters]

    def closure(self):
        self.visited.append(self.weights())
        if len(self.visited) == self.fails_at:
            raise self.error("closure failed")
        loss = sum((p**self.n).sum() for p in self.used) / self.n
        self.losses.append(loss.item())
        return loss

    def call(self, solution, hint, *rho):
        self.visited, self.losses, self.steps, solution.hint = [], [], [], hint
        for p in self.parameters:
            p.grad = torch.full_like(p, OLD)
        held = ", ".join(rounded(p.tolist()) for p in self.parameters)
        got = solution.sam_step(self.optimizer, self.closure, *rho)
        words = f"With the parameters {held} in {self.words}, loss = sum of x**{self.n} / {self.n}"
        args = ", ".join(["optimizer", "closure", *map(str, rho)])
        solution.last_call = f"{words}: sam_step({args})"
        return got

    def gradient(self, w):
        """The gradient in one vector, with 0 where the loss does not use a parameter."""
        used = [np.full(p.numel(), any(p is one for one in self.used)) for p in self.parameters]
        return w ** (self.n - 1) * np.concatenate(used)


def flat(tensors):
    return np.array([x for one in tensors for x in one.double().flatten().tolist()])


def share(g, sizes):
    """Each part of g, divided by its own norm."""
    parts = np.split(g, np.cumsum(sizes)[:-1])
    return np.concatenate([one / (np.linalg.norm(one) or 1) for one in parts])


def expect_near(subject, got, expected, dtype, hint, mistakes):
    """Two vectors are close; else the sentence is that of the mistake which gives the same."""

    def is_near(a, b):
        return np.allclose(a, b, rtol=RTOL[dtype], atol=RTOL[dtype] * np.abs(b).max(initial=0))

    if not is_near(got, expected):
        known = [f"{words} {hint}" for words, one in mistakes.items() if is_near(got, one)]
        sentence = f"{subject} {rounded(got.tolist())}; expected {rounded(expected.tolist())}"
        if np.allclose(got, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max()):
            known = [NEARLY]
            sentence += f" (the largest difference is {np.abs(got - expected).max():.2g})"
        raise CheckFailed(f"{sentence}.", [*known, hint][0])


def expect_bits(subject, got, expected, hint):
    pairs = [(a, b) for a, b in zip(got, expected, strict=True) if not torch.equal(a, b)]
    for a, b in pairs[:1]:
        raise CheckFailed(f"{subject} {a.tolist()!r}; expected {b.tolist()!r}.", hint)


def expect_right(solution, run, *rho, hint=MOVE, calls=1):
    """Both calls of closure, the step and the result are right, call after call."""
    for _ in range(calls):
        start = run.weights()
        got = run.call(solution, hint, *rho)
        count = len(run.visited)
        expect(count == 2, f"called closure {count} times; expected 2.", TWICE)
        expect_bits("called closure first at", run.visited[0], start, TWICE)
        expect_calls(run, start, rho[0] if rho else 0.05, hint)
        expect_bits("left the weights as", run.weights(), run.steps[0][2], STEP)
        tracked = "returned a loss that is tracked by autograd."
        expect(not getattr(got, "requires_grad", False), tracked, FIRST)
        expect_values(got, start[0].new_tensor(run.losses[0]), FIRST, rtol=0, atol=0)


def expect_calls(run, start, rho, hint):
    """The second call of closure was at w + rho * g / norm; the step at w, by its gradient."""
    w, moved, dtype = flat(start), flat(run.visited[1]), start[0].dtype
    g, new, norm = run.gradient(w), run.gradient(moved), math.hypot(*run.gradient(w))
    e, sizes = rho * g / (norm or 1), [p.numel() for p in run.parameters]
    of_groups = [sum(p.numel() for p in group) for group in run.groups]
    mistakes = {
        "The weights are not moved here.": w,
        "This is downhill: the sign is plus.": w - e,
        "This is not divided by the norm.": w + rho * g,
        "Each parameter has its own norm here.": w + rho * share(g, sizes),
        "Each group has its own norm here.": w + rho * share(g, of_groups),
        "This is rho * sign(g).": w + rho * np.sign(g),
        "What stood in .grad before is added.": w + rho * share(g + OLD, [len(g)]),
    }
    if norm < 1e-4:  # what is added to it shows
        short = ((moved - w) @ e) / (e @ e or 1)
        mistakes[f"The norm is {norm:.1g} here: add far less to it, or nothing."] = w + short * e
    hint = ZERO if np.isnan(moved).any() else MOVE if hint == STATE else hint
    expect_near(f"moved {rounded(w.tolist())} to", moved, w + e, dtype, hint, mistakes)
    expect(len(run.steps) == 1, f"made {len(run.steps)} steps; expected 1.", STEP)
    expect(not run.is_handed, "handed a closure to step().", ALONE)
    before, grads, _ = run.steps[0]
    is_moved = rho and all(map(torch.equal, before, run.visited[1]))
    expect_bits("made the step from", before, start, STEP if is_moved else BITS)
    has = [grad is not None for grad in grads]
    expected = [any(p is one for one in run.used) for p in run.parameters]
    words = f"made the step with .grad {has}, where True means a gradient, False None"
    expect(has == expected, f"{words}; expected {expected}.", UNUSED)
    got = flat(p * 0 if grad is None else grad for p, grad in zip(start, grads, strict=True))
    mistakes = {
        "This is the first gradient.": g,
        "This is the sum of both gradients.": g + new,
        "What stood in .grad before is added.": new + OLD,
    }
    expect_near("made the step with the gradient", got, new, dtype, SECOND, mistakes)


@aspect("values")
def test_steps_by_the_second_gradient(solution, device):
    """The step starts from w, with the gradient at w + rho * g / norm."""
    for groups, n, rho in CASES if device == "cpu" else CASES[:3]:
        expect_right(solution, Run(groups, n, device=device), rho)
    for groups, n, rho in [CASES[2], *CASES[7:]] if device == "cpu" else ():
        expect_right(solution, Run(groups, n, dtype=torch.float64), rho)
    expect_right(solution, Run(MANY, 2), hint="rho is 0.05 if it is not given.")


@aspect("values")
def test_goes_on_with_a_state(solution):
    """Optimizers with a state go on from call to call; groups and state get nothing more."""
    kept = {SGD: [], DECAY: ["momentum_buffer"], ADAM: ["exp_avg", "exp_avg_sq", "step"]}
    for words, names in kept.items():
        run = Run(MANY, 4, words)
        groups = [dict(group) for group in run.optimizer.param_groups]
        expect_right(solution, run, 0.7, hint=STATE, calls=2)
        is_same = [dict(group) for group in run.optimizer.param_groups] == groups
        expect(is_same, "changed the groups of the optimizer.", STATE)
        states = [sorted(one) for one in run.optimizer.state.values()]
        expected = [names] * len(run.parameters) if names else []
        sentence = f"left states with {states}; expected {expected}."
        expect(states == expected, sentence, STATE)


@aspect("values")
def test_skips_what_the_loss_does_not_use(solution):
    """A parameter without gradient has none at the step, and no part in the norm."""
    for is_frozen in (False, True):
        run = Run([[[3.0, 4.0], [5.0]], [[2.0], [12.0]]], 2, DECAY)
        run.used = [run.parameters[0], run.parameters[3]]
        for n in (1, 2):
            run.parameters[n].requires_grad_(not is_frozen)
        expect_right(solution, run, 6.5, hint=UNUSED, calls=2)
        is_kept = all(run.parameters[n].requires_grad != is_frozen for n in (1, 2))
        expect(is_kept, "changed the requires_grad of a parameter.", IN_PLACE)
    run, outside = Run([[[3.0, 4.0]]], 2), nn.Parameter(torch.tensor([12.0]))
    closure = run.closure
    run.closure = lambda: closure() + (outside - outside.detach()).sum()  # adds 0
    expect_right(solution, run, 1.0, hint="Only what is in the optimizer counts.")
    expect(outside.item() == 12, "moved a tensor that is not in the optimizer.", MOVE)


@aspect("memory")
def test_writes_in_place(solution):
    """Parameters stay the same objects in their memory, whatever their strides."""
    for layout in ("contiguous", "transposed", "every second element"):
        run = Run(MANY, 4, layout=layout)
        views = [p.detach() for p in run.parameters]
        net = nn.ParameterDict({f"p{n}": p for n, p in enumerate(run.parameters)})
        with (
            settings_watched(solution, thoroughly=True) as found,
            module_untouched(net, IN_PLACE, but=("values", "grad")),
        ):
            expect_right(solution, run, 0.7)
        expect(not found.text, found.text, IN_PLACE)
        expect_bits("left in a view", views, run.weights(), IN_PLACE)


@aspect("errors")
def test_passes_errors_on(solution):
    """An error of closure goes on; the weights are w, and no step was made."""
    for place, error in ((1, ArithmeticError), (2, ArithmeticError), (2, KeyboardInterrupt)):
        run, caught = Run(MANY, 4, DECAY), False
        start, run.fails_at, run.error = run.weights(), place, error
        try:
            run.call(solution, RAISED, 0.7)
        except error:
            caught = True
        solution.last_call = f"When call {place} of closure raises {error.__name__}, sam_step"
        expect(caught, "returned; expected that the error goes on.", RAISED)
        expect_bits("left the weights", run.weights(), start, RAISED)
        expect(not run.steps, "made a step.", RAISED)
        run.fails_at = 0
        expect_right(solution, run, 0.7, hint="Remember nothing of a call that has failed.")
