"""Saboteurs of a function that is handed a language model: they spoil how it is called, or kept."""

import functools

import torch

from dojo.checks.laws import DecodingFunction

from .kinds import SABOTEURS, Saboteur


def decodes(contract):
    """Whether the function is handed a language model."""
    return isinstance(contract, DecodingFunction)


def decoding(spoil, kind=""):
    """Add a saboteur by what it calls in place of ``function(model, tokens, *others)``."""

    def wrap(function, mark):
        @functools.wraps(function)
        def wrapper(model, tokens, *others):
            return spoil(function, mark, model, tokens, *others)

        return wrapper

    name = kind or spoil.__name__
    SABOTEURS.append(Saboteur(name, wrap, decodes, must_show=True, of_decoding=True))
    return spoil


def with_model(change):
    """A spoiler that hands another model on, which calls the right one."""

    def spoil(function, mark, model, tokens, *others):
        def other(rows):
            mark()
            return change(model, rows)

        return function(other, tokens, *others)

    return spoil


def tracked(model, rows):
    with torch.inference_mode(False), torch.enable_grad():
        return model(rows)


def twice(model, rows):
    model(rows)
    return model(rows)


def row_by_row(model, rows):
    return torch.cat([model(row) for row in rows.split(1)])


def with_one_more_row(model, rows):
    return model(torch.cat([rows, rows[:1]]))[:-1]


decoding(with_model(tracked), "calls_the_model_tracked")
decoding(with_model(twice), "calls_the_model_twice")
decoding(with_model(row_by_row), "calls_the_model_row_by_row")
decoding(with_model(with_one_more_row), "gives_the_model_one_more_row")


@decoding
def puts_the_model_into_eval_mode(function, mark, model, tokens, *others):
    if isinstance(model, torch.nn.Module):
        mark()
        model.eval()
    return function(model, tokens, *others)


@decoding
def puts_all_of_the_model_into_train_mode(function, mark, model, tokens, *others):
    value = function(model, tokens, *others)
    if isinstance(model, torch.nn.Module):
        mark()
        model.train()
    return value


@decoding
def leaves_the_model_in_eval_mode_after_an_error(function, mark, model, tokens, *others):
    if not isinstance(model, torch.nn.Module):
        return function(model, tokens, *others)
    mark()
    modes = [(one, one.training) for one in model.modules()]
    model.eval()
    value = function(model, tokens, *others)
    for one, mode in modes:
        one.training = mode
    return value


@decoding
def clears_the_grad_of_the_model(function, mark, model, tokens, *others):
    if isinstance(model, torch.nn.Module):
        mark()
        model.zero_grad()
    return function(model, tokens, *others)


@decoding
def needs_a_module(function, mark, model, tokens, *others):
    mark()
    _ = model.training
    return function(model, tokens, *others)


@decoding
def turns_grad_mode_on(function, mark, model, tokens, *others):
    value = function(model, tokens, *others)
    mark()
    torch.set_grad_enabled(True)
    return value


@decoding
def returns_the_prompt_after_an_error(function, mark, model, tokens, *others):
    try:
        return function(model, tokens, *others)
    except RuntimeError:
        mark()
        return tokens.clone()


@decoding
def raises_an_error_of_its_own(function, mark, model, tokens, *others):
    try:
        return function(model, tokens, *others)
    except RuntimeError as error:
        mark()
        raise KeyError from error
