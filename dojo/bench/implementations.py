"""The names of what is timed: implementations of a kata's function, and the machine's limits."""

from __future__ import annotations

YOURS, REFERENCE, NAIVE = "yours", "reference", "naive"
ORDER = (YOURS, REFERENCE, NAIVE)  # in which a table shows them
# What the machine can do at most. A copy's destination is read into the cache before it is written,
# which nobody asked for; what is written in place is read anyhow, and moves twice as many of the
# bytes that count.
COPY, NEGATE, MATMUL = "copy", "negate", "matmul"
