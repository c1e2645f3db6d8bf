"""Let one sequence ask another one: text for a picture, or a translation its source.

Whoever asks decides how many rows the result has: T queries give T rows, and S is gone after the
product with the values. Whoever answers gives both keys and values. Values from x would have the
right shape only where x and context happen to have equal sizes, and then the mistake stays unseen.

The mask tells which tokens of the context are padding. It is one row for each sequence, (B, S), and
scores are (B, H, T, S): it needs a dimension for the heads and one for the queries.

In practice one calls `F.scaled_dot_product_attention(q, k, v, mask[:, None, None])` between the
projections, or `torch.nn.MultiheadAttention(dim, H, kdim=..., vdim=...)`. The keys and values of a
context can be kept: they are the same in each step of a generation.
"""

import torch

HINTS = (
    "Which of the four products take x, and which take the context?",
    "q is (B, H, T, D), k and v are (B, H, S, D). Which shape have the scores, and the result?",
    "Scores are (B, H, T, S). Where do the two dimensions of the mask stand in it?",
    "The softmax of -inf alone is NaN; its weights have to be 0. Does a gradient get through?",
)


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
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"{num_heads} heads do not divide {dim} features.")
        self.num_heads = num_heads
        self.q_proj = torch.nn.Linear(dim, dim, bias=False)
        self.k_proj = torch.nn.Linear(context_dim, dim, bias=False)
        self.v_proj = torch.nn.Linear(context_dim, dim, bias=False)
        self.out_proj = torch.nn.Linear(dim, dim, bias=False)

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
        q, k, v = (
            one.view(*one.shape[:2], self.num_heads, -1).transpose(1, 2)  # (B, H, T or S, D)
            for one in (self.q_proj(x), self.k_proj(context), self.v_proj(context))
        )
        scores = q @ k.mT * q.shape[-1] ** -0.5
        if mask is None:
            weights = scores.softmax(-1)
        else:  # a row of -inf alone gives NaN, whose gradient masked_fill stops
            hidden = ~mask[:, None, None]
            weights = scores.masked_fill(hidden, -torch.inf).softmax(-1).nan_to_num(0.0)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))
