"""Pack documents of any length into rows of one length, for the training of a language model.

Padding each document would waste most of a batch on filling, so language models learn from packed
rows. Hugging Face's TRL (`packing=True` of its SFTConfig) and torchtune (`PackedDataset`) make such
rows, and the document numbers become an attention mask there: tokens of one document do not see
those of another.

    documents = [tensor([5, 6, 7]), tensor([8, 9])]
    pack_documents(documents, length=3, eos=0)
        inputs   [[5, 6, 7], [0, 8, 9], [0, 0, 0]]
        targets  [[6, 7, 0], [-100, 9, 0], [-100, -100, -100]]
        numbers  [[0, 0, 0], [0, 1, 1], [1, -1, -1]]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

from torch import Tensor


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
