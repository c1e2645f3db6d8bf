"""Small scenes for katas about a step of training: a model and an optimizer that note what runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import keystr, tree_flatten_with_path

from dojo.checks.brief import brief
from dojo.checks.differences import differing
from dojo.checks.expect import CheckFailed, expect
from dojo.checks.messages import numbers_text

Slopes = Mapping[str, torch.Tensor]
CLIP = "The optimizer moves a parameter by -lr times its clipped gradient, once."
UNCLIPPED = "These gradients are not clipped: their norm is larger than max_norm."
EACH = "Each parameter was clipped by a norm of its own: there is one norm over all of them."
STANDS = (
    "Clear .grad, run the backward, then step: in this order, with nothing between that clears."
)


class NotingSGD(torch.optim.Optimizer):
    """SGD: each parameter moves by -lr times its .grad, or its momentum. It notes each step.

    torch's own SGD would import the compiler at its first step, for seconds.
    """

    def __init__(self, groups: Any, note: Callable[[str], None], momentum: float = 0.0) -> None:
        super().__init__(groups, {"lr": 0.1, "momentum": momentum})
        self._note = note

    def step(self, closure: Any = None) -> Any:
        loss = None if closure is None else closure()
        self._note("step")
        for group in self.param_groups:
            for p in [one for one in group["params"] if one.grad is not None]:
                change = p.grad.detach()
                if group["momentum"]:
                    change = change + group["momentum"] * self.state[p].get("momentum", 0.0)
                    self.state[p]["momentum"] = change
                p.data -= group["lr"] * change
        return loss

    # else torch wraps the method of a new optimizer's class, which counts as tampering here
    step.hooked = True  # type: ignore[attr-defined]


class Scene:
    """A model with plain numbers and an optimizer of two groups; it notes what runs.

    Attributes:
        words: the model as Python code that uses ``nn``.
        named: its parameters by their names; a scene may add what is trained beside them.
        notes: what has run, such as "model" or "step", each with what ``seen`` returned then.
        optimizer: one of all parameters, or of those of a part of the model.
    """

    def __init__(
        self,
        words: str = "nn.Linear(3, 2)",
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        part: str = "",
    ) -> None:
        self.words, self.options = words, {"dtype": dtype, "device": device}
        self.model = eval(words, {"nn": nn}).to(device, dtype)
        self.named: dict[str, torch.Tensor] = dict(self.model.named_parameters())
        self.notes: list[tuple[str, Any]] = []
        for place, p in enumerate(self.named.values()):
            numbers = torch.arange(p.numel(), **self.options).view(p.shape)
            p.data.copy_((numbers * 3 + place) % 7 / 8)
        first, *rest = self.model.get_submodule(part).parameters()
        groups = [{"params": [first]}, {"params": rest, "lr": 0.2}]
        self.optimizer = NotingSGD(groups, self.note)
        self.model.register_forward_pre_hook(lambda *_: self.note("model"))

    @property
    def rates(self) -> dict[str, float]:
        """The learning rate of each parameter that the optimizer has, by its name."""
        groups = self.optimizer.param_groups
        rates = {id(p): group["lr"] for group in groups for p in group["params"]}
        return {name: rates[id(p)] for name, p in self.named.items() if id(p) in rates}

    def seen(self, _event: str) -> Any:
        """Return what is to be noted with an event."""
        return None

    def note(self, event: str) -> None:
        self.notes.append((event, self.seen(event)))

    def ran(self, event: str) -> int:
        """Return how often something has run."""
        return [one for one, _ in self.notes].count(event)

    def make_stale(self, number: float) -> None:
        """Fill each .grad with a number, as an earlier batch might have left it."""
        for p in self.named.values():
            p.grad = torch.full_like(p, number) if p.requires_grad else None

    def slopes(self, loss: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the gradient of a loss for each parameter that the optimizer has."""
        names = list(self.rates)
        moving = [self.named[name] for name in names]
        grads = torch.autograd.grad(loss, moving, retain_graph=True)
        return dict(zip(names, grads, strict=True))

    def added(self, slopes: Slopes) -> dict[str, torch.Tensor]:
        """Return the gradients, each added to what is in .grad now, if anything is."""
        grads = {name: self.named[name].grad for name in slopes}
        return {
            name: one if grads[name] is None else one + grads[name] for name, one in slopes.items()
        }

    def moved(self, slopes: Slopes) -> dict[str, torch.Tensor]:
        """Return where a step by these gradients, by name, leads from here."""
        rates, named = self.rates, self.named.items()
        here = {name: p.detach().clone() for name, p in named}
        return here | {name: here[name] - rates[name] * one for name, one in slopes.items()}

    def place(self, tensors: Slopes) -> None:
        """Put each tensor where it should be, such as where ``moved`` leads to."""
        for name, p in self.named.items():
            p.data.copy_(tensors[name])


