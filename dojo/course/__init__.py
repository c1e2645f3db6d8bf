"""Reads the course from the disk: which katas there are, and what their files say.

It reads text and runs none of it; it imports neither torch nor pytest.
"""
