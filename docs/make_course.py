"""Writes the course tables of README.md from the katas' own files.

python docs/make_course.py
"""

from itertools import groupby
from pathlib import Path

from dojo.course.katas import Kata, find_katas, track_title
from dojo.course.statement import read_statement

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- made by docs/make_course.py -->"
END = "<!-- end of what it made -->"


def course(root: Path) -> str:
    """The tables, a folded one for each track: the katas' files, subjects, and public names."""
    katas = find_katas(root)
    parts = [f"{len(katas)} katas. Click on a track to see them."]
    for track, members in groupby(katas, key=lambda kata: kata.track):
        rows = [_row(kata) for kata in members]
        count = f"{len(rows)} kata{'s' * (len(rows) > 1)} in <code>katas/{track}</code>"
        summary = f"<summary><b>{track_title(root, track)}</b> ({count})</summary>"
        head = "| kata | about | you write |\n| --- | --- | --- |"
        table = "\n".join([head, *rows])
        parts.append(f"<details>\n{summary}\n\n{table}\n\n</details>")
    return "\n\n".join(parts)


def _row(kata: Kata) -> str:
    statement = read_statement(kata.reference)  # a learner may have edited the stub
    return f"| `{kata.stem}` | {statement.title} | {', '.join(f'`{n}`' for n in statement.names)} |"


def with_course(readme: str, root: Path) -> str:
    """The README with the tables of this dojo between the marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{course(root)}\n\n{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_course(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")
