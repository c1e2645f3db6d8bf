"""Make a linear layer with a weight and a bias that can be trained.

A linear layer turns a row of features into a row of weighted sums. It holds most of the numbers of
a network: in GPT-2 or Llama nearly all parameters are weights of such layers, and LoRA (Hugging
Face's peft) looks for the `nn.Linear` layers of a model and adds small matrices to them.

    layer = Linear(2, 3)    # weight: shape (3, 2), bias: shape (3,), between -0.7071 and 0.7071
    with the weight [[1., 0.], [0., 2.], [1., 1.]] and the bias [0., 0., 10.]:
    layer(tensor([3., 4.]))                ->  [3., 8., 17.]
    layer(tensor([[3., 4.], [0., 1.]]))    ->  [[3., 8., 17.], [0., 2., 11.]]

What holds for every kata stands in katas/README.md.
"""

import torch


class Linear(torch.nn.Module):
    """A layer of weighted sums: x·Wᵀ + b.

    It is made of other operations: torch's own `linear`, under whatever name and by way of
    whatever layer, is forbidden, forward and backward.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        """Make the parameters `weight` and `bias`.

        `weight` has the shape (out_features, in_features), a row for each output. `bias` has the
        shape (out_features,). Each of their numbers is drawn for itself, uniformly between
        -1/sqrt(in_features) and 1/sqrt(in_features).

        Args:
            in_features: the number of features in a row of x, at least 1.
            out_features: the number of sums that come out, at least 1.
            bias: False for a layer without b: its attribute `bias` is None.

        Exactly:
            The parameters are float32 and require grad. There are no others, and no buffers; with
            `bias=False`, the state_dict holds `weight` alone. It loads from and into
            `torch.nn.Linear(in_features, out_features, bias)`.

            The numbers come from torch's global generator: two layers differ, and after the same
            `torch.manual_seed` they are equal.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x·Wᵀ + b for each row of x, with the layer's own weight and bias.

        Args:
            x: shape (..., in_features), any strides, of the dtype of the parameters: float32, or
                float64 after `double()`. There may be any number of other dimensions, none too,
                and their sizes may be 0. It stays as it is.

        Returns:
            A new tensor of shape (..., out_features), of x's dtype and device. Gradients reach x,
            weight and bias.

        Exactly:
            Each call uses the parameters that the layer holds then, whether they were trained,
            loaded, moved, converted, or exchanged (`layer.weight = nn.Parameter(...)`). They stay
            as they are. In train and in eval mode the result is the same.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
