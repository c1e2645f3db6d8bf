"""Turn an image into tokens, as a vision transformer does.

Attention takes a row of tokens, and an image has pixels. A vision transformer (ViT) cuts the image
into patches of, say, 16 by 16 pixels, and makes one token of each. A class token, which is the same
for all images, comes first: what it has become at the end says what is to be seen. Each place has a
learned vector that is added, since attention itself knows no order. timm's `VisionTransformer` and
the image half of CLIP begin like this.

    embed = PatchEmbedding((4, 6), 2, 1, 8)      # 2 rows of 3 patches, and 8 numbers for each
    embed(torch.randn(5, 1, 4, 6)).shape         ->  (5, 7, 8)
    with proj.weight [[[[1., 1.], [1., 1.]]]], proj.bias [0.5], cls_token [[[9.]]] and
    pos_embed [[[100.], [200.], [300.]]]:
    embed(tensor([[[[1., 2., 3., 4.],
                    [5., 6., 7., 8.]]]]))        ->  [[[109.], [214.5], [322.5]]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
