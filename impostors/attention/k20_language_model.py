"""Wrong and right answers to attention/k20_language_model."""

import math

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Block(nn.Module):
    """GPT-2's block."""

    is_causal = True

    def __init__(self, dim, num_heads):
        super().__init__()
        self.heads = num_heads
        self.ln_1, self.ln_2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn, self.mlp = nn.ModuleDict(), nn.ModuleDict()
        self.attn["c_attn"], self.attn["c_proj"] = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp["c_fc"], self.mlp["c_proj"] = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        q, k, v = (
            one.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for one in self.attn["c_attn"](self.ln_1(x)).chunk(3, -1)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        x = x + self.attn["c_proj"](mixed.transpose(1, 2).flatten(2))
        inner = functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + self.mlp["c_proj"](inner)


class Sound(nn.Module):
    """What most of the models below share: they differ from it in one place."""

    Block = Block

    def __init__(self, vocab_size, max_length, dim, num_layers, num_heads):
        super().__init__()
        self.wte = nn.Embedding(vocab_size, dim)
        self.wpe = nn.Embedding(max_length, dim)
        self.h = nn.ModuleList([self.Block(dim, num_heads) for _ in range(num_layers)])
        self.ln_f = nn.LayerNorm(dim)
        self.lm_head = nn.Linear(dim, vocab_size, bias=False)
        self.tie()
        self.apply(self.draw)
        for name, one in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(one, std=self.deviation_of_ends(num_layers))

    def tie(self):
        self.lm_head.weight = self.wte.weight

    def deviation_of_ends(self, layers):
        return 0.02 / math.sqrt(2 * layers)

    def draw(self, part):
        if isinstance(part, (nn.Linear, nn.Embedding)):
            nn.init.normal_(part.weight, std=0.02)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)

    def check(self, tokens):
        if tokens.shape[1] > self.wpe.num_embeddings:
            raise ValueError("There are too many tokens.")

    def places(self, tokens):
        return torch.arange(tokens.shape[1], device=tokens.device)

    def start(self, tokens):
        return self.wte(tokens) + self.wpe(self.places(tokens))

    def run(self, x):
        for block in self.h:
            x = block(x)
        return self.ln_f(x)

    def head(self, x):
        return self.lm_head(x)

    def loss(self, logits, targets):
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def forward(self, tokens, targets=None):
        self.check(tokens)
        logits = self.head(self.run(self.start(tokens)))
        return logits, None if targets is None else self.loss(logits, targets)


@impostor(
    "LanguageModel",
    diagnosis="The targets are shifted once more, so the model learns the token after the next.",
    aspect="values",
)
class ShiftsOnceMore(Sound):
    def loss(self, logits, targets):
        return super().loss(logits[:, :-1], targets[:, 1:])


@impostor(
    "LanguageModel",
    diagnosis="The losses are divided by all places, also by those without a target.",
    aspect="values",
)
class CountsWhatIsLeftOut(Sound):
    def loss(self, logits, targets):
        rows, targets = logits.flatten(0, 1), targets.flatten()
        return functional.cross_entropy(rows, targets, reduction="sum") / targets.numel()


@impostor(
    "LanguageModel",
    diagnosis="The loss is a mean of the means of sequences, so a place in a short one"
    " counts more.",
    aspect="values",
)
class AveragesSequences(Sound):
    def loss(self, logits, targets):
        losses = functional.cross_entropy(logits.mT, targets, reduction="none")
        return (losses.sum(1) / (targets != -100).sum(1).clamp(min=1)).mean()


@impostor(
    "LanguageModel",
    diagnosis="The losses are added up; the loss is their mean.",
    aspect="values",
)
class AddsUpTheLosses(Sound):
    def loss(self, logits, targets):
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")


@impostor(
    "LanguageModel",
    diagnosis="A target of -100 is taken for token 0.",
    aspect="values",
)
class TakesTokenZero(Sound):
    def loss(self, logits, targets):
        return super().loss(logits, targets.clamp(min=0))


@impostor(
    "LanguageModel",
    diagnosis="cross_entropy gets probabilities, and takes their softmax once more.",
    aspect="values",
)
class TakesTheSoftmaxTwice(Sound):
    def loss(self, logits, targets):
        return super().loss(logits.softmax(-1), targets)


