"""What can be wrong with an expression, when it is compiled and when it runs."""

from __future__ import annotations


class CompileError(Exception):
    """The API server would refuse it at creation. ``line`` and ``column`` are of its own text.

    Both count from 1.
    """

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class EvaluationError(Exception):
    """It ran into an error, in the words that the API server uses where those are known."""


class TooCostly(EvaluationError):
    """It did more than we let it, so that it may be past the API server's budget, too."""
