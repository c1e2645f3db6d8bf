"""Let one sequence ask another one: text for a picture, or a translation its source.

In self-attention queries, keys and values come from the same tokens. Here the queries come from x,
and the keys and values from a context, which may be longer and have other features. In Stable
Diffusion (diffusers) the pixels ask the text for what they should show, and in T5, Whisper and the
first Transformer each token that is written asks the input.

    attention = CrossAttention(dim=2, context_dim=2, num_heads=2)
    with unit matrices in all four parameters:
    x, context = tensor([[[1., 0.]]]), tensor([[[1., 0.], [0., 1.]]])
    attention(x, context)                             ->  [[[0.7311, 0.5]]]
    attention(x, context, tensor([[True, False]]))    ->  [[[1., 0.]]]

What holds for every kata stands in katas/README.md.
"""

import torch


class CrossAttention(torch.nn.Module):
    """Attention in which one sequence asks, and another one, the context, answers.

    All of torch's layers and functions may be used.
    """

    def __init__(self, dim: int, context_dim: int, num_heads: int) -> None:
        """Make the four parameters: matrices without biases.

        They are `q_proj.weight` and `out_proj.weight` of shape (dim, dim), and `k_proj.weight` and
        `v_proj.weight` of shape (dim, context_dim).

        Args:
            dim: the number of features of a token of x, at least 1.
            context_dim: the number of features of a token of the context, at least 1.
            num_heads: H, the number of heads, at least 1.

        Raises:
            ValueError: H does not divide dim.

        Exactly:
            The parameters are float32 and require grad. Which finite numbers they begin with is up
            to you. The state_dict holds nothing else.
        """
        raise NotImplementedError

    def forward(
        self, x: torch.Tensor, context: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give each token of x what it takes from the context.

        The queries are x @ q_proj.weight.T. The keys are context @ k_proj.weight.T, and the values
        context @ v_proj.weight.T. Each has dim features, which are cut into H heads of D = dim / H
        neighbouring features: head h has those from h * D to h * D + D - 1.

        Each head attends for itself, as in k01, with scores q·k / sqrt(D): T queries look at S
        keys. For each token of x the results of the heads are put side by side again, head 0 first,
        which makes dim features. These times out_proj.weight.T are the result.

        Args:
            x: shape (B, T, dim), any strides, of the dtype of the parameters: float32, or float64
                after `double()`. It stays as it is. All sizes are at least 1.
            context: shape (B, S, context_dim), of x's dtype and on its device.
            mask: bool, shape (B, S), on x's device. [b, s] is True: all tokens of x[b] see the
                token s of the context. False: none of them does, as for padding. None: all are
                seen.

        Returns:
            A new tensor of shape (B, T, dim), of x's dtype and on its device. Gradients reach x,
            context and all parameters.

        Exactly:
            A token of the context that is not seen has the weight 0: it changes nothing, and gets
            gradient exactly 0. Where the whole context is not seen, the result is zeros, and no
            gradient is NaN. Tokens of x do not look at one another.

            Each call uses the parameters as the module holds them then, whether they were trained,
            loaded, copied, moved or converted. Train and eval mode give the same.

            The result and its gradients may be off by this part of their largest number, or of 1 if
            that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
            10,000 in size. Beyond some hundreds the result is right within 1 %, and gradients are
            finite.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
