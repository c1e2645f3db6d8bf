"""Times a green answer beside the reference and beside what the machine can do.

Only ``timed`` imports torch and pytest; the rest reads and words what that has found.
"""