@impostor(
    "LanguageModel",
    diagnosis="The softmax comes before the log: where it is 0, the loss is inf.",
    aspect="values",
)
class TakesTheLogOfASoftmax(Sound):
    def loss(self, logits, targets):
        keep = targets != -100
        shares = logits.softmax(-1)[keep]
        return -shares.gather(1, targets[keep][:, None]).log().mean()


@impostor(
    "LanguageModel",
    diagnosis="wpe is made and never used: the model does not know the places of its tokens.",
    aspect="values",
)
class LeavesOutPositions(Sound):
    def start(self, tokens):
        return self.wte(tokens) + 0 * self.wpe.weight.sum()


@impostor(
    "LanguageModel",
    diagnosis="Places are counted from 1, and a full length finds no row.",
    aspect="values",
)
class CountsPlacesFromOne(Sound):
    def places(self, tokens):
        return super().places(tokens).add(1).clamp(max=self.wpe.num_embeddings - 1)


@impostor(
    "LanguageModel",
    diagnosis="The places are kept from the first call: a longer text has too few of them.",
    aspect="values",
)
class KeepsThePlaces(Sound):
    kept = None

    def places(self, tokens):
        if self.kept is None or self.kept.device != tokens.device:
            self.kept = super().places(tokens)
        return self.kept[..., : tokens.shape[1]]


@impostor(
    "LanguageModel",
    diagnosis="The rows of wpe are counted from its end.",
    aspect="values",
)
class TakesTheLastPlaces(Sound):
    def places(self, tokens):
        return super().places(tokens) + self.wpe.num_embeddings - tokens.shape[1]


@impostor(
    "LanguageModel",
    diagnosis="ln_f is left out: the blocks' sum goes to lm_head as it is.",
    aspect="values",
)
class LeavesOutTheLastNorm(Sound):
    def run(self, x):
        for block in self.h:
            x = block(x)
        return x + 0 * (self.ln_f.weight.sum() + self.ln_f.bias.sum())


@impostor(
    "LanguageModel",
    diagnosis="The blocks hide nothing: each place sees the token that it has to guess.",
    aspect="values",
)
class SeesAll(Sound):
    class Block(Block):
        is_causal = False


@impostor(
    "LanguageModel",
    diagnosis="The rows of wte are multiplied by sqrt(dim), as in the first transformer.",
    aspect="values",
)
class ScalesTheRows(Sound):
    def start(self, tokens):
        return self.wte(tokens) * self.wte.embedding_dim**0.5 + self.wpe(self.places(tokens))


@impostor(
    "LanguageModel",
    diagnosis="The blocks run in reverse order.",
    aspect="values",
)
class RunsTheBlocksBackwards(Sound):
    def run(self, x):
        for block in reversed(self.h):
            x = block(x)
        return self.ln_f(x)


@impostor(
    "LanguageModel",
    diagnosis="log_softmax is applied to the logits.",
    aspect="values",
)
class GivesLogProbabilities(Sound):
    def head(self, x):
        return super().head(x).log_softmax(-1)


@impostor(
    "LanguageModel",
    diagnosis="Without targets only the last place gets logits, as in nanoGPT; all places"
    " have them.",
    aspect="values",
)
class GivesTheLastPlaceAlone(Sound):
    def forward(self, tokens, targets=None):
        logits, loss = super().forward(tokens, targets)
        return (logits[:, [-1]] if targets is None else logits), loss


@impostor(
    "LanguageModel",
    diagnosis="Without targets the logits come back alone, and not in a tuple with None.",
    aspect="values",
)
class GivesLogitsAlone(Sound):
    def forward(self, tokens, targets=None):
        logits, loss = super().forward(tokens, targets)
        return logits if targets is None else (logits, loss)


@impostor(
    "LanguageModel",
    diagnosis="The loss comes first, as in Hugging Face's models; here the logits do.",
    aspect="shape",
)
class GivesTheLossFirst(Sound):
    def forward(self, tokens, targets=None):
        logits, loss = super().forward(tokens, targets)
        return (logits, None) if loss is None else (loss, logits)


