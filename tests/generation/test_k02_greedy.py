"""The checks of generation/k02_greedy: small models that count, and texts as lists of Python."""

import numpy as np
from torch.nn.functional import one_hot

from dojo.checks.laws import DecodingFunction, LanguageModel

NEXT = LanguageModel(
    "lambda t: one_hot((t + 1) % 5, 5).float()", lambda t: one_hot((t + 1) % 5, 5).float()
)
SUMS = LanguageModel(
    "Sums: t -> one_hot(t.cumsum(1) % 7, 7) * 300. - 500.",
    lambda t: one_hot(t.cumsum(1) % 7, 7) * 300.0 - 500.0,
    is_module=True,
)
FIRSTS = LanguageModel(  # float32 does not hold which one is the largest
    "lambda t: 1 + 1e-9 * one_hot((t[:, :1] + t) % 4, 4).double()",
    lambda t: 1 + 1e-9 * one_hot((t[:, :1] + t) % 4, 4).double(),
)
TINY = LanguageModel(  # a softmax does not tell which one is the largest, in float64 neither
    "lambda t: 1e-30 * one_hot((t + 2) % 5, 5).float()",
    lambda t: 1e-30 * one_hot((t + 2) % 5, 5).float(),
)
IN_PROMPT = (
    "An eos in the prompt means nothing: remember which rows have ended, all False at first."
)
EACH = "A row ends with its own first eos, and the loop ends when every row has ended."
ALL = f"By then every row has chosen eos, by the largest logit of its last place. {EACH}"


def decoded(
    tokens,
    model,
    most,
    eos=None,
    pad=0,
    *,
    end=all,
    talks=False,
    in_prompt=lambda *_: False,
    sees=lambda row: row,
    ends=lambda one, eos, _: one == eos,
    read=lambda logits: logits,
):
    """The texts after each step, the prompt first; what is named makes a mistake of it."""
    texts = [tokens.tolist()]
    ended = [in_prompt(row, eos) for row in texts[0]]
    for _ in range(most):
        best = read(model.next_logits([sees(row) for row in texts[-1]])).argmax(-1).tolist()
        pairs = zip(ended, best, strict=True)
        new = [pad if is_over and not talks else one for is_over, one in pairs]
        texts.append([[*row, one] for row, one in zip(texts[-1], new, strict=True)])
        ended = [is_over or ends(one, eos, pad) for is_over, one in zip(ended, new, strict=True)]
        if end(ended):
            break
    return texts


class TestGreedy(DecodingFunction):
    name = "greedy"
    cases = [
        ([[3, 0, 1]], NEXT, 2),
        ([[3], [3]], NEXT, 4, 4),
        ([[2], [3]], NEXT, 6, 4),
        ([[1, 2], [2, 3], [4, 0]], NEXT, 4, 4, 3),
        ([[2], [3]], NEXT, 6, 0),
        ([[3, 4, 1], [4, 4, 4], [0, 1, 3]], SUMS, 6, 3, 5),
        ([[3, 1], [1, 2]], NEXT, 3, 3, 1),
        ([[4, 2], [1, 3]], NEXT, 5, 4),
        ([[3, 4], [2, 3]], NEXT, 5, 2),
        ([[1, 2, 3], [2, 4, 6]], SUMS, 0, 3),
        ([[1, 0, 2], [3, 1, 1], [2, 2, 0], [1, 3, 3]], FIRSTS, 5, 3, 3),
        ([[2, 1]], SUMS, 4),
        ([[3, 1], [2, 4]], TINY, 4),
    ]
    hints = {
        "shape": "The prompt comes first; then a token for each step, until every row has ended.",
        "dtype": "Tokens are int64, as the prompt and `argmax` are.",
        "device": "Make what you need, such as flags of the rows, on the device of tokens.",
        "values": "Append to each row the token of its largest logit in the last place.",
        "raises": "The model may be a function without modes or parameters. It is called with int64"
        " tokens of shape (B, t), all of them so far.",
        "own memory": "Also with max_new_tokens = 0 a new tensor comes back: clone the prompt.",
        "given": "The model is given all rows, and of each the prompt and all that was appended.",
        "times": "Once every row has ended, or max_new_tokens are there, do not ask it again.",
    }
    sentences = {
        "test_has_the_shape": "Tokens are appended until every row has ended, or there are enough.",
        "test_values": "Each row goes on with the most probable tokens up to its eos, then with"
        " pad.",
        "test_gives_the_model_the_tokens": "The model is given all rows, with all tokens so far.",
        "test_calls_the_model_as_often_as_needed": "The model is called once for each step.",
    }

    def asked(self, *arguments):
        return decoded(*arguments)[:-1]

    def truth(self, *arguments):
        return np.array(decoded(*arguments)[-1])

    def others(self, *arguments):
        start, (eos, pad) = (
            arguments[0].shape[1],
            (*arguments[3:], *(None, 0)[len(arguments) - 3 :]),
        )
        right = self.truth(*arguments)
        before = np.cumsum(right[:, start:] == eos, 1) > 0
        hidden = np.concatenate([right[:, :start], np.where(before, pad, right[:, start:])], 1)
        made = {
            "A row that has ended goes on here: what follows its eos is pad.": {"talks": True},
            IN_PROMPT: {"in_prompt": lambda row, eos: row[-1] == eos},
            f"{IN_PROMPT} ": {"in_prompt": lambda row, eos: eos in row},
            "These are the tokens by the first place of the logits: the last one speaks of what"
            " comes next.": {"sees": lambda row: row[:1]},
            "A softmax makes close logits equal: ask for the largest logit itself.": {
                "read": lambda logits: np.exp(logits - logits.max(-1, keepdims=True))
            },
            "The model was given the last token alone; give it all so far.": {
                "sees": lambda row: row[-1:]
            },
            "After the first step the model was given the last token alone: without a cache it"
            " needs all so far.": {"sees": lambda row: row if len(row) == start else row[-1:]},
        }
        found = {hint: np.array(decoded(*arguments, **one)[-1]) for hint, one in made.items()}
        if pad == 0 and eos is not None:
            by_eos = decoded(*arguments[:3], eos, eos)[-1]
            found["A pad of 0 is a pad like others; here eos stands for it."] = np.array(by_eos)
        return {"The eos itself stays: pad comes behind it.": hidden} | found

    def why_shape(self, arguments, shape):
        tokens, _, most, *rest = arguments
        if not rest:
            others = {
                "Only what is new came back: the prompt belongs to the result.": most,
                "max_new_tokens counts the new tokens alone, not those of the prompt.": max(
                    most, tokens.shape[1]
                ),
            }
        else:
            others = {
                "0 is an id like others, but `if eos` takes it for none: ask `eos is not None`.": (
                    tokens.shape[1] + most if rest[0] == 0 else 0
                )
            }
            made = {
                ALL: {"end": lambda _: False},
                f"It ends with the first row. {EACH}": {"end": any},
                IN_PROMPT: {"in_prompt": lambda row, eos: eos in row},
                "A pad that the model chooses is a token like others, and ends no row.": {
                    "ends": lambda one, eos, pad: one in (eos, pad)
                },
            }
            for hint, one in made.items():
                others[hint] = len(decoded(*arguments, **one)[-1][0])
        return next((hint for hint, one in others.items() if shape == (len(tokens), one)), "")
