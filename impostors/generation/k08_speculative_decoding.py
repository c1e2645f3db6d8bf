"""Wrong and right answers to generation/k08_speculative_decoding."""

import random

import torch

from dojo.impostors import alternative, impostor


def ratios(p, q, tokens):
    """p / q of each token of the draft."""
    places = torch.arange(len(tokens), device=tokens.device)
    return p[places, tokens] / q[places, tokens]


def uniform(like, generator, size=None):
    """Random numbers from 0 to 1."""
    shape = like.shape if size is None else (size,)
    return torch.rand(shape, dtype=like.dtype, device=like.device, generator=generator)


def first(is_accepted):
    """How many tokens there are before the first refused one."""
    return int(is_accepted.long().cumprod(0).sum())


def left(p, q, count):
    """What is left to draw from behind so many accepted tokens."""
    return (p[count] - q[count]).clamp(min=0) if count < len(q) else p[count]


def one_of(weights, generator):
    """A token that is drawn with these weights."""
    return torch.multinomial(weights, 1, generator=generator)


def sound(p, q, tokens, generator, accept=None, weigh=left, draw=one_of):
    """The right step, but for what is given."""
    numbers = uniform(q[:, 0], generator)
    is_accepted = numbers < ratios(p, q, tokens) if accept is None else accept(numbers)
    count = first(is_accepted)
    return torch.cat([tokens[:count], draw(weigh(p, q, count), generator)])


@impostor(
    "speculative_step",
    diagnosis="A refused token is replaced by one from p itself: what p and q both like then comes"
    " too often.",
    aspect="values",
)
def redraws_from_p(p, q, tokens, generator=None):
    return sound(p, q, tokens, generator, weigh=lambda p, q, count: p[count])


@impostor(
    "speculative_step",
    diagnosis="The token is drawn from |p - q|: what the draft likes too much comes back.",
    aspect="values",
)
def redraws_from_the_distance(p, q, tokens, generator=None):
    def weigh(p, q, count):
        return (p[count] - q[count]).abs() if count < len(q) else p[count]

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="The difference is taken as q - p, not as p - q.",
    aspect="values",
)
def redraws_from_the_wrong_side(p, q, tokens, generator=None):
    def weigh(p, q, count):
        return left(q, p, count) if count < len(q) else p[count]

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="The replacement comes from p without the refused token; q is not subtracted.",
    aspect="values",
)
def hides_the_refused_token(p, q, tokens, generator=None):
    def weigh(p, q, count):
        weights = p[count].clone()
        if count < len(q):
            weights[tokens[count]] = 0
        return weights

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="Where p is above q, p itself is the weight; it is to be p - q.",
    aspect="values",
)
def forgets_to_subtract(p, q, tokens, generator=None):
    def weigh(p, q, count):
        return torch.where(p[count] > q[count], p[count], 0) if count < len(q) else p[count]

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="The replacement is the most probable token; it is to be drawn.",
    aspect="values",
)
def replaces_by_the_best(p, q, tokens, generator=None):
    def draw(weights, generator):
        return weights.argmax()[None]

    def weigh(p, q, count):
        best = torch.zeros_like(p[count])
        best[left(p, q, count).argmax()] = 1
        return best if count < len(q) else p[count]

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="The last token is the most probable one of p[n]; it is to be drawn.",
    aspect="values",
)
def adds_the_best(p, q, tokens, generator=None):
    def weigh(p, q, count):
        return (p[count] == p[count].max()).to(p.dtype) if count == len(q) else left(p, q, count)

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="Nothing is added where the whole draft is accepted.",
    aspect="shape",
)
def adds_nothing(p, q, tokens, generator=None):
    return sound(p, q, tokens, generator)[: len(tokens)]


