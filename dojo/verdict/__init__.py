"""Holds what is said of a kata: the data of a verdict, its words, and the name of a known mistake.

It starts no process and draws no screen; it imports neither torch nor pytest.
"""
