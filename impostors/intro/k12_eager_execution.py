"""Wrong and right answers to intro/k12_eager_execution."""

import itertools
import math

import numpy as np
import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor(
    "first_nan_layer",
    diagnosis="All layers run, though the first NaN decides; return as soon as an output has one.",
    aspect="cost",
)
def runs_all_layers(layers, x):
    outputs = []
    for layer in layers:
        x = layer(x)
        outputs.append(x)
    for index, out in enumerate(outputs):
        if torch.isnan(out).any():
            return index
    return None


@impostor(
    "first_nan_layer", diagnosis="isinf looks for infinities, and finds no NaN.", aspect="values"
)
def tests_isinf(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isinf(x).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="isfinite, and x - x or x * 0, take inf for a NaN, too.",
    aspect="values",
)
def tests_isfinite(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if not torch.isfinite(x).all():
            return index
    return None


@impostor("first_nan_layer", diagnosis="The sum is NaN also where inf meets -inf.", aspect="values")
def looks_at_the_sum(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x.sum()):
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="all() asks whether every element is NaN; one is enough.",
    aspect="values",
)
def wants_all_elements(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).all():
            return index
    return None


@impostor(
    "first_nan_layer", diagnosis="The layers are counted from 1, not from 0.", aspect="values"
)
def counts_from_one(layers, x):
    for index, layer in enumerate(layers, start=1):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="All layers run, and the last output with a NaN counts instead of the first one.",
    aspect="values",
)
def finds_the_last(layers, x):
    found = None
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            found = index
    return found


@impostor(
    "first_nan_layer",
    diagnosis="The input of a layer is looked at, also x itself, where only outputs count.",
    aspect="values",
)
def looks_at_inputs(layers, x):
    for index, layer in enumerate(layers):
        if torch.isnan(x).any():
            return max(index - 1, 0)
        x = layer(x)
    return len(layers) - 1 if torch.isnan(x).any() else None


