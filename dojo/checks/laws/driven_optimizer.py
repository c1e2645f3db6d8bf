"""A contract of a class of optimizers: what a kata says of it, and how it is driven."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from dojo.checks.expect import CheckFailed
from dojo.checks.laws.contract import Contract
from dojo.checks.laws.driven import (
    Run,
    drive,
    groups_of,
    parameters_of,
)
from dojo.checks.laws.planned import SHORT, STEPS, Plan, plan_of
from dojo.checks.messages import describe

OPTIMIZER = "Inherit from torch.optim.Optimizer, and hand it params and a dict of the options."


def saved_and_loaded(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state as it is after it was saved to a file and loaded again."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    loaded: dict[str, Any] = torch.load(buffer, weights_only=True)
    return loaded


class DrivenOptimizer(Contract):
    """A contract of a class of optimizers.

    Attributes:
        runs: options, by name, with each of which an optimizer is driven.
        second: the options of the second group of parameters.
        later: the options that the second group gets on the way; each lr is halved then.
        allowed: options with which an optimizer can be made.
        refused: (options, hint): what raises ``ValueError`` when the optimizer is made.
    """

    tensors: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32, torch.float64)
    recorded: ClassVar[bool] = False
    runs: ClassVar[Sequence[dict[str, Any]]] = ({},)
    second: ClassVar[dict[str, Any]] = {}
    later: ClassVar[dict[str, Any]] = {}
    allowed: ClassVar[Sequence[dict[str, Any]]] = ()

    def all_rows(self) -> list[Any]:
        """Return no rows: an optimizer is driven."""
        return []

    # ---------------------------------------------------------------- what a kata says

    def update(
        self, p: np.ndarray, g: np.ndarray, state: dict[str, Any], **options: Any
    ) -> np.ndarray:
        """Return what a parameter holds after a step.

        A kata writes the options one by one, with the defaults that they have in the statement.

        Args:
            p, g: the parameter and its gradient, float64.
            state: what is kept for it between steps; empty at its first gradient.
            options: of its group, at this step.
        """
        raise NotImplementedError

    def mistakes(self) -> dict[str, Callable[..., np.ndarray]]:
        """Return what people write in place of ``update``, by the sentence that names the mistake.

        Such a function takes what ``update`` takes. ``state["calls"]`` counts the steps, and
        ``state["updates"]`` what all parameters together have had of them.
        """
        return {}

    # ---------------------------------------------------------------- how a law asks

    def made(self, solution: Any, params: Any, options: dict[str, Any]) -> Any:
        """Return an optimizer over parameters, once it is one."""
        __tracebackhide__ = True
        optimizer = getattr(solution, self.name)(params, **options)
        words = ", ".join(["params", *(f"{name}={value}" for name, value in options.items())])
        solution.last_call = f"{self.name}({words})"
        if not isinstance(optimizer, torch.optim.Optimizer):
            sentence = f"made {describe(optimizer)}; expected a torch.optim.Optimizer."
            raise CheckFailed(sentence, OPTIMIZER)
        return optimizer

    def driven(self, solution: Any, device: str, number: int, dtype: torch.dtype) -> Run:
        """Return the run with the options of this number; it is made once for an answer."""
        __tracebackhide__ = True
        key = type(self), number, dtype, device
        solution.hint = self.hint("values")
        if key not in solution.records:
            plan = self.plan(number, dtype)
            memory = plan.start.to(device, copy=True)
            held = parameters_of(memory)
            groups = groups_of(held, self.second)
            run = Run(self.made(solution, groups, self.runs[number]), held, memory)
            drive(self, run, plan, plan.steps[: STEPS if device == "cpu" else SHORT])
            solution.records[key] = run, solution.last_call
        run, solution.last_call = solution.records[key]
        return run

    def plan(self, number: int, dtype: torch.dtype) -> Plan:
        """Return the plan of a run, which is the same for each answer."""
        contract: Any = type(self)
        return plan_of(contract, number, dtype)

    def parameters(self, device: str) -> list[nn.Parameter]:
        """Return new parameters of the usual dtype."""
        plan = self.plan(0, self.dtypes[0])
        return parameters_of(plan.start.to(device, copy=True))

    def all_runs(self, device: str) -> list[tuple[int, torch.dtype]]:
        """Return which runs are made: on the CPU all options in the last dtype.

        Those of the first number are driven in each dtype there, and on the GPU in the first.
        """
        if device != "cpu":
            return [(0, self.dtypes[0])]
        first = [(0, dtype) for dtype in self.dtypes[:-1]]
        return first + [(number, self.dtypes[-1]) for number in range(len(self.runs))]

    def prepare(self) -> None:
        """Make the plans of all runs, which are the same for each answer; import what loads."""
        super().prepare()
        saved_and_loaded({"state": torch.zeros(1)})  # the first time costs as much as a run
        for number, dtype in self.all_runs("cpu"):
            self.plan(number, dtype)