@impostor(
    "LanguageModel",
    diagnosis="lm_head gets a copy of wte: from the first step on, the two differ.",
    aspect="type",
)
class TiesByCopying(Sound):
    def tie(self):
        self.lm_head.weight = nn.Parameter(self.wte.weight.detach().clone())


@impostor(
    "LanguageModel",
    diagnosis="lm_head has a bias.",
    aspect="type",
)
class HasABiasInTheHead(Sound):
    def tie(self):
        self.lm_head.bias = nn.Parameter(torch.zeros(self.wte.num_embeddings))
        super().tie()


@impostor(
    "LanguageModel",
    diagnosis="The rows of wte are detached after the lookup, so they learn from the logits alone.",
    aspect="gradient",
)
class DetachesTheLookup(Sound):
    def start(self, tokens):
        return self.wte(tokens).detach() + self.wpe(self.places(tokens))


@impostor(
    "LanguageModel",
    diagnosis="The tables keep the numbers of `nn.Embedding`, whose deviation is 1: the"
    " first loss is far above ln V.",
    aspect="values",
)
class KeepsTheNumbersOfTorch(Sound):
    def draw(self, part):
        if isinstance(part, nn.Linear) and part is not self.lm_head:
            super().draw(part)


@impostor(
    "LanguageModel",
    diagnosis="Both c_proj of a block have the deviation 0.02, so x grows with the number of"
    " blocks.",
    aspect="values",
)
class DrawsAllAlike(Sound):
    def deviation_of_ends(self, layers):
        return 0.02


@impostor(
    "LanguageModel",
    diagnosis="The deviation of c_proj is 0.02 / sqrt(num_layers); each block adds twice to x.",
    aspect="values",
)
class CountsLayersOnce(Sound):
    def deviation_of_ends(self, layers):
        return 0.02 / math.sqrt(layers)


@impostor(
    "LanguageModel",
    diagnosis="The linear layers keep the biases of `nn.Linear`; they begin with 0.",
    aspect="values",
)
class KeepsTheBiasesOfTorch(Sound):
    def draw(self, part):
        if isinstance(part, (nn.Linear, nn.Embedding)):
            nn.init.normal_(part.weight, std=0.02)


@impostor(
    "LanguageModel",
    diagnosis="More tokens than places are not refused: the last row of wpe stands for all"
    " later places.",
    aspect="errors",
)
class TakesAnyLength(Sound):
    def check(self, tokens):
        pass

    def places(self, tokens):
        return super().places(tokens).clamp(max=self.wpe.num_embeddings - 1)


@impostor(
    "LanguageModel",
    diagnosis="Too many tokens raise an AssertionError, as in nanoGPT; here it is a ValueError.",
    aspect="errors",
)
class RefusesWithAnAssertion(Sound):
    def check(self, tokens):
        assert tokens.shape[1] <= self.wpe.num_embeddings


class Trunk(nn.Module):
    """A sequence of blocks under the names "0", "1", ..."""

    def __init__(self, blocks):
        super().__init__()
        for n, one in enumerate(blocks):
            self.add_module(str(n), one)

    def forward(self, x):
        for one in self.children():
            x = one(x)
        return x


@alternative("LanguageModel")
class ByHand(Sound):
    def __init__(self, vocab_size, max_length, dim, num_layers, num_heads):
        super().__init__(vocab_size, max_length, dim, num_layers, num_heads)
        self.h = Trunk(self.h)

    def forward(self, tokens, targets=None):
        length, places = tokens.size(1), self.wpe.weight
        if length > places.size(0):
            raise ValueError(length)
        x = self.ln_f(self.h(self.wte.weight[tokens] + places.narrow(0, 0, length)[None]))
        logits = torch.einsum("btd,vd->btv", x, self.wte.weight)
        if targets is None:
            return logits, None
        keep = targets != -100
        logs = logits - logits.logsumexp(-1, keepdim=True)
        chosen = logs.gather(-1, targets.masked_fill(~keep, 0)[..., None])[..., 0]
        return logits, -(chosen * keep).sum() / keep.sum()


