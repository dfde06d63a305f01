"""YAML texts at random, with comments and blank lines where people put them.

A comment is indented as what follows it, or stands beside something.
"""

from __future__ import annotations

from random import Random

_SCALARS = (
    "1",
    "abc",
    '"q"',
    "'s'",
    "true",
    "{}",
    "[a, b]",
    "null",
    "&a x",
    "!!str 5",
    "http://x/#y",
)
_ITEMS = ("x", "1", '"y"')
_DEPTH = 3


def text(random: Random) -> str:
    """One with a key ``port`` on its first level."""
    return _Text(random).whole()


class _Text:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.names = 0

    def whole(self) -> str:
        self.gap(0)
        first = self.one_in(3)
        if first:
            self.port()
        self.map(0, 0, self.random.randint(1, 3))
        if not first:
            self.port()
        self.gap(0)
        return "\n".join(self.lines) + self.random.choice(("\n", "\n\n"))

    def one_in(self, count: int) -> bool:
        return self.random.randrange(count) == 0

    def port(self) -> None:
        self.gap(0)
        self.lines.append("port: 1" + self.beside())
        self.gap(0)

    def gap(self, column: int) -> None:
        """Blank lines and comments, if any."""
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 3))):
            self.lines.append("" if self.one_in(3) else " " * column + self.comment())

    def comment(self) -> str:
        return f"# {self.random.randrange(1000)}"

    def beside(self) -> str:
        return f" {self.comment()}" if self.one_in(4) else ""

    def map(self, column: int, depth: int, keys: int, first: str = "") -> None:
        """``first`` is what the first key stands behind."""
        for index in range(keys):
            lead = first if first and not index else " " * column
            if index or not first:
                self.gap(column)
            self.names += 1
            self.value(f"{lead}k{self.names}:", column, depth)

    def value(self, key: str, column: int, depth: int) -> None:
        form = self.random.choice("sssssbnmml") if depth < _DEPTH else "s"
        keys = self.random.randint(1, 3)
        if form == "s":
            self.lines.append(f"{key} {self.random.choice(_SCALARS)}{self.beside()}")
        elif form == "b":
            self.lines.append(f"{key} |{self.random.choice(('', '-', '+'))}{self.beside()}")
            self.lines += [" " * (column + 2) + line for line in ("a line", "# no comment")]
        elif form == "n":
            self.lines.append(key)
        elif form == "m":
            self.lines.append(key + self.beside())
            self.map(column + self.random.choice((2, 2, 4)), depth + 1, keys)
        else:
            self.lines.append(key + self.beside())
            self.list(column + self.random.choice((0, 2)), depth + 1)

    def list(self, column: int, depth: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.gap(column)
            lead = " " * column + "- "
            if depth < _DEPTH and self.one_in(2):
                self.map(column + 2, depth + 1, self.random.randint(1, 3), lead)
            else:
                self.lines.append(lead + self.random.choice(_ITEMS) + self.beside())
