"""Draws the watch screen, and passes keys on.

It judges nothing; it imports neither torch nor pytest.
"""
