"""The checks of generation/k07_beam_search: small models, and beams as lists of Python."""

import math
import weakref

import numpy as np
import torch

from dojo.checks import CheckFailed, describe
from dojo.checks.laws import DecodingFunction, LanguageModel

TABLE = [[-1, -0.8, 1.3, -1.6], [0.4, 0.9, -1.2, -1.8], [-0.9, 0.6, 0.2, -1.4]]
TABLE += [[-0.3, 0.7, -0.3, 0.5]]


def by_weights(*weights):
    """A model whose next token has these weights, in the row of the last token."""
    text = str([*map(list, weights)]).replace(" ", "")
    logs = [[math.log(weight) for weight in row] for row in weights]
    return LanguageModel(
        f"lambda t: log({text})[t]", lambda t: torch.tensor(logs, device=t.device)[t]
    )


def by_sums(tokens):
    """Logits of float64 that depend on all tokens up to the place."""
    table = torch.tensor(TABLE, dtype=torch.float64, device=tokens.device)
    return table[tokens.cumsum(1) % 4]


PLAIN = by_weights((5, 4, 1), (1, 2, 17), (4, 2, 1))
ENDING = by_weights((1, 2, 17), (1, 2, 9), (5, 4, 1))
LAST = LanguageModel("lambda t: TABLE[t]", lambda t: torch.tensor(TABLE, device=t.device)[t])
SUMS = LanguageModel("lambda t: TABLE[t.cumsum(1) % 4]", by_sums, is_module=True)
ONE = by_weights((3,))

TYPE = "Return the tokens and the score as `return tokens, score`; `.item()` makes a float."
OPEN = "The search goes on while a beam is open, and has fewer than max_new_tokens new tokens."
# known mistakes by the hint that names each: keywords of `search`
MISTAKES = {
    "The search begins with one beam, the prompt: equal beams stay equal.": {"start": True},
    "What ends in eos is finished: it is not extended.": {"is_over": lambda *_: False},
    f"The first finished beam ends it here. {OPEN}": {
        "ends": lambda done, _: done,
        "last": lambda done, opened: done or opened,
    },
    f"A finished beam ends it here. {OPEN}": {"ends": lambda done, _: done},
    f"num_beams finished beams end it here. {OPEN}": {
        "ends": lambda done, beams: len(done) >= beams,
        "last": lambda done, opened: done or opened,
    },
    f"As many finished beams as num_beams end it here. {OPEN}": {
        "ends": lambda done, beams: len(done) >= beams
    },
    "Beams that were set aside take no place: each step keeps num_beams continuations.": {
        "places": lambda beams, done: max(beams - len(done), 0)
    },
    "Finished beams are compared in each step here, and take places; they are set aside.": {
        "pool": True
    },
    "Continuations that end in eos take places too: num_beams are kept of all.": {"apart": True},
    "The best are kept wherever they come from; here it is one of each beam.": {"each": True},
    "Only one beam is kept in a step here.": {"places": lambda *_: 1},
    "Finished beams are compared at the end too; here they are lost.": {
        "last": lambda done, opened: opened or done
    },
    "Beams that are still open are compared at the end too.": {
        "last": lambda done, opened: done or opened
    },
    "The model was given the last token alone; give it all so far.": {"sees": lambda one: one[-1:]},
    "The logits of the last place are asked for, not those of the first.": {
        "sees": lambda one: one[:1]
    },
    "These are sums of logits; take the log-softmax over V.": {"weigh": lambda row: row},
    "Probabilities are added up here; add their logarithms.": {"weigh": lambda row: softmax(row)},
    "n counts the new tokens alone, not those of the prompt.": {
        "score": lambda total, n, prompt, _, alpha: total / (n + prompt) ** alpha
    },
    "The sum came back; the score is the sum divided by n ** length_penalty.": {"told": True},
    "n counts the eos too.": {
        "score": lambda total, n, _, is_done, alpha: total / max(n - is_done, 1) ** alpha
    },
    "The best sum is returned here; it is the best score that wins.": {
        "choose": lambda one: one[1]
    },
    "0 is a length_penalty like others: the sums are compared then.": {
        "score": lambda total, n, *_, alpha: total / n ** (alpha or 1)
    },
    "The sum is divided by n ** length_penalty; here it is multiplied.": {
        "score": lambda total, n, *_, alpha: total * n**alpha
    },
    "The score is the sum divided by n ** length_penalty; here it is the sum.": {
        "score": lambda total, *_, **__: total
    },
    "The score is the sum divided by n ** length_penalty; here it is divided by n.": {
        "score": lambda total, n, *_, **__: total / n
    },
    "The divisor is n ** length_penalty; ((5 + n) / 6) ** length_penalty is another rule.": {
        "score": lambda total, n, *_, alpha: total / ((5 + n) / 6) ** alpha
    },
}


