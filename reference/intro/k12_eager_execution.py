"""Find the first layer that makes a NaN, by looking at values while they are computed.

Each output holds its numbers as soon as the layer returns. `torch.isnan(x).any()` asks them,
Python's `if` reads the answer, and `return` leaves the loop, so that no later layer runs.
Under `jax.jit` or in a graph of TensorFlow there would be no numbers yet for that `if`.

Common wrong answers: running all layers first and searching afterwards does work that nobody needs,
and a later layer may fail on the NaN. `isinf` and `not isfinite` find infinities, which are no NaN.
A sum is NaN also where inf meets −inf. Nothing equals NaN, not even NaN, so `x == nan` is never
true; but for the same reason `(x != x).any()` is right.

The two advantages are A (gradients of ordinary code, without a tape or a function around it) and D
(a compiled function may still look at values: torch.compile runs that part in Python). E is true
as well, and fair to say: JAX is eager outside of what it traces, as TensorFlow 2 is outside of
`tf.function`.
"""

from collections.abc import Callable

import torch

HINTS = (
    "Which value does each layer get, and when is the earliest moment to know that you are done?",
    "`enumerate(layers)` gives you each layer with its index; `return` inside the loop ends it.",
    "torch has a function that answers, for each element, whether it is NaN. One is enough.",
    "For the statements, find out which Python code a traced function runs again at each call.",
)


def first_nan_layer(
    layers: list[Callable[[torch.Tensor], torch.Tensor]], x: torch.Tensor
) -> int | None:
    """The index of the first layer whose output has a NaN.

    The layers run in their order: the first one on x, each other one on the output of the layer
    before it.

    Args:
        layers: a list of functions of one tensor that return a tensor. The list and the layers
            stay as they are.
        x: the input of the first layer.

    Returns:
        The index as an int, counted from 0, or None if no output has a NaN.

    Exactly:
        Each layer runs once. Layers after the first output that has a NaN do not run. A NaN in
        x itself does not count, only one in an output. inf is not NaN.

        Layers are any callables, such as functions, lambdas and modules, or none at all; one
        may stand in several places. Each returns a tensor with at least one element, of any
        shape (0-d too) and any float, int or bool dtype, bfloat16 too.
    """
    for index, layer in enumerate(layers):
        x = layer(x)
        if torch.isnan(x).any():
            return index
    return None


def true_statements() -> set[str]:
    """The letters of the true statements on torch 2, TensorFlow 2 and JAX, as they are by default.

    Two of the true ones are advantages of PyTorch over both of the others.

    A. Eager PyTorch needs only inputs that require grad, and `loss.backward()` may follow ordinary
       code. In eager TensorFlow, reverse-mode gradients need that code to run in an open
       `tf.GradientTape`; in JAX, they need it as a function, for `jax.grad`, `jax.vjp` or the like.
    B. In TensorFlow 2, `tf.sqrt(x)` in a plain script only adds an operation to a graph; its value
       exists once a session runs that graph.
    C. PyTorch is eager only: it has nothing that compiles a function, as `tf.function` and
       `jax.jit` do.
    D. A function under `torch.compile` may read a number out of a tensor x, its argument, by
       `x.item()`. Under `tf.function`, `x.numpy()` raises an error for a tensor x among the
       arguments, and under `jax.jit` so does `x.item()` for an array x.
    E. In a plain script, outside of what `jax.jit`, `jax.vmap`, `lax.scan` and the like trace, JAX
       too executes operations one by one, and a Python `if` may depend on their results.
    F. A Python `print` in a function under `tf.function` or `jax.jit` prints at every call, also
       for tensors whose shapes and dtypes the function has met before.

    Returns:
        A set such as {"A", "B"}.
    """
    return {"A", "D", "E"}
