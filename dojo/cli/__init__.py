"""Holds the commands of ``dojo``: reads what was typed, prints the answer, gives an exit code.

It stands above all other packages. It imports neither torch nor pytest. A module that only some
commands need is imported inside of those commands, so that each command starts in a blink.
"""


def main() -> None:
    """The entry point of ``dojo``: run the command that was typed."""
    import gc

    gc.disable()  # until ``in_dojo``: what is imported stays, and to look at it takes a while
    from dojo.cli.commands import run

    run()
