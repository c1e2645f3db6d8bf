"""Judges a kata at each save, and reports what happens as events.

It shows nothing; it imports neither torch nor pytest.
"""
