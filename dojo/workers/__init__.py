"""Starts, feeds, times out and ends the processes that judge.

It does not know how they judge. It imports neither torch nor pytest.
"""
