"""Wrong and right answers to attention/k19_patch_embedding."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """A right answer, in parts that the others change."""

    def __init__(self, image_size, patch_size, in_channels, dim):
        super().__init__()
        height, width = image_size
        self.check(height, width, patch_size)
        self.side, self.grid = patch_size, (height // patch_size, width // patch_size)
        self.shape = (in_channels, height, width)
        self.proj = nn.Conv2d(in_channels, dim, patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid[0] * self.grid[1], dim))

    def check(self, height, width, patch_size):
        if height % patch_size or width % patch_size:
            raise ValueError("patch_size")

    def refuse(self, x):
        if x.shape[1:] != self.shape:
            raise ValueError("shape")

    def patches(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)

    def by_rows(self, pixels):
        """Rows of pixels, projected."""
        return functional.linear(pixels, self.proj.weight.flatten(1), self.proj.bias)

    def cut(self, x, order):
        """The patches as rows of pixels, with their dimensions in an order."""
        rows, columns = self.grid
        x = x.reshape(len(x), x.shape[1], rows, self.side, columns, self.side)
        return x.permute(order).reshape(len(x), rows * columns, -1)

    def first(self, x):
        return self.cls_token.expand(len(x), -1, -1)

    def join(self, first, patches):
        return torch.cat([first, patches], 1) + self.pos_embed

    def forward(self, x):
        self.refuse(x)
        return self.join(self.first(x), self.patches(x))


@impostor(
    "PatchEmbedding",
    diagnosis="pos_embed is added to the patches alone, and not to the class token.",
    aspect="values",
)
class AddsPositionsToPatches(Sound):
    def join(self, first, patches):
        return torch.cat([first + 0 * self.pos_embed[:, :1], patches + self.pos_embed[:, 1:]], 1)


@impostor(
    "PatchEmbedding",
    diagnosis="The patches get the positions from 0 on: they are shifted by one.",
    aspect="values",
)
class ShiftsThePositions(Sound):
    def join(self, first, patches):
        return torch.cat([first, patches + self.pos_embed[:, :-1]], 1)


@impostor(
    "PatchEmbedding",
    diagnosis="No positions are added.",
    aspect="values",
)
class AddsNoPositions(Sound):
    def join(self, first, patches):
        return torch.cat([first, patches], 1) + 0 * self.pos_embed


@impostor(
    "PatchEmbedding",
    diagnosis="The class token comes last.",
    aspect="values",
)
class PutsTheClassTokenLast(Sound):
    def join(self, first, patches):
        return torch.cat([patches, first], 1) + self.pos_embed


@impostor(
    "PatchEmbedding",
    diagnosis="There is no class token in the result.",
    aspect="shape",
)
class LeavesOutTheClassToken(Sound):
    def join(self, first, patches):
        return patches + self.pos_embed[:, 1:]


@impostor(
    "PatchEmbedding",
    diagnosis="The class token is zeros that are made anew: cls_token is not used.",
    aspect="values",
)
class MakesAClassTokenAnew(Sound):
    def first(self, x):
        return 0 * super().first(x)


@impostor(
    "PatchEmbedding",
    diagnosis="The image is cut by a reshape alone: a piece has pixels of several patches.",
    aspect="values",
)
class ReshapesAlone(Sound):
    def patches(self, x):
        return self.by_rows(x.reshape(len(x), self.grid[0] * self.grid[1], -1))


@impostor(
    "PatchEmbedding",
    diagnosis="(B, dim, rows, columns) is reshaped to tokens: the features do not go last.",
    aspect="values",
)
class ReshapesTheProjection(Sound):
    def patches(self, x):
        return self.proj(x).reshape(len(x), self.grid[0] * self.grid[1], -1)


@impostor(
    "PatchEmbedding",
    diagnosis="The patches are taken column by column.",
    aspect="values",
)
class GoesByColumns(Sound):
    def patches(self, x):
        return self.proj(x).transpose(2, 3).flatten(2).transpose(1, 2)


@impostor(
    "PatchEmbedding",
    diagnosis="Height and width are swapped: it shows in images that are no squares.",
    aspect="values",
)
class SwapsTheSides(Sound):
    def patches(self, x):
        columns, rows = self.grid
        x = x.reshape(len(x), x.shape[1], rows, self.side, columns, self.side)
        return self.by_rows(x.permute(0, 4, 2, 1, 5, 3).reshape(len(x), rows * columns, -1))


@impostor(
    "PatchEmbedding",
    diagnosis="image_size is taken as width, height: it is height, width.",
    aspect="type",
)
class TakesTheSizeAsWidthAndHeight(Sound):
    def __init__(self, image_size, patch_size, in_channels, dim):
        super().__init__(image_size[::-1], patch_size, in_channels, dim)


@impostor(
    "PatchEmbedding",
    diagnosis="The pixels of a patch lie with their channel last, those of the weight with it"
    " first.",
    aspect="values",
)
class PutsTheChannelLast(Sound):
    def patches(self, x):
        return self.by_rows(self.cut(x, (0, 2, 4, 3, 5, 1)))


@impostor(
    "PatchEmbedding",
    diagnosis="The bias of the projection is missing.",
    aspect="values",
)
class LeavesOutTheBias(Sound):
    def patches(self, x):
        return super().patches(x) - 1 * self.proj.bias


@impostor(
    "PatchEmbedding",
    diagnosis="The convolution has stride 1: patches overlap, and there are too many.",
    aspect="type",
)
class ForgetsTheStride(Sound):
    def patches(self, x):
        self.proj.stride = (1, 1)
        return super().patches(x)


@impostor(
    "PatchEmbedding",
    diagnosis="pos_embed has a vector for each patch, and none for the class token.",
    aspect="type",
)
class HasTooFewPositions(Sound):
    def __init__(self, image_size, patch_size, in_channels, dim):
        super().__init__(image_size, patch_size, in_channels, dim)
        self.pos_embed = nn.Parameter(self.pos_embed.data[:, 1:].clone())


@impostor(
    "PatchEmbedding",
    diagnosis="pos_embed is a fixed tensor; it has to be a Parameter, which is learned.",
    aspect="type",
)
class KeepsPositionsAsABuffer(Sound):
    def __init__(self, image_size, patch_size, in_channels, dim):
        super().__init__(image_size, patch_size, in_channels, dim)
        fixed = self.pos_embed.detach().clone()
        del self.pos_embed
        self.register_buffer("pos_embed", fixed)


@impostor(
    "PatchEmbedding",
    diagnosis="The positions are detached, and never learn.",
    aspect="gradient",
)
class DetachesThePositions(Sound):
    def join(self, first, patches):
        return torch.cat([first, patches], 1) + self.pos_embed.detach()


@impostor(
    "PatchEmbedding",
    diagnosis="An image of another size is taken if it has as many patches.",
    aspect="errors",
)
class CountsThePatches(Sound):
    def refuse(self, x):
        is_image = x.dim() == 4 and x.shape[1] == self.shape[0]
        if not is_image or self.proj(x)[0, 0].numel() != self.grid[0] * self.grid[1]:
            raise ValueError("shape")


@impostor(
    "PatchEmbedding",
    diagnosis="The number of channels is not looked at: torch raises an error of its own.",
    aspect="errors",
)
class LeavesChannelsToTorch(Sound):
    def refuse(self, x):
        if x.dim() != 4 or x.shape[2:] != self.shape[1:]:
            raise ValueError("shape")


@impostor(
    "PatchEmbedding",
    diagnosis="patch_size has to divide both sides; here only the number of pixels is divided.",
    aspect="errors",
)
class DividesTheArea(Sound):
    def check(self, height, width, patch_size):
        if height * width % patch_size:
            raise ValueError("patch_size")


@alternative("PatchEmbedding")
class ByUnfold(Sound):
    def patches(self, x):
        pixels = functional.unfold(x, self.side, stride=self.side).transpose(1, 2)
        return pixels @ self.proj.weight.flatten(1).T + self.proj.bias


@alternative("PatchEmbedding")
class ByReshapeAndPermute(Sound):
    def patches(self, x):
        return self.by_rows(self.cut(x, (0, 2, 4, 1, 3, 5)))

    def join(self, first, patches):
        positions = self.pos_embed
        return torch.cat([first + positions[:, :1], patches + positions[:, 1:]], 1)


class Projection(nn.Module):
    """Two parameters."""

    def __init__(self, dim, channels, side):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, channels, side, side).normal_(std=0.1))
        self.bias = nn.Parameter(torch.zeros(dim))


@alternative("PatchEmbedding")
class PatchByPatch(nn.Module):
    def __init__(self, image_size, patch_size, in_channels, dim):
        super().__init__()
        self.size, self.side, self.channels = tuple(image_size), patch_size, in_channels
        if any(size % patch_size for size in image_size):
            raise ValueError("the patches do not fill the image")
        self.proj = Projection(dim, in_channels, patch_size)
        count = len(self.places())
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.ones(1, count + 1, dim))

    def places(self):
        return [
            (i, j)
            for i in range(0, self.size[0], self.side)
            for j in range(0, self.size[1], self.side)
        ]

    def forward(self, x):
        if x.ndim != 4 or tuple(x.shape[1:]) != (self.channels, *self.size):
            raise ValueError("an image of another size")
        tokens = [self.cls_token[0, 0].repeat(len(x), 1)]
        for i, j in self.places():
            patch = x[:, :, i : i + self.side, j : j + self.side]
            sums = torch.einsum("bcij,dcij->bd", patch, self.proj.weight)
            tokens.append(sums + self.proj.bias)
        return torch.stack(tokens, dim=1) + self.pos_embed


@alternative("PatchEmbedding")
class WritesIntoATensor(Sound):
    def forward(self, x):
        self.refuse(x)
        windows = x.unfold(2, self.side, self.side).unfold(3, self.side, self.side)
        sums = torch.tensordot(windows, self.proj.weight, ([1, 4, 5], [1, 2, 3]))
        result = self.pos_embed.repeat(len(x), 1, 1)
        result[:, 0] += self.cls_token[:, 0]
        result[:, 1:] += sums.flatten(1, 2) + self.proj.bias
        return result
