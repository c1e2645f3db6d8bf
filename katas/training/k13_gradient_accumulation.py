"""Take one step on several micro-batches, as if they were one batch.

A batch that is too large for the memory is cut into micro-batches: their gradients are added up
before the one step. For texts, the Trainer of Hugging Face's Transformers long did so in a wrong
way: it averaged the means of micro-batches that hold different numbers of tokens.

    net = nn.Embedding(2, 2)                     # its weight is full of 0
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    first = torch.tensor([[0]]), torch.tensor([[0]])              # one token
    second = torch.tensor([[1, 1, 1]]), torch.tensor([[1, 1, -100]])  # two that count
    accumulation_step(net, optimizer, [first, second], max_norm=1.0)  ->  0.6931
    net.weight  ->  [[0.1667, -0.1667], [-0.3333, 0.3333]]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.optim import Optimizer

Pairs = Sequence[tuple[Tensor, Tensor]]


def accumulation_step(
    model: nn.Module, optimizer: Optimizer, micro_batches: Pairs, max_norm: float
) -> float:
    """Take one step by the gradient of the mean loss over all tokens of all micro-batches.

    The loss of a token is the cross-entropy of its logits and its target. The mean is taken over
    all tokens that count, so each of them weighs the same, whichever micro-batch it is in.

    Args:
        model: any module, in train mode or in eval mode. `model(x)` returns logits (B, T, V). It
            has neither BatchNorm nor dropout.
        optimizer: an optimizer of torch.optim, or one that behaves alike. It has exactly the
            parameters of the model, in one group or several.
        micro_batches: a sequence of pairs x, y. Each y is (B, T), int64: the target of each token,
            from 0 to V - 1, or -100 for a token that does not count. B, T and the number of tokens
            that count may differ from pair to pair.
        max_norm: a positive number, the largest norm that the gradients may have together.

    Returns:
        The mean loss before the step, a Python float.

    Exactly:
        The optimizer steps once, by the gradient of the mean. This gradient is clipped once, when
        it is complete: where the 2-norm over all parameters together is larger than max_norm, each
        part is multiplied by max_norm / norm; else it stays as it is. It is right to add 1e-6 to
        the norm.

        The model is called once for each micro-batch, as `model(x)`, so that its hooks run. When
        it is called again, the graph of the call before is gone: what it kept for the backward is
        free. What `model(x)` itself returned may be there still.

        A micro-batch in which no token counts adds nothing. The model need not be called for it,
        and if it is, that graph may stay until later. If no token counts in all of the sequence,
        or the sequence is empty, the optimizer does not step, all parameters and the state of the
        optimizer stay as they are, and 0.0 is returned.

        Gradients of earlier batches count for nothing: .grad may hold anything before, NaN too.
        What is in it afterwards is not looked at.

        Parameters are float32 or float64, and change in place. Each requires grad and takes part.
        For float64 parameters all is computed in float64: logits and factors are not float32.
        Logits, x and y come in any strides. Modes, buffers, micro_batches, every requires_grad and
        every hook stay as they are.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
