"""The README says of the course what the katas' files say."""

import runpy


def test_the_course_tables_are_as_made_from_the_files(root):
    maker = runpy.run_path(str(root / "docs" / "make_course.py"))
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert readme == maker["with_course"](readme, root), "run: python docs/make_course.py"
