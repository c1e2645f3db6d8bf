"""Share one table between the first and the last layer of a language model.

A Parameter is an object, and an attribute is only a name for it. `self.output.weight =
self.embedding.weight` gives the object a second name. `parameters()` looks at the objects, so an
optimizer gets E once, and backward adds the gradients of both uses up in one `.grad`. `state_dict`
looks at the names, so E stands there twice. `to`, `double` and `load_state_dict` write into the
Parameter that is there, and `deepcopy` copies each object once. So all of them keep the tie.

In practice one writes the same line, as nanoGPT does, or sets `tie_word_embeddings` in the config
of Hugging Face transformers. The deviation 0.02 is that of GPT-2. The default of `nn.Embedding`, 1,
would give logits as large as dim at the beginning.
"""

import torch

HINTS = (
    "How can one object be an attribute of two modules?",
    "`nn.Embedding` and `nn.Linear` have a weight of one and the same shape. What about the bias?",
    "`self.output.weight = self.embedding.weight`, once, when the model is made.",
    "Two Parameters with one memory (`.data`) are two objects: each has a gradient of its own.",
    "`nn.init.normal_(weight, std=0.02)` draws new numbers into a Parameter.",
)


class TiedLM(torch.nn.Module):
    """The smallest language model: one table E, which is read at both ends.

    The logits of a token are the products of its row with each row of E: E[tokens]·Eᵀ. There is no
    bias and no factor. All of torch's layers and functions may be used.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        """Make the table E, one Parameter under two names.

        E has the shape (vocab_size, dim). Its numbers are drawn from a normal distribution with
        mean 0 and standard deviation 0.02, each for itself. `model.embedding.weight` and
        `model.output.weight` are the same object.

        Args:
            vocab_size: the number of tokens, at least 1.
            dim: the size of a row, at least 1.

        Exactly:
            E is float32 and requires grad. There are no other parameters, and no buffers. So
            `model.parameters()` gives E once, and the state_dict has the two keys
            `embedding.weight` and `output.weight`, in any order.

            The two names stand for one object also after `to`, `double`, `copy.deepcopy` and
            `load_state_dict`, as these are called in general. What is loaded has equal numbers
            under both names, or, with `strict=False`, one of the names alone; then the other name
            has its numbers too.

            The numbers come from torch's global generator: two models differ, and after the same
            `torch.manual_seed` they are equal.
        """
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, dim)
        self.output = torch.nn.Linear(dim, vocab_size, bias=False)
        self.output.weight = self.embedding.weight
        torch.nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The logits of each token: its row of E times each row of E.

        Args:
            tokens: int64, any shape (0-d and empty too), any strides, numbers from 0 to
                vocab_size - 1; stays as it is.

        Returns:
            A new tensor of shape (*tokens.shape, vocab_size), of E's dtype: float32, or float64
            after `double()`. The gradient of E is the sum over both uses: where its rows are
            looked up, and where they are multiplied with.

        Exactly:
            Each call uses the numbers that E holds then. What is written into
            `model.embedding.weight` or into `model.output.weight` is seen at both ends, and so is
            another Parameter that is set under both names. A call changes nothing. In train and
            in eval mode the result is the same.
        """
        return self.output(self.embedding(tokens))
