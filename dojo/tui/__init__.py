"""Draws the watch screen, and passes on what the learner's keys ask for.

It judges nothing; it imports neither torch nor pytest.
"""
