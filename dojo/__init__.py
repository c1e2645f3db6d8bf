"""A kata dojo for PyTorch: edit a stub, run pytest, be told the truth."""

__version__ = "0.1.0"
