"""Writes, reads and locks files so that each is whole or absent.

It knows no kata, and imports no other package of the dojo.
"""
