"""Take one step on several micro-batches, as if they were one batch.

The mean over all tokens is the sum of their losses over their number, and both are sums over the
micro-batches. So the number of all tokens that count must be known before the first backward; then
the sum of each micro-batch, divided by it, is a part of the mean, and `backward` adds the parts up.
The mean of the means weighs a token in a short micro-batch more. It is right only where all of them
count equally many tokens, as in most tests. Where none counts, that mean is 0 / 0.

Each backward frees its graph, so the memory holds one at a time. One backward of the sum of all
losses gives the same gradient, but keeps all graphs until then.

In practice one sets `gradient_accumulation_steps` in Transformers' Trainer, which counts the tokens
since 2024, or `accumulate_grad_batches` in Lightning's.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.optim import Optimizer

HINTS = (
    "What is the mean over all tokens made of, if each micro-batch has another number of them?",
    "Count the tokens that are not -100 in all micro-batches first; y alone is needed for that.",
    '`F.cross_entropy(..., reduction="sum")` divided by that number is one part of the mean.',
    "Run the backward of each part at once: it adds to .grad, and frees its graph.",
    "Clear .grad before the first part; clip and step once, after the last one.",
)

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
    counted = sum(int((y != -100).sum()) for _, y in micro_batches)
    if counted == 0:
        return 0.0
    optimizer.zero_grad()
    total = 0.0
    for x, y in micro_batches:
        logits = model(x).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, y.flatten(), reduction="sum") / counted
        loss.backward()
        total += loss.item()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return total
