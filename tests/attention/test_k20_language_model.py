"""The checks of attention/k20_language_model: the whole model as one formula in NumPy."""

import math

import numpy as np
import torch

from dojo.checks import Call, aspect, expect, expect_raises, expect_values, module_untouched
from dojo.checks.blocks import GPT_BLOCK, gpt_block, layer_norm, linear, part_of
from dojo.checks.draws import Constant, Normal
from dojo.checks.laws import ModuleClass
from dojo.checks.laws.attention import OF_LARGEST
from dojo.checks.laws.layouts import CONTIGUOUS
from dojo.checks.taped import Taped, numbers_of, slopes_of

BLOCKS = [f"h.{n}.{name}" for n in range(2) for name in GPT_BLOCK]
TABLES, LAST = ("wte.weight", "wpe.weight"), ("ln_f.weight", "ln_f.bias")
NAMES = (*TABLES, *LAST, *BLOCKS)
SAME = "A second name for one object: `self.lm_head.weight = self.wte.weight`."
MEANS = "These are means of each sequence, and then of all; each place counts the same."
NO_LOSS = "Without targets the loss is None, and the logits are those of all places."


def case(tokens, targets, sizes, seed):
    """Tokens, targets, the parameters (None for those of a block that is not there), heads."""
    vocab_size, max_length, dim, layers, heads = sizes
    draw = np.random.default_rng(seed)

    def numbers(name, shape):
        around = float(name.endswith(("ln_1.weight", "ln_2.weight", "ln_f.weight")))
        return np.round(around + draw.uniform(-0.8, 0.8, shape), 2)

    tables = numbers("wte", (vocab_size, dim)), numbers("wpe", (max_length, dim))
    last = [numbers(name, (dim,)) for name in LAST]
    blocks = [
        numbers(name, shape(dim)) if n < layers else None
        for n in range(2)
        for name, shape in GPT_BLOCK.items()
    ]
    return (tokens, targets, *tables, *last, *blocks, heads)


def large():
    """A case with logits of some thousands."""
    found = list(case([[1, 0, 2]], [[0, 2, 3]], (5, 6, 4, 1, 2), 9))
    found[4] = 2000 * found[4]
    return tuple(found)


def layers_in(p):
    """The number of blocks."""
    return sum(p[f"h.{n}.ln_1.bias"] is not None for n in range(2))


def logits_of(
    tokens,
    p,
    heads,
    at=None,
    times=1.0,
    order=None,
    norm=layer_norm,
    **attention,
):
    """The logits as a formula, right unless an option is given."""
    x = p["wte.weight"][tokens] * times
    if at is None:
        at = np.arange(tokens.shape[1])
    x = x if at is False else x + p["wpe.weight"][at]
    for n in range(layers_in(p)) if order is None else order:
        x = gpt_block(x, part_of(p, f"h.{n}"), heads, **attention)
    return linear(norm(x, p["ln_f.weight"], p["ln_f.bias"]), p["wte.weight"])


def losses_of(logits, targets):
    """The loss at each place that has a target."""
    places = np.nonzero(targets != -100)
    return logits.log_softmax()[(*places, targets[places])] * -1.0