def softmax(row):
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def search(
    tokens,
    model,
    most,
    beams,
    eos,
    alpha=1.0,
    *,
    start=False,
    is_over=lambda text, eos: text[-1] == eos,
    ends=lambda *_: False,
    last=lambda done, opened: done + opened,
    places=lambda beams, _: beams,
    apart=False,
    each=False,
    sees=list,
    told=False,
    pool=False,
    choose=lambda one: one[0],
    weigh=lambda row: np.log(softmax(row)),
    score=lambda total, n, *_, alpha: total / n**alpha,
):
    """The best text, its score, and the open beams of each step; keywords make mistakes of it."""
    opened, done, steps = [(tokens.tolist(), 0.0)] * (beams if start else 1), [], []
    while opened and len(steps) < most:
        steps.append([text for text, _ in opened])
        rows = model.next_logits([sees(text) for text in steps[-1]])
        found = [
            [([*text, k], total + more) for k, more in enumerate(weigh(row).tolist())]
            for (text, total), row in zip(opened, rows, strict=True)
        ]
        if each and len(found) > 1:
            found = [[max(row, key=lambda beam: beam[1])] for row in found]
        found = [beam for row in found for beam in row] + (done if pool else [])
        done = [] if pool else done
        found = sorted(found, key=lambda beam: -beam[1])
        found = [(beam, is_over(beam[0], eos)) for beam in found]
        count = places(beams, done)
        done += [beam for beam, is_done in found[: 2 * count if apart else count] if is_done]
        found = [one for one in found if not (apart and one[1])]
        opened = [beam for beam, is_done in found[:count] if not is_done]
        if ends(done, beams):
            break
    n = len(tokens)
    scores = [
        (score(total, len(text) - n, n, text[-1] == eos, alpha=alpha), total, text)
        for text, total in last(done, opened) or opened or done
    ]
    best, _, text = max(scores, key=choose)
    return text, best * (len(text) - n) ** alpha if told else best, steps


class TestBeamSearch(DecodingFunction):
    name = "beam_search"
    results = ("the tokens", "the score")
    cases = [
        ([0], PLAIN, 2, 2, 2),
        ([1, 2], PLAIN, 1, 2, 0),
        ([1, 2], SUMS, 3, 2, 1),
        ([3], LAST, 5, 2, 2, 0.0),
        ([1, 0, 2], PLAIN, 5, 3, 2, 0.5),
        ([0, 0], SUMS, 4, 2, 1, 2.0),
        ([3], SUMS, 3, 70, 1),
        ([0, 2], ENDING, 9, 2, 2),
        ([1, 0], LAST, 4, 1, 1, 2.0),
        ([0, 0], ONE, 3, 4, 0, 0.5),
    ]
    of_largest = {torch.float64: 1e-4}
    hints = {
        "type": TYPE,
        "shape": "The tokens of the prompt come first, then the new ones, all in one dimension.",
        "dtype": "Tokens are int64, as the prompt is.",
        "device": "Make what you need, such as sums, on the device of tokens.",
        "values": "Each step keeps the num_beams largest sums of all its continuations: if they lie"
        " in one row, place i is beam i // V with token i % V. At the end the best sum / n **"
        " length_penalty of all beams is returned.",
        "raises": "A step may have fewer continuations than num_beams: then all stay. The model may"
        " be a function, and takes int64 tokens of shape (n, t).",
        "given": "The model is given the open beams, each with the prompt, and no others.",
        "times": OPEN,
    }
    sentences = {
        "test_returns_a_tensor": "beam_search returns a tensor and a Python float.",
        "test_has_the_shape": "The best beam has the right length.",
        "test_values": "The best beam and its score are right.",
        "test_gives_the_model_the_tokens": "The model is given the open beams, and no others.",
        "test_calls_the_model_as_often_as_needed": "The model is called once for each step.",
    }

    def call(self, solution, arguments):
        got = super().call(solution, arguments)
        is_pair = issubclass(type(got), tuple) and len(got) == 2 and isinstance(got[1], float)
        if not is_pair:
            sentence = f"returned {describe(got)}; expected a tuple of a tensor and a Python float."
            raise CheckFailed(sentence, TYPE)
        tokens, score = got
        kept = tokens.tolist() if type(tokens) is torch.Tensor else None
        self.calls_of(arguments).result = kept, score
        return tokens, torch.tensor(score, dtype=torch.float64).to(arguments[0].device)

    def asked(self, *arguments):
        return search(*arguments)[2]

    def truth(self, *arguments):
        return search(*arguments)[:2]

    def result_dtype(self, dtype):
        return torch.int64, torch.float64

    def records(self, solution, device, rows):
        self.judged = weakref.ref(solution)  # it is of this answer only
        yield from super().records(solution, device, rows)

    def mistake(self):
        """The hint of the known mistake that gives all that came back; empty if none does."""
        records = [record for record in self.kept_records(self.judged()) if record.row.part == 0]
        pairs = [(one.row.arrays, self.calls_of(one.arguments).result) for one in records]
        for hint, options in MISTAKES.items():
            if all(is_result(search(*arguments, **options), got) for arguments, got in pairs):
                return hint
        return ""

    def expect_right_shape(self, record, words=""):
        try:
            super().expect_right_shape(record, words)
        except CheckFailed as failure:
            prompt = record.row.arrays[0].tolist()
            is_behind = record.kept is not None and record.kept[: len(prompt)].tolist() == prompt
            failure.hint = self.mistake() or self.hint("values" if is_behind else "shape")
            raise

    def compare(self, record, expected, hint, rtol, atol):
        try:
            super().compare(record, expected, hint, rtol, atol)
        except CheckFailed as failure:
            failure.hint = self.mistake() or failure.hint
            raise


def is_result(found, got):
    """Whether a search gives the tokens and the score that came back."""
    return found[0] == got[0] and abs(found[1] - got[1]) < 1e-3
