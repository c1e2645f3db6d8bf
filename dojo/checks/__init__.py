"""The vocabulary of the checks: all that a check file imports, from this one name.

It holds what a check can expect of a learner's result, and the words for it. It imports torch and
no pytest, and knows neither how a check is run nor how a failure is shown. Comparisons run with
torch's function modes switched off, so no object that a learner returns takes part in its own
judgement.
"""

from dojo.checks.aspects import ASPECTS, aspect, aspect_of
from dojo.checks.benchmark import Benchmark
from dojo.checks.costs import Cost, MemoryTrace, cost_of, expect_no_growth, kept_for_backward
from dojo.checks.expect import (
    CheckFailed,
    expect,
    expect_array,
    expect_device,
    expect_dtype,
    expect_elements,
    expect_raises,
    expect_shape,
    expect_tensor,
    expect_values,
)
from dojo.checks.gradients import expect_derivatives, expect_gradients, gradients, graph_nodes
from dojo.checks.inputs import arranged, in_layout, layouts, numbers, random_like, tensor_of
from dojo.checks.memory import (
    expect_new_memory,
    expect_same_object,
    expect_view,
    shares_storage,
    untouched,
)
from dojo.checks.messages import Call, describe, dtype_name, grid_of
from dojo.checks.modes import without_modes
from dojo.checks.modules import module_untouched
from dojo.checks.statements import expect_statements
from dojo.checks.tracing import (
    Trace,
    calls_of,
    expect_made_without,
    expect_no_autograd_pass,
    runs_of,
)
from dojo.devices.select import gpu, no_gpu
from dojo.devices.tags import device_of

__all__ = [
    "ASPECTS",
    "Benchmark",
    "Call",
    "CheckFailed",
    "Cost",
    "MemoryTrace",
    "Trace",
    "arranged",
    "aspect",
    "aspect_of",
    "calls_of",
    "cost_of",
    "describe",
    "device_of",
    "dtype_name",
    "expect",
    "expect_array",
    "expect_derivatives",
    "expect_device",
    "expect_dtype",
    "expect_elements",
    "expect_gradients",
    "expect_made_without",
    "expect_new_memory",
    "expect_no_autograd_pass",
    "expect_no_growth",
    "expect_raises",
    "expect_same_object",
    "expect_shape",
    "expect_statements",
    "expect_tensor",
    "expect_values",
    "expect_view",
    "gpu",
    "gradients",
    "graph_nodes",
    "grid_of",
    "in_layout",
    "kept_for_backward",
    "layouts",
    "module_untouched",
    "no_gpu",
    "numbers",
    "random_like",
    "runs_of",
    "shares_storage",
    "tensor_of",
    "untouched",
    "without_modes",
]
