"""Knows notebooks: judges and saves their cells, shows verdicts in them, reads and writes them.

The magics that a learner types are commands, and stand in ``dojo.cli.magics``. Nothing here imports
torch: a notebook's kernel may hold it, but answers are judged by workers of their own.
"""
