"""Keeps a learner's code from spoiling the process that judges it.

That is settings and seeds, patched functions, files, and what is printed.
"""
