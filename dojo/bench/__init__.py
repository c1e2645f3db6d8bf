"""Times a green answer beside the reference and beside what the machine can do.

Only the package ``timed`` imports torch and pytest; the other modules start it in a process of its
own, and read and word what it has found.
"""