@impostor(
    "speculative_step",
    diagnosis="The token behind a full draft comes from p[n - 1], one row too early.",
    aspect="values",
)
def adds_from_the_row_before(p, q, tokens, generator=None):
    def weigh(p, q, count):
        return left(p, q, count) if count < len(q) else p[count - 1]

    return sound(p, q, tokens, generator, weigh=weigh)


@impostor(
    "speculative_step",
    diagnosis="A refused token is cut off, and nothing is drawn in its place.",
    aspect="shape",
)
def replaces_nothing(p, q, tokens, generator=None):
    got = sound(p, q, tokens, generator)
    return got if len(got) == len(p) else got[:-1]


@impostor(
    "speculative_step",
    diagnosis="Tokens behind a refused one are kept; they continue a text that was not written.",
    aspect="shape",
)
def keeps_what_is_behind(p, q, tokens, generator=None):
    is_accepted = uniform(q[:, 0], generator) < ratios(p, q, tokens)
    result = torch.cat([tokens, one_of(p[-1], generator)])
    for place in (~is_accepted).nonzero()[:, 0].tolist():
        result[place] = one_of(left(p, q, place), generator)
    return result


@impostor(
    "speculative_step",
    diagnosis="The ratio is q / p: what the large model likes less than the draft is always kept.",
    aspect="shape",
)
def turns_the_ratio(p, q, tokens, generator=None):
    def accept(numbers):
        return numbers < 1 / ratios(p, q, tokens)

    def weigh(p, q, count):
        return p[count]

    return sound(p, q, tokens, generator, accept, weigh)


@impostor(
    "speculative_step",
    diagnosis="Each token is accepted with probability p[x]; that it came from q is forgotten.",
    aspect="shape",
)
def accepts_by_p_alone(p, q, tokens, generator=None):
    places = torch.arange(len(tokens), device=tokens.device)

    def weigh(p, q, count):
        weights = left(p, q, count)
        return weights if weights.sum() > 0 else p[count]

    return sound(p, q, tokens, generator, lambda numbers: numbers < p[places, tokens], weigh)


@impostor(
    "speculative_step",
    diagnosis="One random number serves for all tokens: they are accepted together.",
    aspect="values",
)
def draws_one_number(p, q, tokens, generator=None):
    number = uniform(q[:, 0], generator, size=1)
    return sound(p, q, tokens, generator, lambda numbers: number < ratios(p, q, tokens))


@impostor(
    "speculative_step",
    diagnosis="The ratios are multiplied along the draft; each token is accepted by its own.",
    aspect="values",
)
def multiplies_the_ratios(p, q, tokens, generator=None):
    def accept(numbers):
        return numbers < ratios(p, q, tokens).clamp(max=1).cumprod(0)

    def weigh(p, q, count):
        weights = left(p, q, count)
        return weights if weights.sum() > 0 else p[count]

    return sound(p, q, tokens, generator, accept, weigh)


@impostor(
    "speculative_step",
    diagnosis="A token is kept only where p is at least q; no random number decides.",
    aspect="values",
)
def accepts_by_comparison(p, q, tokens, generator=None):
    return sound(p, q, tokens, generator, lambda numbers: ratios(p, q, tokens) >= 1)


@impostor(
    "speculative_step",
    diagnosis="The draft is compared with the large model's best tokens; it is to be accepted by"
    " chance.",
    aspect="shape",
)
def accepts_the_best_alone(p, q, tokens, generator=None):
    count = first(p[:-1].argmax(-1) == tokens)
    return torch.cat([tokens[:count], p[count].argmax()[None]])


@impostor(
    "speculative_step",
    diagnosis="The generator is ignored: everything is drawn from torch's global one.",
    aspect="values",
)
def ignores_the_generator(p, q, tokens, generator=None):
    return sound(p, q, tokens, None)


@impostor(
    "speculative_step",
    diagnosis="multinomial is not given the generator: it draws the last token from the global"
    " one.",
    aspect="values",
)
def gives_the_generator_to_one_draw(p, q, tokens, generator=None):
    return sound(p, q, tokens, generator, draw=lambda weights, _: one_of(weights, None))


