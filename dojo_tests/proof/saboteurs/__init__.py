"""Saboteurs: wrappers around a right function that make it wrong by a whole kind."""

from . import calls, functions, gradients, inputs, memory, modules, results, right  # noqa: F401 - they add their kinds
from .kinds import DTYPES, OF_NUMBERS, RIGHT_VARIANTS, SABOTEURS, same
from .probe import Probe, promised

__all__ = ["DTYPES", "OF_NUMBERS", "RIGHT_VARIANTS", "SABOTEURS", "Probe", "promised", "same"]
