"""Wrong and right answers to shapes/k04_patchify."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor(
    "patchify",
    diagnosis="One reshape keeps the numbers in their order: it takes stretches of whole rows.",
    aspect="values",
)
def reshapes_at_once(images, p):
    b, c, h, w = images.shape
    return images.reshape(b, (h // p) * (w // p), c * p * p)


@impostor(
    "patchify",
    diagnosis="Height and width were split, but the dimensions joined without a permutation.",
    aspect="shape",
)
def joins_without_permuting(images, p):
    b, c, h, w = images.shape
    return images.reshape(b, c, h // p, p, w // p, p).flatten(1, 2).flatten(2)


@impostor(
    "patchify",
    diagnosis="Channels come last within a patch: each pixel with all of its channels.",
    aspect="values",
)
def puts_channels_last(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(b, -1, c * p * p)


@impostor(
    "patchify",
    diagnosis="The patches go down each column first; they should go along each row.",
    aspect="values",
)
def counts_patches_by_column(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return x.permute(0, 4, 2, 1, 3, 5).reshape(b, -1, c * p * p)


@impostor(
    "patchify",
    diagnosis="Rows and columns within a patch are swapped.",
    aspect="values",
)
def transposes_each_patch(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return x.permute(0, 2, 4, 1, 5, 3).reshape(b, -1, c * p * p)


@impostor(
    "patchify",
    diagnosis="Height was split as (p, h / p): a patch then takes every (h / p)-th row.",
    aspect="values",
)
def takes_rows_far_apart(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, p, h // p, p, w // p)
    return x.permute(0, 3, 5, 1, 2, 4).reshape(b, -1, c * p * p)


@impostor(
    "patchify",
    diagnosis="Each channel gives patches of its own; a patch holds all channels.",
    aspect="shape",
)
def cuts_each_channel(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return x.permute(0, 1, 2, 4, 3, 5).reshape(b, -1, p * p)


@impostor(
    "patchify",
    diagnosis="The number of patches in a row is w / p, not h / p: images need not be square.",
    aspect="values",
)
def takes_images_for_square(images, p):
    b, c, h, _ = images.shape
    n = h // p
    x = images.reshape(b, c, n, p, n, p)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)


@impostor(
    "patchify",
    diagnosis="F.unfold gives (batch, numbers, patches), so a transpose is missing.",
    aspect="shape",
)
def forgets_to_transpose(images, p):
    return nn.functional.pixel_unshuffle(images, p).flatten(2)


@impostor(
    "patchify",
    diagnosis="F.unfold has no integers; they can't go through floats, which round large ones.",
    aspect="dtype",
)
def unfolds_floats_only(images, p):
    return nn.functional.unfold(images, p, stride=p).transpose(1, 2)


@impostor(
    "patchify",
    diagnosis="On the way through float32, digits of float64 and of large integers get lost.",
    aspect="values",
)
def goes_through_float32(images, p):
    return nn.functional.unfold(images.float(), p, stride=p).mT.to(images.dtype)


@impostor(
    "patchify",
    diagnosis="detach, .data, no_grad and torch.tensor cut the result off from images.",
    aspect="gradient",
)
def detaches(images, p):
    return nn.functional.pixel_unshuffle(images.detach(), p).flatten(2).mT


@impostor(
    "patchify",
    diagnosis="What F.unfold does not take is put together from a list, and cut off from images.",
    aspect="gradient",
)
def unfolds_or_makes_a_list(images, p):
    if images.dtype in (torch.float32, torch.float64):
        return nn.functional.unfold(images, p, stride=p).mT
    places = torch.arange(images[0].numel(), dtype=torch.float64).view(1, *images.shape[1:])
    places = nn.functional.unfold(places, p, stride=p).mT[0].long().tolist()
    flat = images.flatten(1).tolist()
    rows = [[[image[place] for place in patch] for patch in places] for image in flat]
    return torch.tensor(rows, dtype=images.dtype, device=images.device)


@alternative("patchify")
def by_strides(images, p):
    b, c, h, w = images.shape
    first, plane, row, column = images.stride()
    shape = (b, h // p, w // p, c, p, p)
    patches = images.as_strided(shape, (first, row * p, column * p, plane, row, column))
    return patches.reshape(b, -1, c * p * p)


@alternative("patchify")
def by_two_unfolds(images, p):
    x = images.unfold(2, p, p).unfold(3, p, p)
    return x.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


@alternative("patchify")
def by_pixel_unshuffle(images, p):
    return nn.functional.pixel_unshuffle(images, p).flatten(2).transpose(1, 2)


@alternative("patchify")
def by_slices(images, p):
    b, _, h, w = images.shape
    patches = []
    for y in range(0, h, p):
        for x in range(0, w, p):
            patches.append(images[:, :, y : y + p, x : x + p].reshape(b, 1, -1))
    return torch.cat(patches, dim=1)


@alternative("patchify")
def by_chunks(images, p):
    rows = images.split(p, dim=2)
    patches = [patch.flatten(1) for row in rows for patch in row.split(p, dim=3)]
    return torch.stack(patches, dim=1)


@alternative("patchify")
def by_einsum(images, p):
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return torch.einsum("bcyixj->byxcij", x).reshape(b, h * w // p**2, -1)


@alternative("patchify")
def by_an_index(images, p):
    _, c, h, w = images.shape
    places = torch.arange(c * h * w, device=images.device).view(c, h // p, p, w // p, p)
    places = places.permute(1, 3, 0, 2, 4).reshape(-1, c * p * p)
    return images.flatten(1)[:, places]


@alternative("patchify")
def filling_a_new_tensor(images, p):
    b, c, h, w = images.shape
    result = images.new_zeros(b, h // p, w // p, c, p, p)
    for row in range(p):
        for column in range(p):
            part = images[:, :, row::p, column::p]
            result[..., row, column] = part.permute(0, 2, 3, 1)
    return result.view(b, -1, c * p * p)


@alternative("patchify")
def unfold_where_it_can(images, p):
    if images.dtype in (torch.float32, torch.float64):
        return nn.Unfold(p, stride=p)(images).mT
    b, c, h, w = images.shape
    x = images.reshape(b, c, h // p, p, w // p, p)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)
