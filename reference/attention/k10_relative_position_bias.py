"""Learn a bias for each distance between tokens, with one bias for many far distances: T5's way.

The nearer a token is, the more it matters at which distance it stands: "not" one word before means
something else than two words before, but 70 words before is as good as 80. So the widths of the
buckets grow like a logarithm. Beyond max_distance all is one bucket, and no text is too long.

`weight[buckets]` is a lookup; its backward adds up the gradients of all places that read a row.
What the bias is does not depend on the tokens, so T5 computes it once, in its first layer, and all
layers add the same.

In practice `T5Attention` of Hugging Face's transformers does this with an `nn.Embedding`, and one
hands the result to `F.scaled_dot_product_attention` as a float `attn_mask`. Swin's tables of biases
for images are looked up in the same way.
"""

import math

import torch

HINTS = (
    "First make r for all pairs: a row of key positions minus a column of query positions.",
    "Write the bucket of one distance in Python, then each line of it for a tensor.",
    "ln(0 / e) is -inf, and no index: `torch.where` computes both sides, so clamp d to e there.",
    "`weight[buckets]` has shape (Q, K, num_heads): which dimension comes first in the result?",
    "In the two-way case everything is done with n = num_buckets / 2, e too.",
)


class RelativePositionBias(torch.nn.Module):
    """A number for each head, query and key, which depends on the distance of query and key.

    Distances are sorted into buckets. The module holds a row of numbers for each bucket, a number
    for each head.
    """

    def __init__(
        self,
        num_heads: int,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
    ) -> None:
        """Make the parameter `weight`, of shape (num_buckets, num_heads).

        Args:
            num_heads: the number of heads, at least 1.
            num_buckets: how many buckets there are: an even number, at least 4 and less than
                max_distance.
            max_distance: the distance from which on all share the last bucket.
            bidirectional: True where a query looks at keys on both sides; half of the buckets are
                then for the keys after it.

        Exactly:
            weight is float32 and requires grad. It is the only parameter, and the state_dict holds
            nothing else. What it holds at first is up to you.
        """
        super().__init__()
        self.num_buckets, self.max_distance = num_buckets, max_distance
        self.bidirectional = bidirectional
        self.weight = torch.nn.Parameter(torch.randn(num_buckets, num_heads))

    def forward(self, q_len: int, k_len: int) -> torch.Tensor:
        """The bias of each head for q_len queries and k_len keys.

        Entry [h, i, j] is weight[bucket, h]. The queries stand at the last q_len of k_len
        positions: query i at k_len - q_len + i, key j at j. Let r be the position of the key minus
        that of the query. It gives the bucket in two steps.

        First, which buckets, and which distance d:

            bidirectional      n = num_buckets / 2 and d = |r|; n is added to the bucket where
                               r > 0, which is where the key comes after the query
            not bidirectional  n = num_buckets and d = max(-r, 0): keys after the query count as
                               its own position

        Then, with e = n // 2, the bucket is d itself where d < e: near distances have a bucket
        each. Where d >= e, it is

            min(n - 1, e + floor((n - e) · ln(d / e) / ln(max_distance / e)))

        so that each bucket is wider than the one before it.

        Args:
            q_len: Q, the number of queries, at least 1 and at most k_len.
            k_len: K, the number of keys.

        Returns:
            A new tensor of shape (num_heads, Q, K), of the dtype and on the device of weight.
            Gradients reach weight.

        Exactly:
            Where (n - e) · ln(d / e) / ln(max_distance / e) is within 0.00001 of a whole number,
            rounding decides on its floor, and either of the two buckets is right. But ln(1) is
            exactly 0: d = e always has the bucket e.

            Each call uses the weight that the module holds then, whether it was trained, loaded,
            moved, converted (`double()`), or exchanged. It stays as it is. In train and in eval
            mode the result is the same.
        """
        places = torch.arange(k_len, device=self.weight.device)
        relative = places - places[k_len - q_len :, None]
        if self.bidirectional:
            size, distance = self.num_buckets // 2, relative.abs()
            first = (relative > 0) * size
        else:
            size, distance, first = self.num_buckets, (-relative).clamp(min=0), 0
        exact = size // 2
        share = (distance.clamp(min=exact) / exact).log() / math.log(self.max_distance / exact)
        far = (exact + (share * (size - exact)).long()).clamp(max=size - 1)
        buckets = first + torch.where(distance < exact, distance, far)
        return self.weight[buckets].permute(2, 0, 1)
