"""Wrong and right answers to indexing/k01_gather_log_probs."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "gather_log_probs",
    diagnosis="logp[:, index] looks up whole places t, for each b those of every b.",
    aspect="shape",
)
def indexes_the_places(logp, index):
    return logp[:, index]


@impostor(
    "gather_log_probs",
    diagnosis="logp[..., index] pairs every row of logp with every index, not each with its own.",
    aspect="shape",
)
def indexes_every_row(logp, index):
    return logp[..., index]


@impostor(
    "gather_log_probs",
    diagnosis="squeeze() without a dimension drops B or T too, where it is 1.",
    aspect="shape",
)
def squeezes_all(logp, index):
    return logp.gather(-1, index.unsqueeze(-1)).squeeze()


@impostor(
    "gather_log_probs",
    diagnosis="logp times a one-hot makes NaN of each -inf that is not asked for.",
    aspect="values",
)
def multiplies_by_one_hot(logp, index):
    return (logp * torch.nn.functional.one_hot(index, logp.shape[-1])).sum(-1)


@impostor(
    "gather_log_probs",
    diagnosis="exp makes 0 of a very unlikely token, and log cannot bring it back.",
    aspect="values",
)
def goes_through_probabilities(logp, index):
    return (logp.exp() * torch.nn.functional.one_hot(index, logp.shape[-1])).sum(-1).log()


@impostor(
    "gather_log_probs",
    diagnosis="-inf was made a finite number before the look-up.",
    aspect="values",
)
def clamps(logp, index):
    hot = torch.nn.functional.one_hot(index, logp.shape[-1])
    return (logp.clamp(min=torch.finfo(logp.dtype).min) * hot).sum(-1)


@impostor(
    "gather_log_probs",
    diagnosis="gather looked along the places t, not along the row of log-probabilities.",
    aspect="values",
)
def gathers_along_the_places(logp, index):
    return logp.gather(1, index.unsqueeze(-1)).squeeze(-1)


@impostor(
    "gather_log_probs",
    diagnosis="The indices of the first text were used for all of them.",
    aspect="values",
)
def uses_the_first_text_for_all(logp, index):
    return logp[:, torch.arange(index.shape[1]), index[0]]


@impostor(
    "gather_log_probs",
    diagnosis="cross_entropy takes a log_softmax first: the number, or at least its gradient, "
    "is another.",
    aspect="gradient",
)
def normalises_again(logp, index):
    return -torch.nn.functional.cross_entropy(logp.transpose(1, 2), index, reduction="none")


@impostor(
    "gather_log_probs",
    diagnosis="view takes only a tensor whose numbers lie in memory in their order.",
    aspect="values",
)
def views_it_flat(logp, index):
    rows = torch.arange(index.numel())
    return logp.view(-1, logp.shape[-1])[rows, index.view(-1)].view(index.shape)


@impostor(
    "gather_log_probs",
    diagnosis="A loop looks up one row after the other: as many operations as there are rows.",
    aspect="cost",
)
def loops_over_texts(logp, index):
    steps = torch.arange(index.shape[1], device=logp.device)
    rows = [row[steps, i] for row, i in zip(logp, index, strict=True)]
    return torch.stack(rows) if rows else logp.new_zeros(index.shape)


@impostor(
    "gather_log_probs",
    diagnosis="tolist and a loop in Python move every index to the CPU and through Python.",
    aspect="cost",
)
def loops_over_a_list(logp, index):
    size = logp.shape[-1]
    places = [i * size + v for i, v in enumerate(index.reshape(-1).tolist())]
    flat = torch.tensor(places, dtype=torch.int64, device=logp.device)
    return logp.reshape(-1)[flat].view(index.shape)


@impostor(
    "gather_log_probs",
    diagnosis="A loop over an array of NumPy is a loop as well: Python handles every index.",
    aspect="cost",
)
def loops_over_an_array(logp, index):
    places = []
    for i, v in enumerate(index.cpu().numpy().flat):
        places.append(i * logp.shape[-1] + int(v))
    flat = torch.tensor(places, dtype=torch.int64, device=logp.device)
    return logp.reshape(-1)[flat].view(index.shape)


@impostor(
    "gather_log_probs",
    diagnosis="On the way through float32, the digits of float64 get lost.",
    aspect="values",
)
def goes_through_float32(logp, index):
    return logp.float().gather(2, index.unsqueeze(2)).squeeze(2).to(logp.dtype)


@alternative("gather_log_probs")
def advanced_index(logp, index):
    batch, steps = index.shape
    return logp[torch.arange(batch)[:, None], torch.arange(steps), index]


@alternative("gather_log_probs")
def take_along_dim(logp, index):
    return torch.take_along_dim(logp, index[..., None], dim=-1)[..., 0]


@alternative("gather_log_probs")
def nll_loss(logp, index):
    return -torch.nn.functional.nll_loss(logp.transpose(1, 2), index, reduction="none")


@alternative("gather_log_probs")
def sum_where_named(logp, index):
    named = index.unsqueeze(-1) == torch.arange(logp.shape[-1], device=logp.device)
    return torch.where(named, logp, 0.0).sum(-1)


@alternative("gather_log_probs")
def sum_without_nan(logp, index):
    return (logp * torch.nn.functional.one_hot(index, logp.shape[-1])).nansum(-1)


@alternative("gather_log_probs")
def places_by_numpy(logp, index):
    places = np.arange(index.numel()) * logp.shape[-1] + index.cpu().numpy().reshape(-1)
    places = torch.from_numpy(places).to(logp.device)
    return logp.reshape(-1).index_select(0, places).view(index.shape)


@alternative("gather_log_probs")
def by_mask(logp, index):
    return logp[torch.nn.functional.one_hot(index, logp.shape[-1]).bool()].view(index.shape)


@alternative("gather_log_probs")
def flat_take(logp, index):
    first = torch.arange(index.numel(), device=logp.device).view(index.shape) * logp.shape[-1]
    return torch.take(logp, first + index)


@alternative("gather_log_probs")
def mapped_twice(logp, index):
    return torch.vmap(torch.vmap(lambda row, i: row.gather(0, i[None])[0]))(logp, index)


@alternative("gather_log_probs")
def with_its_own_gradient(logp, index):
    class Pick(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logp, places):
            ctx.save_for_backward(places)
            ctx.shape = logp.shape
            return logp.gather(2, places)

        @staticmethod
        def backward(ctx, gradient):
            (places,) = ctx.saved_tensors
            return gradient.new_zeros(ctx.shape).scatter(2, places, gradient), None

    return Pick.apply(logp, index.unsqueeze(2)).squeeze(2)
