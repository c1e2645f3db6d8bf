"""The scenes of a step of training: what they note, and how a wrong step is named."""

import pytest
import torch

from dojo.checks.scenes import (
    CLIP,
    EACH,
    STANDS,
    UNCLIPPED,
    BatchScene,
    NotingSGD,
    Scene,
    clipped,
    clipped_wrong,
    expect_moved,
    expect_once,
    expect_states,
    states_of,
)


def take_a_step(scene):
    scene.optimizer.zero_grad()
    loss = scene.loss_fn(scene.model(scene.x), scene.y)
    loss.backward()
    scene.optimizer.step()


def test_a_scene_notes_what_runs():
    scene = BatchScene()
    take_a_step(scene)
    assert [event for event, _ in scene.notes] == ["model", "loss", "backward", "step"]
    expect_once(scene, ("model", "step"), "hint")


def test_what_ran_twice_is_named(failure_of):
    scene = BatchScene()
    take_a_step(scene)
    scene.model(scene.x)
    failed = failure_of(expect_once, scene, ("step", "model"), "hint")
    assert failed.sentence == "ran the model 2 times, not once."


def test_a_twin_goes_where_the_optimizer_goes():
    scene, twin = BatchScene(), BatchScene()
    right = twin.moved(twin.slopes(twin.loss(twin.model(twin.x), twin.y)))
    before = scene.moved({})
    take_a_step(scene)
    expect_moved(scene, before, right, dict, "hint")
    assert not torch.equal(right["weight"], before["weight"])


def test_scenes_are_alike_and_a_part_may_move_alone():
    one, other = (Scene("nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))", part=p) for p in "01")
    assert all(torch.equal(p, other.named[name]) for name, p in one.named.items())
    assert one.rates == {"0.weight": 0.1, "0.bias": 0.2}
    assert other.rates == {"1.weight": 0.1, "1.bias": 0.2}


def after(words, change):
    """A scene that a change has moved, where it was, and where it should be."""
    scene = Scene(words)
    before = scene.moved({})
    right = {name: one - 1 for name, one in before.items()}
    scene.place(before | change(before))
    return scene, before, right


def test_what_stands_is_named(failure_of):
    scene, before, right = after("nn.Linear(3, 2)", lambda before: before)
    failed = failure_of(expect_moved, scene, before, right, dict, "hint")
    assert (failed.sentence, failed.hint) == ("left weight as it was.", STANDS)


def test_a_known_mistake_is_named(failure_of):
    scene, before, right = after("nn.Linear(3, 2)", lambda old: {"weight": old["weight"] + 1})
    wrong = {"Minus.": {"weight": before["weight"] + 1}, "Nothing.": before}
    failed = failure_of(expect_moved, scene, before, right, lambda: wrong, "hint")
    assert failed.hint == "Minus."


def test_nan_is_a_mistake_too(failure_of):
    scene, before, right = after("nn.Linear(3, 2)", lambda old: {"weight": old["weight"] / 0 * 0})
    wrong = {"NaN.": {"weight": before["weight"] * float("nan")}}
    assert failure_of(expect_moved, scene, before, right, lambda: wrong, "hint").hint == "NaN."


def test_how_far_it_moved_is_said(failure_of):
    scene, before, right = after("nn.Linear(3, 2)", lambda old: {"weight": old["weight"] - 2.5})
    failed = failure_of(expect_moved, scene, before, right, dict, "hint")
    assert failed.hint == "It moved 2.5 times as far as it should. hint"


def test_what_the_optimizer_lacks_stands(failure_of):
    scene, before, _ = after("nn.Linear(3, 2)", lambda old: old)
    scene.named["other"] = torch.tensor(1.5)
    before = {**before, "other": torch.tensor(0.5)}
    failed = failure_of(expect_moved, scene, before, before, dict, "hint", "lacked")
    assert (failed.sentence, failed.hint) == ("left other as 1.5; expected 0.5.", "lacked")


def test_the_first_number_of_a_large_one_is_shown(failure_of):
    scene, before, right = after("nn.Linear(9, 9)", lambda old: {"weight": old["weight"] + 1})
    failed = failure_of(expect_moved, scene, before, right, dict, "hint")
    assert failed.sentence == "left weight[0, 0] as 1; expected -1."


def test_clipping_and_its_mistakes():
    slopes = {"a": torch.tensor([3.0]), "b": torch.tensor([[4.0]])}
    right = clipped(slopes, 2.5)
    assert {name: one.item() for name, one in right.items()} == {"a": 1.5, "b": 2.0}
    assert clipped(slopes, 5.5) == slopes
    wrong = clipped_wrong(slopes, 3.5)
    assert wrong[UNCLIPPED] == slopes
    assert {name: one.item() for name, one in wrong[EACH].items()} == {"a": 3.0, "b": 3.5}
    assert CLIP


@pytest.mark.parametrize("stale", [2.0, float("nan")])
def test_old_gradients_are_added(stale):
    scene = BatchScene()
    scene.make_stale(stale)
    added = scene.added({"weight": torch.ones(2, 3)})["weight"]
    assert torch.equal(added, torch.full((2, 3), 1 + stale)) or stale != stale
    assert bool(added.isnan().all()) == (stale != stale)


def test_states_are_copies_and_a_difference_is_placed(failure_of):
    p = torch.nn.Parameter(torch.zeros(2))
    optimizer = NotingSGD([p], lambda _: None, momentum=0.5)
    p.grad = torch.ones(2)
    optimizer.step()
    before = states_of(optimizer=optimizer, scheduler=None)
    expect_states("left", "hint", before, optimizer=optimizer)
    optimizer.step()
    assert torch.allclose(p, torch.full((2,), -0.25))
    failed = failure_of(expect_states, "left", "hint", before, optimizer=optimizer)
    place = "['optimizer']['state'][0]['momentum']"
    assert failed.sentence == f"left {place} as [1.5, 1.5]; expected [1., 1.]."
    failed = failure_of(expect_states, "left", "hint", before)
    assert "as None; expected" in failed.sentence
