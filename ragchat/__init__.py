"""Ask your own documents in the terminal, and see where every answer comes from."""

__version__ = "0.1.0"
