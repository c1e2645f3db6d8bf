"""Runs inside pytest: makes cases of what katas declare, and measures each in its own process.

It imports torch, pytest and pytest-benchmark. It shows nothing.
"""
