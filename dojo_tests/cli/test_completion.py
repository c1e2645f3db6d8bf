"""The shell completes the names of katas."""


def test_the_shell_completes_names(run_dojo):
    result = run_dojo(_DOJO_COMPLETE="complete_bash", COMP_WORDS="dojo hint k0", COMP_CWORD="2")
    assert result.stdout.split() == ["k01_double", "k02_add", "k01_mean", "k02_first_row"]


def test_outside_a_dojo_the_shell_completes_nothing_quietly(run_dojo_in, tmp_path):
    result = run_dojo_in(
        tmp_path, _DOJO_COMPLETE="complete_bash", COMP_WORDS="dojo hint k0", COMP_CWORD="2"
    )
    assert (result.stdout.strip(), result.stderr) == ("", "")
