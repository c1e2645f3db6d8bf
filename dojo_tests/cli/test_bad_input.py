"""What is typed wrongly, or in the wrong place, gets a message that helps."""

import pytest

BAD = {
    "check k99": "There is no kata 'k99'. Did you mean one of: ",
    "check second": "'second' may be second/k01_mean, second/k02_first_row.",
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
        "dojo: there is no dojo here. Go to your clone of torch-dojo: cd torch-dojo\n"
    )


def test_in_a_folder_of_the_dojo_it_is_found(run_dojo_in, own_dojo):
    assert "k01_double" in run_dojo_in(own_dojo / "katas" / "first", "list").stdout
