"""Wrong and right answers to generation/k02_greedy."""

import contextlib

import torch

from dojo.impostors import alternative, impostor


def best_of(model, tokens):
    """The most probable token after each row."""
    return model(tokens)[:, -1].argmax(-1)


def grown(tokens, new):
    """The tokens with one more for each row."""
    return torch.cat([tokens, new.unsqueeze(1)], 1)


def none_ended(tokens):
    """That no row has ended."""
    return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)


def decode(model, tokens, max_new_tokens, eos=None, pad=0):
    """The right result, with grad mode as it is."""
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = torch.where(ended, pad, best_of(model, result))
        result = grown(result, new)
        if eos is not None:
            ended = ended | (new == eos)
            if ended.all():
                break
    return result


@impostor(
    "greedy",
    diagnosis="It ends with the first row that has ended, and cuts all others off.",
    aspect="shape",
)
@torch.no_grad()
def ends_with_the_first_row(model, tokens, max_new_tokens, eos=None, pad=0):
    result = tokens.clone()
    for _ in range(max_new_tokens):
        new = best_of(model, result)
        result = grown(result, new)
        if eos is not None and (new == eos).any():
            break
    return result


@impostor(
    "greedy",
    diagnosis="It ends only when all rows choose eos at the same step.",
    aspect="shape",
)
@torch.no_grad()
def waits_for_all_at_once(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        best = best_of(model, result)
        new = torch.where(ended, pad, best)
        result = grown(result, new)
        if eos is not None:
            ended = ended | (new == eos)
            if (best == eos).all():
                break
    return result


@impostor(
    "greedy",
    diagnosis="It never ends early: pads are appended up to max_new_tokens.",
    aspect="shape",
)
@torch.no_grad()
def never_ends(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = torch.where(ended, pad, best_of(model, result))
        result = grown(result, new)
        ended = ended | (new == (-1 if eos is None else eos))
    return result


@impostor(
    "greedy",
    diagnosis="The largest probability is looked for: a softmax makes close logits equal.",
    aspect="values",
)
@torch.no_grad()
def compares_probabilities(model, tokens, max_new_tokens, eos=None, pad=0):
    def probabilities(tokens):
        return model(tokens).softmax(-1)

    return decode(probabilities, tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="A row that has ended talks on until all others have ended too.",
    aspect="values",
)
@torch.no_grad()
def lets_ended_rows_talk(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = best_of(model, result)
        result = grown(result, new)
        if eos is not None:
            ended |= new == eos
            if ended.all():
                break
    return result


@impostor(
    "greedy",
    diagnosis="An eos that stands in the prompt ends its row.",
    aspect="shape",
)
@torch.no_grad()
def reads_the_end_from_all_tokens(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = torch.where(ended, pad, best_of(model, result))
        result = grown(result, new)
        if eos is not None:
            ended = (result == eos).any(1)
            if ended.all():
                break
    return result


@impostor(
    "greedy",
    diagnosis="A row whose last prompt token is eos counts as ended.",
    aspect="values",
)
@torch.no_grad()
def looks_at_the_last_token_first(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        if eos is not None:
            ended = ended | (result[:, -1] == eos)
            if ended.all():
                break
        result = grown(result, torch.where(ended, pad, best_of(model, result)))
    return result


@impostor(
    "greedy",
    diagnosis="The model is called once more than needed: the end is looked at too late.",
    aspect="cost",
)
@torch.no_grad()
def calls_once_too_often(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    best = best_of(model, result)
    for _ in range(max_new_tokens):
        new = torch.where(ended, pad, best)
        result = grown(result, new)
        if eos is not None:
            ended = ended | (new == eos)
            if ended.all():
                break
        best = best_of(model, result)
    return result


@impostor(
    "greedy",
    diagnosis="`if eos` is False for the id 0: then nothing ends a row.",
    aspect="shape",
)
@torch.no_grad()
def takes_0_for_none(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(model, tokens, max_new_tokens, eos or None, pad)


@impostor(
    "greedy",
    diagnosis="The eos itself is replaced by pad.",
    aspect="values",
)
@torch.no_grad()
def hides_the_eos(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        best = best_of(model, result)
        if eos is not None:
            ended = ended | (best == eos)
        result = grown(result, torch.where(ended, pad, best))
        if ended.all():
            break
    return result


@impostor(
    "greedy",
    diagnosis="A row counts as ended when its last token is pad, which may be a token of its text.",
    aspect="shape",
)
@torch.no_grad()
def takes_pad_for_the_end(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = torch.where(ended, pad, best_of(model, result))
        result = grown(result, new)
        if eos is not None:
            ended = (new == eos) | (new == pad)
            if ended.all():
                break
    return result


@impostor(
    "greedy",
    diagnosis="The first place of the logits is read; the last one speaks of the next token.",
    aspect="shape",
)
@torch.no_grad()
def reads_the_first_place(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(lambda t: model(t)[:, :1], tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="The model is given the last token alone, and knows nothing of those before.",
    aspect="values",
)
@torch.no_grad()
def gives_the_last_token_alone(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(lambda t: model(t[:, -1:]), tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="Tokens are drawn by their probability; greedy takes the largest.",
    aspect="shape",
)
@torch.no_grad()
def draws(model, tokens, max_new_tokens, eos=None, pad=0):
    def drawn(t):
        logits = model(t)[:, -1]
        chosen = torch.multinomial(logits.softmax(-1), 1)
        return torch.zeros_like(logits).scatter(1, chosen, 1.0).unsqueeze(1)

    return decode(drawn, tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="Only the new tokens come back, without the prompt.",
    aspect="shape",
)
@torch.no_grad()
def returns_what_is_new(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(model, tokens, max_new_tokens, eos, pad)[:, tokens.shape[1] :].clone()


@impostor(
    "greedy",
    diagnosis="max_new_tokens is taken for the length of the whole text.",
    aspect="shape",
)
@torch.no_grad()
def counts_the_prompt_too(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(model, tokens, max(max_new_tokens - tokens.shape[1], 0), eos, pad)


@impostor(
    "greedy",
    diagnosis="The model is called with grad mode on, and keeps a graph of each step.",
    aspect="structure",
)
def keeps_the_graph(model, tokens, max_new_tokens, eos=None, pad=0):
    return decode(model, tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="Grad mode is turned off and on by hand: it is on afterwards, or off after an error.",
    aspect="structure",
)
def turns_grad_mode_by_hand(model, tokens, max_new_tokens, eos=None, pad=0):
    torch.set_grad_enabled(False)
    result = decode(model, tokens, max_new_tokens, eos, pad)
    torch.set_grad_enabled(True)
    return result


@impostor(
    "greedy",
    diagnosis="`model.eval()` is called, and nothing puts the modes back.",
    aspect="memory",
)
@torch.no_grad()
def leaves_eval_mode(model, tokens, max_new_tokens, eos=None, pad=0):
    if isinstance(model, torch.nn.Module):
        model.eval()
    return decode(model, tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="The model is taken for a module with a mode; it may be a plain function.",
    aspect="type",
)
@torch.no_grad()
def wants_a_module(model, tokens, max_new_tokens, eos=None, pad=0):
    modes = [(one, one.training) for one in model.modules()]
    model.eval()
    try:
        return decode(model, tokens, max_new_tokens, eos, pad)
    finally:
        for one, training in modes:
            one.training = training


@impostor(
    "greedy",
    diagnosis="With max_new_tokens = 0 the caller's own tensor comes back.",
    aspect="memory",
)
@torch.no_grad()
def returns_the_prompt_itself(model, tokens, max_new_tokens, eos=None, pad=0):
    return tokens if max_new_tokens == 0 else decode(model, tokens, max_new_tokens, eos, pad)


@impostor(
    "greedy",
    diagnosis="The model is given only the rows that have not ended.",
    aspect="structure",
)
@torch.no_grad()
def leaves_out_ended_rows(model, tokens, max_new_tokens, eos=None, pad=0):
    result, ended = tokens.clone(), none_ended(tokens)
    for _ in range(max_new_tokens):
        new = torch.full_like(result[:, 0], pad)
        new[~ended] = best_of(model, result[~ended])
        result = grown(result, new)
        if eos is not None:
            ended = ended | (new == eos)
            if ended.all():
                break
    return result


@alternative("greedy")
def writes_into_a_buffer(model, tokens, max_new_tokens, eos=None, pad=0):
    batch, start = tokens.shape
    buffer = tokens.new_full((batch, start + max_new_tokens), pad)
    buffer[:, :start] = tokens
    end, going = start, torch.ones(batch, dtype=torch.bool, device=tokens.device)
    with torch.no_grad():
        while end < buffer.shape[1] and going.any():
            chosen = model(buffer[:, :end])[:, -1, :].max(dim=-1).indices
            buffer[going, end] = chosen[going]
            end += 1
            if eos is not None:
                going &= chosen != eos
    return buffer[:, :end]


@alternative("greedy")
@torch.inference_mode()
def by_products(model, tokens, max_new_tokens, eos=None, pad=0):
    result = tokens * 1
    goes_on = torch.ones_like(tokens[:, 0])
    while result.shape[1] < tokens.shape[1] + max_new_tokens and goes_on.max() > 0:
        best = torch.argmax(model(result)[:, -1:], dim=2)[:, 0]
        best = best * goes_on + pad * (1 - goes_on)
        result = torch.hstack([result, best[:, None]])
        if eos is not None:
            goes_on = goes_on * (best != eos).long()
    return result


@alternative("greedy")
def in_lists(model, tokens, max_new_tokens, eos=None, pad=0):
    rows, ended = tokens.tolist(), set()
    with torch.no_grad():
        for _ in range(max_new_tokens):
            logits = model(torch.tensor(rows, device=tokens.device))
            for b, row in enumerate(rows):
                row.append(pad if b in ended else int(logits[b, -1].argmax()))
                if row[-1] == eos:
                    ended.add(b)
            if len(ended) == len(rows):
                break
    return torch.tensor(rows, device=tokens.device)


@alternative("greedy")
def by_the_count_of_eos(model, tokens, max_new_tokens, eos=None, pad=0):
    columns = list(tokens.clone().unbind(1))
    start, is_module = len(columns), isinstance(model, torch.nn.Module)
    modes = {one: one.training for one in model.modules()} if is_module else {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for one, training in modes.items():
            stack.callback(setattr, one, "training", training)
            one.training = False
        for _ in range(max_new_tokens):
            new = torch.stack(columns[start:], 1) if columns[start:] else tokens[:, :0]
            ended = (new == eos).sum(1) > 0 if eos is not None else none_ended(tokens)
            if ended.all():
                break
            logits = model(torch.stack(columns, dim=1))[:, -1]
            columns.append(logits.topk(1).indices[:, 0].masked_fill(ended, pad))
    return torch.stack(columns, 1)
