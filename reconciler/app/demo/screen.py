"""What the demo has to say, in lines and rows; the command line draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Kind(Enum):
    TITLE = "title"  # of an act, numbered
    TEXT = "text"  # what the act is about
    SHELL = "shell"  # what somebody does
    HAND = "hand"  # what somebody does to a cluster, past Git
    REMOVED = "removed"  # lines of a diff
    ADDED = "added"
    FILE = "file"  # the file that they are in
    DONE = "done"  # something that was waited for, and has come true
    OUTPUT = "output"  # of a real command, as it is
    FAILED = "failed"  # something that has not come true


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``site`` is empty where the line is about none."""

    kind: Kind
    text: str
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site now, as its own Site object says, and what its agent did last."""

    site: str
    state: str
    revision: str
    objects: str
    healed: str
    link: bool
    last: str


class Screen(Protocol):
    def tell(self, line: Line) -> None:
        """One more line, for good."""

    def board(self, rows: Sequence[Row]) -> None:
        """How the sites are now; called again and again, and shown where it can change in place."""

    def ask(self, question: str) -> bool:
        """Whether a person says yes; False where nobody can be asked."""