class BatchScene(Scene):
    """A scene with a batch ``x``, ``y`` and a loss, which notes its calls and its backward."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        x, y = [[1, 2, -1], [0, 1, 3], [-2, 1, 1], [1, 0, 2]], [[2, 0], [1, 3], [0, 1], [4, 2]]
        self.x, self.y = (torch.tensor(one, **self.options) for one in (x, y))

    def loss(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return a mean in which out and y do not mean the same."""
        return (out.exp() - y * out).mean()

    def loss_fn(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        self.note("loss")
        loss = self.loss(out, y)
        if loss.requires_grad:
            loss.register_hook(self.noted_backward)
        return loss

    def noted_backward(self, _grad: torch.Tensor) -> None:
        self.note("backward")


def expect_once(scene: Scene, events: Iterable[str], hint: str) -> None:
    """Fail unless each of these has run once."""
    __tracebackhide__ = True
    for event in events:
        expect(scene.ran(event) == 1, f"ran the {event} {scene.ran(event)} times, not once.", hint)


def clipped(slopes: Slopes, most: float) -> dict[str, torch.Tensor]:
    """Return the gradients by name, clipped so that their joint 2-norm is at most this."""
    norm = sum(one.double().square().sum().item() for one in slopes.values()) ** 0.5
    return {name: one * min(1.0, most / max(norm, 1e-300)) for name, one in slopes.items()}


def clipped_wrong(slopes: Slopes, most: float) -> dict[str, Slopes]:
    """Return what mistakes in clipping make of the gradients, by the sentences that name them."""
    each: dict[str, torch.Tensor] = {}
    for name, one in slopes.items():
        each |= clipped({name: one}, most)
    return {UNCLIPPED: slopes, EACH: each}


def expect_moved(
    scene: Scene,
    before: Slopes,
    right: Slopes,
    mistakes: Callable[[], Mapping[str, Slopes]],
    hint: str,
    lacked: str = "",
) -> None:
    """Fail unless each tensor of a scene is where it should be; a known mistake is named.

    Args:
        scene: the scene after the step.
        before, right: where each tensor was, and where it should be, by its name.
        mistakes: returns for each sentence that names a mistake where this leads to. It is called
            only if something is wrong, since right answers are many.
        hint: where to look if nothing else is known.
        lacked: where to look if a tensor moved that the optimizer lacks.
    """
    __tracebackhide__ = True
    rates = scene.rates
    for name, p in scene.named.items():
        now, there = p.detach(), right[name].detach().to(p)
        places = differing(now.cpu(), there.cpu())
        if not places:
            continue
        whys = [why for why, wrong in mistakes().items() if _leads_to(wrong.get(name), now)]
        if torch.equal(now, before[name]):
            raise CheckFailed(f"left {name} as it was.", [*whys, STANDS][0], now, there)
        if name not in rates:
            whys = [lacked]
        elif not whys and (length := _length(now - before[name], there - before[name])):
            whys = [f"It moved {length:.4g} times as far as it should. {hint}"]
        texts = [numbers_text(one) for one in (now, there)]
        if not texts[0]:  # it is large: show the first place that differs
            texts = [f" {one[tuple(places[0])].item():.6g}" for one in (now, there)]
            name = f"{name}{places[0]}"
        sentence = f"left {name} as{texts[0]}; expected{texts[1]}."
        raise CheckFailed(sentence, [*whys, hint][0], now, there)


def _leads_to(wrong: torch.Tensor | None, now: torch.Tensor) -> bool:
    return wrong is not None and torch.allclose(now, wrong.to(now), 1e-5, 1e-6, equal_nan=True)


def _length(moved: torch.Tensor, right: torch.Tensor) -> float:
    """Return how many times the right way was gone; 0 if another way was."""
    a, b = moved.double().flatten(), right.double().flatten()
    length = (a @ b / (b @ b)).item() if b.any() else 0.0
    return length if torch.allclose(a, length * b, 1e-3, 1e-6) else 0.0


def states_of(**parts: Any) -> dict[str, Any]:
    """Return all that is in the state_dicts of models, optimizers and the like, copied.

    Returns:
        The tensors and numbers by the place where each stands, with the name of the part first.
    """
    states = {name: part.state_dict() for name, part in parts.items() if part is not None}
    return {keystr(place): one for place, one in tree_flatten_with_path(copy.deepcopy(states))[0]}


def expect_states(verb: str, hint: str, expected: Mapping[str, Any], **parts: Any) -> None:
    """Fail unless the state_dicts hold what ``states_of`` has returned before.

    Args:
        verb: how the sentence begins, such as "left".
        hint: where to look.
        expected: what is to be there; what else is there is not looked at.
        parts: the models, optimizers and the like by their names.
    """
    __tracebackhide__ = True
    found = states_of(**parts)
    for place, one in expected.items():
        now: Any = found.get(place)
        pair = (now, one)
        are_tensors = all(isinstance(part, torch.Tensor) for part in pair)
        if not (torch.equal(now, one) if are_tensors else now == one):
            texts = [brief(part.tolist() if are_tensors else part, 60) for part in pair]
            if are_tensors and numbers_text(one):
                texts = [numbers_text(part).strip() for part in pair]
            raise CheckFailed(f"{verb} {place} as {texts[0]}; expected {texts[1]}.", hint)
