"""Build the block that Llama repeats: rotated queries and keys, shared heads of keys, and a gate.

It is wired as GPT-2's block in k16, with four parts changed: RMSNorm in place of LayerNorm, no
biases, positions that turn queries and keys (k08) in place of a table of positions, and SwiGLU in
place of GELU. Several heads of queries may share one head of keys (k06). Llama 2 and 3, Mistral and
many others are stacks of it. The names are those of `LlamaDecoderLayer` in Hugging Face's
transformers, so a layer of a checkpoint on disk can be loaded into yours.

    block = LlamaBlock(8, 4, 2, 24)                  # 4 heads of queries, 2 of keys
    block(torch.randn(1, 3, 8)).shape                ->  (1, 3, 8)
    block.self_attn.k_proj.weight.shape              ->  (4, 8): 2 heads of 8 / 4 = 2 features
    x = torch.randn(1, 3, 8)
    block(x), block(x, tensor([5, 6, 7]))            ->  the same but for rounding: only distances
                                                         between positions count

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
