"""Lines of IPython are told from Python, whatever stands around them."""

import pytest

from dojo.notebook.magic_lines import cell_magic, python_of, without_magics


@pytest.mark.parametrize(
    "line", ["%time f(x)", "!pip install torch", "x = !ls", "x = %who_ls", "f?", "?f", "f??"]
)
def test_a_line_of_ipython_is_left_out_and_the_others_keep_their_numbers(line):
    plain = without_magics(f"a = 1\n{line}\nb = 2")
    assert plain.text == "a = 1\npass\nb = 2"
    assert plain.left_out == {2: line}


def test_all_lines_of_ipython_are_found():
    assert list(without_magics("%load_ext dojo\na = 1\n!ls -l 'it\n").left_out) == [1, 3]


def test_a_line_in_a_block_leaves_the_block_readable():
    assert without_magics("if x:\n    !ls\n").text == "if x:\n    pass\n"


@pytest.mark.parametrize(
    "source", ["a = (1\n% 2)", "text = '''\n%time\n!ls\n'''", "a = b[1\n] # what?"]
)
def test_python_that_looks_like_a_magic_stays(source):
    assert without_magics(source).text == source


def test_a_magic_of_several_lines_is_left_out_as_a_whole():
    plain = without_magics("!pip install \\\n    torch \\\n    numpy\nb = 2")
    assert plain.text == "pass\n\n\nb = 2"
    assert list(plain.left_out) == [1]


def test_what_is_no_python_for_another_reason_stays():
    plain = without_magics("def f(:\n    pass")
    assert (plain.text, plain.left_out) == ("def f(:\n    pass", {})


def test_a_cell_magic_and_its_line_are_found():
    assert cell_magic("%%kata k03 --with-imports\nx = 1") == ("kata", "k03 --with-imports")
    assert cell_magic("x = 1\n%%kata k03") == ("", "")


def test_a_cell_that_is_timed_is_python_all_the_same():
    assert python_of("%%time\ndef f(): pass").text == "pass\ndef f(): pass"


@pytest.mark.parametrize("magic", ["bash", "html", "timeit"])
def test_a_cell_in_another_language_or_scope_has_no_python(magic):
    plain = python_of(f"%%{magic}\nx = 1\ny = 2")
    assert plain.text.strip() == "pass"
    assert plain.left_out == {1: f"%%{magic}"}
