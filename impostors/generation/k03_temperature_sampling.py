"""Wrong and right answers to generation/k03_temperature_sampling."""

import random

import torch

from dojo.impostors import alternative, impostor


def check(temperature):
    """Raise ValueError where the temperature makes no sense."""
    if temperature < 0:
        raise ValueError("temperature")


def drawn(probs, generator=None):
    """One token for each row of probabilities."""
    rows = probs.reshape(-1, probs.shape[-1])
    return torch.multinomial(rows, 1, generator=generator).reshape(probs.shape[:-1])


def sampled(logits, temperature=1.0, generator=None):
    """The right result."""
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    return drawn((logits / temperature).softmax(-1), generator)


@impostor(
    "sample",
    diagnosis="The logits are multiplied by the temperature; they have to be divided.",
    aspect="values",
)
def multiplies(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    probs = (logits.double() * temperature).softmax(-1)
    return drawn(probs, generator)


@impostor(
    "sample",
    diagnosis="The probabilities are divided by the temperature, which changes nothing.",
    aspect="values",
)
def divides_the_probabilities(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    return drawn(logits.double().softmax(-1) / temperature, generator)


@impostor(
    "sample",
    diagnosis="The temperature is not used.",
    aspect="values",
)
def ignores_the_temperature(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature <= 1e-2:
        return logits.argmax(-1)
    return drawn(logits.softmax(-1), generator)


@impostor(
    "sample",
    diagnosis="The largest logit is taken at every temperature.",
    aspect="values",
)
def always_takes_the_largest(logits, temperature=1.0, generator=None):
    check(temperature)
    return logits.argmax(-1)


@impostor(
    "sample",
    diagnosis="At 0 the largest probability is looked for: a softmax makes close logits equal.",
    aspect="values",
)
def compares_probabilities_at_0(logits, temperature=1.0, generator=None):
    if temperature == 0:
        return logits.softmax(-1).argmax(-1)
    return sampled(logits, temperature, generator)


@impostor(
    "sample",
    diagnosis="A temperature of 0 divides by 0, and the probabilities are NaN.",
    aspect="shape",
)
def divides_by_0(logits, temperature=1.0, generator=None):
    check(temperature)
    return drawn((logits / temperature).softmax(-1), generator)


@impostor(
    "sample",
    diagnosis="A small number stands for the temperature 0, and below 1e-3 for all others.",
    aspect="values",
)
def has_a_least_temperature(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    return drawn((logits / max(temperature, 1e-3)).softmax(-1), generator)


@impostor(
    "sample",
    diagnosis="With temperature 0 numbers are drawn, though there is no choice.",
    aspect="memory",
)
def draws_at_0(logits, temperature=1.0, generator=None):
    check(temperature)
    token = drawn((logits / (temperature or 1)).softmax(-1), generator)
    return logits.argmax(-1) if temperature == 0 else token


@impostor(
    "sample",
    diagnosis="One random number decides for all rows.",
    aspect="values",
)
def draws_one_number_for_all(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    sums = (logits / temperature).softmax(-1).cumsum(-1)
    u = torch.rand((), generator=generator, device=logits.device) * 0.999999
    return (sums < u * sums[..., -1:]).sum(-1)


@impostor(
    "sample",
    diagnosis="Rows share their random numbers along a leading dimension.",
    aspect="values",
)
def shares_numbers_along_a_dimension(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    noise = torch.empty(logits.shape[-2:], dtype=logits.dtype, device=logits.device)
    noise.exponential_(generator=generator)
    return (logits / temperature - noise.log()).argmax(-1)


@impostor(
    "sample",
    diagnosis="The generator that is given is not used.",
    aspect="values",
)
def ignores_the_generator(logits, temperature=1.0, generator=None):
    return sampled(logits, temperature)


@impostor(
    "sample",
    diagnosis="A seed from the global generator is given to the generator of the caller.",
    aspect="values",
)
def seeds_the_generator(logits, temperature=1.0, generator=None):
    if generator is not None and temperature > 0:
        generator.manual_seed(int(torch.randint(2**31, ())))
    return sampled(logits, temperature, generator)


@impostor(
    "sample",
    diagnosis="A fixed seed is set: each call draws the same.",
    aspect="values",
)
def sets_a_seed(logits, temperature=1.0, generator=None):
    if generator is None and temperature > 0:
        generator = torch.Generator(logits.device).manual_seed(0)
    return sampled(logits, temperature, generator)


@impostor(
    "sample",
    diagnosis="Python's generator is used: torch.manual_seed does not reach it.",
    aspect="values",
)
def draws_by_python(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    probs = (logits / temperature).softmax(-1)
    rows = probs.reshape(-1, logits.shape[-1]).tolist()
    tokens = [random.choices(range(len(row)), row)[0] for row in rows]
    return torch.tensor(tokens, device=logits.device).reshape(logits.shape[:-1])


@impostor(
    "sample",
    diagnosis="`multinomial` takes two dimensions at most: lay the rows out in one.",
    aspect="shape",
)
def takes_two_dimensions(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[..., 0]


@impostor(
    "sample",
    diagnosis="The dimension of size 1 that `multinomial` makes is kept.",
    aspect="shape",
)
def keeps_a_dimension(logits, temperature=1.0, generator=None):
    return sampled(logits, temperature, generator).unsqueeze(-1)


@impostor(
    "sample",
    diagnosis="`squeeze` without a dimension takes out leading ones of size 1, too.",
    aspect="shape",
)
def squeezes_all(logits, temperature=1.0, generator=None):
    return sampled(logits, temperature, generator).squeeze()


@impostor(
    "sample",
    diagnosis="exp is taken without subtracting the largest logit: it becomes inf.",
    aspect="values",
)
def takes_exp_as_it_is(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.argmax(-1)
    if temperature < 0.5 and logits.isfinite().all():
        return sampled(logits, temperature, generator)
    return drawn((logits / temperature).exp(), generator)


@impostor(
    "sample",
    diagnosis="-inf is replaced by a finite number, which a high temperature lets through.",
    aspect="values",
)
def replaces_minus_inf(logits, temperature=1.0, generator=None):
    return sampled(logits.clamp(min=-2e4), temperature, generator)


@impostor(
    "sample",
    diagnosis="A negative temperature is not refused.",
    aspect="errors",
)
def takes_any_temperature(logits, temperature=1.0, generator=None):
    return sampled(logits, max(temperature, 0), generator)


@impostor(
    "sample",
    diagnosis="The caller's logits are divided in place.",
    aspect="memory",
)
def divides_in_place(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature > 0 and 0 not in logits.stride():
        logits /= temperature
        temperature = 1.0
    return sampled(logits, temperature, generator)


@alternative("sample")
def by_gumbel_noise(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return torch.max(logits, dim=-1).indices
    scaled = logits.double() / temperature
    u = torch.rand(scaled.shape, generator=generator, device=logits.device, dtype=scaled.dtype)
    return (scaled - (-u.log()).log()).argmax(-1)


@alternative("sample")
def by_exponential_noise(logits, temperature=1.0, generator=None):
    if temperature < 0.0:
        raise ValueError("the temperature is to be positive or 0")
    if not temperature:
        return logits.argmax(dim=-1)
    probs = torch.softmax(logits / temperature, dim=-1)
    noise = torch.empty_like(probs, memory_format=torch.contiguous_format)
    return (probs / noise.exponential_(generator=generator)).argmax(dim=-1)


@alternative("sample")
def by_sums(logits, temperature=1.0, generator=None):
    check(temperature)
    if temperature == 0:
        return logits.topk(1, -1).indices[..., 0]
    centred = (logits - logits.amax(-1, keepdim=True)) / temperature
    sums = centred.double().exp().cumsum(-1)
    size = (*sums.shape[:-1], 1)
    u = torch.rand(size, generator=generator, device=logits.device, dtype=torch.float64)
    return (sums <= u * sums[..., -1:]).sum(-1)


@alternative("sample")
def row_by_row(logits, temperature=1.0, generator=None):
    check(temperature)
    tokens = []
    for row in logits.reshape(-1, logits.shape[-1]).unbind():
        probs = (row / (temperature or 1)).log_softmax(0).exp()
        token = torch.multinomial(probs, 1, generator=generator) if temperature else row.argmax(0)
        tokens.append(token.reshape(()))
    return torch.stack(tokens).reshape(logits.shape[:-1])
