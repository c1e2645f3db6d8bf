"""Let tokens look at one another with several heads, each in a part of the features.

A single softmax gives a token one mean of the others. With several heads it can look at the word
before it, at the subject and at a comma at once. This layer stands in BERT, GPT-2 and ViT, and as
`torch.nn.MultiheadAttention` in torch's own transformer layers and in CLIP: a checkpoint of that
loads into yours.

    attention = MultiHeadAttention(embed_dim=2, num_heads=2)
    with three unit matrices in in_proj_weight, one in out_proj.weight, and biases of 0:
    attention(tensor([[[1., 0.], [0., 1.]]]))    ->  [[[0.7311, 0.5], [0.5, 0.7311]]]
    with num_heads=1:                            ->  [[[0.6698, 0.3302], [0.3302, 0.6698]]]

What holds for every kata stands in katas/README.md.
"""

import torch


class MultiHeadAttention(torch.nn.Module):
    """Self-attention with several heads: each looks at the tokens in its own features.

    torch's own layers (`MultiheadAttention`, `multi_head_attention_forward`, the transformer layers
    and what lies below them) are forbidden, forward and backward. All else may be used, also
    `scaled_dot_product_attention` and the constructor of `torch.nn.MultiheadAttention`.
    """

    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        """Make the parameters, with the names and shapes of `torch.nn.MultiheadAttention`.

        They are `in_proj_weight` of shape (3 * embed_dim, embed_dim), `in_proj_bias` of shape
        (3 * embed_dim,), `out_proj.weight` of shape (embed_dim, embed_dim) and `out_proj.bias` of
        shape (embed_dim,). With `bias=False` both biases are None, or are not there at all.

        Args:
            embed_dim: E, the number of features of a token, at least 1.
            num_heads: H, the number of heads, at least 1.
            bias: whether there are biases.

        Raises:
            ValueError: H does not divide E.

        Exactly:
            The parameters are float32 and require grad. Which finite numbers they begin with is up
            to you.
            The state_dict holds nothing else. It loads from and into
            `torch.nn.MultiheadAttention(embed_dim, num_heads, bias=bias)`.
        """
        raise NotImplementedError

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Have the tokens attend to one another, and mix what the heads found.

        x @ in_proj_weight.T + in_proj_bias has 3 * E features for each token. The first E are its
        query, the next E its key, the last E its value. Each of these is cut into H heads of D = E
        / H neighbouring features: head h has those from h * D to h * D + D - 1.

        Each head attends for itself, as in k01, with scores q·k / sqrt(D). For each token the
        results of the heads are put side by side again, head 0 first, which makes E features.
        These times out_proj.weight.T, plus out_proj.bias, are the result.

        Args:
            x: shape (B, T, E), any strides, of the dtype of the parameters: float32, or float64
                after `double()`. It stays as it is. All sizes are at least 1.
            mask: bool, on x's device, of a shape that broadcasts to (B, H, T, T), with two to four
                dimensions: one of shape (H, T, T) has a mask for each head. [b, h, i, j] is True:
                in head h, token i sees token j. That is the reverse of torch's class. None: each
                token sees all tokens.

        Returns:
            A new tensor of shape (B, T, E), of x's dtype and on its device. Gradients reach x and
            all parameters. It is what torch's class gives with `batch_first=True` for x as query,
            key and value.

        Exactly:
            What a token does not see in a head has the weight 0 there. A token that is seen in no
            head changes nothing in the result of another token, and gets gradient exactly 0 from
            it. Where a token sees nothing, its head gives zeros, and so out_proj gets zeros there.
            Nothing is NaN then, gradients neither.

            Each call uses the parameters as the module holds them then, whether they were trained,
            loaded, copied, moved or converted. Train and eval mode give the same.

            The result and its gradients may be off by this part of their largest number, or of 1 if
            that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
            10,000 in size. Beyond some hundreds the result is right within 1 %, and gradients are
            finite.
        """
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
