"""Build the block that Llama repeats: rotated queries and keys, shared heads of keys, and a gate.

Queries and keys are turned after they were split into heads, since the angles belong to the D
features of a head. Values are not turned: a position decides who looks at whom, and not what is
read. A head's first half is paired with its second half, as in Hugging Face's checkpoints; Meta's
own files pair neighbours, and their weights have another order of rows.

The angles are computed from the positions at each call, in x's own dtype. A table that was made in
float32 would cost a float64 block its digits, and a buffer would stand in the state_dict, unless it
is registered with `persistent=False`.

In practice one takes `LlamaDecoderLayer` of Hugging Face's transformers, or vLLM's, which keeps
q_proj, k_proj and v_proj in one matrix. `F.scaled_dot_product_attention(..., is_causal=True,
enable_gqa=True)` may be used here, too.
"""

import torch

HINTS = (
    "Which of queries, keys and values are turned, and are they split into heads by then?",
    "k_proj and v_proj give num_kv_heads·D features: split these into num_kv_heads heads.",
    "Query head h reads key head h // (num_heads / num_kv_heads): `repeat_interleave` along heads.",
    "The angles are positions[:, None] * rope_base ** (-2 i / D), for i from 0 to D/2 - 1.",
    "Who sees whom is decided by the place in x, never by the positions: a lower triangle.",
)


