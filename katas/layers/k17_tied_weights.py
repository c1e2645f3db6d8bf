"""Share one table between the first and the last layer of a language model.

A language model looks up a row of numbers for each token, and in the end it compares what it has
computed with the row of each token that may come next. Both tables have the same shape, and one
can serve for both. In GPT-2 this saves 38 of 163 million numbers. GPT-2, T5 and the small models of
Gemma and Qwen tie the two; in Hugging Face transformers it is `tie_word_embeddings=True`.

    model = TiedLM(3, 2)    # 3 tokens, rows of 2 numbers
    model.output.weight is model.embedding.weight    ->  True
    with the numbers [[1., 0.], [0., 2.], [1., 1.]] in it:
    model(tensor([0, 2]))    ->  [[1., 0., 1.], [1., 2., 2.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
