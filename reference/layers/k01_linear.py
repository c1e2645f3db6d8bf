"""Make a linear layer with a weight and a bias that can be trained.

W has a row for each output, so that row i of W and number i of b belong together, and x·Wᵀ is one
product of matrices however many rows x has. The bound 1/sqrt(in_features) keeps a sum of many
terms about as large as one feature.

In practice one calls `torch.nn.Linear`, or `F.linear(x, weight, bias)` for given parameters.
`F.linear` hands the product and the sum to one kernel (`addmm`).
"""

import torch

HINTS = (
    "Which attributes does a module see as its parameters? A plain tensor is not one of them.",
    "`nn.Parameter(torch.empty(...).uniform_(-bound, bound))` draws numbers between two bounds.",
    "`x @ W` takes the last dimension of x and the first of W: W has to be transposed.",
    "`self.bias = None` is an attribute too, and leaves the state_dict as it is.",
)


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
        super().__init__()
        bound = in_features**-0.5
        weight = torch.empty(out_features, in_features).uniform_(-bound, bound)
        self.weight = torch.nn.Parameter(weight)
        self.bias = None
        if bias:
            self.bias = torch.nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

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
        result = x @ self.weight.T
        return result if self.bias is None else result + self.bias
