"""The names of what is timed: implementations of a kata's function, and the machine's ceilings."""

from __future__ import annotations

YOURS, REFERENCE, TORCHS, NAIVE = "yours", "reference", "torch's", "naive"
ORDER = (YOURS, REFERENCE, TORCHS, NAIVE)  # the order in which a table shows them
# Ceilings: work that shows what the machine can do at most. Memory has two. A copy also reads its
# destination into the cache, which counts for nothing. A change in place reads only what it writes,
# and so moves more of the bytes that count.
COPY, NEGATE, MATMUL = "copy", "negate", "matmul"
