"""Freeze parts of a model by their names.

Fine-tuning trains some layers of a model, and keeps the rest as they are. A frozen parameter does
not require grad, so backward computes no gradient for it. Ultralytics' YOLO takes a list of layers
to freeze, and Wav2Vec2 in Hugging Face's Transformers has `freeze_feature_encoder`.

    net = nn.ModuleDict({"layer1": nn.Linear(3, 2), "layer10": nn.Linear(2, 1)})
    freeze_(net, ["layer1"])            ->  ["layer1.weight", "layer1.bias"]
    net.layer1.weight.requires_grad     ->  False
    net.layer10.weight.requires_grad    ->  True, for "layer10" is another name

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

from torch import nn


def freeze_(module: nn.Module, prefixes: Sequence[str]) -> list[str]:
    """Freeze each parameter whose name begins with one of the prefixes.

    A name such as "layer1.0.weight" has parts with dots between them. A prefix fits if it is the
    whole name, or if the name goes on after it with a dot. So "layer1" fits "layer1.0.weight", and
    neither "layer10.weight" nor "net.layer1.weight". The prefix "" fits every name.

    Freezing sets requires_grad to False and .grad to None. An optimizer passes over a parameter
    whose .grad is None. With an old .grad it would go on moving the parameter.

    Args:
        module: any module; it is changed in place.
        prefixes: a list or tuple of names or beginnings of names. There may be none, the same one
            twice, and several that fit one name.

    Returns:
        A list of the names that fit, each of them once, in the order in which
        `module.named_parameters(remove_duplicate=False)` has them. Names of parameters that were
        frozen before are among them.

    Raises:
        ValueError: one of the prefixes fits no name; so does "" if there are no parameters. Then
            nothing is changed, whatever the other prefixes fit.

    Exactly:
        A parameter with several names (tied weights, or a module in several places) is frozen if
        one of its names fits. Only the names that fit are returned.

        A parameter that was frozen before loses its .grad too. All other parameters keep their
        requires_grad and .grad: what was frozen stays frozen. Nothing else is changed: no values,
        no buffers, no train or eval mode. Each parameter stays the same object. A tensor that was
        in .grad keeps its numbers, since others may hold it.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
