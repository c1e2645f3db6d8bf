"""Knows what the course is on the disk: which katas there are, and what their files say.

It reads text and runs nothing of it; it imports neither torch nor pytest.
"""
