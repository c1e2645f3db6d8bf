"""Wrong and right answers to shapes/k01_nchw_to_nhwc."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "nchw_to_nhwc",
    diagnosis="A reshape (or view) keeps the numbers in their order; no dimension is moved by it.",
    aspect="values",
)
def reshapes(x):
    n, c, h, w = x.shape
    return x.reshape(n, h, w, c)


@impostor(
    "nchw_to_nhwc",
    diagnosis="contiguous, clone, stack and cat copy the numbers; the permutation alone is a view.",
    aspect="memory",
)
def copies(x):
    return x.permute(0, 2, 3, 1).contiguous()


@impostor(
    "nchw_to_nhwc",
    diagnosis="contiguous before the permutation copies an x that is not contiguous.",
    aspect="memory",
)
def makes_x_contiguous_first(x):
    return x.contiguous().permute(0, 2, 3, 1)


@impostor(
    "nchw_to_nhwc",
    diagnosis="transpose(1, 3) swaps channels and width, so that width comes before height.",
    aspect="shape",
)
def swaps_channels_and_width(x):
    return x.transpose(1, 3)


@impostor(
    "nchw_to_nhwc",
    diagnosis="permute(0, 3, 1, 2) leads from channels last to channels first, not there.",
    aspect="shape",
)
def goes_the_other_way(x):
    return x.permute(0, 3, 1, 2)


@impostor(
    "nchw_to_nhwc",
    diagnosis="x.T and permute(3, 2, 1, 0) reverse all dimensions, the batch too.",
    aspect="shape",
)
def reverses_all(x):
    return x.permute(3, 2, 1, 0)


@impostor(
    "nchw_to_nhwc",
    diagnosis="The memory format channels_last changes where numbers lie, not the shape.",
    aspect="shape",
)
def changes_the_memory_format(x):
    return x.to(memory_format=torch.channels_last)


@impostor(
    "nchw_to_nhwc",
    diagnosis="These strides are those of a contiguous x; another x has others.",
    aspect="values",
)
def assumes_contiguous_strides(x):
    n, c, h, w = x.shape
    return x.as_strided((n, h, w, c), (c * h * w, w, 1, h * w))


@impostor(
    "nchw_to_nhwc",
    diagnosis="NumPy's strides count bytes: an element has 4 of them in float32, and others else.",
    aspect="values",
)
def takes_every_element_for_4_bytes(x):
    n, c, h, w = x.shape
    strides = [step * x.element_size() // 4 for step in x.stride()]
    strides = [strides[old] for old in (0, 2, 3, 1)]
    try:
        return x.as_strided((n, h, w, c), strides)
    except RuntimeError:  # beyond the memory of x
        return x.permute(0, 2, 3, 1)


@impostor(
    "nchw_to_nhwc",
    diagnosis="x need not begin where its memory begins: it has a storage_offset.",
    aspect="values",
)
def forgets_the_offset(x):
    n, c, h, w = x.shape
    a, b, d, e = x.stride()
    return x.as_strided((n, h, w, c), (a, d, e, b), 0)


@impostor(
    "nchw_to_nhwc",
    diagnosis="transpose_ (with the underscore) changes the shape of x itself.",
    aspect="memory",
)
def transposes_in_place(x):
    return x.transpose_(1, 2).transpose_(2, 3)


@impostor(
    "nchw_to_nhwc",
    diagnosis="transpose_ is refused where x requires grad, be it on another view of x.",
    aspect="gradient",
)
def transposes_another_view_in_place(x):
    return x[:].transpose_(1, 2).transpose_(2, 3)


@impostor(
    "nchw_to_nhwc",
    diagnosis="detach, .data and no_grad cut the view off from autograd.",
    aspect="gradient",
)
def detaches(x):
    return x.detach().permute(0, 2, 3, 1)


@impostor(
    "nchw_to_nhwc",
    diagnosis="squeeze drops each dimension of size 1, the batch or the channels too.",
    aspect="shape",
)
def drops_sizes_of_1(x):
    return x.permute(0, 2, 3, 1).squeeze()


@impostor(
    "nchw_to_nhwc",
    diagnosis="NumPy knows nothing of GPUs and bfloat16.",
    aspect="device",
)
def goes_through_numpy(x):
    return torch.from_numpy(np.moveaxis(x.numpy(), 1, -1))


@alternative("nchw_to_nhwc")
def by_movedim(x):
    return torch.movedim(x, 1, -1)


@alternative("nchw_to_nhwc")
def by_two_transposes(x):
    return x.transpose(1, 2).transpose(2, 3)


@alternative("nchw_to_nhwc")
def by_matrices(x):
    return x.swapaxes(1, 2).mT


@alternative("nchw_to_nhwc")
def by_einsum(x):
    return torch.einsum("nchw->nhwc", x)


@alternative("nchw_to_nhwc")
def by_strides(x):
    order = (0, 2, 3, 1)
    sizes = [x.size(old) for old in order]
    return torch.as_strided(x, sizes, [x.stride(old) for old in order], x.storage_offset())


@alternative("nchw_to_nhwc")
def by_a_new_dimension(x):
    return x.unsqueeze(-1).transpose(1, -1).squeeze(1)


@alternative("nchw_to_nhwc")
def image_by_image(x):
    return torch.vmap(lambda image: image.permute(1, 2, 0))(x)
