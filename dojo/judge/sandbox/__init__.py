"""Keeps a learner's code from spoiling the process that judges it.

Its modules are about settings and seeds, patched functions, files, and printed output.
"""
