"""Learn a bias for each distance between tokens, with one bias for many far distances: T5's way.

T5 adds no embedding of positions. A number is added to each score of attention, which depends on
the head and on how far the key is from the query. Near distances have a number each; far ones share
it, so that a table of 32 rows is enough. Hugging Face's T5 computes this in `compute_bias`.

    bias = RelativePositionBias(1, num_buckets=8, max_distance=20)    # weight: shape (8, 1)
    with the weight [[0.], [1.], [2.], [3.], [4.], [5.], [6.], [7.]], which shows the buckets:
    bias(2, 5)    ->  [[[2., 2., 1., 0., 5.], [2., 2., 2., 1., 0.]]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
