"""The laws of a function that is handed a language model, and extends a text with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect
from dojo.checks.laws.handed import FunctionFailed
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Asked
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import describe
from dojo.checks.modules import module_untouched
from dojo.devices.select import copied_to

GRAD_OFF = (
    "Call the model under `torch.no_grad()`: nobody trains here, and each graph would be kept."
)
MODEL_STAYS = "The modes, parameters and .grad of the model are afterwards as they were."
MODEL_RAISES = "What the model raises is for the caller: let it go on, with everything as before."
_LAST_FAILURE = 2  # the call of the model that fails at last


class LanguageModel:
    """A small language model that a case hands to the answer. Each call gets one of its own.

    Args:
        text: as a message shows it, such as "lambda t: one_hot(t + 1, 5)".
        function: int64 tokens (n, t) → logits (n, t, V); the tokens up to a place decide.
        is_module: whether it is an ``nn.Module`` with a parameter, of which a part is in eval mode.
    """

    def __init__(
        self, text: str, function: Callable[[torch.Tensor], torch.Tensor], is_module: bool = False
    ) -> None:
        self.text, self.function, self.is_module = text, function, is_module

    def next_logits(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Return for the oracle what the model says to follow each row: (n, V), float64."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            found: np.ndarray = self.function(torch.tensor(rows))[:, -1].double().numpy()
        return found

    def made(self, device: str) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return the model for one call of the answer; its ``calls`` are ``ModelCalls``."""
        calls = ModelCalls(self)
        if self.is_module:
            return ModelModule(calls, device)

        def model(tokens: torch.Tensor) -> torch.Tensor:
            return calls(tokens)

        model.__name__ = self.text
        model.calls = calls  # type: ignore[attr-defined]
        return model


class ModelCalls:
    """The calls of a model, and what it returns.

    Args:
        model: it knows the function.

    Attributes:
        given: the rows of tokens of each call, as lists.
        tracked: whether autograd was on, for each call.
        fails_at: the number of the call that raises ``FunctionFailed``; 0 for none.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.text = model.text
        self.given: list[list[list[int]]] = []
        self.tracked: list[bool] = []
        self.fails_at = 0
        self._function = model.function

    def __call__(self, tokens: torch.Tensor) -> torch.Tensor:
        if type(tokens) is not torch.Tensor or tokens.dim() != 2 or tokens.dtype != torch.int64:
            words = f"the model takes an int64 tensor (n, t), and was given {describe(tokens)}"
            raise TypeError(words)
        with torch._C.DisableTorchFunction():
            self.given.append(tokens.tolist())
        self.tracked.append(torch.is_grad_enabled())
        if len(self.given) == self.fails_at:
            words = f"call number {self.fails_at} fails"
            raise FunctionFailed(words)
        return self._function(tokens)


class ModelModule(torch.nn.Module):
    """A model that is a module. It multiplies its logits by a parameter, which is 1."""

    def __init__(self, calls: ModelCalls, device: str) -> None:
        super().__init__()
        self.__name__ = calls.text
        self.calls = calls
        with torch._C.DisableTorchFunction():
            self.scale = torch.nn.Parameter(copied_to(torch.ones(1), device))
            self.scale.grad = copied_to(torch.ones(1), device)
        self.part = torch.nn.Identity().eval()
        self._watch = module_untouched(self)
        self._watch.__enter__()

    def __repr__(self) -> str:
        return self.__name__

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return logits that are tracked where autograd is on."""
        logits: torch.Tensor = self.part(self.calls(tokens)) * self.scale
        return logits

    def change(self) -> str:
        """Say in words what became of the module since it was made; empty if nothing."""
        try:
            self._watch.__exit__(None, None, None)
        except CheckFailed as failure:
            return failure.sentence
        return ""


