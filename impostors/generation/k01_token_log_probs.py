"""Wrong and right answers to generation/k01_token_log_probs."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def picked(rows, tokens):
    """The entry of each row that its token names."""
    return rows.gather(2, tokens.unsqueeze(2)).squeeze(2)


@impostor(
    "token_log_probs",
    diagnosis="Nothing is shifted: token t is looked up in the logits that have already seen it.",
    aspect="values",
)
def looks_up_the_token_itself(logits, tokens):
    return picked(logits.log_softmax(-1), tokens)[:, :-1]


@impostor(
    "token_log_probs",
    diagnosis="Token t + 1 is looked up in the logits that have already seen it.",
    aspect="values",
)
def cuts_both_at_the_front(logits, tokens):
    return picked(logits.log_softmax(-1), tokens)[:, 1:]


@impostor(
    "token_log_probs",
    diagnosis="It is shifted the other way: the logits of t + 1 are asked for token t.",
    aspect="values",
)
def shifts_the_other_way(logits, tokens):
    return picked(logits[:, 1:].log_softmax(-1), tokens[:, :-1])


@impostor(
    "token_log_probs",
    diagnosis="Every token gets a number: nothing is cut off, and nothing shifted.",
    aspect="shape",
)
def has_one_for_every_token(logits, tokens):
    return picked(logits.log_softmax(-1), tokens)


@impostor(
    "token_log_probs",
    diagnosis="`gather` along T takes tokens for places.",
    aspect="shape",
)
def gathers_along_the_places(logits, tokens):
    return logits.log_softmax(-1)[:, :-1].gather(1, tokens[:, 1:].unsqueeze(2)).squeeze(2)


@impostor(
    "token_log_probs",
    diagnosis="The dimension of the index is kept: (B, T - 1, 1).",
    aspect="shape",
)
def keeps_a_dimension(logits, tokens):
    return logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:].unsqueeze(2))


@impostor(
    "token_log_probs",
    diagnosis="`squeeze()` without a dimension takes out every dimension of size 1.",
    aspect="shape",
)
def squeezes_all(logits, tokens):
    return logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:].unsqueeze(2)).squeeze()


@impostor(
    "token_log_probs",
    diagnosis="The log-probabilities of each text are added up.",
    aspect="shape",
)
def adds_up(logits, tokens):
    return picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:]).sum(1)


@impostor(
    "token_log_probs",
    diagnosis="The log of a softmax is -inf for a token that is far from the best one.",
    aspect="values",
)
def takes_the_log_of_softmax(logits, tokens):
    return picked(logits[:, :-1].softmax(-1), tokens[:, 1:]).log()


@impostor(
    "token_log_probs",
    diagnosis="A small number is added to each probability before the log: far tokens become near.",
    aspect="values",
)
def adds_eps_before_the_log(logits, tokens):
    return (picked(logits[:, :-1].softmax(-1), tokens[:, 1:]) + 1e-12).log()


@impostor(
    "token_log_probs",
    diagnosis="exp is taken of the logits as they are: of large ones it is inf.",
    aspect="values",
)
def sums_powers_as_they_are(logits, tokens):
    front = logits[:, :-1]
    return picked(front, tokens[:, 1:]) - front.exp().sum(-1).log()


@impostor(
    "token_log_probs",
    diagnosis="Probabilities come back; their logarithms are asked for.",
    aspect="values",
)
def returns_probabilities(logits, tokens):
    return picked(logits[:, :-1].softmax(-1), tokens[:, 1:])


@impostor(
    "token_log_probs",
    diagnosis="The raw logits come back, without log-softmax.",
    aspect="values",
)
def returns_logits(logits, tokens):
    return picked(logits[:, :-1], tokens[:, 1:]) * 1


@impostor(
    "token_log_probs",
    diagnosis="It is the loss of each token: its sign has to be turned.",
    aspect="values",
)
def returns_the_loss(logits, tokens):
    flat = logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
    return functional.cross_entropy(*flat, reduction="none").view(len(tokens), -1)


@impostor(
    "token_log_probs",
    diagnosis="The softmax goes over the places of the text; it has to go over V.",
    aspect="values",
)
def normalises_over_the_places(logits, tokens):
    return picked(logits.log_softmax(1)[:, :-1], tokens[:, 1:])


@impostor(
    "token_log_probs",
    diagnosis="Token 0 is taken for padding, and its number is 0.",
    aspect="values",
)
def leaves_out_token_0(logits, tokens):
    flat = logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
    loss = functional.cross_entropy(*flat, ignore_index=0, reduction="none")
    return -loss.view(len(tokens), -1)


@impostor(
    "token_log_probs",
    diagnosis="Products with a one-hot row are added up: 0 times -inf is NaN.",
    aspect="values",
)
def multiplies_by_one_hot(logits, tokens):
    one_hot = functional.one_hot(tokens[:, 1:], logits.shape[2])
    return (logits[:, :-1].log_softmax(-1) * one_hot).sum(-1)


@impostor(
    "token_log_probs",
    diagnosis="It is computed without autograd, as for an evaluation.",
    aspect="gradient",
)
def records_nothing(logits, tokens):
    with torch.no_grad():
        return picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])


@alternative("token_log_probs")
def by_cross_entropy(logits, tokens):
    front = logits[:, :-1].transpose(1, 2)
    return -functional.cross_entropy(front, tokens[:, 1:], reduction="none")


@alternative("token_log_probs")
def by_logsumexp(logits, tokens):
    front = logits[:, :-1]
    chosen = torch.gather(front, -1, tokens[:, 1:, None])
    return (chosen - front.logsumexp(-1, keepdim=True))[..., 0]


@alternative("token_log_probs")
def by_indices(logits, tokens):
    batch, places = tokens.shape
    log_probs = torch.log_softmax(logits, dim=2)
    rows = torch.arange(batch, device=tokens.device)[:, None]
    return log_probs[rows, torch.arange(places - 1, device=tokens.device), tokens[:, 1:]]


@alternative("token_log_probs")
def by_categorical(logits, tokens):
    drawn_from = torch.distributions.Categorical(logits=logits[:, :-1], validate_args=False)
    return drawn_from.log_prob(tokens[:, 1:])


@alternative("token_log_probs")
def by_where(logits, tokens):
    wide = logits[:, :-1].double()
    centred = wide - wide.amax(-1, keepdim=True).detach()
    log_probs = centred - centred.exp().sum(-1, keepdim=True).log()
    is_token = torch.arange(logits.shape[2], device=logits.device) == tokens[:, 1:, None]
    return torch.where(is_token, log_probs, 0.0).sum(-1).to(logits.dtype)


@alternative("token_log_probs")
def one_by_one(logits, tokens):
    batch, places = tokens.shape
    columns = [logits[:, :0, 0]]
    for t in range(places - 1):
        rows = [
            functional.log_softmax(logits[b, t], 0)[int(tokens[b, t + 1])] for b in range(batch)
        ]
        columns.append(torch.stack(rows)[:, None])
    return torch.cat(columns, 1)
