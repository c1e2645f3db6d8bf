"""Cut text into tokens by byte pair encoding, as language models read it.

A language model knows a fixed number of tokens. Byte pair encoding makes frequent pieces of text
into one token each: it begins with single bytes, and joins the most frequent pair again and again.
So no text is unknown, and common words are short. GPT-2 and Llama 3 read text like that, with the
tokenizers of `tiktoken` and Hugging Face `tokenizers`, which split it into words first.

    merges = train_bpe("banana", 2)     ->  [(97, 110), (98, 256)]
    encode("bandana", merges)           ->  [257, 100, 256, 97]       # ban d an a
    decode([98, 256, 256, 97], merges)  ->  "banana"

In "banana" both (97, 110), which is "an", and (110, 97), "na", stand twice: the smaller one is
taken. That leaves b, an, an, a, where each of three pairs stands once: (98, 256) is the smallest.

What holds for every kata stands in katas/README.md.
"""


def train_bpe(text: str, num_merges: int) -> list[tuple[int, int]]:
    """The pairs that byte pair encoding joins in this text, in the order in which it joins them.

    The text begins as its UTF-8 bytes: each byte is an id from 0 to 255. Each round counts the
    pairs of neighbours, takes the most frequent pair, and joins it: from left to right, each place
    where the pair stands becomes one new id. Round i makes the id 256 + i; the first round is 0.

    Args:
        text: a string of any characters, without lone surrogates. It may be empty.
        num_merges: how many rounds there are at most, at least 0.

    Returns:
        A list of the pairs, each a tuple of two ints, pair i that of round i. It is shorter than
        num_merges if no pair is left to join, and empty for a text of one byte or none.

    Exactly:
        Each place counts, also where places overlap: [97, 97, 97] has the pair (97, 97) twice. But
        it is joined once there, at the left: that gives [256, 97].

        Of pairs that are equally frequent the smaller tuple is taken, as Python compares tuples. A
        pair that stands in one place alone is joined, too.

        Spaces and ends of lines are bytes like others: the text is not split into words.
    """
    raise NotImplementedError


def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """The ids of a text, in which the pairs of merges are joined.

    The text begins as its UTF-8 bytes. As long as two neighbours are a pair of merges, the pair of
    them that comes first in merges is joined, from left to right, wherever it stands: pair i
    becomes the id 256 + i. How often a pair occurs does not matter here.

    Args:
        text: a string of any characters, without lone surrogates. It may be empty.
        merges: pairs such as train_bpe gives them, of this text or of another one: no pair comes
            twice, and pair i has ids below 256 + i. The list stays as it is.

    Returns:
        A new list of ints. The empty text has no ids.
    """
    raise NotImplementedError


def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """The text of some ids.

    An id from 0 to 255 stands for that byte, and 256 + i for the bytes of both ids of pair i in
    merges. All these bytes, one after another, are read as UTF-8.

    Args:
        ids: ids from 0 to 255 + len(merges), in any order; the list may be empty.
        merges: pairs as in encode. Both lists stay as they are.

    Returns:
        A string. decode(encode(text, merges), merges) is text.

    Exactly:
        The bytes of one character may belong to several ids: they are joined before they are read.
        Bytes that are no UTF-8 are read as bytes.decode("utf-8", errors="replace") does it: as the
        character U+FFFD.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
