"""Wrong and right answers to shapes/k07_expand_batch."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "tile_batch",
    diagnosis="repeat, tile, and contiguous() after expand copy x once for each i.",
    aspect="memory",
)
def repeats(x, batch):
    return x.repeat(batch, *[1] * x.dim())


@impostor(
    "tile_batch",
    diagnosis="clone() before expand: stride 0, but in a copy of x.",
    aspect="memory",
)
def clones_then_expands(x, batch):
    return x.clone().expand(batch, *x.shape)


@impostor(
    "tile_batch",
    diagnosis="contiguous() before expand copies an x with other strides.",
    aspect="memory",
)
def makes_x_contiguous(x, batch):
    return x.contiguous().expand(batch, *x.shape)


@impostor(
    "tile_batch",
    diagnosis="contiguous() copies an x of whole numbers with other strides.",
    aspect="memory",
)
def makes_whole_numbers_contiguous(x, batch):
    return (x if x.is_floating_point() else x.contiguous()).expand(batch, *x.shape)


@impostor(
    "tile_batch",
    diagnosis="For a batch of 1, contiguous() copies an x with other strides.",
    aspect="memory",
)
def makes_one_contiguous(x, batch):
    return (x.contiguous() if batch == 1 else x).expand(batch, *x.shape)


@impostor(
    "tile_batch",
    diagnosis="stack copies x once for each i, and has nothing to stack where batch is 0.",
    aspect="memory",
)
def stacks(x, batch):
    return torch.stack([x] * batch)


@impostor(
    "tile_batch",
    diagnosis="torch.empty without x's device and dtype is a float32 on the CPU.",
    aspect="device",
)
def makes_a_batch_of_none_on_the_cpu(x, batch):
    return x.expand(batch, *x.shape) if batch else torch.empty(0, *x.shape)


@impostor("tile_batch", diagnosis="The sizes 1, 1 after batch are for matrices only.")
def repeats_matrices(x, batch):
    return x.repeat(batch, 1, 1)


@impostor("tile_batch", diagnosis="expand(batch, -1, -1) is for matrices only.")
def expands_matrices(x, batch):
    return x.unsqueeze(0).expand(batch, -1, -1)


@impostor(
    "tile_batch",
    diagnosis="The new dimension is put behind the others; it comes first.",
    aspect="shape",
)
def puts_the_batch_last(x, batch):
    return x.unsqueeze(-1).expand(*x.shape, batch)


@impostor("tile_batch", diagnosis="Without a new dimension, x's first one grows.", aspect="shape")
def lengthens_the_first_dimension(x, batch):
    return torch.cat([x.reshape(-1, *x.shape[1:])] * max(batch, 1))


@impostor("tile_batch", diagnosis="unsqueeze_ gives x itself a new dimension.", aspect="memory")
def unsqueezes_x(x, batch):
    shape = x.shape
    return x.unsqueeze_(0).expand(batch, *shape)


@impostor(
    "tile_batch",
    diagnosis="as_strided with the strides of a contiguous x reads other strides wrongly.",
    aspect="values",
)
def takes_x_for_contiguous(x, batch):
    strides = torch.empty(x.shape).stride()
    return x.as_strided((batch, *x.shape), (0, *strides))


@impostor(
    "tile_batch",
    diagnosis="as_strided with the offset 0 begins at the start of the memory, not at x.",
    aspect="values",
)
def forgets_the_offset(x, batch):
    return x.as_strided((batch, *x.shape), (0, *x.stride()), 0)


@alternative("tile_batch")
def unsqueezes_and_expands(x, batch):
    return x[None].expand(batch, *[-1] * x.dim())


@alternative("tile_batch")
def broadcasts(x, batch):
    return torch.broadcast_to(x, torch.Size([batch]) + x.shape)


@alternative("tile_batch")
def by_strides(x, batch):
    return x.as_strided((batch, *x.shape), (0, *x.stride()), x.storage_offset())


@alternative("tile_batch")
def broadcasts_with_another(x, batch):
    other = torch.empty(batch, *[1] * x.dim(), device=x.device)
    return torch.broadcast_tensors(x, other)[0]


@alternative("tile_batch")
def expands_as(x, batch):
    return x.expand_as(torch.empty((batch, *x.shape), device="meta"))


@alternative("tile_batch")
def expands_behind(x, batch):
    return x.unsqueeze(-1).expand(*x.shape, batch).movedim(-1, 0)
