"""The keys that put the stub back, and bring back what the stub replaced."""


def test_reset_asks_first(terminal):
    terminal.save("mine")
    terminal.press("r", "n")
    assert terminal.app.session.path.read_text() == "mine"


def test_reset_says_why_it_cannot(terminal):
    terminal.save("mine")
    terminal.press("r", "y")
    assert terminal.line_with("its stub is neither in git's history nor")
    assert terminal.app.session.path.read_text() == "mine"


def test_reset_brings_the_stub_back_and_undo_the_file(terminal):
    stub = terminal.app.session.path.read_text()
    terminal.judge_not_started()  # keeps a copy of the stub
    terminal.save("mine")
    terminal.press("r", "y")
    assert terminal.app.session.path.read_text() == stub
    assert terminal.line_with(".dojo/saved/intro/k02_halve/")
    terminal.judge_not_started()
    assert terminal.line_with(".dojo/saved/intro/k02_halve/")
    terminal.press("u")
    assert terminal.app.session.path.read_text() == "mine"


def test_undo_acts_on_the_kata_on_the_screen_alone(terminal):
    terminal.judge_not_started()  # keeps a copy of the stub
    terminal.save("mine")
    terminal.press("r", "y", "n", "u")
    assert terminal.line_with("There is no reset of intro/k03_square to undo")
    terminal.press("p", "u")
    assert terminal.app.session.path.read_text() == "mine"
    assert terminal.line_with("Your k02_halve of 2")


def test_undo_asks_where_the_file_is_green_or_edited(terminal):
    terminal.judge_not_started()
    terminal.save("mine")
    terminal.press("r", "y")
    terminal.save("better")
    terminal.press("u")
    assert terminal.line_with("k02_halve was changed after the reset. Put back")
    terminal.press("n")
    terminal.judge_green()
    terminal.press("u")
    assert terminal.line_with("k02_halve is green. Put back")
    terminal.press("n")
    assert terminal.app.session.path.read_text() == "better"
    terminal.press("u", "y")
    assert terminal.app.session.path.read_text() == "mine"
    assert terminal.line_with(".dojo/saved/intro/k02_halve/")


def test_undo_leaves_answers_elsewhere(open_terminal, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    terminal = open_terminal(solutions=answers)
    terminal.press("u")
    assert terminal.line_with("Only files in katas/ can be reset")


def test_nothing_to_undo_is_told(terminal):
    terminal.press("u")
    assert terminal.line_with("There is no reset of intro/k02_halve to undo")


def test_only_the_learners_own_files_are_reset(open_terminal, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    terminal = open_terminal(solutions=answers)
    terminal.press("r", "y")
    assert terminal.line_with("Only files in katas/ can be reset")
