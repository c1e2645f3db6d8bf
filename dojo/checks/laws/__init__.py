"""The laws that hold for many katas: a check file declares a contract, and inherits its laws.

A check file has a class for each public name. It says in a few attributes what the function takes
and promises, and gives the truth in NumPy or plain Python:

    class TestLogsumexp(PureFunction):
        name = "logsumexp"
        cases = [([[0.5, -1.0]], 1)]

        def truth(self, x, dim):
            return np.log(np.exp(x).sum(dim))

Each law is a test of its own. One that does not hold for a kata is left out by a fact
(``recorded = False``) or by its name (``test_gradients = None``). What no law says is an ordinary
test in the kata's own class.
"""

from dojo.checks.laws.array_from_tensor import ArrayFromTensor
from dojo.checks.laws.attention import AttentionFunction, LargeScores
from dojo.checks.laws.by_hand import BackwardByHand
from dojo.checks.laws.decoding import DecodingFunction, LanguageModel
from dojo.checks.laws.drawing import DrawingFunction
from dojo.checks.laws.functional import FunctionalFunction
from dojo.checks.laws.handed import Handed
from dojo.checks.laws.in_place import InPlaceFunction
from dojo.checks.laws.loss import LossFunction
from dojo.checks.laws.making import MakingFunction
from dojo.checks.laws.module import ModuleFactory
from dojo.checks.laws.module_class import ModuleClass
from dojo.checks.laws.moving import MovingFunction, ViewFunction, places
from dojo.checks.laws.numbers import ALL, FLOATS, INTEGERS, exact_slopes, with_all_digits
from dojo.checks.laws.optimizer import OptimizerClass
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.stateful import StatefulModule
from dojo.checks.laws.tensor_from_array import TensorFromArray

__all__ = [
    "ALL",
    "FLOATS",
    "INTEGERS",
    "ArrayFromTensor",
    "AttentionFunction",
    "BackwardByHand",
    "DecodingFunction",
    "DrawingFunction",
    "FunctionalFunction",
    "Handed",
    "InPlaceFunction",
    "LanguageModel",
    "LargeScores",
    "LossFunction",
    "MakingFunction",
    "ModuleClass",
    "ModuleFactory",
    "MovingFunction",
    "OptimizerClass",
    "PureFunction",
    "StatefulModule",
    "TensorFromArray",
    "ViewFunction",
    "exact_slopes",
    "places",
    "with_all_digits",
]
