"""Turn an image into tokens, as a vision transformer does.

A convolution whose stride is its own size meets each pixel once: it is one matrix, applied to each
patch. Its result (B, dim, rows, columns) is flattened row by row, and the features go last.

To cut patches by a reshape alone is wrong: neighbours in memory are neighbours in a row of the
image, so such a piece has pixels of several patches. The two dimensions between must change places.

An image of another size is refused, since pos_embed has a vector for each place. A wide image has
as many patches as a high one, and would pass without a word.

In practice one takes timm's `PatchEmbed` and `VisionTransformer`, or torchvision's `vit_b_16`.
"""

import torch
from torch import nn

HINTS = (
    "How many patches are there in a row, and how many rows?",
    "`nn.Conv2d(in_channels, dim, patch_size, stride=patch_size)` projects each patch.",
    "`.flatten(2).transpose(1, 2)` makes tokens of (B, dim, rows, columns), row by row.",
    "The class token is one for all images: `expand` it to B, put it first, then add pos_embed.",
    "Compare all of x.shape[1:] with what the module was made for.",
)


class PatchEmbedding(torch.nn.Module):
    """The class token and the projected patches of images, with a vector for each place.

    All of torch's layers and functions may be used, a convolution too.
    """

    def __init__(
        self, image_size: tuple[int, int], patch_size: int, in_channels: int, dim: int
    ) -> None:
        """Make four parameters; N is the number of patches of an image.

        These are the names in the state_dict, and the shapes:

            proj.weight    (dim, in_channels, patch_size, patch_size)
            proj.bias      (dim,)
            cls_token      (1, 1, dim)
            pos_embed      (1, 1 + N, dim)

        Args:
            image_size: (height, width) in pixels, each at least 1.
            patch_size: the side of a patch in pixels, at least 1.
            in_channels: the number of channels of an image, at least 1.
            dim: the number of features of a token, at least 1.

        Raises:
            ValueError: patch_size does not divide the height, or not the width.

        Exactly:
            The parameters may begin with any finite numbers; whatever is drawn comes from torch's
            global generator. They are float32 and require grad. There are no others, no one is
            another under a second name, and the state_dict has just these keys.
        """
        super().__init__()
        height, width = image_size
        if height % patch_size or width % patch_size:
            message = f"patches of {patch_size} pixels do not fill an image of {height} by {width}"
            raise ValueError(message)
        count = (height // patch_size) * (width // patch_size)
        self.image_shape = (in_channels, height, width)
        self.proj = nn.Conv2d(in_channels, dim, patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 1 + count, dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The class token, then the patches of each image, with pos_embed added to all of them.

        The patches come row by row: first those of the top row from left to right. Each is
        projected to dim features, as by a convolution whose stride is its size: feature d is the
        sum of proj.weight[d] times the pixels of the patch, over channels, rows and columns, plus
        proj.bias[d].

        So token 0 is cls_token + pos_embed[:, 0], and token 1 + n is patch n, projected, plus
        pos_embed[:, 1 + n].

        Args:
            x: shape (B, in_channels, height, width), B at least 1, any strides, of the dtype of the
                parameters: float32, or float64 after `double()`. It stays as it is.

        Returns:
            A new tensor of shape (B, 1 + N, dim), with x's dtype and device. Gradients reach x and
            all four parameters, also if one of them alone requires grad.

        Raises:
            ValueError: x has another number of dimensions, channels, rows or columns. An image of
                another size is refused also where its number of patches is N.

        Exactly:
            The result and its gradients may be off by this part of their largest number, or of 1
            if that is larger: 1e-4 in float32, 1e-9 in float64.

            Train and eval mode give the same. Each call uses the parameters that the module holds
            then, whether they were trained, loaded, moved or converted. They stay as they are.
        """
        if x.dim() != 4 or x.shape[1:] != self.image_shape:
            message = f"x is {tuple(x.shape)}; expected (B, *{self.image_shape})"
            raise ValueError(message)
        patches = self.proj(x).flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(x), -1, -1)
        return torch.cat([first, patches], 1) + self.pos_embed
