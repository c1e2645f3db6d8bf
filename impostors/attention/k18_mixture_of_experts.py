"""Wrong and right answers to attention/k18_mixture_of_experts."""

import copy

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


class Sound(nn.Module):
    """What most of the mixtures below share: they differ from it in one place."""

    def __init__(self, dim, experts, top_k):
        super().__init__()
        self.check(experts, top_k)
        self.router = nn.Linear(dim, len(experts), bias=False)
        self.experts = nn.ModuleList(experts)
        self.top_k = top_k

    def check(self, experts, top_k):
        if top_k < 1 or top_k > len(experts):
            raise ValueError(top_k)

    def shares(self, scores):
        return scores.softmax(-1)

    def weights(self, values):
        return values / values.sum(-1, keepdim=True)

    def choices(self, chosen, p):
        """How many rows have chosen each expert."""
        return functional.one_hot(chosen, len(self.experts)).sum((0, 1)).to(p.dtype)

    def loss(self, p, chosen, weights):
        f = self.choices(chosen, p) / chosen.numel()
        return len(self.experts) * (f * p.mean(0)).sum()

    def mix(self, rows, weights, chosen):
        result = torch.zeros_like(rows)
        for number, expert in enumerate(self.experts):
            row, place = torch.where(chosen == number)
            if len(row):
                result = self.add(result, row, expert(rows[row]), weights[row, place, None])
        return result

    def add(self, result, row, part, weights):
        return result.index_add(0, row, part * weights)

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        p = self.shares(self.router(rows))
        values, chosen = p.topk(self.top_k, -1)
        weights = self.weights(values)
        result = self.mix(rows, weights, chosen).reshape(x.shape)
        return result, self.loss(p, chosen, weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="The p of the chosen experts are taken as they are, and do not add up to 1.",
    aspect="values",
)
class DividesByNothing(Sound):
    def weights(self, values):
        return values


@impostor(
    "MixtureOfExperts",
    diagnosis="In train mode noise is added to the scores; nothing is random here.",
    aspect="values",
)
class AddsNoiseToScores(Sound):
    def shares(self, scores):
        noise = 0.01 * torch.randn_like(scores) if self.training else 0.0
        return (scores + noise).softmax(-1)


@impostor(
    "MixtureOfExperts",
    diagnosis="A softmax of p is not p: softmax is taken of scores, once.",
    aspect="values",
)
class TakesSoftmaxTwice(Sound):
    def weights(self, values):
        return values.softmax(-1)


@impostor(
    "MixtureOfExperts",
    diagnosis="The results are not weighted: each expert that was chosen counts once.",
    aspect="values",
)
class AddsUnweighted(Sound):
    def weights(self, values):
        return torch.ones_like(values) + 0 * values


@impostor(
    "MixtureOfExperts",
    diagnosis="The input of an expert is multiplied by the weight, and not its result.",
    aspect="values",
)
class WeightsTheInput(Sound):
    def mix(self, rows, weights, chosen):
        result = torch.zeros_like(rows)
        for number, expert in enumerate(self.experts):
            row, place = torch.where(chosen == number)
            if len(row):
                result = result.index_add(0, row, expert(rows[row] * weights[row, place, None]))
        return result


@impostor(
    "MixtureOfExperts",
    diagnosis="`result[row] = part` overwrites what an earlier expert has made of the row.",
    aspect="values",
)
class Overwrites(Sound):
    def add(self, result, row, part, weights):
        result = result.clone()
        result[row] = part * weights
        return result


@impostor(
    "MixtureOfExperts",
    diagnosis="The softmax goes over the rows, the first dimension, and not over the experts.",
    aspect="values",
)
class TakesSoftmaxOverRows(Sound):
    def shares(self, scores):
        return scores.softmax(0)


@impostor(
    "MixtureOfExperts",
    diagnosis="The weights of a row are given to its experts in another order: of the experts, and"
    " not of the choice.",
    aspect="values",
)
class MixesUpTheWeights(Sound):
    def mix(self, rows, weights, chosen):
        return super().mix(rows, weights, chosen.sort(-1).values)


@impostor(
    "MixtureOfExperts",
    diagnosis="All experts take part, with their p: nothing is chosen.",
    aspect="values",
)
class ChoosesNothing(Sound):
    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        p = self.shares(self.router(rows))
        made = torch.stack([expert(rows) for expert in self.experts], -1)
        chosen = p.topk(self.top_k).indices
        return (made * p[:, None]).sum(-1).view(x.shape), self.loss(p, chosen, p)


@impostor(
    "MixtureOfExperts",
    diagnosis="All experts run for all rows, and what was not chosen is multiplied by 0: right"
    " numbers, at the cost of a network with all parameters.",
    aspect="cost",
)
class RunsAll(Sound):
    def mix(self, rows, weights, chosen):
        everyone = rows.new_zeros(len(rows), len(self.experts)).scatter(-1, chosen, weights)
        made = torch.stack([expert(rows) for expert in self.experts], -1)
        return (made * everyone[:, None]).sum(-1)


