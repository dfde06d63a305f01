"""Patterns over all of Unicode, of which a file of plain ASCII pays nothing.

The sets of characters that YAML prints span tens of thousands of them, which takes some 5 ms a
pattern to compile: more than a small build has to spare. So a pattern has an ASCII form too, and
its whole form is compiled at the first text that needs it. Called by ``strings`` and ``folded``.
"""

from __future__ import annotations

import re

PRINTED = r"\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd"  # beyond ASCII
UNBROKEN = r"\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd"  # without line separators


class Pattern:
    """A pattern in which ``WIDE`` stands for a set of characters beyond ASCII."""

    __slots__ = ("_ascii", "_flags", "_text", "_whole", "_wide")

    def __init__(self, text: str, wide: str, flags: int = 0) -> None:
        self._text, self._wide, self._flags = text, wide, flags
        self._ascii = re.compile(text.replace("WIDE", ""), flags)
        self._whole: re.Pattern[str] | None = None

    def of(self, text: str) -> re.Pattern[str]:
        """The form that is right for this text."""
        if text.isascii():
            return self._ascii
        if self._whole is None:
            self._whole = re.compile(self._text.replace("WIDE", self._wide), self._flags)
        return self._whole
