"""Wrong and right answers to shapes/k09_channels_last."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "to_channels_last",
    diagnosis="permute(0, 2, 3, 1) brings the channels last in the shape too.",
    aspect="shape",
)
def permutes(x):
    return x.permute(0, 2, 3, 1).contiguous()


@impostor(
    "to_channels_last",
    diagnosis="contiguous() alone copies into the usual order, channels first.",
    aspect="memory",
)
def makes_contiguous(x):
    return x.contiguous()


@impostor(
    "to_channels_last",
    diagnosis="Permuting back and forth without a copy in between moves nothing.",
    aspect="memory",
)
def permutes_there_and_back(x):
    return x.permute(0, 2, 3, 1).permute(0, 3, 1, 2)


@impostor(
    "to_channels_last",
    diagnosis="A view to (N, H, W, C) keeps the order and gives numbers other places.",
    aspect="values",
)
def views_as_nhwc(x):
    n, c, h, w = x.shape
    return x.reshape(n, h, w, c).permute(0, 3, 1, 2)


@impostor(
    "to_channels_last",
    diagnosis="`transpose(1, 3)` swaps C and W: columns come before rows in memory.",
    aspect="memory",
)
def swaps_channels_and_width(x):
    return x.transpose(1, 3).contiguous().transpose(1, 3)


@impostor(
    "to_channels_last",
    diagnosis="permute(0, 3, 1, 2) is the way back; the way there is (0, 2, 3, 1).",
    aspect="memory",
)
def permutes_the_wrong_way(x):
    return x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)


@impostor(
    "to_channels_last",
    diagnosis="empty_like makes the right strides, but copies no numbers.",
    aspect="values",
)
def forgets_the_numbers(x):
    return torch.zeros_like(x, memory_format=torch.channels_last)


@impostor(
    "to_channels_last",
    diagnosis="The stride 1 of the channels alone does not tell: H and W may be swapped.",
    aspect="memory",
)
def asks_for_one_stride(x):
    return x if x.stride(1) == 1 else x.contiguous(memory_format=torch.channels_last)


@impostor(
    "to_channels_last",
    diagnosis="With one channel, x still need not lie row by row.",
    aspect="memory",
)
def leaves_grey_images(x):
    return x if x.shape[1] == 1 else x.contiguous(memory_format=torch.channels_last)


@impostor("to_channels_last", diagnosis="`.data = …` changes x itself.", aspect="memory")
def changes_x(x):
    x.data = x.data.contiguous(memory_format=torch.channels_last)
    return x


@impostor("to_channels_last", diagnosis="float() changes the dtype.", aspect="dtype")
def converts_to_float(x):
    return x.float().contiguous(memory_format=torch.channels_last)


@alternative("to_channels_last")
def by_hand(x):
    return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


@alternative("to_channels_last")
def by_to(x):
    return x.to(memory_format=torch.channels_last)


@alternative("to_channels_last")
def by_a_clone(x):
    return torch.clone(x, memory_format=torch.channels_last)


@alternative("to_channels_last")
def by_empty_like(x):
    return torch.empty_like(x, memory_format=torch.channels_last).copy_(x)


@alternative("to_channels_last")
def by_empty_strided(x):
    n, c, h, w = x.shape
    strides = (h * w * c, 1, w * c, c)
    out = torch.empty_strided((n, c, h, w), strides, dtype=x.dtype, device=x.device)
    out[...] = x
    return out


@alternative("to_channels_last")
def by_stacking_channels(x):
    return torch.stack([x[:, c] for c in range(x.size(1))], dim=-1).movedim(-1, 1)


@alternative("to_channels_last")
def as_films_of_one_image(x):
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last_3d).squeeze(2)


@alternative("to_channels_last")
def only_where_needed(x):
    if x.is_contiguous(memory_format=torch.channels_last):
        return x.view(x.shape)
    return x.new_empty((x.size(0), *x.shape[2:], x.size(1))).permute(0, 3, 1, 2).copy_(x)
