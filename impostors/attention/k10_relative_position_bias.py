"""Wrong and right answers to attention/k10_relative_position_bias."""

import math

import torch
from torch import nn

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the modules below share: they differ from it in one place."""

    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__()
        self.num_buckets, self.max_distance = num_buckets, max_distance
        self.bidirectional = bidirectional
        self.weight = nn.Parameter(torch.randn(num_buckets, num_heads))

    def relative(self, q_len, k_len):
        keys = torch.arange(k_len, device=self.weight.device)
        queries = torch.arange(k_len - q_len, k_len, device=self.weight.device)
        return keys - queries[:, None]

    def size(self):
        return self.num_buckets // 2 if self.bidirectional else self.num_buckets

    def first(self, relative):
        return (relative > 0) * self.size() if self.bidirectional else 0

    def distance(self, relative):
        return relative.abs() if self.bidirectional else (-relative).clamp(min=0)

    def near(self):
        return self.size() // 2

    def share(self, distance):
        near = self.near()
        ratio = distance.clamp(min=near).double() / near
        return ratio.log() / math.log(self.max_distance / near)

    def rounded(self, far):
        return far.floor().long()

    def limited(self, far):
        return far.clamp(max=self.size() - 1)

    def buckets(self, relative):
        near, distance = self.near(), self.distance(relative)
        far = near + self.rounded(self.share(distance) * (self.size() - near))
        return self.first(relative) + torch.where(distance < near, distance, self.limited(far))

    def rows(self, buckets):
        return self.weight[buckets]

    def forward(self, q_len, k_len):
        return self.rows(self.buckets(self.relative(q_len, k_len))).permute(2, 0, 1)


class Keeping(Sound):
    """Keeps the buckets of a call under a key, in a dict of its own."""

    kept = None

    def forward(self, q_len, k_len):
        if self.kept is None:
            self.kept = {}
        key = self.key(q_len, k_len)
        if key not in self.kept:
            self.kept[key] = self.buckets(self.relative(q_len, k_len))
        return self.rows(self.kept[key].to(self.weight.device)).permute(2, 0, 1)


@impostor(
    "RelativePositionBias",
    diagnosis="The buckets of the first call are kept, and stand for all other lengths.",
    aspect="shape",
)
class KeepsTheFirstBuckets(Keeping):
    def key(self, q_len, k_len):
        return "first"


@impostor(
    "RelativePositionBias",
    diagnosis="The buckets are kept by the number of keys alone, whatever that of queries is.",
    aspect="shape",
)
class KeepsBucketsByKeys(Keeping):
    def key(self, q_len, k_len):
        return k_len


SHARED = {}


@impostor(
    "RelativePositionBias",
    diagnosis="All modules share the buckets that are kept, though their options differ.",
    aspect="values",
)
class SharesWhatIsKept(Keeping):
    kept = SHARED

    def key(self, q_len, k_len):
        return q_len, k_len


@alternative("RelativePositionBias")
class KeepsBucketsByBoth(Keeping):
    def key(self, q_len, k_len):
        return q_len, k_len


@impostor(
    "RelativePositionBias",
    diagnosis="r is the position of the query minus that of the key: left and right are exchanged.",
    aspect="values",
)
class TurnsTheSign(Sound):
    def relative(self, q_len, k_len):
        return -super().relative(q_len, k_len)


@impostor(
    "RelativePositionBias",
    diagnosis="Query i is taken for position i: right only where there are as many queries as"
    " keys.",
    aspect="values",
)
class BeginsWithQueryZero(Sound):
    def relative(self, q_len, k_len):
        return super().relative(q_len, k_len) + k_len - q_len


@impostor(
    "RelativePositionBias",
    diagnosis="The minimum is missing: a key beyond max_distance has a bucket after the last one.",
    aspect="shape",
)
class HasNoLimit(Sound):
    def limited(self, far):
        return far


@impostor(
    "RelativePositionBias",
    diagnosis="Only one direction is meant, and keys after the query get the buckets of those"
    " before it.",
    aspect="values",
)
class TakesTheAbsoluteDistance(Sound):
    def distance(self, relative):
        return relative.abs()


@impostor(
    "RelativePositionBias",
    diagnosis="Keys after the query have negative distances in one direction, which index from"
    " the end of the table.",
    aspect="values",
)
class ForgetsToClamp(Sound):
    def distance(self, relative):
        return relative.abs() if self.bidirectional else -relative


@impostor(
    "RelativePositionBias",
    diagnosis="The result of the lookup is returned as it is, with the heads last.",
    aspect="shape",
)
class LeavesTheHeadsLast(Sound):
    def forward(self, q_len, k_len):
        return super().forward(q_len, k_len).permute(1, 2, 0)


@impostor(
    "RelativePositionBias",
    diagnosis="A dimension for the batch is added, as in transformers; the kata has none.",
    aspect="shape",
)
class AddsABatch(Sound):
    def forward(self, q_len, k_len):
        return super().forward(q_len, k_len).unsqueeze(0)


@impostor(
    "RelativePositionBias",
    diagnosis="`>=` puts the query's own position into the half of the keys after it.",
    aspect="values",
)
class CountsItselfAsBehind(Sound):
    def first(self, relative):
        return super().first(relative + 1)


@impostor(
    "RelativePositionBias",
    diagnosis="Both directions share one half of the table: nothing is added for keys after the"
    " query.",
    aspect="values",
)
class AddsNothingForKeysBehind(Sound):
    def first(self, relative):
        return 0


@impostor(
    "RelativePositionBias",
    diagnosis="bidirectional is not looked at: False gives what True gives.",
    aspect="values",
)
class IsAlwaysBidirectional(Sound):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_heads, num_buckets, max_distance)


@impostor(
    "RelativePositionBias",
    diagnosis="max_distance is not used: it stays 128.",
    aspect="values",
)
class HasItsOwnMaxDistance(Sound):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_heads, num_buckets, 128, bidirectional)


@impostor(
    "RelativePositionBias",
    diagnosis="Far distances are clipped as in Shaw's bias, each with a bucket of its own until"
    " the last one.",
    aspect="values",
)
class ClipsTheDistance(Sound):
    def buckets(self, relative):
        return self.first(relative) + self.limited(self.distance(relative))


@impostor(
    "RelativePositionBias",
    diagnosis="`round` takes the nearest whole number; a bucket begins where its share is reached.",
    aspect="values",
)
class RoundsToTheNearest(Sound):
    def rounded(self, far):
        return far.round().long()


@impostor(
    "RelativePositionBias",
    diagnosis="The logarithm is divided by ln(max_distance), without the e in it.",
    aspect="values",
)
class DividesByTheWrongLogarithm(Sound):
    def share(self, distance):
        near = self.near()
        return (distance.clamp(min=near) / near).log() / math.log(self.max_distance)


@impostor(
    "RelativePositionBias",
    diagnosis="The table is an nn.Embedding inside, so that its name in the state_dict has another"
    " name before it.",
    aspect="type",
)
class HasAnEmbeddingInside(Sound):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_heads, num_buckets, max_distance, bidirectional)
        del self.weight
        self.relative_attention_bias = nn.Embedding(num_buckets, num_heads)

    def rows(self, buckets):
        return self.relative_attention_bias(buckets)


@impostor(
    "RelativePositionBias",
    diagnosis="The weight has a row for each head; it should have one for each bucket.",
    aspect="type",
)
class HasARowForEachHead(Sound):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_heads, num_buckets, max_distance, bidirectional)
        self.weight = nn.Parameter(torch.zeros(num_heads, num_buckets))

    def rows(self, buckets):
        return self.weight.T[buckets]


@impostor(
    "RelativePositionBias",
    diagnosis="The weight is read as .data, and learns nothing.",
    aspect="values",
)
class ReadsTheData(Sound):
    def rows(self, buckets):
        return self.weight.data[buckets]


@impostor(
    "RelativePositionBias",
    diagnosis="padding_idx=0 keeps the gradient from bucket 0, which is a bucket like all others.",
    aspect="gradient",
)
class HasPadding(Sound):
    def rows(self, buckets):
        return nn.functional.embedding(buckets, self.weight, padding_idx=0)


@alternative("RelativePositionBias")
class AnEmbedding(nn.Embedding):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_buckets, num_heads)
        self.max_distance, self.bidirectional = max_distance, bidirectional

    def forward(self, q_len, k_len):
        device = self.weight.device
        context = torch.arange(k_len, dtype=torch.long, device=device)[:, None]
        memory = torch.arange(k_len, dtype=torch.long, device=device)[None, :]
        relative = (memory - context)[-q_len:]
        buckets, count = 0, self.num_embeddings
        if self.bidirectional:
            count //= 2
            buckets = (relative > 0).to(torch.long) * count
            relative = torch.abs(relative)
        else:
            relative = -torch.min(relative, torch.zeros_like(relative))
        exact = count // 2
        ratio = torch.log(relative.float() / exact) / math.log(self.max_distance / exact)
        large = exact + (ratio * (count - exact)).to(torch.long)
        large = torch.min(large, torch.full_like(large, count - 1))
        buckets = buckets + torch.where(relative < exact, relative, large)
        return super().forward(buckets).permute([2, 0, 1])


@alternative("RelativePositionBias")
class ByOneHot(Sound):
    def rows(self, buckets):
        chosen = nn.functional.one_hot(buckets, self.num_buckets).to(self.weight.dtype)
        return chosen @ self.weight


@alternative("RelativePositionBias")
class DistanceByDistance(Sound):
    def bucket(self, r):
        size, near = self.size(), self.near()
        d = abs(r) if self.bidirectional else max(-r, 0)
        first = size if self.bidirectional and r > 0 else 0
        if d < near:
            return first + d
        share = math.log(d / near) / math.log(self.max_distance / near)
        return first + min(size - 1, near + int((size - near) * share))

    def forward(self, q_len, k_len):
        table = torch.tensor([self.bucket(r) for r in range(1 - k_len, q_len)])
        line = self.weight.index_select(0, table.to(self.weight.device)).T
        windows = [line[:, q_len - 1 - i : q_len - 1 - i + k_len] for i in range(q_len)]
        return torch.stack(windows, 1)


@alternative("RelativePositionBias")
class ByBorders(Sound):
    def __init__(self, num_heads, num_buckets=32, max_distance=128, bidirectional=True):
        super().__init__(num_heads, num_buckets, max_distance, bidirectional)
        size, near = self.size(), self.near()
        steps = torch.arange(size - near, dtype=torch.float64) / (size - near)
        far = near * (max_distance / near) ** steps
        borders = torch.cat((torch.arange(1, near, dtype=torch.float64), far))
        self.register_buffer("borders", borders, persistent=False)

    def buckets(self, relative):
        distance = self.distance(relative)
        borders = self.borders.to(torch.float64)
        found = torch.bucketize(distance.double() + 1e-9, borders, right=True)
        return self.first(relative) + found
