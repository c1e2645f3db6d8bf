"""Remember the keys and values of earlier tokens, so that each new token attends in one step.

A model that writes needs the keys and values of all earlier tokens at each step. They do not change
any more, so they are kept in memory that is large enough from the beginning, and each step adds its
own. `StaticCache` of Hugging Face's transformers and the cache of gpt-fast are made so; vLLM keeps
the same in pages.

    cache = KVCache(1, 1, 3, 1)                       # 1 sequence, 1 head, 3 places, size 1
    q = k = torch.zeros(1, 1, 1, 1)                   # equal scores: a mean of the values
    cached_attention(cache, q, k, torch.full((1, 1, 1, 1), 4.))    ->  [[[[4.]]]]
    cached_attention(cache, q, k, torch.full((1, 1, 1, 1), 8.))    ->  [[[[6.]]]]
    cache.length                                                   ->  2
    cache.values[0, 0, :2, 0]                                      ->  [4., 8.]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