@impostor(
    "MixtureOfExperts",
    diagnosis="An expert that some row has chosen runs for all rows.",
    aspect="cost",
)
class RunsForAllRows(Sound):
    def mix(self, rows, weights, chosen):
        result = torch.zeros_like(rows)
        for number, expert in enumerate(self.experts):
            of_rows = (weights * (chosen == number)).sum(-1, keepdim=True)
            if (chosen == number).any():
                result = result + expert(rows) * of_rows
        return result


@impostor(
    "MixtureOfExperts",
    diagnosis="A loop goes over the rows, and calls an expert for each of them by itself.",
    aspect="cost",
)
class LoopsOverRows(Sound):
    def mix(self, rows, weights, chosen):
        results = []
        for row, own, numbers in zip(rows, weights, chosen.tolist(), strict=True):
            parts = [self.experts[number](row[None])[0] for number in numbers]
            results.append(sum(one * part for one, part in zip(own, parts, strict=True)))
        return torch.stack(results)


@impostor(
    "MixtureOfExperts",
    diagnosis="An expert has a capacity, and rows beyond it are dropped: they get less than all of"
    " their experts.",
    aspect="values",
)
class DropsRows(Sound):
    def mix(self, rows, weights, chosen):
        result = torch.zeros_like(rows)
        capacity = -(-chosen.numel() // len(self.experts))
        for number, expert in enumerate(self.experts):
            row, place = (one[:capacity] for one in torch.where(chosen == number))
            if len(row):
                result = result.index_add(0, row, expert(rows[row]) * weights[row, place, None])
        return result


@impostor(
    "MixtureOfExperts",
    diagnosis="The loss lacks the factor E: it is 1 / E where all experts are equally busy.",
    aspect="values",
)
class ForgetsTheFactor(Sound):
    def loss(self, p, chosen, weights):
        return super().loss(p, chosen, weights) / len(self.experts)


@impostor(
    "MixtureOfExperts",
    diagnosis="f is divided by the number of rows, and adds up to top_k.",
    aspect="values",
)
class DividesByRows(Sound):
    def loss(self, p, chosen, weights):
        return super().loss(p, chosen, weights) * self.top_k


@impostor(
    "MixtureOfExperts",
    diagnosis="P is the mean of the p of chosen experts: those of the others are counted as 0.",
    aspect="values",
)
class AveragesTheChosen(Sound):
    def loss(self, p, chosen, weights):
        of_chosen = p * functional.one_hot(chosen, p.shape[1]).sum(1)
        return super().loss(of_chosen, chosen, weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="P is the mean of the weights by which results are multiplied, not of p.",
    aspect="values",
)
class AveragesTheWeights(Sound):
    def loss(self, p, chosen, weights):
        of_all = torch.zeros_like(p).scatter(-1, chosen, weights)
        return super().loss(of_all, chosen, weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="f counts the first choice of each row alone, as for top_k = 1.",
    aspect="values",
)
class CountsTheFirstChoice(Sound):
    def loss(self, p, chosen, weights):
        return super().loss(p, chosen[:, :1], weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="A count is divided by a count, which gives float32, in float64 too.",
    aspect="values",
)
class DividesCounts(Sound):
    def loss(self, p, chosen, weights):
        f = torch.bincount(chosen.flatten(), minlength=p.shape[1]) / chosen.numel()
        return p.shape[1] * (f * p.mean(0)).sum()


@impostor(
    "MixtureOfExperts",
    diagnosis="The loss is a variance of the counts, which has no gradient.",
    aspect="values",
)
class TakesTheVariance(Sound):
    def loss(self, p, chosen, weights):
        return (self.choices(chosen, p) / chosen.numel()).var(correction=0) + 0 * p.sum()


@impostor(
    "MixtureOfExperts",
    diagnosis="The weights are detached: the router never learns which expert is good for a row.",
    aspect="gradient",
)
class DetachesTheWeights(Sound):
    def weights(self, values):
        return super().weights(values.detach())


@impostor(
    "MixtureOfExperts",
    diagnosis="The sum of the chosen p, by which they are divided, is a constant for autograd.",
    aspect="gradient",
)
class DetachesTheSum(Sound):
    def weights(self, values):
        return values / values.sum(-1, keepdim=True).detach()


@impostor(
    "MixtureOfExperts",
    diagnosis="P is detached: the loss has no gradient, and changes nothing in training.",
    aspect="values",
)
class DetachesTheLoss(Sound):
    def loss(self, p, chosen, weights):
        return super().loss(p.detach(), chosen, weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="The router sees the rows without their graph, so x gets no gradient by it.",
    aspect="gradient",
)
class RoutesDetachedRows(Sound):
    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        p = self.shares(self.router(rows.detach()))
        values, chosen = p.topk(self.top_k)
        weights = self.weights(values)
        return self.mix(rows, weights, chosen).view(x.shape), self.loss(p, chosen, weights)


@impostor(
    "MixtureOfExperts",
    diagnosis="The experts are copies: whoever trains the given modules trains other ones.",
    aspect="structure",
)
class CopiesTheExperts(Sound):
    def __init__(self, dim, experts, top_k):
        super().__init__(dim, [copy.deepcopy(one) for one in experts], top_k)


@impostor(
    "MixtureOfExperts",
    diagnosis="The experts stand in a plain list, which a module does not see.",
    aspect="type",
)
class KeepsAList(Sound):
    def __init__(self, dim, experts, top_k):
        super().__init__(dim, experts, top_k)
        del self.experts
        self.experts = list(experts)


@impostor(
    "MixtureOfExperts",
    diagnosis="The router has a bias.",
    aspect="type",
)
class HasABias(Sound):
    def __init__(self, dim, experts, top_k):
        super().__init__(dim, experts, top_k)
        self.router = nn.Linear(dim, len(experts))


@impostor(
    "MixtureOfExperts",
    diagnosis="Only the result is returned, and the loss is left in an attribute.",
    aspect="type",
)
class KeepsTheLoss(Sound):
    def forward(self, x):
        result, self.balance = super().forward(x)
        return result


@impostor(
    "MixtureOfExperts",
    diagnosis="top_k is cut to the number of experts, where it should be refused.",
    aspect="errors",
)
class CutsTopK(Sound):
    def __init__(self, dim, experts, top_k):
        super().__init__(dim, experts, max(1, min(top_k, len(experts))))


@impostor(
    "MixtureOfExperts",
    diagnosis="A top_k of 0 or less is not refused.",
    aspect="errors",
)
class TakesNone(Sound):
    def check(self, experts, top_k):
        if top_k > len(experts):
            raise ValueError(top_k)


@impostor(
    "MixtureOfExperts",
    diagnosis="x must have three dimensions: batch, tokens, features.",
    aspect="type",
)
class WantsThreeDimensions(Sound):
    def forward(self, x):
        _, _, dim = x.shape
        result, loss = super().forward(x.reshape(-1, dim))
        return result.view(x.shape), loss


@alternative("MixtureOfExperts")
class SlotBySlot(nn.Module):
    """Each place of the choice by itself; the weights are the softmax of the chosen scores."""

    def __init__(self, dim, experts, top_k):
        if top_k not in range(1, len(experts) + 1):
            raise ValueError("top_k")
        super().__init__()
        self.router = nn.Module()
        self.router.weight = nn.Parameter(torch.randn(len(experts), dim) * 0.02)
        self.experts = nn.Module()
        for number, expert in enumerate(experts):
            self.experts.add_module(str(number), expert)
        self.top_k = top_k

    def forward(self, x):
        rows = x.flatten(0, -2) if x.dim() > 1 else x[None]
        scores = torch.einsum("nd,ed->ne", rows, self.router.weight)
        best, chosen = torch.sort(scores, dim=-1, descending=True)
        weights = best[:, : self.top_k].softmax(-1)
        result = 0
        for slot in range(self.top_k):
            part = torch.empty_like(rows)
            for number, expert in enumerate(self.experts.children()):
                mask = chosen[:, slot] == number
                part = part.masked_scatter(mask[:, None], expert(rows[mask]))
            result = result + weights[:, slot, None] * part
        p = (scores - scores.logsumexp(-1, keepdim=True)).exp()
        count = p.shape[-1]
        f = torch.stack([(chosen[:, : self.top_k] == n).sum() for n in range(count)])
        loss = (f.to(p) * p.sum(0)).sum() * count / (len(rows) ** 2 * self.top_k)
        return result.reshape(x.shape), loss


@alternative("MixtureOfExperts")
class SortedByExpert(Sound):
    """All choices sorted by expert, one part for each expert, and put back in order."""

    def mix(self, rows, weights, chosen):
        order = chosen.flatten().argsort()
        sizes = torch.bincount(chosen.flatten(), minlength=len(self.experts)).tolist()
        parts = rows[order // self.top_k].split(sizes)
        made = [expert(part) for expert, part in zip(self.experts, parts, strict=True)]
        made = torch.cat(made)[order.argsort()]
        return torch.einsum("nkd,nk->nd", made.view(len(rows), self.top_k, -1), weights)

    def loss(self, p, chosen, weights):
        f = torch.bincount(chosen.flatten(), minlength=p.shape[1])
        return p.shape[1] * torch.dot(f.to(p.dtype) / f.sum(), p.mean(0))


@alternative("MixtureOfExperts")
class ByAMask(Sound):
    """A table of weights, 0 where an expert was not chosen."""

    def forward(self, x):
        rows = x.reshape(-1, x.size(-1))
        p = functional.softmax(functional.linear(rows, self.router.weight), dim=1)
        mask = torch.zeros_like(p, dtype=torch.bool)
        mask.scatter_(1, p.detach().topk(self.top_k, dim=1)[1], True)
        table = p.masked_fill(~mask, 0)
        table = table / table.sum(1, True)
        result = torch.zeros_like(rows)
        for number, expert in enumerate(self.experts):
            own = mask[:, number].nonzero()[:, 0]
            terms = table[own, number].unsqueeze(1) * expert(rows[own])
            result = result.index_put((own,), terms, accumulate=True)
        f = mask.to(p.dtype).mean(0) / self.top_k
        return result.reshape_as(x), p.shape[1] * (f @ p.mean(0))