class DecodingFunction(PureFunction):
    """The laws of a function that is handed a language model, which comes first in a call.

    In a case it comes behind the tokens: ``([[1, 2]], LanguageModel(…), 3)``.
    """

    tensors: ClassVar[Sequence[str]] = ("tokens",)
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.int64,)
    recorded: ClassVar[bool] = False

    def asked(self, *arguments: Any) -> list[list[list[int]]]:
        """Return the rows that the model has to be given in each call, in any order."""
        raise NotImplementedError

    @once
    def kinds(self) -> list[Row]:
        """The first plain row with a function as model, and the first with a module."""
        kinds: dict[bool, Row] = {}
        for row in self.plain:
            kinds.setdefault(row.case[1].is_module, row)
        return list(kinds.values())

    @once
    def again_rows(self) -> list[tuple[Row, Row]]:
        """A row of each kind, each with one of other numbers for the same tensors."""
        return [(row, Row(self, self.other_case(row.arrays), row.dtype)) for row in self.kinds]

    # ---------------------------------------------------------------- asking

    def given(self, row: Row, device: str) -> list[Any]:
        """Return the arguments of a call, with a model of its own."""
        arguments = super().given(row, device)
        arguments[1] = arguments[1].made(device)
        return arguments

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call the answer with the model first, then with the tokens and what is left."""
        __tracebackhide__ = True
        tokens, model, *rest = arguments
        return getattr(solution, self.name)(model, tokens, *rest)

    def calls_of(self, arguments: Sequence[Any]) -> ModelCalls:
        """Return the notes of the model among the arguments of a call."""
        calls: ModelCalls = arguments[1].calls
        return calls

    def changed(self, arguments: Sequence[Any]) -> str:
        """Say in words what a call changed of its model; empty if nothing."""
        model = arguments[1]
        return model.change() if isinstance(model, ModelModule) else ""

    def hint(self, law: str) -> str:
        """Return the kata's hint for a law; where it has none, one that holds for the family."""
        usual = {"memory": MODEL_STAYS, "grad off": GRAD_OFF, "errors": MODEL_RAISES}
        return super().hint(law) or usual.get(law, "")

    # ---------------------------------------------------------------- the laws

    @aspect("structure")
    def test_gives_the_model_the_tokens(self, solution: Any) -> None:
        """Each call gives the model all tokens so far, of the right rows."""
        for record in self.records(solution, "cpu", self.plain):
            found = self.calls_of(record.arguments).given
            wanted = self.asked(*record.row.arrays)
            for number, (rows, right) in enumerate(zip(found, wanted, strict=False), start=1):
                sentence = f"gave the model {rows} in call {number}; expected {right}."
                expect(sorted(rows) == sorted(right), sentence, self.hint("given"))

    @aspect("structure")
    def test_calls_the_model_untracked(self, solution: Any) -> None:
        """The model is called with grad mode off, and afterwards that is as it was."""
        for record in self.records(solution, "cpu", self.plain):
            is_off = not any(self.calls_of(record.arguments).tracked)
            expect(is_off, "called the model with grad mode on.", self.hint("grad off"))
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                self.call(solution, self.arguments_of(self.plain[0], "cpu"))
                is_off = not torch.is_grad_enabled()
            sentence = f"turned grad mode on, though it was called under torch.{mode.__name__}()."
            expect(is_off, sentence, self.hint("grad off"))

    @aspect("cost")
    def test_calls_the_model_as_often_as_needed(self, solution: Any) -> None:
        """The model is called once for each step, and no more."""
        for record in self.records(solution, "cpu", self.plain):
            calls = len(self.calls_of(record.arguments).given)
            right = len(self.asked(*record.row.arrays))
            words = f"called the model {calls} times; expected {right}."
            expect(calls == right, words, self.hint("times"))

    @aspect("errors")
    def test_lets_errors_of_the_model_through(self, solution: Any) -> None:
        """An error of the model goes on to the caller, and all is then as before."""
        for row in self.kinds:
            for number in range(1, 1 + min(_LAST_FAILURE, len(self.asked(*row.arrays)))):
                asked = Asked(row, "cpu")
                model = self.calls_of(asked.arguments)
                model.fails_at, came, sentence = number, False, ""
                solution.hint = self.hint("errors")
                with settings_watched(solution) as found:
                    try:
                        got = self.call(solution, asked.arguments)
                        sentence = f"returned {describe(got)}, though the model raised an error"
                    except FunctionFailed:
                        came = True
                    except Exception as error:
                        if len(model.given) < number:  # or it is not started
                            raise
                        kind = type(error).__name__
                        sentence = f"raised {kind} where the model raised an error of its own"
                hint = f"{self.hint('errors')} Here call number {number} of the model raises."
                expect(came, f"{sentence}; expected that error of the model.", hint)
                change = asked.change() or found.text
                expect(not change, change, hint)
