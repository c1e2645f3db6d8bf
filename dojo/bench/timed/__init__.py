"""Runs inside of pytest: makes cases of what katas declare, and measures each in a process.

It knows torch, pytest and pytest-benchmark. It shows nothing.
"""