@impostor(
    "first_nan_layer",
    diagnosis="Each layer gets x itself, not the output of the layer before it.",
    aspect="structure",
)
def feeds_x_to_each(layers, x):
    for index, layer in enumerate(layers):
        if torch.isnan(layer(x)).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="A NaN in x is replaced before the first layer sees it.",
    aspect="structure",
)
def mends_x(layers, x):
    x = torch.nan_to_num(x)
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="Where no output has a NaN, another value than None is returned.",
    aspect="values",
)
def returns_minus_one(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return -1


@impostor(
    "first_nan_layer",
    diagnosis="`found or None` makes None of the index 0, so that layer 0 is lost.",
    aspect="values",
)
def loses_layer_zero(layers, x):
    found = 0
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            found = index
            break
    return found or None


@impostor(
    "first_nan_layer",
    diagnosis="True is returned, which says that there is a NaN, but not in which layer.",
    aspect="type",
)
def returns_a_bool(layers, x):
    for layer in layers:
        x = layer(x)
        if torch.isnan(x).any():
            return True
    return None


@impostor(
    "first_nan_layer",
    diagnosis="The output with the NaN is returned, not the index of its layer.",
    aspect="type",
)
def returns_the_output(layers, x):
    for layer in layers:
        x = layer(x)
        if torch.isnan(x).any():
            return x
    return None


@impostor(
    "first_nan_layer",
    diagnosis="layers.index(layer) finds the first place of a layer that stands in several.",
    aspect="values",
)
def asks_the_list_for_the_index(layers, x):
    for layer in layers:
        x = layer(x)
        if torch.isnan(x).any():
            return layers.index(layer)
    return None


@impostor(
    "first_nan_layer",
    diagnosis="A dictionary from layers to indices keeps the last place of each layer.",
    aspect="values",
)
def asks_a_dictionary_for_the_index(layers, x):
    places = {layer: index for index, layer in enumerate(layers)}
    for layer in layers:
        x = layer(x)
        if torch.isnan(x).any():
            return places[layer]
    return None


@impostor(
    "first_nan_layer",
    diagnosis="Each output is mended, so that the next layer gets other numbers than were made.",
    aspect="structure",
)
def mends_each_output(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            return index
        x = torch.nan_to_num(x)
    return None


@impostor(
    "first_nan_layer",
    diagnosis="Nothing equals NaN, not even NaN, so neither == nor `in` ever finds one.",
    aspect="values",
)
def compares_with_nan(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if (x == float("nan")).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="The printed form of a large tensor leaves out most of its elements.",
    aspect="values",
)
def searches_the_printed_form(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if "nan" in str(x):
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="layer(x) is called twice: once to look at the output, and once to go on.",
    aspect="cost",
)
def runs_each_layer_twice(layers, x):
    for index, layer in enumerate(layers):
        if torch.isnan(layer(x)).any():
            return index
        x = layer(x)
    return None


@impostor(
    "first_nan_layer",
    diagnosis="x is moved to the GPU wherever there is one; the layers may lie on the CPU.",
    aspect="device",
)
def moves_x_to_the_gpu(layers, x):
    x = x.to("cuda" if torch.cuda.is_available() else "cpu")
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="nn.Sequential takes modules only, and a function or lambda is none.",
    aspect="values",
)
def builds_a_network(layers, x):
    for index, layer in enumerate(nn.Sequential(*layers)):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="NumPy cannot see an output that requires grad or lies on the GPU.",
    aspect="values",
)
def asks_numpy_at_once(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if np.isnan(x.numpy()).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="NumPy has no bfloat16: an output of that dtype cannot become an array.",
    aspect="values",
)
def asks_numpy_for_bfloat16(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if np.isnan(x.detach().cpu().numpy()).any():
            return index
    return None


@impostor(
    "first_nan_layer",
    diagnosis="layers.pop(0) takes the layers out of the caller's own list.",
    aspect="memory",
)
def takes_layers_off(layers, x):
    done = 0
    while layers:
        x = layers.pop(0)(x)
        if torch.isnan(x).any():
            return done
        done += 1
    return None


@impostor(
    "first_nan_layer",
    diagnosis="The return stands inside the loop: only the first layer is looked at.",
    aspect="values",
)
def returns_too_early(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        return index if torch.isnan(x).any() else None


@impostor(
    "true_statements",
    diagnosis="A string or a list of letters is returned, not a set.",
    aspect="values",
)
def lists_in_a_string():
    return "ADE"


@impostor(
    "true_statements",
    diagnosis="Only the advantages are listed; E is true as well, though it is none.",
    aspect="values",
)
def lists_the_advantages_only():
    return {"A", "D"}


@impostor(
    "true_statements",
    diagnosis="PyTorch is taken for eager only, and torch.compile left out of account.",
    aspect="values",
)
def forgets_torch_compile():
    return {"A", "C", "E"}


@impostor(
    "true_statements",
    diagnosis="A traced function is taken for one whose Python code runs at each call.",
    aspect="values",
)
def takes_traced_for_eager():
    return {"A", "D", "E", "F"}


@alternative("first_nan_layer")
def unequal_to_itself(layers, x):
    for index in range(len(layers)):
        x = layers[index](x)
        if (x != x).any().item():
            return index


@alternative("first_nan_layer")
def recursion(layers, x):
    if not layers:
        return None
    out = layers[0](x)
    if out.isnan().any():
        return 0
    behind = recursion_behind(layers[1:], out)
    return None if behind is None else behind + 1


def recursion_behind(layers, x):
    return first_nan_layer(layers, x)  # noqa: F821 (its public name in the learner's file)


@alternative("first_nan_layer")
def lazy_accumulate(layers, x):
    outputs = itertools.accumulate(layers, lambda value, layer: layer(value), initial=x)
    behind_x = itertools.islice(outputs, 1, None)
    return next((i for i, out in enumerate(behind_x) if torch.isnan(out).any()), None)


@alternative("first_nan_layer")
@torch.no_grad()
def without_grad(layers, x):
    index = 0
    while index < len(layers):
        x = layers[index](x)
        if torch.isnan(x).sum() > 0:
            return index
        index += 1
    return None


@alternative("first_nan_layer")
def numpy_of_a_copy(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if np.isnan(x.detach().cpu().double().numpy()).any():
            return index
    return None


@alternative("first_nan_layer")
def python_floats(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if any(math.isnan(value) for value in x.flatten().tolist()):
            return index
    return None


@alternative("first_nan_layer")
@torch.inference_mode()
def equal_to_itself_everywhere(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if not (x == x).all():
            return index
    return None


@alternative("first_nan_layer")
def element_by_element(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        for value in x.reshape(-1):
            if torch.isnan(value):
                return index
    return None


@alternative("first_nan_layer")
def largest_element(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if math.isnan(x.double().max()):
            return index
    return None


@alternative("first_nan_layer")
def norm_of_doubles(layers, x):
    for index, layer in enumerate(layers):
        x = layer(x)
        if x.double().norm().isnan():
            return index
    return None


@alternative("first_nan_layer")
def detached_between(layers, x):
    current = x.clone()
    for index, layer in enumerate(layers):
        current = layer(current).detach()
        if bool(torch.any(torch.isnan(current))):
            return index
    return None


@alternative("first_nan_layer")
def takes_layers_off_a_copy(layers, x):
    done, layers = 0, [*layers]
    while layers:
        x = layers.pop(0)(x)
        if torch.count_nonzero(torch.isnan(x)):
            return done
        done += 1
    return None


@alternative("first_nan_layer")
def raises_and_catches(layers, x):
    index = -1
    try:
        for index, layer in enumerate(layers):
            x = layer(x)
            assert not torch.isnan(x).any()
    except AssertionError:
        return index
    return None


@alternative("true_statements")
def frozen_set():
    return frozenset("EDA")


@alternative("true_statements")
def set_of_a_string():
    return set("ADE")
