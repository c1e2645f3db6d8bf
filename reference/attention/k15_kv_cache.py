"""Remember the keys and values of earlier tokens, so that each new token attends in one step.

`torch.cat` would make new memory at each step, copy all that was there, and need both for a moment.
Memory of the full length is made once instead, and a step writes its own places alone. Assigning a
tracked tensor into it would make the cache part of that graph, and keep all graphs of all steps:
so the numbers are detached.

All is judged before anything is written. An assignment broadcasts: one head would fill all of them
without a word.

The new queries are the last places, so the triangle of the mask ends in the lower right corner.
With a single query it hides nothing.

In practice one takes `DynamicCache` or `StaticCache` of Hugging Face's transformers, and calls
`F.scaled_dot_product_attention` with what it gives; for many requests at once, vLLM.
"""

import torch

HINTS = (
    "The cache has all its memory from the beginning. Which places are the next ones?",
    "`self.keys[:, :, start:end] = k` writes into the memory that is there. Detach k first.",
    "Compare both shapes and the room before you write; assignments broadcast.",
    "T queries and `length` keys: which keys does the first of the new queries see?",
    "`torch.ones(T, length, dtype=torch.bool).tril(length - T)` says what is seen, as in k03.",
)


class KVCache:
    """Memory for the keys and values of max_length tokens, and how many of them are there.

    Attributes:
        keys, values: a tensor each, of shape (batch_size, num_heads, max_length, head_dim), of the
            given dtype and on the given device. The token that came first stands at place 0 of the
            third dimension. They lie in the same memory as long as the cache lives, and never
            require grad. What stands behind the first `length` places is up to you.
        length: how many tokens are there, a Python int; 0 in a new cache.

    Args:
        batch_size, num_heads, max_length, head_dim: ints, at least 1.
        dtype: float32, float64, float16 or bfloat16.
        device: a torch.device or its name.
    """

    def __init__(
        self,
        batch_size: int,
        num_heads: int,
        max_length: int,
        head_dim: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Make the memory; there are no tokens yet."""
        shape = (batch_size, num_heads, max_length, head_dim)
        self.keys = torch.empty(shape, dtype=dtype, device=device)
        self.values = torch.empty(shape, dtype=dtype, device=device)
        self.length = 0

    def append(self, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Copy the keys and values of T new tokens in, behind those that are there.

        `length` grows by T. The numbers are copied into the memory of `keys` and `values`: what
        happens to k and v later changes nothing in the cache.

        Args:
            k, v: shape (batch_size, num_heads, T, head_dim), the same T of at least 1 for both;
                the dtype and device of the cache, any strides. They stay as they are. They may
                require grad: the cache takes their numbers alone, and nothing of their graph.

        Returns:
            A tuple of two views, of the first `length` places of `keys` and of `values`, the new
            tokens among them. Their shape is (batch_size, num_heads, length, head_dim), and they
            do not require grad.

        Raises:
            ValueError: there is no room for T more tokens; or k or v has another shape, also one
                that would broadcast, such as (1, 1, T, head_dim), or another T than the other one.
                Then nothing has changed: neither `keys` nor `values` nor `length`. A later append
                that fits works as if nothing had happened.
        """
        batch_size, num_heads, max_length, head_dim = self.keys.shape
        tokens = k.shape[-2] if k.dim() == 4 else 0
        shape = (batch_size, num_heads, tokens, head_dim)
        if k.shape != shape or v.shape != shape:
            raise ValueError(f"k and v are {tuple(k.shape)} and {tuple(v.shape)}, not {shape}.")
        end = self.length + tokens
        if end > max_length:
            raise ValueError(f"There is room for {max_length} tokens, and not for {end}.")
        self.keys[:, :, self.length : end] = k.detach()
        self.values[:, :, self.length : end] = v.detach()
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]


def cached_attention(
    cache: KVCache, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
    """Append k and v to the cache, and let the queries of the same tokens attend to all of it.

    The T new tokens stand at the last T places of the cache, so query i of 0 to T - 1 sees all that
    was there before, and the new keys 0 to i: its own and those before it. The rest is as in k03:
    the scores are q·k / sqrt(head_dim), the softmax over the keys that a query sees makes weights
    of them, and the result is the weighted sum of their values.

    So a text may come in pieces of any size, one call for each: the results together are those of
    causal attention over the whole text. torch's own attention may be used.

    Args:
        cache: a KVCache of float32 or float64; any number of tokens are there already, none too.
        q, k, v: shape (batch_size, num_heads, T, head_dim), T at least 1; the dtype and device of
            the cache, any strides; they stay as they are.

    Returns:
        A new tensor of q's shape, dtype and device.

    Raises:
        ValueError: as append does; then nothing of the cache has changed.

    Exactly:
        Places behind `length` take no part. A later key or value changes nothing for an earlier
        query, whatever finite numbers it holds.

        The result may be off by this part of its largest number, or of 1 if that is larger: 1e-4 in
        float32, 1e-9 in float64. Scores, hidden ones too, may be up to 10,000 in size. Where a
        query sees scores beyond 100 in size, 1 % is enough.

        Gradients are not looked at, nor is whether the result is tracked where q, k or v is.
    """
    keys, values = cache.append(k, v)
    queries, size = q.shape[-2:]
    sees = torch.ones(queries, cache.length, dtype=torch.bool, device=q.device)
    scores = q @ keys.mT * size**-0.5
    scores = scores.masked_fill(~sees.tril(cache.length - queries), -torch.inf)
    return scores.softmax(-1) @ values
