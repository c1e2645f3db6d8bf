"""``python -m dojo`` is the command ``dojo``."""

from dojo.cli import main

main()
