"""Pack documents of any length into rows of one length, for the training of a language model.

The three results are made full of what the filling holds: eos, -100 and -1. Each document then
writes over its own part. So the filling, and the target of each closing eos, need no thought of
their own. The targets are written while a document's borders are known; later only eos would tell
them, and that may stand inside of a document too.

In practice TRL or torchtune packs a dataset ahead of the training, and FlexAttention or
FlashAttention's `cu_seqlens` keep the documents of a row apart.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

HINTS = (
    "How many tokens has the stream, and how many rows is that, rounded up?",
    "Which value has each of the three results in the filling? Begin with tensors full of it.",
    "Go through the documents by number, and keep the place where each one begins in the stream.",
    "Shift the tokens inside of a document, in the flat stream; cut it into rows at the very end.",
)


def pack_documents(
    documents: Sequence[Tensor], length: int, eos: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The inputs, the targets and the document numbers of packed rows.

    All documents are written one behind the other, and eos (end of sequence) behind each of them.
    This stream is cut into rows of `length` tokens. What is left empty in the last row is called
    the filling. Then each place of the rows has

    - an input: the token of the stream; in the filling, eos.
    - a target: the next token of the same document, and behind its last token the eos that closes
      it. At that eos itself, and in the filling, there is nothing to predict: -100, which
      `cross_entropy` leaves out.
    - a document number: that of the document which the token belongs to, counted from 0; the eos
      that closes a document belongs to it. In the filling, -1.

    Args:
        documents: a list or tuple of tensors of shape (n,), each n at least 0; all int32 or all
            int64, on one device, any strides. Tokens are numbers from 0 to 2**53 - 1. The list and
            the tensors stay as they are.
        length: tokens in a row, at least 1.
        eos: a token; it may also stand inside of documents.

    Returns:
        A tuple of three new int64 tensors of shape (R, length): inputs, targets, numbers. A stream
        of N tokens, every eos that closes a document included, makes R = N / length rows, rounded
        up. No two of the results share memory.

    Exactly:
        A document goes on in the next row where a row ends in the midst of it. The target of the
        last place in a row is then the first token of the next row.

        Only the end of a tensor ends a document: an eos inside of it is a token like any other,
        has a target, and may be one.

        A document without tokens is one eos in the stream, with a number of its own.

        Where N is a multiple of length, no filling is needed, and there is no row of it.

        No documents: R = 0, so that all three have the shape (0, length); their device is up to
        you.
    """
    rows = -(-sum(len(document) + 1 for document in documents) // length)
    device = documents[0].device if len(documents) else None
    inputs, targets, numbers = (
        torch.full((rows * length,), value, dtype=torch.int64, device=device)
        for value in (eos, -100, -1)
    )
    start = 0
    for number, document in enumerate(documents):
        end = start + len(document)  # the place of the closing eos, which is there already
        inputs[start:end] = document
        targets[start:end] = inputs[start + 1 : end + 1]
        numbers[start : end + 1] = number
        start = end + 1
    return inputs.view(rows, length), targets.view(rows, length), numbers.view(rows, length)