@impostor(
    "speculative_step",
    diagnosis="Python's random decides what is accepted: torch.manual_seed does not reach it.",
    aspect="values",
)
def draws_with_python(p, q, tokens, generator=None):
    def accept(numbers):
        drawn = [random.random() for _ in range(len(tokens))]
        return torch.tensor(drawn, device=q.device) < ratios(p, q, tokens)

    return sound(p, q, tokens, generator, accept)


@impostor(
    "speculative_step",
    diagnosis="A seed is set in each call: all calls draw the same.",
    aspect="values",
)
def sets_a_seed(p, q, tokens, generator=None):
    generator = torch.Generator(device=q.device).manual_seed(0)
    return sound(p, q, tokens, generator)


@impostor(
    "speculative_step",
    diagnosis="max(p - q, 0) is divided and drawn from for every row: where p is q, 0 / 0 is NaN,"
    " and multinomial raises.",
    aspect="shape",
)
def draws_for_every_row(p, q, tokens, generator=None):
    weights = (p[:-1] - q).clamp(min=0)
    weights = torch.cat([weights / weights.sum(-1, keepdim=True), p[-1:]])
    drawn = torch.multinomial(weights, 1, generator=generator)[:, 0]
    count = first(uniform(q[:, 0], generator) < ratios(p, q, tokens))
    return torch.cat([tokens[:count], drawn[count : count + 1]])


@alternative("speculative_step")
def token_by_token(p, q, tokens, generator=None):
    kept = []
    for row, token in enumerate(tokens.tolist()):
        number = torch.rand((), device=q.device, generator=generator).item()
        if number * q[row, token].item() >= p[row, token].item():
            weights = torch.maximum(p[row] - q[row], torch.zeros_like(q[row]))
            kept.append(torch.multinomial(weights / weights.sum(), 1, generator=generator).item())
            return torch.tensor(kept, device=tokens.device)
        kept.append(token)
    kept.append(torch.multinomial(p[-1], 1, generator=generator).item())
    return torch.tensor(kept, device=tokens.device)


@alternative("speculative_step")
def by_cumulated_probabilities(p, q, tokens, generator=None):
    shares = p.gather(1, torch.cat([tokens, tokens[:1]])[:, None])[:-1, 0]
    shares = (shares / q.gather(1, tokens[:, None])[:, 0]).clamp(max=1)
    numbers = torch.rand(len(tokens) + 1, device=q.device, generator=generator)
    is_refused = numbers[:-1] >= shares
    count = int(is_refused.long().argmax()) if is_refused.any() else len(tokens)
    weights = torch.nn.functional.pad(q, (0, 0, 0, 1))[count]
    weights = torch.relu(p[count] - weights).double().cumsum(0)
    last = torch.searchsorted(weights, numbers[-1:].double() * weights[-1], right=True)
    return torch.cat([tokens[:count], last])


@alternative("speculative_step")
def by_one_number_and_products(p, q, tokens, generator=None):
    # token i is kept if the number is below the product of all ratios so far: the chance that it
    # is, where the ones before it are kept, is its own ratio
    products = ratios(p, q, tokens).clamp(max=1).cumprod(0)
    count = int((torch.rand(1, device=q.device, generator=generator) < products).sum())
    return torch.cat([tokens[:count], one_of(left(p, q, count), generator)])


@alternative("speculative_step")
def by_exponential_times(p, q, tokens, generator=None):
    times = torch.empty_like(p).exponential_(generator=generator)
    is_accepted = torch.bernoulli(ratios(p, q, tokens).clamp(max=1), generator=generator).bool()
    count = len(tokens) if bool(is_accepted.all()) else is_accepted.tolist().index(False)
    result = tokens.new_empty(count + 1)
    result[:count] = tokens[:count]
    result[count] = (left(p, q, count) / times[count]).argmax()
    return result
