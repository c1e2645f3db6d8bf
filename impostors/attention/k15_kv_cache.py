"""Wrong and right answers to attention/k15_kv_cache."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound:
    """What most of the caches below share: they differ from it in one place."""

    def __init__(
        self,
        batch_size,
        num_heads,
        max_length,
        head_dim,
        dtype=torch.float32,
        device="cpu",
    ):
        self.sizes = batch_size, num_heads, max_length, head_dim
        self.keys = torch.zeros(self.sizes, dtype=dtype, device=device)
        self.values = torch.zeros(self.sizes, dtype=dtype, device=device)
        self.length = 0

    def check(self, k, v):
        batch_size, num_heads, max_length, head_dim = self.sizes
        if k.shape != v.shape or k.ndim != 4:
            raise ValueError("k and v differ")
        if k.shape != (batch_size, num_heads, k.shape[2], head_dim):
            raise ValueError("a wrong shape")
        if self.length + k.shape[2] > max_length:
            raise ValueError("no room")

    def write(self, k, v):
        end = self.length + k.shape[2]
        with torch.no_grad():
            self.keys[:, :, self.length : end] = k
            self.values[:, :, self.length : end] = v
        self.length = end

    def views(self):
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def append(self, k, v):
        self.check(k, v)
        self.write(k, v)
        return self.views()


def attend(q, keys, values, sees):
    """Attention of queries to the keys that they see."""
    scores = q @ keys.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.masked_fill(~sees, -torch.inf).softmax(-1) @ values


def triangle(new, count, device, offset=0):
    """Which of count keys each of new queries sees, if these stand at the last places."""
    return torch.ones(new, count, dtype=torch.bool, device=device).tril(count - new + offset)


@impostor(
    "KVCache",
    diagnosis="The cache grows by `cat`: each step makes new memory and copies all that was there.",
    aspect="shape",
)
class Grows(Sound):
    def __init__(self, *sizes, dtype=torch.float32, device="cpu"):
        sizes, rest = sizes[:4], sizes[4:]
        super().__init__(*sizes, *(rest or (dtype, device)))
        self.keys, self.values = self.keys[:, :, :0], self.values[:, :, :0]

    def write(self, k, v):
        self.keys = torch.cat([self.keys, k.detach()], 2)
        self.values = torch.cat([self.values, v.detach()], 2)
        self.length += k.shape[2]


@impostor(
    "KVCache",
    diagnosis="All places have memory, but each step puts new tensors of that size in their stead.",
    aspect="memory",
)
class MakesNewMemory(Sound):
    def write(self, k, v):
        end = self.length + k.shape[2]
        rest = [one[:, :, end:] for one in (self.keys, self.values)]
        self.keys, self.values = (
            torch.cat([old, new.detach(), behind], 2)
            for old, new, behind in zip(self.views(), (k, v), rest, strict=True)
        )
        self.length = end


@impostor(
    "KVCache",
    diagnosis="append returns all places, those that were never written too.",
    aspect="shape",
)
class ReturnsAllPlaces(Sound):
    def views(self):
        return self.keys, self.values


@impostor(
    "KVCache",
    diagnosis="append returns the new tokens alone, not what was there before.",
    aspect="shape",
)
class ReturnsTheNewTokens(Sound):
    def append(self, k, v):
        start = self.length
        super().append(k, v)
        return self.keys[:, :, start : self.length], self.values[:, :, start : self.length]


@impostor(
    "KVCache",
    diagnosis="append returns copies of all that is there, at each step.",
    aspect="memory",
)
class ReturnsCopies(Sound):
    def views(self):
        return tuple(one.clone() for one in super().views())


@impostor(
    "KVCache",
    diagnosis="Tokens that fill all places at once are kept as the tensors that came: whoever"
    " writes into these writes into the cache.",
    aspect="memory",
)
class KeepsTheGivenTensors(Sound):
    def write(self, k, v):
        if k.shape == self.sizes:
            self.keys, self.values, self.length = k.detach(), v.detach(), k.shape[2]
        else:
            super().write(k, v)


@impostor(
    "KVCache",
    diagnosis="The tracked numbers are written with their graph: the cache requires grad then, and"
    " keeps the graphs of all steps.",
    aspect="memory",
)
class KeepsTheGraph(Sound):
    def write(self, k, v):
        end = self.length + k.shape[2]
        self.keys[:, :, self.length : end] = k
        self.values[:, :, self.length : end] = v
        self.length = end


@impostor(
    "KVCache",
    diagnosis="length counts the calls, not the tokens.",
    aspect="shape",
)
class CountsCalls(Sound):
    def write(self, k, v):
        before = self.length
        super().write(k, v)
        self.length = before + 1


@impostor(
    "KVCache",
    diagnosis="length grows before the room is looked at: after the error, tokens are counted that"
    " are not there.",
    aspect="errors",
)
class CountsBeforeTheError(Sound):
    def append(self, k, v):
        if k.ndim != 4 or k.shape != v.shape or k.shape[:2] != self.sizes[:2]:
            raise ValueError("a wrong shape")
        if k.shape[3] != self.sizes[3]:
            raise ValueError("a wrong size")
        start, self.length = self.length, self.length + k.shape[2]
        if self.length > self.sizes[2]:
            raise ValueError("no room")
        self.length = start
        self.write(k, v)
        return self.views()


@impostor(
    "KVCache",
    diagnosis="k is written before v is looked at.",
    aspect="errors",
)
class WritesKeysBeforeTheError(Sound):
    def append(self, k, v):
        self.check(k, k)
        with torch.no_grad():
            self.keys[:, :, self.length : self.length + k.shape[2]] = k
        self.check(k, v)
        self.write(k, v)
        return self.views()


@impostor(
    "KVCache",
    diagnosis="What torch can broadcast is taken: one head fills all of them.",
    aspect="errors",
)
class Broadcasts(Sound):
    def check(self, k, v):
        if self.length + k.shape[2] > self.sizes[2]:
            raise ValueError("no room")
        shape = (*self.sizes[:2], k.shape[2], self.sizes[3])
        try:
            k.expand(shape), v.expand(shape)
        except RuntimeError as error:
            raise ValueError("a wrong shape") from error


@impostor(
    "KVCache",
    diagnosis="When the cache is full, it begins at place 0 again and forgets the first tokens.",
    aspect="errors",
)
class BeginsAgain(Sound):
    def append(self, k, v):
        if k.ndim == 4 and self.length + k.shape[2] > self.sizes[2] >= k.shape[2]:
            self.length = 0
        return super().append(k, v)


@impostor(
    "KVCache",
    diagnosis="A shape or room that is wrong raises torch's RuntimeError, or nothing at all.",
    aspect="errors",
)
class RefusesNothing(Sound):
    def check(self, k, v):
        pass


@impostor(
    "KVCache",
    diagnosis="New tokens are put in front of those that are there.",
    aspect="values",
)
class PutsThemInFront(Sound):
    def write(self, k, v):
        end = self.length + k.shape[2]
        with torch.no_grad():
            for memory, new in ((self.keys, k), (self.values, v)):
                memory[:, :, :end] = torch.cat([new, memory[:, :, : self.length]], 2)
        self.length = end


@impostor(
    "KVCache",
    diagnosis="The memory is float32, whatever dtype is asked for.",
    aspect="values",
)
class IgnoresTheDtype(Sound):
    def __init__(self, *sizes, dtype=torch.float32, device="cpu"):
        device = sizes[5] if len(sizes) > 5 else device
        super().__init__(*sizes[:4], device=device)


MEMORY = {}


@impostor(
    "KVCache",
    diagnosis="The memory belongs to the class, so all caches of one size share it.",
    aspect="memory",
)
class SharesItsMemory(Sound):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        key = self.sizes, self.keys.dtype, self.keys.device
        self.keys, self.values = MEMORY.setdefault(key, (self.keys, self.values))


@impostor(
    "cached_attention",
    diagnosis="The triangle begins at the upper left, as torch's is_causal: in a later piece the"
    " first query sees the first key alone.",
    aspect="values",
)
def begins_at_the_upper_left(cache, q, k, v):
    keys, values = cache.append(k, v)
    return functional.scaled_dot_product_attention(q, keys, values, is_causal=True)


@impostor(
    "cached_attention",
    diagnosis="The queries attend to the whole memory: places that no token has filled take part.",
    aspect="values",
)
def attends_to_empty_places(cache, q, k, v):
    cache.append(k, v)
    places = torch.arange(cache.keys.shape[2], device=q.device)
    own = places[cache.length - q.shape[2] : cache.length, None]
    sees = (places <= own) | (places >= cache.length)
    return attend(q, cache.keys.nan_to_num(0), cache.values.nan_to_num(0), sees)


@impostor(
    "cached_attention",
    diagnosis="The whole memory is attended to, and what was never written is NaN.",
    aspect="values",
)
def multiplies_what_was_never_written(cache, q, k, v):
    cache.append(k, v)
    keys = torch.where(cache.keys.isnan(), 0, cache.keys)
    places = torch.arange(keys.shape[2], device=q.device)
    own = places[cache.length - q.shape[2] : cache.length, None]
    return attend(q, keys, cache.values, places <= own)


@impostor(
    "cached_attention",
    diagnosis="Later keys of a piece are seen: there is no triangle.",
    aspect="values",
)
def sees_the_whole_piece(cache, q, k, v):
    return functional.scaled_dot_product_attention(q, *cache.append(k, v))


@impostor(
    "cached_attention",
    diagnosis="The queries attend to the new tokens alone.",
    aspect="values",
)
def forgets_the_cache(cache, q, k, v):
    cache.append(k, v)
    return attend(q, k, v, triangle(q.shape[2], k.shape[2], q.device))


@impostor(
    "cached_attention",
    diagnosis="The queries attend before the new tokens are there, so that they do not see"
    " themselves.",
    aspect="values",
)
def attends_before_it_appends(cache, q, k, v):
    keys, values = cache.append(k, v)
    return attend(q, keys, values, triangle(q.shape[2], cache.length, q.device, -1)).nan_to_num(0)


@impostor(
    "cached_attention",
    diagnosis="The scores are not scaled.",
    aspect="values",
)
def does_not_scale(cache, q, k, v):
    keys, values = cache.append(k, v)
    sees = triangle(q.shape[2], cache.length, q.device)
    return attend(q * q.shape[-1] ** 0.5, keys, values, sees)


@impostor(
    "cached_attention",
    diagnosis="It appends nothing: the next call does not find these tokens.",
    aspect="values",
)
def appends_nothing(cache, q, k, v):
    length = cache.length
    keys, values = cache.append(k, v)
    result = attend(q, keys, values, triangle(q.shape[2], cache.length, q.device))
    cache.length = length
    return result


@impostor(
    "cached_attention",
    diagnosis="An error is caught, and the queries attend to what is there.",
    aspect="errors",
)
def goes_on_without_room(cache, q, k, v):
    try:
        keys, values = cache.append(k, v)
    except ValueError:
        return torch.zeros_like(q)
    return attend(q, keys, values, triangle(q.shape[2], cache.length, q.device))


@alternative("KVCache")
class WithTokensBeforeHeads:
    def __init__(self, batch_size, num_heads, max_length, head_dim, dtype=None, device="cpu"):
        shape = 2, batch_size, max_length, num_heads, head_dim
        dtype = torch.float32 if dtype is None else dtype
        self.memory = torch.zeros(shape, dtype=dtype, device=device)
        self.length = 0

    @property
    def keys(self):
        return self.memory[0].transpose(1, 2)

    @property
    def values(self):
        return self.memory[1].transpose(1, 2)

    @torch.no_grad()
    def append(self, k, v):
        *_, room, _, size = self.memory.shape
        room -= self.length
        right = [*self.keys.shape[:2], k.size(-2), size]
        if [*k.size()] != right or [*v.size()] != right or k.size(2) > room:
            raise ValueError(f"{right} expected, and room for {room}")
        for memory, new in ((self.keys, k), (self.values, v)):
            memory.narrow(2, self.length, k.size(2)).copy_(new)
        self.length += k.size(2)
        return self.keys.narrow(2, 0, self.length), self.values.narrow(2, 0, self.length)


@alternative("KVCache")
class AsAModule(nn.Module):
    def __init__(
        self,
        batch_size: int,
        num_heads: int,
        max_length: int,
        head_dim: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        shape = batch_size, num_heads, max_length, head_dim
        for name in ("keys", "values"):
            buffer = torch.full(shape, 3.0, dtype=dtype, device=device)
            self.register_buffer(name, buffer, persistent=False)
        self.length = 0

    def append(self, k, v):
        for one in (k, v):
            shape = list(self.keys.shape)
            shape[2] = k.shape[-2]
            if list(one.shape) != shape:
                raise ValueError("a wrong shape")
        places = torch.arange(self.length, self.length + k.shape[2], device=k.device)
        if len(places) > self.keys.shape[2] - self.length:
            raise ValueError("no room")
        self.keys.index_copy_(2, places, k.detach())
        self.values.index_copy_(2, places, v.detach())
        self.length = self.length + len(places)
        keys, values = (
            one.split_with_sizes([self.length, one.shape[2] - self.length], 2)[0]
            for one in (self.keys, self.values)
        )
        return keys, values


@alternative("cached_attention")
def by_torchs_own(cache, q, k, v):
    keys, values = cache.append(k, v)
    sees = triangle(q.shape[-2], cache.length, q.device)
    return functional.scaled_dot_product_attention(q, keys, values, attn_mask=sees)


@alternative("cached_attention")
def query_by_query(cache, q, k, v):
    before = cache.length
    keys, values = cache.append(k, v)
    rows = []
    for place in range(q.size(2)):
        seen = slice(0, before + place + 1)
        scores = (q[:, :, place, None] * keys[:, :, seen]).sum(-1) / q.size(-1) ** 0.5
        weights = torch.exp(scores - scores.logsumexp(-1, keepdim=True))
        rows.append(torch.einsum("bhk,bhke->bhe", weights, values[:, :, seen]))
    return torch.stack(rows, dim=2)


@alternative("cached_attention")
def appends_one_token_at_a_time(cache, q, k, v):
    free = cache.keys.shape[2] - cache.length
    if k.shape != q.shape or v.shape != q.shape or k.shape[2] > free:
        raise ValueError("it does not fit")
    results = []
    for one, *pair in zip(q.split(1, 2), k.split(1, 2), v.split(1, 2), strict=True):
        keys, values = cache.append(*pair)
        results.append(functional.scaled_dot_product_attention(one, keys, values))
    return torch.cat(results, 2)
