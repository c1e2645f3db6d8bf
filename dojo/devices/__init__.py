"""Knows on which device memory is, really or as the simulated GPU pretends.

It imports torch. It knows no kata, no check and no pytest.
"""
