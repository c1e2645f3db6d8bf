"""The checks of training/k13_gradient_accumulation: a step beside that of all tokens at once."""

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from dojo.checks import aspect, describe, expect, module_untouched, untouched
from dojo.checks.laws.settings import settings_watched
from dojo.checks.scenes import CLIP, Scene, clipped, clipped_wrong, expect_moved, expect_once

A_FLOAT = "Add up Python floats, `loss.item()`: a sum of tensors keeps what they hang on."
WEIGHTS = "Add up the sums over the tokens that count, and divide by the number of all of these."
MEANS = f"This is the mean of the means of the micro-batches. {WEIGHTS}"
SUM = "This is the sum over all tokens that count: divide it by their number."
ALL = "This is divided by the number of all tokens: those whose target is -100 do not count."
SAMPLES = "Micro-batches are weighed by len(x) here: weigh them by the tokens that count."
OFTEN = "Clip once, when the gradient is complete: clipped after each backward, it is another one."
DIGITS = "Only the last digits differ: the model is float64, and so is all; ints / ints is float32."
ADDED = "The old gradient was added here: clear .grad once, before the first backward."
NAN = "NaN comes from a mean over no token, 0 / 0, or from an old .grad that was not cleared."
LAST = "Only the last micro-batch is left in .grad: clear it once, before the first backward."
STEPS = "Run the backward for each micro-batch, and step once, behind the last one."
NOTHING = "Where no token counts at all, do not step: momentum or decay would move something."
STRIDES = "`view` needs contiguous memory: `flatten` and `reshape` do not."
GONE = "Run the backward of each micro-batch before the next forward: it frees the graph."
ONCE = "The model is called once for each micro-batch, as `model(x)`: y alone tells the number."
KEEP = "Only parameters and .grad change."
READ = "micro_batches is the caller's: read it, and take nothing out of it."

WORDS = "nn.Sequential(nn.Embedding(5, 3), nn.Tanh(), nn.Linear(3, 4))"
MANY = [[[2, -100, 0]], [[1, 3], [3, 3]], [[-100, 0, 1, -100], [1, 1, 2, -100]]]
# the targets of each micro-batch, max_norm, what is in .grad before
ROWS = [
    ([[[0, 3]], [[1, 2]]], 5.0, None),
    ([[[0]], [[1, 2, 3], [0, 3, 1]]], 5.0, None),
    (MANY, 5.0, 2.0),
    (MANY, 0.125, None),
    ([[[1, -100, -100, -100]], [[3], [0]]], 0.25, float("nan")),
    ([[[-100, -100]], [[0, 1]]], 5.0, None),
    ([[[2, -100]], [[-100], [-100]], [[3, 3]]], 0.25, None),
    ([[[2, 0]], [[-100]]], 5.0, 2.0),
]


class Tokens(Scene):
    """A scene with tokens; it notes how many graphs of earlier calls are there."""

    def __init__(self, dtype=torch.float32, device="cpu", as_returned=None):
        super().__init__(WORDS, dtype, device)
        self.kept = []
        self.model[1].register_forward_hook(self.keep)
        if as_returned:
            self.model.register_forward_hook(lambda _model, _inputs, out: as_returned(out))

    def keep(self, _module, _inputs, out):
        self.kept.append(StorageWeakRef(out.untyped_storage()))  # tanh keeps it for the backward

    def seen(self, _event):
        return sum(not one.expired() for one in self.kept)

    def pairs(self, targets):
        """x and y of each micro-batch; no two x are alike."""
        made = [torch.tensor(one, device=self.options["device"]) for one in targets]
        return [((y.abs().cumsum(1) + 2 * place) % 5, y) for place, y in enumerate(made)]

    def step(self, solution, hint, pairs, max_norm=1.0, was=""):
        """Take a step as the answer does."""
        solution.hint, self.notes = hint, []
        targets = [y.tolist() for _, y in pairs]
        got = solution.accumulation_step(self.model, self.optimizer, pairs, max_norm)
        call = f"accumulation_step(…, max_norm={max_norm})"
        solution.last_call = f"With micro-batches whose y are {targets}{was}: {call}"
        return got


