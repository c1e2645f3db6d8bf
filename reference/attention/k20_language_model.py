"""Build GPT-2: two tables, a stack of blocks, a last norm, and the first table once more.

The logits are products with the rows of `wte`. With numbers of deviation 0.02 in it they are near 0
at first, all tokens are about equally likely, and the first loss is near ln vocab_size. With those
of `nn.Embedding`, deviation 1, it would be many times that. Each block adds twice to x: with
smaller numbers in `c_proj`, x does not grow with the number of blocks.

`self.lm_head.weight = self.wte.weight` gives one Parameter two names (layers/k17). The targets are
shifted already: targets[b, t] is the token that follows tokens[b, t], as a data loader gives it
(training/k04). Hugging Face's models shift by themselves; to do both trains a model to guess the
token after the next.

In practice one takes `GPT2LMHeadModel` of Hugging Face's transformers, or writes this class, as
nanoGPT does.
"""

import torch

HINTS = (
    "Which row of wpe does place t get, and how does a row of wpe add to each of a batch?",
    "What stands between the last block and the products with wte?",
    "A loop over `self.named_parameters()` can draw all numbers anew: what tells a bias, a norm?",
    "One Parameter under two names: `self.lm_head.weight = self.wte.weight`.",
    "`F.cross_entropy` takes (rows, classes) and (rows,), and leaves targets of -100 out.",
)


class _Block(torch.nn.Module):
    # The block of k16, finished. You can use it as it is, or put your own in its place.

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
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
        batch, length, dim = x.shape
        features = self.attn["c_attn"](self.ln_1(x))
        q, k, v = features.view(batch, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn["c_proj"](mixed.transpose(1, 2).reshape(batch, length, dim))
        inner = torch.nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](inner)


class LanguageModel(torch.nn.Module):
    """GPT-2: lm_head(ln_f(h(wte[tokens] + wpe[places]))), where h is a stack of blocks.

    `_Block` above is the block of attention/k16, finished: the parameters of block n are named
    `h.n.` and what they are called there. It is not judged how you make a block, so you can put
    your own in its place. All of torch's layers and functions may be used.
    """

    def __init__(
        self, vocab_size: int, max_length: int, dim: int, num_layers: int, num_heads: int
    ) -> None:
        """Make the parameters, under these names in the state_dict:

            wte.weight                  (vocab_size, dim): a row for each token
            wpe.weight                  (max_length, dim): a row for each place
            h.0.ln_1.weight, ...        the 12 parameters of each block, h.0 to h.(num_layers - 1)
            ln_f.weight, ln_f.bias      (dim,) each: the last LayerNorm
            lm_head.weight              the very Parameter `wte.weight`; there is no bias

        All are drawn from normal distributions with mean 0, each number for itself. The standard
        deviation is 0.02 in wte, in wpe and in the weights of the linear layers, but for those that
        end a half of a block: `attn.c_proj.weight` and `mlp.c_proj.weight` have
        0.02 / sqrt(2·num_layers). All biases are 0; the weights of LayerNorms are 1.

        Args:
            vocab_size: the number of tokens, at least 2.
            max_length: the number of places, at least 1.
            dim: the number of features of each token. num_heads divides it.
            num_layers: the number of blocks, at least 1.
            num_heads: the number of heads in each block, at least 1.

        Exactly:
            The parameters are float32 and require grad. There are no others, and the state_dict has
            just these keys, in any order. `wte.weight` and `lm_head.weight` stand for one object
            also after `to`, `double`, `copy.deepcopy` and `load_state_dict`, as these are called in
            general; no other two names do. What is loaded has equal numbers under both names, or,
            with `strict=False`, one of the names alone; then the other name has its numbers too. A
            buffer that is not in the state_dict is up to you.

            The numbers come from torch's global generator: two models differ, and after the same
            `torch.manual_seed` they are equal.
        """
        super().__init__()
        self.wte = torch.nn.Embedding(vocab_size, dim)
        self.wpe = torch.nn.Embedding(max_length, dim)
        self.h = torch.nn.ModuleList(_Block(dim, num_heads) for _ in range(num_layers))
        self.ln_f = torch.nn.LayerNorm(dim)
        self.lm_head = torch.nn.Linear(dim, vocab_size, bias=False)
        self.lm_head.weight = self.wte.weight
        for name, one in self.named_parameters():
            if name.endswith(".bias"):
                torch.nn.init.zeros_(one)
            elif one.dim() == 2:
                share = (2 * num_layers) ** -0.5 if name.endswith("c_proj.weight") else 1.0
                torch.nn.init.normal_(one, std=0.02 * share)

    def forward(
        self, tokens: torch.Tensor, targets: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The logits of the next token at each place, and the loss if there are targets.

        x is wte.weight[tokens], with wpe.weight[t] added at place t, from 0 to T - 1. It goes
        through h.0, then h.1 and so on, and through ln_f (eps 1e-5). The logits are x·Wᵀ, where W
        is `lm_head.weight`. The blocks are causal: the logits at t depend on tokens 0 to t alone.

        The loss is the mean cross-entropy over places: -log softmax(logits[b, t])[targets[b, t]].
        The targets are shifted already: targets[b, t] is the token that comes after tokens[b, t].
        Places where the target is -100 are left out, of the sum and of the count.

        Args:
            tokens: int64, shape (B, T), any strides, from 0 to vocab_size - 1; B is at least 1, T
                is from 1 to max_length. It stays as it is.
            targets: int64, shape (B, T), contiguous, on the device of tokens, from 0 to
                vocab_size - 1 or -100; at least one is not -100. It stays as it is. None: there is
                no loss.

        Returns:
            A tuple (logits, loss). logits is a new tensor of shape (B, T, vocab_size), with the
            numbers of all places, whether there are targets or not. loss is a 0-d tensor, or None
            if targets is None. Both have the dtype of the parameters: float32, or float64 after
            `double()`. Gradients reach all parameters, from logits and from loss, also if one of
            the parameters alone requires grad. That of wte.weight is the sum over both its uses.

        Raises:
            ValueError: T is larger than max_length.

        Exactly:
            Later tokens change nothing in the logits of a place, and the gradient of rows of wpe
            that belong to later places is exactly 0 from there.

            Results and gradients may be off by this part of their largest number, or of 1 if that
            is larger: 1e-4 in float32, 1e-9 in float64. Scores in attention are up to 100 in size.
            Logits may be up to 10,000 in size: loss and gradients are right then, not inf or NaN.

            T may be another one at each call. There is no dropout: train and eval mode give the
            same. Each call uses the parameters that the model holds then, whether they were
            trained, loaded, moved, converted, or exchanged under both names of one. They stay as
            they are.
        """
        length = tokens.shape[1]
        if length > len(self.wpe.weight):
            raise ValueError(f"{length} tokens are too many for {len(self.wpe.weight)} places.")
        x = self.wte(tokens) + self.wpe.weight[:length]
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        if targets is None:
            return logits, None
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss
