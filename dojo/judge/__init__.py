"""Judges one kata's answer, as pytest's plugin and inside of a worker.

Besides ``bench.timed`` and ``plugin``, only this package imports torch and pytest. It knows no
command and no screen.
"""
