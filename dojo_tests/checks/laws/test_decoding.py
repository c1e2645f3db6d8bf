"""The laws of a function that is handed a language model: a right one keeps them, a fault not."""

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from dojo.checks.laws.decoding import DecodingFunction, LanguageModel

NEXT = LanguageModel("lambda t: one_hot((t + 1) % 5, 5)", lambda t: one_hot((t + 1) % 5, 5))
SUMS = LanguageModel(
    "Sums: t -> one_hot(t.cumsum(1) % 5, 5)", lambda t: one_hot(t.cumsum(1) % 5, 5).float(), True
)


class Extended(DecodingFunction):
    """The most probable token after each row, some times."""

    name = "extended"
    cases = [([[1, 2]], NEXT, 2), ([[0, 3], [2, 4], [1, 1]], SUMS, 3), ([[1], [2]], SUMS, 0)]

    def rows(self, tokens, model, count):
        found = [tokens.tolist()]
        for _ in range(count):
            best = model.next_logits(found[-1]).argmax(-1)
            found.append([[*row, int(one)] for row, one in zip(found[-1], best, strict=True)])
        return found

    def asked(self, *arguments):
        return self.rows(*arguments)[:-1]

    def truth(self, *arguments):
        return np.array(self.rows(*arguments)[-1])


@torch.no_grad()
def extended(model, tokens, count):
    tokens = tokens.clone()
    for _ in range(count):
        tokens = torch.cat([tokens, model(tokens)[:, -1:].argmax(-1)], 1)
    return tokens


@torch.inference_mode()
def in_inference_mode(model, tokens, count):
    modes = [one.training for one in model.modules()] if isinstance(model, torch.nn.Module) else []
    _ = modes and model.eval()
    try:
        return extended(model, tokens.flip(0), count).flip(0)
    finally:
        for one, training in zip(model.modules() if modes else (), modes, strict=True):
            one.training = training


def tracked(model, tokens, count):
    return extended.__wrapped__(model, tokens, count)


def turns_grad_on(model, tokens, count):
    torch.set_grad_enabled(False)
    try:
        return extended.__wrapped__(model, tokens, count)
    finally:
        torch.set_grad_enabled(True)


def calls_once_more(model, tokens, count):
    got = extended(model, tokens, count)
    with torch.no_grad():
        model(got)
    return got


def gives_the_rows_of_the_first(model, tokens, count):
    with torch.no_grad():
        return extended(lambda t: torch.cat([model(one[None]) for one in t]), tokens, count)


def forgets_the_prompt(model, tokens, count):
    return extended(lambda t: model(t.sum(1, keepdim=True) % 5), tokens, count)


def swallows_errors(model, tokens, count):
    try:
        return extended(model, tokens, count)
    except RuntimeError:
        return tokens.clone()


def raises_another_error(model, tokens, count):
    try:
        return extended(model, tokens, count)
    except RuntimeError:
        raise KeyError from None


def leaves_eval_mode(model, tokens, count):
    if isinstance(model, torch.nn.Module):
        model.eval()
    return extended(model, tokens, count)


def freezes(model, tokens, count):
    if isinstance(model, torch.nn.Module):
        model.requires_grad_(False)
    return extended(model, tokens, count)


def leaves_eval_mode_after_an_error(model, tokens, count):
    if not isinstance(model, torch.nn.Module):
        return extended(model, tokens, count)
    model.eval()
    got = extended(model, tokens, count)
    model.train().part.eval()
    return got


def gives_floats(model, tokens, count):
    return extended(lambda t: model(t.float()), tokens, count)


@pytest.mark.parametrize("function", [extended, in_inference_mode])
def test_right_functions_are_green(red_of, function):
    for device in ("cpu", "cuda"):
        assert red_of(Extended, function, device) == {}


@pytest.mark.parametrize(
    "function, law, words",
    [
        (tracked, "test_calls_the_model_untracked", "with grad mode on"),
        (turns_grad_on, "test_leaves_torch_as_it_is", "from False to True."),
        (calls_once_more, "test_calls_the_model_as_often_as_needed", "3 times; expected 2."),
        (gives_the_rows_of_the_first, "test_gives_the_model_the_tokens", "gave the model [[0, 3]]"),
        (swallows_errors, "test_lets_errors_of_the_model_through", "though the model raised"),
        (raises_another_error, "test_lets_errors_of_the_model_through", "raised KeyError where"),
        (leaves_eval_mode, "test_leaves_its_inputs", "changed the mode of the module"),
        (freezes, "test_leaves_its_inputs", "changed the requires_grad of scale to False"),
        (leaves_eval_mode_after_an_error, "test_lets_errors_of_the_model_through", "the mode of"),
    ],
)
def test_a_fault_is_named(first_red, function, law, words):
    red, sentence = first_red(Extended, function)
    assert red == law
    assert words in sentence


def test_what_a_model_is_given_is_looked_at_also_where_the_result_is_right(red_of):
    assert "test_gives_the_model_the_tokens" in red_of(Extended, forgets_the_prompt)


def test_a_model_takes_int64_rows_alone(first_red):
    _, sentence = first_red(Extended, gives_floats)
    assert "the model takes an int64 tensor (n, t), and was given a float32" in sentence
