"""Tells on which device the memory of a tensor is, really or by the simulated GPU.

It imports torch. It knows no kata, no check and no pytest.
"""
