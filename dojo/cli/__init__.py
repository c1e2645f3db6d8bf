"""Holds the commands: what was asked, what to say, which exit code.

It stands above all other packages but ``plugin``. It imports neither torch nor pytest, and what
only some commands need is imported by these, since every command should start in a blink.
"""


def main() -> None:
    """The entry point of ``dojo``: run the command that was typed."""
    from dojo.cli.commands import run

    run()
