"""Lists the aspects of a result that a check can judge, in the order of a kata's checks."""

ASPECTS = (
    "type",
    "shape",
    "dtype",
    "device",
    "values",
    "gradient",
    "memory",
    "errors",
    "structure",
    "cost",
)
