"""Build the block that GPT-2 repeats: attention and a small network, each added to what is there.

Only what is added is normalized; x itself runs through all blocks untouched, and so does its
gradient. The first transformer normalized the sum instead (post-norm): deep stacks of it need a
warmup of the learning rate. The network gets h, to which attention has been added already: it is
the second step, and no second branch of the first one.

In practice one takes `GPT2Block` of Hugging Face's transformers, or writes this class, as nanoGPT
does. `torch.nn.TransformerEncoderLayer(norm_first=True)` is wired in the same way, with other
names. `F.scaled_dot_product_attention` with `is_causal=True` may be used here, too: it makes no
table of all scores.
"""

import torch

HINTS = (
    "Two lines: what is added to x, and what is added to the sum? What does each of them read?",
    "`attn.c_attn` makes all queries, then all keys, then all values: 3·dim features side by side.",
    "(B, T, dim) becomes (B, num_heads, T, D) by a view to (B, T, num_heads, D) and a transpose.",
    "`nn.GELU(approximate='tanh')` is the tanh form; the default is another one.",
    "Names with a dot belong to modules in modules: `self.mlp = nn.ModuleDict({...})` makes one.",
)


class TransformerBlock(torch.nn.Module):
    """A block of GPT-2: h + mlp(ln_2(h)), where h = x + attn(ln_1(x)).

    All of torch's layers and functions may be used, `scaled_dot_product_attention` too.
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        """Make the parameters: two LayerNorms, and four linear layers that have a bias.

        A linear layer computes x·Wᵀ + b. These are the names in the state_dict, and the shapes:

            ln_1.weight, ln_1.bias                  (dim,) each
            attn.c_attn.weight, attn.c_attn.bias    (3·dim, dim) and (3·dim,)
            attn.c_proj.weight, attn.c_proj.bias    (dim, dim) and (dim,)
            ln_2.weight, ln_2.bias                  (dim,) each
            mlp.c_fc.weight, mlp.c_fc.bias          (4·dim, dim) and (4·dim,)
            mlp.c_proj.weight, mlp.c_proj.bias      (dim, 4·dim) and (dim,)

        Args:
            dim: the number of features of each token, at least 1.
            num_heads: the number of heads, at least 1. It divides dim.

        Raises:
            ValueError: num_heads does not divide dim.

        Exactly:
            The weights of ln_1 and ln_2 are 1 at first, and their biases 0. The linear layers may
            begin with any finite numbers, such as those of `nn.Linear`; whatever is drawn comes
            from torch's global generator.

            The parameters are float32 and require grad. There are no others, no one is another
            under a second name, and the state_dict has just these keys. A buffer that is not in
            the state_dict, such as a mask, is up to you.
        """
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"{num_heads} heads cannot share {dim} features evenly.")
        self.num_heads = num_heads
        self.ln_1 = torch.nn.LayerNorm(dim)
        self.attn = torch.nn.ModuleDict(
            {"c_attn": torch.nn.Linear(dim, 3 * dim), "c_proj": torch.nn.Linear(dim, dim)}
        )
        self.ln_2 = torch.nn.LayerNorm(dim)
        self.mlp = torch.nn.ModuleDict(
            {"c_fc": torch.nn.Linear(dim, 4 * dim), "c_proj": torch.nn.Linear(4 * dim, dim)}
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """h + mlp(ln_2(h)), where h = x + attn(ln_1(x)).

        ln_1 and ln_2 are LayerNorms over the last dimension, with eps 1e-5: (x - mean) /
        sqrt(variance + eps) · weight + bias, with the variance that divides by dim.

        attn: c_attn makes 3·dim features of each token. The first dim are its queries, the next
        dim its keys, the last dim its values. Head h has the h-th block of dim / num_heads features
        of each of the three. In a head each token sees itself and the tokens before it: its weights
        are the softmax over these of q·k / sqrt(dim / num_heads), and it gets the weighted sum of
        their values. The results of the heads are put side by side again, in their order, and go
        through c_proj.

        mlp: c_proj(gelu(c_fc(x))), with the tanh form of GELU:
        gelu(z) = z / 2 · (1 + tanh(sqrt(2 / pi) · (z + 0.044715·z³))).

        Args:
            x: shape (B, T, dim), all sizes at least 1, any strides, of the dtype of the
                parameters: float32, or float64 after `double()`. It stays as it is.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x and all parameters, also
            if one of them alone requires grad.

        Exactly:
            Later tokens change nothing for a token, whatever finite numbers they hold, and their
            gradient from it is exactly 0.

            The result and its gradients may be off by this part of their largest number, or of 1
            if that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up
            to 10,000 in size. Where a token sees scores beyond 100 in size, 1 % is enough for the
            result, and gradients need only be finite.

            T may be another one at each call. There is no dropout: train and eval mode give the
            same. Each call uses the parameters that the block holds then, whether they were
            trained, loaded, moved or converted. They stay as they are.
        """
        batch, length, dim = x.shape
        features = self.attn["c_attn"](self.ln_1(x))
        q, k, v = features.view(batch, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        sees = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        scores = q @ k.mT * q.shape[-1] ** -0.5
        mixed = scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v
        h = x + self.attn["c_proj"](mixed.transpose(1, 2).reshape(batch, length, dim))
        inner = torch.nn.functional.gelu(self.mlp["c_fc"](self.ln_2(h)), approximate="tanh")
        return h + self.mlp["c_proj"](inner)
