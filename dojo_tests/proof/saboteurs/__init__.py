"""Saboteurs: wrappers around a right function that make it wrong by a whole kind."""

from . import (  # noqa: F401 - they add their kinds
    calls,
    decoding,
    functions,
    gradients,
    inputs,
    memory,
    modules,
    optimizer_uses,
    optimizers,
    results,
    right,
    stateful,
)
from .kinds import DTYPES, OF_NUMBERS, RIGHT_VARIANTS, SABOTEURS, any_contract, same
from .probe import Probe, promised, unvaried

__all__ = [
    "DTYPES",
    "OF_NUMBERS",
    "RIGHT_VARIANTS",
    "SABOTEURS",
    "Probe",
    "any_contract",
    "promised",
    "same",
    "unvaried",
]
