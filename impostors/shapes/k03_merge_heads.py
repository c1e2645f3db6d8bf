"""Wrong and right answers to shapes/k03_merge_heads."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "merge_heads",
    diagnosis="Without a transpose, view and reshape fill a token from one head of several tokens.",
    aspect="values",
)
def reshapes_at_once(x):
    b, h, s, d = x.shape
    return x.reshape(b, s, h * d)


@impostor(
    "merge_heads",
    diagnosis="view needs memory in order, which a transposed tensor's is not; reshape copies it.",
    aspect="values",
)
def views_after_the_transpose(x):
    b, h, s, d = x.shape
    return x.transpose(1, 2).view(b, s, h * d)


@impostor(
    "merge_heads",
    diagnosis="permute(0, 2, 3, 1) deals the heads out in turn; a head's features stay in a row.",
    aspect="values",
)
def interleaves_the_heads(x):
    return x.permute(0, 2, 3, 1).flatten(2)


@impostor(
    "merge_heads",
    diagnosis="flatten(1, 2) joins heads and sequence; the heads join the features.",
    aspect="shape",
)
def joins_heads_and_sequence(x):
    return x.flatten(1, 2)


@impostor(
    "merge_heads",
    diagnosis="Heads and sequence changed places, but heads and size are still two dimensions.",
    aspect="shape",
)
def forgets_to_join(x):
    return x.transpose(1, 2).contiguous()


@impostor(
    "merge_heads",
    diagnosis="transpose(2, 3) swaps sequence and size; the sequence changes places with heads.",
    aspect="values",
)
def transposes_the_wrong_pair(x):
    b, h, s, d = x.shape
    return x.transpose(2, 3).reshape(b, s, h * d)


@impostor(
    "merge_heads",
    diagnosis="The heads are joined one after another in reverse.",
    aspect="values",
)
def reverses_the_heads(x):
    return torch.cat(x.flip(1).unbind(1), -1)


@impostor(
    "merge_heads",
    diagnosis="On the way through float32, digits of float64 and of large integers get lost.",
    aspect="values",
)
def goes_through_float32(x):
    return x.float().transpose(1, 2).flatten(2).to(x.dtype)


@impostor(
    "merge_heads",
    diagnosis="A product with a matrix of 0 and 1 makes NaN of each 0 * inf and 0 * NaN.",
    aspect="values",
)
def multiplies_by_a_permutation(x):
    _, h, _, d = x.shape
    if not (x.is_floating_point() or x.is_complex()):
        return x.transpose(1, 2).flatten(2)
    places = torch.eye(h * d, dtype=x.dtype, device=x.device).view(h, d, h * d)
    return torch.einsum("bhsd,hde->bse", x, places)


@impostor(
    "merge_heads",
    diagnosis="nan_to_num puts other numbers in the place of NaN and inf.",
    aspect="values",
)
def mends_nan_and_inf(x):
    merged = x.transpose(1, 2).flatten(2)
    return merged.nan_to_num() if merged.is_floating_point() else merged


@impostor(
    "merge_heads",
    diagnosis="detach, .data and no_grad cut the result off from x.",
    aspect="gradient",
)
def detaches(x):
    return x.detach().transpose(1, 2).flatten(2)


@impostor(
    "merge_heads",
    diagnosis="torch.zeros makes float32; what is written into it is rounded to that.",
    aspect="dtype",
)
def fills_a_float32(x):
    b, h, s, d = x.shape
    result = torch.zeros(b, s, h * d, device=x.device)
    for head in range(h):
        result[:, :, head * d : (head + 1) * d] = x[:, head]
    return result


@impostor(
    "merge_heads",
    diagnosis="squeeze drops each dimension of size 1, the batch or the sequence too.",
    aspect="shape",
)
def drops_sizes_of_1(x):
    return x.transpose(1, 2).flatten(2).squeeze()


@impostor(
    "merge_heads",
    diagnosis="The way back through the heads needs the transpose as well.",
    aspect="gradient",
)
def has_a_wrong_gradient(x):
    class Merge(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.shape = x.shape
            return x.transpose(1, 2).flatten(2)

        @staticmethod
        def backward(ctx, gradient):
            return gradient.reshape(ctx.shape)

    return Merge.apply(x)


@alternative("merge_heads")
def by_permute_and_reshape(x):
    return x.permute(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


@alternative("merge_heads")
def by_contiguous_and_view(x):
    b, h, s, d = x.shape
    return x.transpose(1, 2).contiguous().view(b, s, h * d)


@alternative("merge_heads")
def by_cat(x):
    return torch.cat(x.unbind(dim=1), dim=-1)


@alternative("merge_heads")
def by_slices(x):
    b, h, s, d = x.shape
    result = x.new_empty((b, s, h * d))
    for head in range(h):
        result[..., head * d : (head + 1) * d] = x[:, head]
    return result


@alternative("merge_heads")
def by_einsum(x):
    return torch.einsum("bhsd->bshd", x).flatten(start_dim=-2)


@alternative("merge_heads")
def batch_by_batch(x):
    return torch.vmap(lambda heads: torch.hstack(tuple(heads)))(x)


@alternative("merge_heads")
def by_an_index(x):
    _, h, s, d = x.shape
    column = torch.arange(h * d, device=x.device)
    row = torch.arange(s, device=x.device)[:, None]
    return x[:, column // d, row, column % d]


@alternative("merge_heads")
def with_its_own_gradient(x):
    class Merge(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.shape = x.shape
            return x.transpose(1, 2).flatten(2)

        @staticmethod
        def backward(ctx, gradient):
            b, h, s, d = ctx.shape
            return gradient.reshape(b, s, h, d).transpose(1, 2)

    return Merge.apply(x)
