"""What ends a bench before its time."""


class BenchError(RuntimeError):
    """The bench cannot go on; the text says what to look at."""
