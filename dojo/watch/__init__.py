"""Judges at each save, and tells of it as events.

It shows nothing; it imports neither torch nor pytest.
"""