class _RMSNorm(torch.nn.Module):
    """x divided by the root of the mean of its squares, times a weight."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = torch.nn.Parameter(torch.ones(dim)), eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def _linears(shapes: dict[str, tuple[int, int]]) -> torch.nn.ModuleDict:
    return torch.nn.ModuleDict(
        {name: torch.nn.Linear(*sizes, bias=False) for name, sizes in shapes.items()}
    )


def _turned(x: torch.Tensor, positions: torch.Tensor, base: float) -> torch.Tensor:
    size = x.shape[-1]
    exponents = torch.arange(0, size, 2, dtype=x.dtype, device=x.device) / size
    angles = positions[:, None] * base**-exponents
    a, b = x.chunk(2, -1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class LlamaBlock(torch.nn.Module):
    """A block of Llama: h + mlp(norm(h)), where h = x + attn(norm(x)).

    All of torch's layers and functions may be used, `scaled_dot_product_attention` too.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_kv_heads: int,
        hidden: int,
        eps: float = 1e-5,
        rope_base: float = 10000.0,
    ) -> None:
        """Make the parameters: two RMSNorms, and seven linear layers without a bias.

        With D = dim / num_heads, these are the names in the state_dict, and the shapes:

            input_layernorm.weight             (dim,)
            self_attn.q_proj.weight            (dim, dim)
            self_attn.k_proj.weight            (num_kv_heads·D, dim)
            self_attn.v_proj.weight            (num_kv_heads·D, dim)
            self_attn.o_proj.weight            (dim, dim)
            post_attention_layernorm.weight    (dim,)
            mlp.gate_proj.weight               (hidden, dim)
            mlp.up_proj.weight                 (hidden, dim)
            mlp.down_proj.weight               (dim, hidden)

        Args:
            dim: the number of features of each token.
            num_heads: the number of heads of queries. D is a whole, even number.
            num_kv_heads: the number of heads of keys and of values. It divides num_heads.
            hidden: the number of features in the middle of mlp, at least 1.
            eps: what both norms add to the mean of squares, above 0.
            rope_base: the base of the angles, above 1.

        Raises:
            ValueError: num_heads does not divide dim, D is odd, or num_kv_heads does not divide
                num_heads.

        Exactly:
            The weights of the norms are 1 at first. The linear layers may begin with any finite
            numbers, such as those of `nn.Linear`; whatever is drawn comes from torch's global
            generator.

            The parameters are float32 and require grad. There are no others, no one is another
            under a second name, and the state_dict has just these keys. A buffer that is not in
            the state_dict is up to you.
        """
        super().__init__()
        if dim % num_heads or dim // num_heads % 2 or num_heads % num_kv_heads:
            raise ValueError(f"{dim=}, {num_heads=} and {num_kv_heads=} do not go together.")
        self.size, self.rope_base = dim // num_heads, rope_base
        keys = num_kv_heads * self.size
        shapes = {"q_proj": (dim, dim), "k_proj": (dim, keys), "v_proj": (dim, keys)}
        self.input_layernorm = _RMSNorm(dim, eps)
        self.self_attn = _linears({**shapes, "o_proj": (dim, dim)})
        self.post_attention_layernorm = _RMSNorm(dim, eps)
        self.mlp = _linears(
            {"gate_proj": (dim, hidden), "up_proj": (dim, hidden), "down_proj": (hidden, dim)}
        )

    def forward(self, x: torch.Tensor, positions: torch.Tensor | None = None) -> torch.Tensor:
        """h + mlp(norm(h)), where h = x + attn(norm(x)).

        The first norm is input_layernorm, the second one post_attention_layernorm. Both compute
        x / sqrt(mean(x²) + eps) · weight over the last dimension. A linear layer computes x·Wᵀ.

        attn: q_proj makes num_heads heads of D features of each token, k_proj and v_proj make
        num_kv_heads heads of keys and of values. Head h has the h-th block of D features.

        Each head of queries and of keys is turned by the token's position p. For i from 0 to
        D/2 - 1, with θ = p · rope_base^(-2i/D), the pair a = head[i], b = head[i + D/2] becomes

            head[i] = a·cos θ - b·sin θ,    head[i + D/2] = b·cos θ + a·sin θ.

        Values are not turned. Query head h reads the keys and values of head
        h // (num_heads / num_kv_heads), so neighbours share one. In a head each token sees itself
        and the tokens that stand before it in x: its weights are the softmax over these of
        q·k / sqrt(D), and it gets the weighted sum of their values. The results of the heads are
        put side by side, in their order, and go through o_proj.

        mlp: down_proj(silu(gate_proj(x)) · up_proj(x)), where silu(z) = z · sigmoid(z).

        Args:
            x: shape (B, T, dim), all sizes at least 1, any strides, of the dtype of the
                parameters: float32, or float64 after `double()`. It stays as it is.
            positions: int64, shape (T,), from 0 to 255, on x's device, the same for all of the
                batch; stays as it is. None: 0 to T - 1.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x and all parameters, also
            if one of them alone requires grad.

        Exactly:
            Positions may come in any order, with gaps, and more than once. They turn queries and
            keys, and nothing more: who sees whom depends on the places in x alone.

            Angles are as precise as x, also in a block that is converted from one dtype to another
            and back. `float()` and `to(torch.float32)` round a float64 buffer too, and a table that
            once was float32 has too few digits for float64. Whole numbers in a buffer stay exact.

            Later tokens change nothing for a token, whatever finite numbers they hold, and their
            gradient from it is exactly 0.

            The result and its gradients may be off by this part of their largest number, or of 1
            if that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up
            to 10,000 in size. Where a token sees scores beyond 100 in size, 1 % is enough for the
            result, and gradients need only be finite.

            T may be another one at each call. Train and eval mode give the same. Each call uses the
            parameters that the block holds then, whether they were trained, loaded, moved or
            converted. They stay as they are.
        """
        batch, length, dim = x.shape
        if positions is None:
            positions = torch.arange(length, device=x.device)
        normed, own = self.input_layernorm(x), self.self_attn
        q, k, v = (
            own[name](normed).view(batch, length, -1, self.size).transpose(1, 2)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        q, k = (_turned(one, positions, self.rope_base) for one in (q, k))
        k, v = (one.repeat_interleave(q.shape[1] // one.shape[1], 1) for one in (k, v))
        sees = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        scores = q @ k.mT * self.size**-0.5
        mixed = scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v
        h = x + own["o_proj"](mixed.transpose(1, 2).reshape(batch, length, dim))
        normed = self.post_attention_layernorm(h)
        gate = torch.nn.functional.silu(self.mlp["gate_proj"](normed))
        return h + self.mlp["down_proj"](gate * self.mlp["up_proj"](normed))
