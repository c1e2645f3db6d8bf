"""Scale each row of features to the mean square 1.

RMS norm is layer norm without the mean and without the bias: it only divides by the size of a row.
That is cheaper, and networks train as well with it. T5, Llama, Mistral and Qwen have it twice in
every block; in Hugging Face's transformers it is `LlamaRMSNorm`.

    norm = RMSNorm(3)    # weight: [1., 1., 1.]
    norm(tensor([[1., 2., 2.], [0., 0., 0.]]))    ->  [[0.5774, 1.1547, 1.1547], [0., 0., 0.]]
    with the weight [1., 1., 10.]:
    norm(tensor([1., 2., 2.]))                    ->  [0.5774, 1.1547, 11.5470]

What holds for every kata stands in katas/README.md.
"""

import torch


class RMSNorm(torch.nn.Module):
    """A layer that divides each row by its root mean square, and scales its features.

    It is made of other operations: torch's own norm layers (`rms_norm`, `layer_norm` and the
    like), under whatever name, are forbidden, forward and backward.
    """

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        """Make the parameter `weight`, of shape (dim,), which holds ones.

        Args:
            dim: the size of a row, at least 1.
            eps: what is added to the mean of the squares, a number above 0.

        Exactly:
            `weight` is float32 and requires grad. There is no other parameter and no buffer. The
            state_dict loads from and into `torch.nn.RMSNorm(dim, eps)`. Nothing is drawn.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x / sqrt(mean of x² + eps) * weight, with the mean along the last dimension.

        Args:
            x: shape (..., dim), any strides, of weight's dtype: float32, or float64, float16 or
                bfloat16 after `double()`, `half()` or `bfloat16()`. There may be any number of
                other dimensions, none too, and their sizes may be 0. It stays as it is.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x and weight.

        Exactly:
            A row of zeros gives zeros and a finite gradient. float64 makes no detour by float32.

            float16 and bfloat16: the numbers of x may be as large as 60,000, so compute in
            float32, up to the division at least. The result has x's own dtype; it may be rounded
            to that before it is multiplied by weight, or afterwards. Numbers above 0.001 may be
            off by 1.2 * torch.finfo(dtype).eps of themselves, which is room for two roundings.
            Gradients may be off by 5 % of the largest one, or by 0.05.

            Each call uses the weight that the layer holds then, whether it was trained, loaded,
            moved, converted, or exchanged (`norm.weight = nn.Parameter(...)`). It stays as it is.
            In train and in eval mode the result is the same.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
