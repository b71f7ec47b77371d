"""The one program, ``motcua``: its command line, the demo and the benches."""

__version__ = "0.1.0"
