"""A kata dojo for PyTorch: edit a stub, run pytest, be told the truth."""

__version__ = "0.2.0"


def run(file: str) -> None:
    """Judge a kata's file and print the verdict in a line; the last line of each stub calls this.

    The process ends with exit code 1 if the answer is not green, and 2 if it cannot be judged.
    """
    from dojo.cli.run_button import run_file

    run_file(file)


def load_ipython_extension(shell: object) -> None:
    """Add the magics ``%%kata``, ``%hint``, ``%dojo`` … to a notebook: ``%load_ext dojo``."""
    from dojo.cli.magics import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """End the processes that judge a notebook's cells: ``%unload_ext dojo``."""
    from dojo.cli.magics import unload

    unload(shell)
