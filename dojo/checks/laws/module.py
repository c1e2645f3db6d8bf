"""The laws of a function that makes a module, and of a class of modules.

The parameters are found by their shapes, whatever the learner calls them and wherever they are.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import nn

from dojo.checks.aspects import aspect
from dojo.checks.expect import (
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
)
from dojo.checks.gradients import gradients
from dojo.checks.inputs import in_layout, random_like
from dojo.checks.laws.layouts import CONTIGUOUS, OFFSET, STRIDED, TRANSPOSED, Template
from dojo.checks.laws.made_module import MOVED, MadeModules, whole
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.settings import expect_made_aside, settings_untouched, settings_watched
from dojo.checks.laws.wording import KEEP, PUT_BACK, SETTINGS, TRACKED, UNTRACKED
from dojo.checks.memory import shares_storage, untouched
from dojo.checks.messages import Call

INSIDE = "Build everything inside the function, so that each call makes a new module."
SAVED = "What a module needs again after loading has to be a parameter or a buffer."
UNWRITTEN = "Give each parameter numbers: memory that is only reserved holds whatever was there."
AGAIN = "Make a new output at each call, so that the caller can keep the earlier ones."
UNSEEDED = "Set no seed when a module is made: each one gets other numbers."
_SMALL = 9  # the size of whole numbers


class ModuleFactory(MadeModules):
    """The laws of what makes an ``nn.Module``."""

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_makes_a_module(self, solution: Any, device: str) -> None:
        """{name} returns an nn.Module, which takes a tensor and returns one."""
        module = self.shared(solution, device)
        expect_tensor(self.run(solution, module, torch.ones(self.cases[0]).to(device)))

    @aspect("shape")
    def test_has_the_shape(self, solution: Any, device: str) -> None:
        """The output has the right shape for every shape of x."""
        module = self.shared(solution, device)
        arrays = {name: as_array(one) for name, one in self.found(solution, module).items()}
        for shape in self.cases:
            got = self.run(solution, module, torch.ones(shape).to(device))
            expect_shape(got, np.shape(self.truth(np.ones(shape), **arrays)), self.hint("shape"))

    @aspect("dtype")
    def test_keeps_the_dtype(self, solution: Any, device: str) -> None:
        """The output is float32, as x is; after .double() it is float64, with all its digits."""
        module = self.made(solution, device)
        x = random_like(torch.empty(self.cases[-1], dtype=torch.float64), seed=1).to(device)
        expect_dtype(self.run(solution, module, x.float()), torch.float32, self.hint("dtype"))
        if self.doubles:
            what = "the output after .double()"
            try:
                self.expect_output(solution, module.double(), x, "values", what)
            finally:
                module.float()  # where the answer gives one module to all

    @aspect("device")
    def test_moves_to_the_device(self, solution: Any, device: str) -> None:
        """After .to(device) the parameters and the output lie there."""
        module = self.shared(solution, device)
        solution.last_call = f"{self.name}()"
        for name, one in nn.Module.named_parameters(module):
            sentence = f"made a module whose {name} is on {one.device} after .to({device!r})."
            expect(one.device.type == device, sentence, MOVED)
        x = torch.ones(self.cases[0]).to(device)
        expect_device(self.run(solution, module, x), device, MOVED)

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """The output is right for the module's own parameters, in train and in eval mode."""
        module = self.shared(solution, device)
        for name, one in self.found(solution, module).items():
            is_finite = bool(torch.isfinite(one.detach()).all())
            expect(is_finite, f"made a module whose {name} holds NaN or inf.", UNWRITTEN)
        x = random_like(torch.empty(self.cases[-1]), seed=3).to(device)
        for training in (True, False):
            module.train(training)
            mode = f"the output in {'train' if training else 'eval'} mode"
            self.expect_output(solution, module, x, "values", mode)

    @aspect("values")
    def test_follows_its_parameters(self, solution: Any, device: str) -> None:
        """The output follows the parameters when they change, for x of every shape."""
        module = self.made(solution, device)
        cases = self.cases if device == "cpu" else self.cases[-3:]
        inputs = [whole(shape, _SMALL, 4).to(device) for shape in cases]
        for training in (True, False):  # what is kept of an output or of W does not follow
            self.run(solution, module.train(training), inputs[0])
        several = [x for x in inputs if x.dim() > 1 and x.shape[0] > 1 and x.numel()]
        deepest = max(several, key=torch.Tensor.dim)
        inputs += [in_layout(deepest, kind) for kind in (TRANSPOSED, STRIDED, OFFSET)]
        inputs.append(deepest[:1].expand(deepest.shape))
        self.write(self.found(solution, module))
        for number, x in enumerate(inputs):  # in eval mode first, which is not asked before
            module.train(number % 2 == 1)
            self.expect_output(solution, module, x, "follow", "the output for new parameters,")

    @aspect("gradient")
    def test_gradients(self, solution: Any, device: str) -> None:
        """Gradients reach each parameter and x."""
        module = self.made(solution, device)
        self.expect_trainable(solution, module)
        cases = [case for case in self.cases if 0 not in case]
        for number, shape in enumerate(cases if device == "cpu" else cases[-1:]):
            module.train(number % 2 == 0)
            parameters = self.found(solution, module)
            self.write(parameters, _SMALL)
            x = whole(shape, _SMALL, 6).to(device)
            kinds = (CONTIGUOUS, TRANSPOSED, STRIDED, OFFSET)
            x = in_layout(x, kinds[number % len(kinds)]).requires_grad_()
            arrays = {name: as_array(one) for name, one in parameters.items()}
            got = self.expect_output(solution, module, x, "values")
            weights = whole(got.shape, _SMALL, 7)
            cut = self.hint("tracked") or TRACKED.format(name="x")
            found = gradients(got, {**parameters, "x": x}, weights.to(device), cut)
            slopes = self.slopes(as_array(weights), as_array(x), **arrays)
            for name, gradient in found.items():
                exact = torch.tensor(slopes[name], dtype=torch.float32)
                limit = 64 * torch.finfo(torch.float32).eps * float(exact.abs().max() + 1)
                hint, what = self.hint("gradient"), f"the gradient of {name}"
                expect_values(gradient, exact, hint, what, rtol=0, atol=limit)

    @aspect("memory")
    def test_makes_a_new_module_at_each_call(self, solution: Any, device: str) -> None:
        """Two modules share nothing: neither the module nor the memory of a parameter."""
        one, other = self.made(solution, device), self.made(solution, device)
        solution.last_call = f"{self.name}()"
        expect(one is not other, "returned the same module as before.", INSIDE)
        others = self.found(solution, other)
        for name, a in self.found(solution, one).items():
            sentence = (
                f"made two modules that share the memory of {name}: training one trains both."
            )
            expect(not shares_storage(a, others[name]), sentence, INSIDE)

    @aspect("memory")
    def test_makes_a_new_output_at_each_call(self, solution: Any, device: str) -> None:
        """An output stays as it is when the module is called again, also under no_grad."""
        module = self.shared(solution, device)
        x = whole(self.cases[-1], _SMALL, 8).to(device)
        outputs = [self.expect_output(solution, module, x, "values")]
        kept = outputs[0].detach().clone()
        with torch.no_grad():
            outputs += [self.expect_output(solution, module, x, "values") for _ in range(2)]
            expect(not outputs[1].requires_grad, "is tracked under torch.no_grad().", UNTRACKED)
            x.add_(1)  # the same object with other numbers
            self.expect_output(solution, module, x, "values")
        is_kept = torch.equal(outputs[0].detach(), kept)
        is_new = not any(shares_storage(a, b) for a, b in itertools.combinations(outputs, 2))
        expect(is_kept and is_new, "changed the output of an earlier call.", AGAIN)

    @aspect("memory")
    def test_leaves_x_and_torch_as_they_are(self, solution: Any, device: str) -> None:
        """The module writes nothing into x or beside it, and changes no setting of torch."""
        module = self.shared(solution, device)
        template = Template(whole(self.cases[-1], _SMALL, 8), OFFSET)
        x, memory = template.copy(device)
        solution.last_call = Call(f"{self.name}()", [x], {})
        hint = self.hint("memory") or KEEP
        with settings_watched(solution, thoroughly=True) as found, untouched(hint, x=x):
            module(x)
        expect(template.is_unchanged(memory), "changed the memory around its input x.", hint)
        expect(not found.text, found.text, SETTINGS)
        with torch.no_grad(), settings_untouched(solution, PUT_BACK):
            module(x)

    @aspect("memory")
    def test_is_made_without_a_setting(self, solution: Any) -> None:
        """To make a module changes no setting of torch, and seeds no generator."""

        def make() -> None:
            self.call(solution, self.made_with)

        expect_made_aside(solution, make, SETTINGS, self.hint("seeds") or UNSEEDED)

    @aspect("structure")
    def test_has_the_parameters(self, solution: Any, device: str) -> None:
        """The parameters are those that it should have, all trainable."""
        self.expect_trainable(solution, self.shared(solution, device))

    @aspect("structure")
    def test_is_saved_and_loaded(self, solution: Any, device: str) -> None:
        """A second module that loads the state of the first one computes the same."""
        one, other = self.made(solution, device), self.made(solution, device)
        self.write(self.found(solution, one))
        other.load_state_dict(one.state_dict())
        x = whole(self.cases[-1], _SMALL, 9).to(device)
        got, expected = self.run(solution, other, x), self.run(solution, one, x)
        expect_values(got, expected.detach(), SAVED, "the output after load_state_dict,")
