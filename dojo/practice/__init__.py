"""Knows spaced repetition: which kata is due again, how a practice went, and when the next one is.

It works on scratch files below ``.dojo/practice/``, never on the learner's answers in ``katas/``.
It neither judges nor prints.
"""
