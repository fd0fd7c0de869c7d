"""The Postern daemon: edges translate, services decide, the store remembers."""

__version__ = "0.1.0"
