"""Makes torch.Generator work for the simulated GPU too."""

from __future__ import annotations

from typing import Any

import torch

from dojo.devices.tags import CPU, GPU

_Generator: Any = torch.Generator
_GeneratorMeta: Any = type(_Generator)


class GpuGenerator(_Generator):
    """A generator that says that it is on the GPU."""

    device = GPU


def generator_class(sim: Any) -> type:
    """Return a class for torch.Generator that makes generators for the GPU of a ``Machine`` too.

    Every generator, of torch's own class too, counts as its instance.
    """

    class Meta(_GeneratorMeta):
        def __call__(self, device: Any = CPU) -> Any:
            target = sim.resolve(device)
            return GpuGenerator() if target == GPU else _Generator(target)

        def __instancecheck__(self, instance: Any) -> bool:
            return isinstance(instance, _Generator)

    return Meta("Generator", (_Generator,), {})
