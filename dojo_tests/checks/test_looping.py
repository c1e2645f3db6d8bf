"""What works on all elements at once passes, and what visits each of them fails."""

import sys

import torch

from dojo.checks.looping import expect_no_loop, expect_no_objects, objects_of

INPUTS = {f"{n} numbers": [torch.arange(float(n))] for n in (8, 512)}


def at_once(x):
    return (x * 2).sum()


def by_loop(x):
    return sum(x[k] for k in range(len(x)))


def by_list(x):
    return torch.tensor([2 * one for one in x.tolist()])


def by_array(x):
    return len(set(x.numpy()))


def test_no_growth_passes():
    expect_no_loop(at_once, INPUTS, 3, "")
    expect_no_objects(at_once, INPUTS, "")


def test_operations_and_numbers_in_python_count(failure_of):
    failed = failure_of(expect_no_loop, by_loop, INPUTS, 3, "Hint.")
    assert "operations for 512 numbers, and " in failed.sentence
    assert failed.sentence.endswith(" for 8 numbers; expected no growth with the data.")
    assert failed.hint == "Hint."
    words = failure_of(expect_no_loop, by_list, INPUTS, 3, "").sentence
    assert " lines of Python for 512 numbers, and " in words
    words = failure_of(expect_no_loop, torch.Tensor.tolist, INPUTS, 3, "").sentence
    assert words.startswith("took 512 numbers read into Python for 512 numbers, and 8 for 8")


def test_the_last_call_is_the_one_that_is_told(failure_of):
    sizes = []

    def notes(x):
        sizes.append(len(x))
        return by_loop(x)

    failure_of(expect_no_loop, notes, INPUTS | {"2 numbers": [torch.arange(2.0)]}, 3, "")
    assert sizes[-1] == 512


def test_a_branch_for_much_data_is_no_loop():
    def branches(x):
        return x + 1 if len(x) > 100 else x

    expect_no_loop(branches, INPUTS, 3, "")


def test_objects_of_c_code_count(failure_of):
    expect_no_loop(by_array, INPUTS, 3, "")  # no line of Python runs for an element
    failed = failure_of(expect_no_objects, by_array, INPUTS, "Hint.")
    assert failed.sentence.startswith("held some ")
    assert failed.sentence.endswith(
        "more objects of Python for 512 numbers than for 8 numbers; expected no growth."
    )
    assert failed.hint == "Hint."


def test_the_profile_is_put_back():
    before = sys.getprofile()
    objects_of(at_once, torch.ones(3))
    assert sys.getprofile() is before
