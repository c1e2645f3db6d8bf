"""The chain rule of taped arrays gives what differences give; the blocks what torch computes."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from dojo.checks.blocks import GPT_BLOCK, attention, gelu, gpt_block, layer_norm, rms_norm, silu
from dojo.checks.laws.numbers import slopes
from dojo.checks.taped import numbers_of, slopes_of

DRAW = np.random.default_rng(1)
X, Y, ROW = (DRAW.uniform(-2, 2, shape) for shape in [(2, 3, 4), (4, 3), (1, 4)])
INDEX = np.array([[0, 1, 0], [1, 1, 0]])

FORMULAS = {
    "sums and products": (lambda x, y, row: (x * row - row + 2.0 * x) @ y, X, Y, ROW),
    "an array beside": (lambda x: X[0] + x * X[0], X),
    "powers and means": (lambda x: ((x * x).mean() + 0.5) ** -1.5, X),
    "a gather, twice": (lambda x: x[INDEX] * x[1], X),
    "slices": (lambda x: x[..., 1:3].swapaxes(0, 1).reshape(3, 4), X),
    "softmax": (lambda x: x.softmax(np.tri(3, 4, dtype=bool)), X),
    "log softmax": (lambda x: x.log_softmax(), X),
    "attention": (lambda x, y: attention(x, y.T, y.T, np.tri(3, dtype=bool)), X, Y),
    "layer norm": (lambda x, row: layer_norm(x, row, row), X, ROW),
    "RMSNorm": (rms_norm, X, ROW),
    "gelu": (gelu, X),
    "silu": (silu, X),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_slopes_are_those_of_differences(name):
    formula, *arrays = FORMULAS[name]

    def truth(*arguments):
        return numbers_of(formula, arguments)

    weights = np.random.default_rng(2).uniform(-1, 1, truth(*arrays).shape)
    for place, got in enumerate(slopes_of(formula, weights, arrays)):
        np.testing.assert_allclose(got, slopes(truth, weights, arrays, place), atol=1e-8)


def test_what_is_no_float_has_no_slope():
    found = slopes_of(lambda x, index, _y, times: x[index] * times, 1.0, [X, INDEX, Y, 3])
    assert found[1] is None
    assert found[3] is None
    assert not found[2].any()  # it is not used
    np.testing.assert_allclose(found[0][:, 0, 0], [9, 9])


def test_layers_are_torchs():
    x, row = torch.tensor(X), torch.tensor(ROW[0])
    expected = {
        gelu: functional.gelu(x, approximate="tanh"),
        silu: functional.silu(x),
        lambda one: layer_norm(one, ROW, ROW): functional.layer_norm(x, (4,), row, row, 1e-5),
        lambda one: rms_norm(one, ROW): functional.rms_norm(x, (4,), row, 1e-5),
    }
    for layer, values in expected.items():
        np.testing.assert_allclose(numbers_of(layer, [X]), values.numpy())


def test_a_block_is_that_of_torchs_encoder():
    """Torch's own layer has the same wiring where the norm comes first; a mask makes it causal."""
    torch.manual_seed(1)
    layer = torch.nn.TransformerEncoderLayer(
        4,
        2,
        16,
        0.0,
        activation=lambda z: functional.gelu(z, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        dtype=torch.float64,
    ).train()
    state = layer.state_dict()
    names = {
        "norm1": "ln_1",
        "norm2": "ln_2",
        "self_attn.in_proj_": "attn.c_attn.",
        "self_attn.out_proj": "attn.c_proj",
        "linear1": "mlp.c_fc",
        "linear2": "mlp.c_proj",
    }
    for theirs, ours in names.items():
        state = {key.replace(theirs, ours): one for key, one in state.items()}
    assert {name: tuple(one.shape) for name, one in state.items()} == {
        name: shape(4) for name, shape in GPT_BLOCK.items()
    }
    p = {name: one.numpy() for name, one in state.items()}
    x = torch.tensor(X)
    expected = layer(x, torch.nn.Transformer.generate_square_subsequent_mask(3, dtype=x.dtype))
    np.testing.assert_allclose(
        numbers_of(lambda x: gpt_block(x, p, 2), [X]), expected.detach().numpy()
    )
