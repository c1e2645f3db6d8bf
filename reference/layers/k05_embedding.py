"""Look up a row of numbers, which can be trained, for each index.

A row of zeros is not the point of padding_idx: that it gets no gradient is. So the zeros are
written once, when the layer is made, and each lookup cuts the padding row off from autograd.
`index_select` makes a new tensor and adds up the gradients of an index that comes twice.
`weight[index]` does so too, but with a 0-d index it is a view of weight.

In practice one calls `torch.nn.Embedding`, or `F.embedding(index, weight, padding_idx)`, which
leaves the padding row out in its backward.
"""

import torch

HINTS = (
    "`weight[index]` or `index_select` looks up many rows at once. What comes back for a 0-d one?",
    "`if padding_idx:` is False for 0 too, and a negative padding_idx counts from the end.",
    "Is it the numbers of the padding row that have to be 0, or their gradient? And when?",
    "`torch.where(is_padding, rows.detach(), rows)` lets gradients through where no padding is.",
)


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
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"padding_idx {padding_idx} is no row of {num_embeddings}")
            padding_idx %= num_embeddings
        weight = torch.randn(num_embeddings, embedding_dim)
        if padding_idx is not None:
            weight[padding_idx] = 0
        self.weight = torch.nn.Parameter(weight)
        self.padding_idx = padding_idx

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
        rows = self.weight.index_select(0, index.reshape(-1))
        rows = rows.reshape(*index.shape, self.weight.shape[1])
        if self.padding_idx is None:
            return rows
        is_padding = (index == self.padding_idx).unsqueeze(-1)
        return torch.where(is_padding, rows.detach(), rows)
