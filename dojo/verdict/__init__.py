"""Knows what is said of a kata: the data, the words, and the name of a known mistake.

It knows no process and no screen; it imports neither torch nor pytest.
"""
