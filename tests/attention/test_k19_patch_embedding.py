"""The checks of attention/k19_patch_embedding: patches cut out one by one in NumPy."""

import numpy as np
import torch

from dojo.checks.laws import ModuleClass
from dojo.checks.laws.attention import OF_LARGEST

DIVIDES = "Patches have to fill the image in both directions: raise ValueError."
OTHER = "Compare the channels, the height and the width of x with those of the module: ValueError."
OTHER_DIMENSIONS = [(2, 4, 6), (1, 2), (1, 2, 4, 6, 1), (1, 1, 2, 4, 6)]
PLAIN = [[[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]], [[[[1.0, 0.5], [-1.0, 2.0]]]]
PLAIN += [0.5], [[[9.0]]], [[[20.0], [30.0], [50.0]]]


def numbers(shape, seed):
    """From -2 to 2, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-2, 2, shape), 1)


def case(shape, patch, dim, seed, size=None):
    """x, the parameters, and the size of images where it is not that of x."""
    height, width = size or shape[-2:]
    count = 1 + (height // patch) * (width // patch)
    shapes = shape, (dim, shape[1], patch, patch), (dim,), (1, 1, dim), (1, count, dim)
    drawn = [numbers(one, 5 * seed + n) for n, one in enumerate(shapes)]
    return (*drawn, *([size] if size else []))


def patches_of(x, side):
    """The patches row by row: (B, N, channels, side, side)."""
    places = [(i, j) for i in range(0, x.shape[2], side) for j in range(0, x.shape[3], side)]
    return np.stack([x[:, :, i : i + side, j : j + side] for i, j in places], 1)


def tokens_of(patches, weight, bias):
    """Each patch times the weight, plus the bias."""
    return np.tensordot(patches, weight, ([2, 3, 4], [1, 2, 3])) + bias


class TestPatchEmbedding(ModuleClass):
    name = "PatchEmbedding"
    tensors = ("x", "proj.weight", "proj.bias", "cls_token", "pos_embed")
    parameters = tensors[1:]
    dtypes = (torch.float32, torch.float64)
    cases = [
        PLAIN,
        case((2, 3, 4, 6), 2, 5, 1),
        case((3, 1, 6, 3), 3, 2, 2),
        case((1, 2, 2, 4), 1, 3, 3),
        case((4, 2, 3, 3), 3, 1, 4),
    ]
    of_largest = OF_LARGEST
    refused = [
        (case(shape, 2, 3, 6, (4, 6)), (torch.float32,), ValueError, OTHER)
        for shape in [(1, 2, 6, 4), (2, 2, 4, 8), (1, 2, 2, 6), (1, 2, 5, 7)]
    ]
    # the weight has two channels
    refused += [
        (
            (numbers(shape, 7), *case((1, 2, 4, 6), 2, 3, 6)[1:], (4, 6)),
            (torch.float32,),
            ValueError,
            OTHER,
        )
        for shape in [
            (1, 3, 4, 6),
            (1, 1, 4, 6),
            (2, 4, 6),
            (1, 2),
            (1, 2, 4, 6, 1),
            (1, 1, 2, 4, 6),
        ]
    ]
    refused_when_made = [
        ((size, patch, 1, 4), ValueError, DIVIDES)
        for size, patch in [((5, 4), 2), ((4, 5), 2), ((2, 2), 4), ((6, 6), 4)]
    ]
    hints = {
        "parameters": "proj.weight and proj.bias are those of a convolution; cls_token is"
        " (1, 1, dim), and pos_embed (1, 1 + N, dim), with N patches. All four are Parameters.",
        "shape": "There is a token for each patch, and the class token: (B, 1 + N, dim).",
        "dtype": "The result has the dtype of x and of the parameters.",
        "device": "What you make in forward, such as zeros, has to lie where x lies.",
        "values": "Token 0 is the class token, token 1 + n patch n, projected; pos_embed is added"
        " to all of them.",
        "raises": "image_size is height, width, and a patch begins where the one before it ends. x"
        " may lie in memory in any way.",
        "gradient": "Gradients go to each pixel by its patch, to cls_token by all images, and to"
        " pos_embed by all tokens.",
        "memory": "Write neither into x nor into the parameters: `+=` on an expanded one does.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (B, 1 + N, dim).",
        "test_values": "The class token comes first, then each patch, and each has its position.",
        "test_gradients": "Gradients reach x and each of the four parameters.",
        "test_refuses": "An x of another size than that of the module raises ValueError.",
        "test_is_not_made_with": "A patch size that does not divide both sides raises ValueError.",
    }

    def made_with(self, x, weight, bias, cls_token, pos_embed, size=None):
        height, width = size or np.shape(x)[2:]
        return ((height, width), weight.shape[2], weight.shape[1], weight.shape[0])

    def truth(self, x, weight, bias, cls_token, pos_embed, *_):
        patches = tokens_of(patches_of(x, weight.shape[2]), weight, bias)
        first = np.repeat(cls_token, len(x), 0)
        return np.concatenate([first, patches], 1) + pos_embed

    def gradient(self, weights, x, weight, bias, cls_token, pos_embed, *_):
        of_tokens, side = weights[:, 1:], weight.shape[2]
        patches = patches_of(x, side)
        back = np.tensordot(of_tokens, weight, 1)
        of_x, per_row = np.zeros_like(x), x.shape[3] // side
        for n in range(patches.shape[1]):
            i, j = side * (n // per_row), side * (n % per_row)
            of_x[:, :, i : i + side, j : j + side] = back[:, n]
        of_weight = np.tensordot(of_tokens, patches, ([0, 1], [0, 1]))
        of_first = weights[:, :1].sum(0, keepdims=True)
        return [of_x, of_weight, of_tokens.sum((0, 1)), of_first, weights.sum(0, keepdims=True)]

    def others(self, x, weight, bias, cls_token, pos_embed, *_):
        side, (batch, channels, height, width) = weight.shape[2], x.shape
        rows, columns = height // side, width // side
        right = self.truth(x, weight, bias, cls_token, pos_embed)
        bare = right - pos_embed
        first, patches = bare[:, :1], bare[:, 1:]

        def placed(patches, first=first, positions=pos_embed):
            return np.concatenate([first, patches], 1) + positions

        def cut(pixels):
            return tokens_of(pixels.reshape(batch, -1, channels, side, side), weight, bias)

        by_columns = patches.reshape(batch, rows, columns, -1).swapaxes(1, 2).reshape(patches.shape)
        grid = x.reshape(batch, channels, columns, side, rows, side).transpose(0, 4, 2, 1, 5, 3)
        pixels = x.reshape(batch, channels, rows, side, columns, side).transpose(0, 2, 4, 3, 5, 1)
        only_patches = np.concatenate([pos_embed[:, :1] * 0, pos_embed[:, 1:]], 1)
        shifted = np.concatenate([pos_embed[:, :1] * 0, pos_embed[:, :-1]], 1)
        return {
            "The positions are added to the patches alone: the class token has one too.": placed(
                patches, positions=only_patches
            ),
            "The positions are shifted by one: the first belongs to the class token.": placed(
                patches, positions=shifted
            ),
            "pos_embed is not added.": bare,
            "The class token comes first, not last.": np.concatenate([patches, first], 1)
            + pos_embed,
            "The patches are in order of the columns: go row by row.": placed(by_columns),
            "A reshape alone takes pixels of several patches: the dimensions between have to change"
            " places.": placed(cut(x)),
            "Height and width are swapped where x is cut.": placed(cut(grid)),
            "The pixels of a patch are in another order than the weight: channel, row, column.": (
                placed(cut(pixels))
            ),
            "(B, dim, N) and (B, N, dim) are not the same by a reshape: transpose.": placed(
                patches.swapaxes(1, 2).reshape(patches.shape)
            ),
            "The bias is missing.": placed(patches - bias),
            "The class token is that of zeros: cls_token is not added.": placed(
                patches, first=first * 0
            ),
        }