def losses_of(twin, pairs):
    """The loss of each micro-batch, summed over its tokens that count."""
    losses = []
    for x, y in pairs:
        out = twin.model(x)
        logs = out - out.exp().sum(-1, keepdim=True).log()
        of_tokens = logs.gather(-1, y.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        losses.append(-of_tokens[y != -100].sum())
    return losses


def dot(weights, losses):
    return sum(weight * one for weight, one in zip(weights, losses, strict=True))


def wrong_weights(pairs, counts):
    """How mistakes weigh the losses of the micro-batches, by the sentences that name them."""
    means, lengths = [1 / max(one, 1) for one in counts], [len(x) for x, _ in pairs]
    return {
        MEANS: [one / len(pairs) for one in means],
        SUM: [1.0] * len(pairs),
        ALL: [1 / sum(y.numel() for _, y in pairs)] * len(pairs),
        SAMPLES: [n * one / sum(lengths) for n, one in zip(lengths, means, strict=True)],
        LAST: [0.0] * (len(pairs) - 1) + [1 / sum(counts)],
    }


def expect_step(solution, scene, pairs, max_norm, stale=None, hint=CLIP):
    """Take a step, and compare the loss and all parameters with those of a twin in float64."""
    was = "" if stale is None else f", every .grad full of {stale}"
    if stale is not None:
        scene.make_stale(stale)
    before, twin = scene.moved({}), Tokens(torch.float64, scene.options["device"])
    losses, counts = losses_of(twin, pairs), [int((y != -100).sum()) for _, y in pairs]
    weights, wrong = [1 / sum(counts)] * len(pairs), wrong_weights(pairs, counts)
    loss, numbers = dot(weights, losses), [one.item() for one in losses]
    true = twin.slopes(loss)
    added, right = scene.added(true), twin.moved(clipped(true, max_norm))
    got = scene.step(solution, hint, pairs, max_norm, was)
    expect_once(scene, ["step"], STEPS)
    whys = [why for why, some in wrong.items() if abs(dot(some, numbers) - got) < 1e-5]
    whys = [DIGITS] if abs(got - loss.item()) < 1e-5 else whys
    hint_of_loss = NAN if got != got else [*whys, WEIGHTS][0]
    rtol = 1e-5 if scene.options["dtype"] is torch.float32 else 1e-10
    is_right = abs(got - loss.item()) <= rtol * loss.item()
    expect(is_right, f"returned {got:.9g}; expected {loss.item():.9g}.", hint_of_loss)

    def mistakes():
        often = dict.fromkeys(true, 0.0)
        for one in losses:
            part = twin.slopes(one / sum(counts))
            often = clipped({name: often[name] + part[name] for name in true}, max_norm)
        found = {OFTEN: often, ADDED: clipped(added, max_norm)} | clipped_wrong(true, max_norm)
        found[NAN] = {name: one * float("nan") for name, one in true.items()}
        for why, some in wrong.items():
            found[why] = clipped(twin.slopes(dot(some, losses)), max_norm)
        return {why: twin.moved(one) for why, one in found.items()}

    expect_moved(scene, before, right, mistakes, hint)


@aspect("type")
def test_returns_a_float(solution, device):
    """accumulation_step returns a Python float."""
    for hint, targets in ((A_FLOAT, [[[0, 3]], [[1]]]), (NOTHING, [[[-100]]])):
        scene = Tokens(device=device)
        got = scene.step(solution, hint, scene.pairs(targets))
        expect(type(got) is float, f"returned {describe(got)}; expected a float.", hint)


@aspect("values")
def test_weighs_each_token_alike(solution, device):
    """The step is that of the mean over all tokens that count, whatever is in .grad."""
    for place, (targets, max_norm, stale) in enumerate(ROWS if device == "cpu" else ROWS[3:4]):
        scene = Tokens((torch.float32, torch.float64)[place % 2], device)
        expect_step(solution, scene, scene.pairs(targets), max_norm, stale)


@aspect("values")
def test_does_not_step_for_nothing(solution):
    """Where no token counts at all, the optimizer does not step, and 0.0 is returned."""
    for targets in ([[[-100, -100]]], [[[-100]], [[-100], [-100]]], []):
        scene = Tokens()
        scene.make_stale(2.0)
        before = scene.moved({})
        got = scene.step(solution, NOTHING, scene.pairs(targets), was=", every .grad full of 2.0")
        expect(got == 0.0, f"returned {got:.6g}; expected 0.0.", NOTHING)
        expect_moved(scene, before, before, dict, NOTHING)
        steps = scene.ran("step")
        expect(not steps, f"had the optimizer step {steps} times; expected no step.", NOTHING)


@aspect("values")
def test_takes_any_strides(solution):
    """Logits, x and y may lie in memory in any order."""
    scene = Tokens(as_returned=lambda out: out.mT.contiguous().mT)
    pairs = [(x.t().contiguous().t(), y.t().contiguous().t()) for x, y in scene.pairs(MANY)]
    expect_step(solution, scene, pairs, 5.0, hint=STRIDES)


@aspect("memory")
def test_changes_nothing_else(solution):
    """The tokens, modes, requires_grad, hooks and torch's settings stay as they are."""
    scene = Tokens()
    scene.model[1].eval()
    pairs = scene.pairs(MANY)
    named = {f"micro_batches[{n}][{i}]": pair[i] for n, pair in enumerate(pairs) for i in (0, 1)}
    with (
        untouched(KEEP, **named),
        module_untouched(scene.model, KEEP, ["values", "grad"]),
        settings_watched(solution, thoroughly=True) as found,
    ):
        given = list(pairs)
        scene.step(solution, KEEP, pairs)
    expect(not found.text, found.text, KEEP)
    is_same = list(map(id, pairs)) == list(map(id, given))
    expect(is_same, f"left {len(pairs)} pairs in micro_batches; there were {len(given)}.", READ)


@aspect("memory")
def test_keeps_one_graph(solution):
    """When the model is called again, the graph of the call before is gone."""
    scene = Tokens()
    scene.step(solution, GONE, scene.pairs([*MANY, [[0, 1]]]))
    for event, alive in scene.notes:
        expect(
            event != "model" or not alive,
            f"held the graphs of {alive} earlier calls at a forward.",
            GONE,
        )


@aspect("structure")
def test_runs_the_model_once_each(solution):
    """The model is called once for each micro-batch."""
    for targets in ([[[0, 3]]], MANY):
        scene = Tokens()
        scene.step(solution, ONCE, scene.pairs(targets))
        sentence = f"called the model {scene.ran('model')} times for {len(targets)} micro-batches."
        expect(scene.ran("model") == len(targets), sentence, ONCE)
