"""What is typed wrongly, or in the wrong place, gets a message that helps."""

import pytest

BAD = {
    "check k99": "There is no kata 'k99'. All names: dojo list",
    "check k03": "There is no kata 'k03'. Did you mean one of: ",
    "check /nowhere/first/k01_double.py": "There is no file /nowhere/first/k01_double.py.",
    "check katas/first/k09_x.py": "There is no file katas/first/k09_x.py.",
    "check conftest.py": "conftest.py has the name of no kata.",
    "check reference": "dojo check --all --solutions reference",
    "check k01_double reference/first/k02_add.py": "lie in several folders: katas, reference",
    "check katas/first/k02_add.py --solutions reference": "several folders: katas, reference",
    "hint second": "second has 2 katas. Name one, such as second/k01_mean.",
    "hint katas": "katas has 4 katas. Name one",
    "check k01_double --all": "name katas, or say --all, but not both",
    "check --device tpu": "--device",
    "check --solutions nowhere": "--solutions=nowhere: there is no such folder",
    "check --time-limit 0": "a number of seconds above 0",
    "check --time-limit inf": "a number of seconds above 0",
    "check --time-limit nan": "a number of seconds above 0",
    "check --time-limit soon": "--time-limit",
    "hint k99": "There is no kata 'k99'",
    "skip k99": "There is no kata 'k99'",
    "solution k99": "There is no kata 'k99'",
    "reset k99": "There is no kata 'k99'",
    "watch k99 --json": "There is no kata 'k99'",
    "watch": "the screen needs a terminal",
    "list --yaml": "--yaml",
    "practice k99": "There is no kata 'k99'",
    "practice k02_add": "first/k02_add has not been green yet, and practice is for what was.",
    "practice --track third": "There is no track 'third'. These are: first, second",
    "practice k02_add --track first": "a kata is practised alone: leave out --track",
    "practice k02_add --minutes 5": "a kata is practised alone: leave out --track",
    "practice --minutes 0": "a number of minutes above 0",
    "practice --minutes nan": "a number of minutes above 0",
    "practice --minutes long": "--minutes",
    "dance": "dance",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_gets_a_message_and_exit_code_2(run_dojo, line):
    result = run_dojo(*line.split())
    assert result.returncode == 2
    assert BAD[line] in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [(), ("list",), ("check",), ("undo",), ("doctor",)])
def test_outside_a_dojo_every_command_says_so(run_dojo_in, tmp_path, arguments):
    result = run_dojo_in(tmp_path, *arguments)
    assert result.returncode == 2
    assert result.stderr == (
        "dojo: there is no dojo here. Go to its folder: cd torch-dojo. "
        "To make one: dojo init torch-dojo\n"
    )


def test_in_a_folder_of_the_dojo_it_is_found(run_dojo_in, own_dojo):
    assert "k01_double" in run_dojo_in(own_dojo / "katas" / "first", "list").stdout
