"""Average the weights of several checkpoints.

The mean of a few checkpoints is often better than each of them, and costs no more to run. Model
soups (Wortsman and others, 2022) average models that were fine-tuned with different options,
fairseq has a script average_checkpoints.py for the last ones of a run, and federated learning
averages the models of many devices.

    a = {"weight": torch.tensor([1., 2.]), "steps": torch.tensor(3)}
    b = {"weight": torch.tensor([4., 8.]), "steps": torch.tensor(5)}
    average_weights([a, b])
        ->  {"weight": tensor([2.5000, 5.0000]), "steps": tensor(5)}

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor


def average_weights(state_dicts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average state dicts entry by entry.

    Each entry of floats becomes the mean of that entry over all state dicts. Each entry of ints or
    bools (a counter, a mask) becomes that of the last state dict.

    Args:
        state_dicts: mappings with the same keys, in any order, and per key tensors of one shape,
            dtype and device. Any iterable that gives at least one: a list, or a generator that can
            be gone through only once and reads one file after the other.

    Returns:
        A dict, an OrderedDict too, with the keys of the first one in its order. Each entry keeps
        its shape, dtype and device. It is a new tensor, in memory that neither an input nor another
        entry shares, and is not tracked, even if inputs are.

    Raises:
        ValueError: there is no state dict at all, one has other keys than the first, or an entry
            has another shape than in the first. The inputs stay as they are then too.

    Exactly:
        Floats are float16, bfloat16, float32 and float64, finite, up to 1e100 in size. They are
        added up in float64, and the mean is rounded once to the dtype of the entry. So nothing
        overflows, and float16, bfloat16 and float32 are right to the last bit; float64 to 1e-12,
        relative to the largest entry. No mean lies in the middle between two neighbors of its
        dtype, nor so near to it that float32 could not tell: torch's `.to` makes 16 bits out of
        float64 by way of float32.

        Ints and bools keep their exact values, large int64 too. Tensors have any shape, 0-d and
        empty too, and any strides. State dicts may be empty: the average is then.

        Two entries of a state dict may share memory, or be one tensor (tied weights): each gets its
        own mean. A mapping need not be a dict, and may be read-only.

        No more state dicts are held than needed. While a generator makes the next one, only the one
        before may still be there; the tensors of all earlier ones are freed by then.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
