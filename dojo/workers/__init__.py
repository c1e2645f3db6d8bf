"""Starts, feeds, times out and ends the processes that judge.

It does not know what happens in them; it imports neither torch nor pytest.
"""