class TestLanguageModel(ModuleClass):
    name = "LanguageModel"
    tensors = ("tokens", "targets", *NAMES)
    results = ("the logits", "the loss")
    parameters = NAMES
    tied = {"wte.weight": ("lm_head.weight",)}
    fixed = {"tokens": torch.int64, "targets": torch.int64}
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "transposed")
    cases = [
        case([[1, 0, 2], [3, 3, 4]], [[0, 2, 1], [3, 4, -100]], (5, 6, 4, 1, 2), 1),
        case([[2, 0, 1]], [[1, 0, 2]], (3, 3, 4, 2, 2), 2),
        case([[5, 2], [0, 1], [2, 6]], [[-100, 0], [-100, 3], [6, 2]], (7, 3, 6, 1, 3), 3),
    ]
    wild = wild_gradients = [large()]
    optional = ()  # a block that is not there is no parameter that may be left out
    alone = (TABLES[0], "h.0.attn.c_attn.weight")
    hidden = {"tokens": 1, "wpe.weight": 50.0}
    places = {"tokens": -1}
    lengths = {"tokens": 1, "targets": 1}
    of_largest = OF_LARGEST
    drawn_with = [(60, 20, 48, 2, 4)]
    refused = [
        (
            case([[0, 1, 2], [2, 1, 0]], [[1, 2, 3], [1, 0, 2]], (4, 2, 4, 1, 2), 5),
            None,
            ValueError,
            "There are more tokens than rows in wpe: raise ValueError.",
        )
    ]
    hints = {
        "type": "forward gives a tuple (logits, loss), with targets and without.",
        "parameters": "wte, wpe and ln_f stand beside the blocks h.0, h.1, ...; lm_head.weight is"
        " wte.weight, and has no bias.",
        "tied": SAME,
        "shape": "Each place has a logit for each token: (B, T, vocab_size). The loss is 0-d.",
        "dtype": "Both have the dtype of the parameters.",
        "device": "What you make beside tokens, such as places, has to lie where tokens lie.",
        "values": "The logits are ln_f(h(wte[tokens] + wpe[:T])) @ wte.T; the loss is the mean of"
        " -log softmax at the targets.",
        "wild": "Here logits are some thousands: take log_softmax, as the log of a softmax of 0 is"
        " -inf.",
        "wild gradient": "Here logits are some thousands: the gradient of log_softmax stays"
        " finite.",
        "initial": "Deviation 0.02, but 0.02 / sqrt(2 * num_layers) in both c_proj of a block;"
        " biases are 0, norms have weight 1.",
        "gradient": "Gradients reach each parameter; wte gets those of the lookup and of the"
        " logits.",
        "tracked": "Compute with torch's own operations on what the model holds, without `detach`,"
        " `.data` or `no_grad`.",
        "hidden": "Place t sees the tokens and the rows of wpe up to t.",
    }
    sentences = {
        "test_returns_a_tensor": "It makes an nn.Module with the right parameters, which returns a"
        " tuple.",
        "test_values": "The logits and the loss are those of GPT-2.",
        "test_wild_values": "With logits of some thousands the loss is right.",
        "test_wild_gradients": "With logits of some thousands gradients are right.",
        "test_initial_values": "A new model has the numbers of GPT-2: the loss begins near ln V.",
        "test_gradients": "Gradients reach each parameter, from the logits and from the loss.",
        "test_hidden_places_change_nothing": "Later tokens change nothing in the logits of a"
        " place.",
        "test_hidden_places_get_no_gradient": "Later rows of wpe get gradient exactly 0.",
        "test_refuses": "More tokens than places raise ValueError.",
    }

    def layouts_of(self, name):
        """Targets are contiguous: nanoGPT's `targets.view(-1)` is right."""
        return (CONTIGUOUS,) if name == "targets" else super().layouts_of(name)

    def made_with(self, tokens, targets, wte, wpe, *rest):
        layers = sum(one is not None for one in rest[2:-1]) // len(GPT_BLOCK)
        return (*wte.shape[:1], *wpe.shape, layers, rest[-1])

    def kinds(self):
        yield next(self.different())  # what is asked of these costs too much for two

    def needed(self, *arguments):
        return ()

    def initial(self, vocab_size, max_length, dim, layers, heads):
        end, usual = Normal(0.02 * (2 * layers) ** -0.5), Normal(0.02)
        kinds = {".bias": Constant(0.0), "c_proj.weight": end, "c_fc.weight": usual}
        kinds |= {"c_attn.weight": usual, "te.weight": usual, "pe.weight": usual}
        kinds |= dict.fromkeys(("ln_1.weight", "ln_2.weight", "ln_f.weight"), Constant(1.0))
        found = {name: kinds[last] for name in NAMES for last in kinds if name.endswith(last)}
        # each pair of drawn parameters is compared: some are enough
        few = ("h.1.attn.c_attn.weight", "h.1.mlp.c_fc.weight", "h.0.attn.c_proj.weight")
        return {name: one for name, one in found.items() if name not in few}

    def parts_of(self, arguments):
        """Return what a formula is of: tokens, targets, the parameters by their names, heads."""
        tokens, targets, *rest = arguments
        return tokens, targets, dict(zip(NAMES, rest, strict=False)), rest[-1]

    def logits(self, *arguments):
        tokens, _, p, heads = self.parts_of(arguments)
        return logits_of(tokens, p, heads)

    def loss(self, *arguments):
        return losses_of(self.logits(*arguments), arguments[1]).mean().reshape()

    def truth(self, *arguments):
        logits = numbers_of(self.logits, arguments)
        return logits, losses_of(Taped(logits), arguments[1]).mean().numbers[0]

    def gradient(self, weights, *arguments):
        # one of the two results is asked at a time, and the other one has weights of 0
        part = 0 if weights[0].any() else 1
        found = slopes_of((self.logits, self.loss)[part], weights[part], arguments)
        return found[2 : len(self.tensors)]

    def sees(self, tokens, targets, wte, wpe, *rest):
        length = tokens.shape[1]
        return {
            "tokens": np.tri(length, dtype=bool),
            "wpe.weight": np.tri(length, len(wpe), dtype=bool),
        }

    def others(self, *arguments):
        tokens, targets, p, heads = self.parts_of(arguments)
        length, dim, layers = tokens.shape[1], p["wte.weight"].shape[1], layers_in(p)
        options = {
            "No positions are added here: wpe[:T] is added to wte[tokens].": {"at": False},
            "Every place has the first row of wpe here.": {"at": np.zeros(length, int)},
            "ln_f is missing here: it comes before lm_head.": {"norm": lambda x, *_: x},
            "Every place sees every place here: the blocks are causal.": {"sees": True},
            "The rows of wte are multiplied by sqrt(dim) here; there is no factor.": {
                "times": dim**0.5
            },
            "The blocks are left out here.": {"order": []},
            "Only the first block is used here.": {"order": [0]},
            "The blocks come in reverse here: h.0 is the first.": {"order": range(layers)[::-1]},
            "The same block is used each time here.": {"order": [0] * layers},
            "Scores are multiplied by 1/sqrt(dim) here; a head has dim / num_heads features.": {
                "scale": dim**-0.5
            },
        }
        if length < len(p["wpe.weight"]):
            options["Places are counted from 1 here; the first one is 0."] = {
                "at": np.arange(length) + 1
            }
            options["The rows of wpe are counted from its end here; place 0 has row 0."] = {
                "at": np.arange(length) - length
            }

        def taped(formula):
            return numbers_of(formula, arguments)

        def with_options(one):
            return lambda *each: logits_of(tokens, self.parts_of(each)[2], heads, **one)

        found = {hint: taped(with_options(one)) for hint, one in options.items()}
        found["log_softmax is applied here: the logits are the products as they are."] = taped(
            lambda *each: self.logits(*each).log_softmax()
        )
        losses = taped(lambda *each: losses_of(self.logits(*each), targets))
        counts = np.maximum((targets != -100).sum(1), 1)
        places = np.nonzero(targets != -100)
        found |= {
            "Places without a target are counted in the mean here.": losses.sum() / targets.size,
            "This is the sum of the losses; the loss is their mean.": losses.sum(),
            MEANS: (np.bincount(places[0], losses, len(targets)) / counts).mean(),
            "The softmax is taken twice here: cross_entropy takes logits.": taped(
                lambda *each: losses_of(self.logits(*each).softmax(), targets).mean().reshape()
            ),
            "The loss is that of the tokens themselves here; take the targets.": taped(
                lambda *each: losses_of(self.logits(*each), tokens).mean().reshape()
            ),
            "Places without a target count as token 0 here; leave them out.": taped(
                lambda *each: losses_of(self.logits(*each), np.maximum(targets, 0)).mean().reshape()
            ),
        }
        if length > 1 and (targets[:, 1:] != -100).any():
            found["The targets are shifted once more here; they are shifted already."] = taped(
                lambda *each: losses_of(self.logits(*each)[:, :-1], targets[:, 1:]).mean().reshape()
            )
        return found

    def why(self, law, arguments, got, expected):
        if known := super().why(law, arguments, got, expected):
            return known
        if law != "values" or got.ndim:
            return ""
        mean = float(self.others(*arguments)[MEANS])  # this mistake changes the loss by little
        is_it = math.isclose(mean, got.item(), rel_tol=1e-5)
        return MEANS if is_it and not math.isclose(mean, expected.item(), rel_tol=1e-4) else ""

    @aspect("values")
    def test_without_targets(self, solution, device):
        """Without targets it returns the logits of all places and None."""
        made_with, row = next(self.different())
        model = self.new(solution, made_with, row, device)
        self.write(model, row)
        tokens = row.templates[0].copy(device)[0]
        solution.last_call = Call(str(Call(self.name, made_with, {})), [tokens], {})
        with module_untouched(model):
            got = model(tokens)
        is_pair = isinstance(got, tuple) and len(got) == 2 and got[1] is None
        expect(is_pair, "returned something else than a tuple of logits and None.", NO_LOSS)
        logits = row.parts[0].expected
        rtol, atol = self.limits(logits)
        what = "the logits without targets"
        expect_values(got[0].detach(), logits, NO_LOSS, what, rtol=rtol, atol=atol)
        expect(got[0].requires_grad, "returned untracked logits.", self.hint("tracked"))

    @aspect("errors")
    def test_refuses_without_targets(self, solution):
        """Without targets, too, more tokens than places raise ValueError."""
        made_with, row = next(self.different())
        model = self.new(solution, made_with, row)
        tokens = torch.zeros(1, made_with[1] + 1, dtype=torch.int64)
        solution.last_call = Call(str(Call(self.name, made_with, {})), [tokens], {})
        expect_raises(ValueError, lambda: model(tokens), self.refused[0][-1])