@alternative("LanguageModel")
class AsNanoGPT(nn.Module):
    def __init__(self, vocab_size, max_length, dim, num_layers, num_heads):
        super().__init__()
        self.block_size = max_length
        self.lm_head = nn.Linear(dim, vocab_size, bias=False)
        self.wte = nn.Embedding(vocab_size, dim)
        self.wpe = nn.Embedding(max_length, dim)
        self.drop = nn.Dropout(0.0)
        self.h = nn.ModuleList(Block(dim, num_heads) for _ in range(num_layers))
        self.ln_f = nn.LayerNorm(dim, eps=1e-5)
        self.wte.weight = self.lm_head.weight
        self.register_buffer("pos", torch.arange(max_length)[None], persistent=False)
        self.apply(self._init_weights)
        for name, p in self.named_parameters():
            if name.endswith("c_proj.weight"):
                torch.nn.init.normal_(p, mean=0.0, std=0.02 / math.sqrt(2 * num_layers))

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.02)

    def forward(self, idx, targets=None):
        _, t = idx.size()
        if t > self.block_size:
            raise ValueError(f"Cannot forward sequence of length {t}")
        x = self.drop(self.wte(idx) + self.wpe(self.pos[:, :t]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        if targets is None:
            return logits, None
        rows = logits.view(-1, logits.size(-1))
        return logits, functional.cross_entropy(rows, targets.view(-1), ignore_index=-100)


class Parts(nn.Module):
    """A module that only holds parameters, by their names."""

    def __init__(self, **parameters):
        super().__init__()
        for name, one in parameters.items():
            self.register_parameter(name, nn.Parameter(one))


def linear(inputs, outputs, deviation):
    return Parts(weight=deviation * torch.randn(outputs, inputs), bias=torch.zeros(outputs))


@alternative("LanguageModel")
class WithoutTorchsLayers(nn.Module):
    def __init__(self, vocab_size, max_length, dim, num_layers, num_heads):
        super().__init__()
        self.heads, last = num_heads, 0.02 * (2 * num_layers) ** -0.5
        self.wte = Parts(weight=0.02 * torch.randn(vocab_size, dim))
        self.lm_head = self.wte
        self.wpe = Parts(weight=torch.empty(max_length, dim).normal_(0, 0.02))
        self.ln_f = Parts(weight=torch.ones(dim), bias=torch.zeros(dim))
        self.h = nn.ModuleDict()
        for n in range(num_layers):
            self.h[str(n)] = one = nn.Module()
            one.ln_1 = Parts(weight=torch.ones(dim), bias=torch.zeros(dim))
            one.ln_2 = Parts(weight=torch.ones(dim), bias=torch.zeros(dim))
            one.attn, one.mlp = nn.Module(), nn.Module()
            one.attn.c_attn, one.attn.c_proj = linear(dim, 3 * dim, 0.02), linear(dim, dim, last)
            one.mlp.c_fc, one.mlp.c_proj = linear(dim, 4 * dim, 0.02), linear(4 * dim, dim, last)

    def norm(self, x, one):
        return functional.layer_norm(x, x.shape[-1:], one.weight, one.bias)

    def block(self, x, one):
        def through(x, layer):
            return x @ layer.weight.T + layer.bias

        length = x.shape[1]
        parts = through(self.norm(x, one.ln_1), one.attn.c_attn)
        q, k, v = parts.unflatten(-1, (3, self.heads, -1)).unbind(2)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(q.shape[-1])
        later = torch.ones(length, length, device=x.device).triu(1).bool()
        shares = scores.masked_fill(later, -torch.inf).softmax(-1)
        x = x + through(torch.einsum("bhqk,bkhd->bqhd", shares, v).flatten(2), one.attn.c_proj)
        z = through(self.norm(x, one.ln_2), one.mlp.c_fc)
        bent = 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
        return x + through(bent, one.mlp.c_proj)

    def forward(self, tokens, targets=None):
        length = tokens.shape[1]
        if length > self.wpe.weight.shape[0]:
            raise ValueError("too long")
        chosen = functional.one_hot(tokens, len(self.wte.weight)).to(self.wte.weight.dtype)
        x = chosen @ self.wte.weight + self.wpe.weight[:length]
        for one in self.h.values():
            x = self.block(x, one)
        logits = self.norm(x, self.ln_f) @ self.lm_head.weight.T
        if targets is None:
            return (logits, None)
        keep = targets.ne(-100)
        picked = logits[keep].log_softmax(-1)[torch.arange(int(keep.sum())), targets[keep]]
        return (logits, -picked.mean())
