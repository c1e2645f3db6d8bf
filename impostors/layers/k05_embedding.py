"""Wrong and right answers to layers/k05_embedding."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the layers below share: they differ from it in one place."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        super().__init__()
        self.padding = self.row_of(padding_idx, num_embeddings)
        weight = self.drawn(num_embeddings, embedding_dim)
        self.weight = nn.Parameter(self.with_zeros(weight))

    def row_of(self, padding_idx, rows):
        if padding_idx is None:
            return None
        if not -rows <= padding_idx < rows:
            raise ValueError(f"padding_idx {padding_idx} does not fit {rows} rows")
        return padding_idx % rows

    def drawn(self, rows, columns):
        return torch.randn(rows, columns)

    def with_zeros(self, weight):
        if self.padding is not None:
            weight[self.padding] = 0
        return weight

    def look_up(self, index):
        rows = self.weight.index_select(0, index.reshape(-1))
        return rows.reshape(*index.shape, self.weight.shape[1])

    def forward(self, index):
        return self.without_gradient(index, self.look_up(index))

    def without_gradient(self, index, rows):
        if self.padding is None:
            return rows
        return torch.where((index == self.padding)[..., None], rows.detach(), rows)


@impostor(
    "Embedding",
    diagnosis="The padding row begins with zeros, but it gets a gradient, and training changes it.",
    aspect="gradient",
)
class LetsThePaddingTrain(Sound):
    def forward(self, index):
        return self.look_up(index)


@impostor(
    "Embedding",
    diagnosis="Each row of zeros is taken for padding, and gets no gradient; padding_idx says it.",
    aspect="gradient",
)
class TakesZerosForPadding(Sound):
    def without_gradient(self, index, rows):
        rows = super().without_gradient(index, rows)
        return torch.where((rows == 0).all(-1, keepdim=True), rows.detach(), rows)


@impostor(
    "Embedding",
    diagnosis="The output for padding is forced to 0; its row is looked up as it stands.",
    aspect="values",
)
class ForcesZeros(Sound):
    def without_gradient(self, index, rows):
        return rows if self.padding is None else rows * (index != self.padding)[..., None]


@impostor(
    "Embedding",
    diagnosis="`if padding_idx:` takes padding_idx=0 for None.",
    aspect="values",
)
class TakesZeroForNone(Sound):
    def row_of(self, padding_idx, rows):
        return super().row_of(padding_idx, rows) if padding_idx else None


@impostor(
    "Embedding",
    diagnosis="The padding row begins with random numbers; it should begin with zeros.",
    aspect="values",
)
class BeginsWithNoZeros(Sound):
    def with_zeros(self, weight):
        return weight


@impostor(
    "Embedding",
    diagnosis="A hook on the Parameter takes the gradient away; another Parameter has no hook.",
    aspect="gradient",
)
class HooksTheParameter(Sound):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        super().__init__(num_embeddings, embedding_dim, padding_idx)
        if self.padding is not None:
            self.weight.register_hook(self.cleared)

    def cleared(self, gradient):
        gradient = gradient.clone()
        gradient[self.padding] = 0
        return gradient

    def forward(self, index):
        return self.look_up(index)


@impostor(
    "Embedding",
    diagnosis="A negative padding_idx is compared with the indices, none of which is negative.",
    aspect="gradient",
)
class KeepsItNegative(Sound):
    def row_of(self, padding_idx, rows):
        super().row_of(padding_idx, rows)
        return padding_idx


@impostor(
    "Embedding",
    diagnosis="A negative padding_idx is refused; it counts from the end.",
    aspect="type",
)
class RefusesNegative(Sound):
    def row_of(self, padding_idx, rows):
        if padding_idx is not None and padding_idx < 0:
            raise ValueError("padding_idx is negative")
        return super().row_of(padding_idx, rows)


@impostor(
    "Embedding",
    diagnosis="A padding_idx out of range is taken modulo the number of rows, and not refused.",
    aspect="errors",
)
class WrapsAround(Sound):
    def row_of(self, padding_idx, rows):
        return None if padding_idx is None else padding_idx % rows


@impostor(
    "Embedding",
    diagnosis="A padding_idx out of range raises the IndexError of a tensor, not a ValueError.",
    aspect="errors",
)
class LeavesItToTorch(Sound):
    def row_of(self, padding_idx, rows):
        return padding_idx if padding_idx is None or padding_idx >= 0 else padding_idx + rows


@impostor(
    "Embedding",
    diagnosis="padding_idx == num_embeddings is let through, which is one too many.",
    aspect="errors",
)
class IsOneOff(Sound):
    def row_of(self, padding_idx, rows):
        if padding_idx == rows:
            return 0
        return super().row_of(padding_idx, rows)


@impostor(
    "Embedding",
    diagnosis="Each call writes zeros into the padding row of weight, which only reads it.",
    aspect="values",
)
class WritesZerosAtEachCall(Sound):
    def forward(self, index):
        if self.padding is not None:
            self.weight.data[self.padding] = 0
        return super().forward(index)


class _RowsSetOnce(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, index, padding):
        ctx.save_for_backward(index)
        ctx.shape, ctx.padding = weight.shape, padding
        return weight.index_select(0, index.reshape(-1)).reshape(*index.shape, weight.shape[1])

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        result = gradient.new_zeros(ctx.shape)
        result[index.reshape(-1)] = gradient.reshape(-1, ctx.shape[1])
        if ctx.padding is not None:
            result[ctx.padding] = 0
        return result, None, None


@impostor(
    "Embedding",
    diagnosis="Of an index that comes twice, only the last gradient counts; they add up.",
    aspect="gradient",
)
class SetsGradients(Sound):
    def forward(self, index):
        return _RowsSetOnce.apply(self.weight, index, self.padding)


@impostor(
    "Embedding",
    diagnosis="`weight[index]` with a 0-d index is a view of weight: the result is no new tensor.",
    aspect="memory",
)
class GivesAViewOfARow(Sound):
    def look_up(self, index):
        return self.weight[index]


@impostor(
    "Embedding",
    diagnosis="gather reads an expanded int32 index wrongly or not at all: make it int64 first.",
    aspect="values",
)
class TakesInt64Only(Sound):
    def look_up(self, index):
        flat = index.reshape(-1, 1).expand(-1, self.weight.shape[1])
        return self.weight.gather(0, flat).reshape(*index.shape, self.weight.shape[1])


@impostor(
    "Embedding",
    diagnosis="The table is drawn with the deviation 0.02, as that of GPT-2; here it is 1.",
    aspect="values",
)
class DrawsSmallNumbers(Sound):
    def drawn(self, rows, columns):
        return torch.randn(rows, columns) * 0.02


@impostor(
    "Embedding",
    diagnosis="torch.rand is uniform from 0 to 1; the numbers should be normal.",
    aspect="values",
)
class DrawsUniformNumbers(Sound):
    def drawn(self, rows, columns):
        return torch.rand(rows, columns)


@impostor(
    "Embedding",
    diagnosis="The rows are multiplied by the root of their size, as the first transformer did.",
    aspect="values",
)
class ScalesRows(Sound):
    def look_up(self, index):
        return super().look_up(index) * self.weight.shape[1] ** 0.5


@impostor(
    "Embedding",
    diagnosis="The dimensions of index become one; they should come out as they went in.",
    aspect="shape",
)
class Flattens(Sound):
    def forward(self, index):
        return super().forward(index.reshape(-1))


@impostor(
    "Embedding",
    diagnosis="The table is kept as (embedding_dim, num_embeddings), with a column for each index.",
    aspect="type",
)
class KeepsColumns(Sound):
    def drawn(self, rows, columns):
        return torch.randn(columns, rows)

    def with_zeros(self, weight):
        if self.padding is not None:
            weight[:, self.padding] = 0
        return weight

    def look_up(self, index):
        return self.weight.T.index_select(0, index.reshape(-1)).reshape(*index.shape, -1)


@impostor(
    "Embedding",
    diagnosis="It calls torch's own F.embedding, which is what the kata makes.",
    aspect="structure",
)
class CallsEmbedding(Sound):
    def forward(self, index):
        return functional.embedding(index, self.weight, self.padding)


@alternative("Embedding")
class ByIndexing(Sound):
    def look_up(self, index):
        return self.weight[index.unsqueeze(-1)].squeeze(-2)


@alternative("Embedding")
class ByOneHot(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        super().__init__()
        self.mask = None
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim))
        nn.init.normal_(self.weight)
        if padding_idx is not None:
            if padding_idx not in range(-num_embeddings, num_embeddings):
                raise ValueError("padding_idx is out of range")
            self.mask = padding_idx % num_embeddings
            with torch.no_grad():
                self.weight[padding_idx].fill_(0)

    def forward(self, index):
        weight, rows = self.weight, len(self.weight)
        if self.mask is not None:
            is_kept = torch.arange(rows, device=weight.device).ne(self.mask)[:, None]
            weight = torch.where(is_kept, weight, weight.detach())
        return functional.one_hot(index.long(), rows).to(weight.dtype) @ weight


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weight, index, padding):
        ctx.save_for_backward(index)
        ctx.shape, ctx.padding = weight.shape, padding
        return weight.index_select(0, index.reshape(-1)).reshape(*index.shape, weight.shape[1])

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        result = gradient.new_zeros(ctx.shape)
        result.index_add_(0, index.reshape(-1), gradient.reshape(-1, ctx.shape[1]))
        if ctx.padding is not None:
            result[ctx.padding] = 0
        return result, None, None


@alternative("Embedding")
class WithABackwardOfItsOwn(Sound):
    def forward(self, index):
        return _Rows.apply(self.weight, index, self.padding)


@alternative("Embedding")
class HooksTheRows(Sound):
    def without_gradient(self, index, rows):
        if self.padding is not None and rows.requires_grad:
            is_kept = (index != self.padding)[..., None]
            rows.register_hook(lambda gradient: gradient * is_kept)
        return rows


@alternative("Embedding")
class RowByRow(nn.Embedding):
    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError("padding_idx is out of range")
        super().__init__(num_embeddings, embedding_dim, padding_idx)

    def forward(self, index):
        size = (*index.shape, self.embedding_dim)
        rows = [
            self.weight[n : n + 1].detach() if n == self.padding_idx else self.weight[n : n + 1]
            for n in index.reshape(-1).tolist()
        ]
        return torch.cat([self.weight[:0], *rows]).reshape(size)


@alternative("Embedding")
class ByGather(Sound):
    def look_up(self, index):
        flat = index.long().reshape(-1, 1).expand(-1, self.weight.shape[1])
        return self.weight.gather(0, flat).reshape(*index.shape, self.weight.shape[1])
