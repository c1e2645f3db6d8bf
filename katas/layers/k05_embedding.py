"""Look up a row of numbers, which can be trained, for each index.

A network computes with numbers, and a word is only a place in a list. An embedding keeps a row of
numbers for each word, and training changes the rows. Every language model begins with one
(`wte` in GPT-2, `embed_tokens` in Llama). Batches are filled up with a padding index; its row gets
no gradient, so it stays as it is.

    layer = Embedding(4, 2, padding_idx=0)    # weight: shape (4, 2), normal numbers, row 0 zeros
    with the weight [[0., 0.], [1., 2.], [3., 4.], [5., 6.]]:
    layer(tensor([3, 1, 0]))        ->  [[5., 6.], [1., 2.], [0., 0.]]
    layer(tensor([3, 3, 0])).sum().backward()
    layer.weight.grad               ->  [[0., 0.], [0., 0.], [0., 0.], [2., 2.]]

What holds for every kata stands in katas/README.md.
"""

import torch


class Embedding(torch.nn.Module):
    """A table with a row of numbers for each index.

    It is made of other operations: torch's own `embedding` and `embedding_bag`, under whatever
    name and by way of whatever layer, are forbidden, forward and backward.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None
    ) -> None:
        """Make the parameter `weight`, of shape (num_embeddings, embedding_dim).

        Its numbers are drawn from the standard normal distribution (mean 0, deviation 1), each
        for itself. The row padding_idx begins with zeros.

        Args:
            num_embeddings: the number of rows, at least 1.
            embedding_dim: the size of a row, at least 1.
            padding_idx: the index whose row gets no gradient; None for no such index. A negative
                one counts from the end.

        Raises:
            ValueError: padding_idx is less than -num_embeddings or more than num_embeddings - 1.

        Exactly:
            `weight` is float32 and requires grad. There is no other parameter and no buffer. The
            state_dict loads from and into
            `torch.nn.Embedding(num_embeddings, embedding_dim, padding_idx)`.

            The numbers come from torch's global generator: two layers differ, and after the same
            `torch.manual_seed` they are equal.
        """
        raise NotImplementedError

    def forward(self, index: torch.Tensor) -> torch.Tensor:
        """The row of weight for each index.

        Args:
            index: int64 or int32, any shape, any strides, each from 0 to num_embeddings - 1. It
                may be 0-d, or have the size 0. It stays as it is.

        Returns:
            A new tensor of shape (*index.shape, embedding_dim), of weight's dtype and device. An
            index that comes twice adds both gradients to its row of weight.

        Exactly:
            The result shares no memory with weight, for a 0-d index either.

            The row padding_idx is looked up as it stands, whatever was written there: it need not
            be zeros any more. Its gradient is 0, and where padding_idx is None every row has one.

            Each call uses the weight that the layer holds then, whether it was trained, loaded,
            moved, converted (`double()`), or exchanged (`layer.weight = nn.Parameter(...)`): its
            padding row gets no gradient in each case. The weight stays as it is. In train and in
            eval mode the result is the same.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
