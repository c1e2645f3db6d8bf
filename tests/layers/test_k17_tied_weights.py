"""The checks of layers/k17_tied_weights: products of rows in NumPy, and one object at both ends."""

import numpy as np
import torch

from dojo.checks.draws import Normal
from dojo.checks.laws import ModuleClass

TABLE = [[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]
SAME = "A second name for one object: `self.output.weight = self.embedding.weight`, once."
BOTH = "E gets the gradients of both uses, as a table of rows and as a matrix, in one .grad."
# tokens, vocab_size, dim
CASES = [([[2, 0, 2], [1, 1, 3]], 4, 3), (1, 3, 3)]
CASES += [(np.zeros((2, 0), int), 3, 2), ([[[1], [0]]], 2, 1), ([0, 0], 1, 4)]


def numbers(rows, columns, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, (rows, columns)), 1)


class TestTiedLM(ModuleClass):
    name = "TiedLM"
    tensors = ("tokens", "embedding.weight")
    parameters = ("embedding.weight",)
    tied = {"embedding.weight": ("output.weight",)}
    fixed = {"tokens": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [([0, 2], TABLE)]
    cases += [(tokens, numbers(n, dim, seed)) for seed, (tokens, n, dim) in enumerate(CASES)]
    ulps = 64
    gradient_ulps = 128
    drawn_with = [(250, 40)]
    hints = {
        "parameters": "One Parameter stands under two names, embedding.weight and output.weight;"
        " there is no bias.",
        "tied": SAME,
        "shape": "Each token has a logit for each of vocab_size tokens, whatever shape tokens has.",
        "dtype": "The logits have the dtype of E.",
        "values": "A logit is the product of two rows of E as it is at this call: E[tokens] @ E.T.",
        "initial": "`nn.init.normal_(weight, std=0.02)`, after the layers are made and tied.",
        "gradient": BOTH,
        "memory": "Look the rows up and multiply them; write nothing.",
        "raises": "tokens may have any shape, 0-d and empty too.",
    }
    sentences = {
        "test_has_the_dtype": "The logits have the dtype of E.",
        "test_values": "The logits are E[tokens]·Eᵀ.",
        "test_initial_values": "E is normal, with mean 0 and deviation 0.02.",
        "test_gradients": "The gradient of E is the sum over both uses.",
        "test_stays_tied": "Converted, copied and loaded, E is one object under both names.",
    }

    def made_with(self, tokens, table):
        return table.shape

    def initial(self, vocab_size, dim):
        return {"embedding.weight": Normal(0.02)}

    def truth(self, tokens, table):
        rows = [[(table[token] * row).sum() for row in table] for token in tokens.flat]
        return np.reshape(rows, (*tokens.shape, len(table)))

    def why(self, law, arguments, got, expected):
        tokens, table = arguments
        if law == "gradient":
            wrong = np.flatnonzero((got - expected).abs().amax(1) > 1e-3)
            unused = np.setdiff1d(np.arange(len(table)), tokens)
            if unused.size and not got[unused].any():
                return f"Only the rows that were looked up get a gradient here. {BOTH}"
            if set(wrong) == set(tokens.flat) and unused.size:
                return f"The use as a table of rows gives no gradient here. {BOTH}"
            is_one = len(wrong) == 1
            words = "Only the gradient of row {} is wrong: no token is padding."
            return words.format(wrong[0]) if is_one else ""
        dim = table.shape[1]
        if law != "values" or dim == 1 or not expected.any():
            return ""
        if torch.allclose(got, expected.log_softmax(-1), 1e-4, 1e-6):
            return "This is log_softmax of the logits: return the products as they are."
        factors = {"sqrt(dim)": dim**0.5, "1/sqrt(dim)": dim**-0.5, "1/dim": 1 / dim}
        return "".join(
            f"These are the right numbers times {name}: leave this factor out."
            for name, factor in factors.items()
            if np.allclose(got, expected * factor, 1e-4, 1e-6)
        )
