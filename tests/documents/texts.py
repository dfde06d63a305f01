"""Random YAML as people and programs write it, for comparing readers.

Left out is what kustomize refuses and we do not mind: texts with lines that begin with a tab,
question marks in unquoted words between braces, the escape ``\\/``, U+0085; and aliases
between braces, where kustomize makes empty strings of what was null at the anchor.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

T = TypeVar("T")

WORDS = """a|b c|yes|no|~|null|true|010|0o17|1_000|1.10|-.5|.5|1e3|1e400|0x1F|0b101|-0b11|0o-7|0b+1
2020-01-01|2020-1-1T1:2:3Z|2020-01-01 1:2:3.5|2020-01-01T00:00:00.123456789123+05:30|12:30:45|=
a:b|-a|a#b|a #b|x]|é|😀|0|00|-0|0.0|+1|1.|1..2|._5|.1_9|.1__9|.1e1_0|.5e_1|_1|1__0|1_|0x_1|0x|0o8|09
e5|1e+5|5e-324|123456789012345678901|-9223372036854775809|9007199254740993|1.7976931348623157e309|nan|inf
18446744073709551615.0|9223372036854775808.0|1e18|123456789012345680.0|1e15|12345678.9|0777
0xFFFFFFFFFFFFFFFF|0x10000000000000000|2020-13-01|2020-02-30|2024-02-29|0001-01-01|10000-01-01
2020-01-01T25:00:00Z|2020-01-01T1:2:3,5Z|y|N|on|off|TRUE|False|Null|tRue|1:60|$(X)|it's|\\""".replace(
    "\n", "|"
).split("|")
QUOTED = ["a", " ", "  ", "b", "é", "#", ": ", "\n    ", "\n\n    "]
ESCAPES = r"\n \\ \" \x41 \u00e9 \u2028 \U0001F600 \0 \e \_ \L"
ESCAPED = [*QUOTED, *ESCAPES.split(), "\\\n    "]
SINGLE = [*QUOTED, "''", "\\", '"', "yes", "1"]
LINES = [
    "",
    "",
    "a",
    "b c",
    "  deeper",
    "# no comment",
    "x: y",
    "- z",
    "trail  ",
    "a\tb",
    "word " * 20,
]
TAGS = ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!x", "!"]
TAGGED = ["1", "1.5", "'1'", "'true'", "aGk=", "2020-01-01", '""', "abc"]


class Texts:
    """Documents from one source of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._anchors: list[str] = []

    def document(self, name: str) -> str:
        self._anchors = []
        head = f"apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: {name}\n"
        if self._chance(0.3):
            lines = [f"    k{n}: {self._value(4, block=True)}\n" for n in range(3)]
            head += "  annotations:\n" + "".join(lines)
        return head + "".join(
            f"{self._pick(['spec', 'data', 'x'])}{n}:{self._node(3, 0)}"
            for n in range(self._random.randint(1, 3))
        )

    def _node(self, depth: int, indent: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.35:
            return f" {self._scalar(indent)}{self._pick(['', '', ' # c'])}\n"
        anchor = f"y{self._random.randint(0, 5)}" if self._chance(0.08) else ""
        before = f" &{anchor}" if anchor else ""
        if kind < 0.5:
            text = f"{before} {self._flow(2, indent)}\n"
        elif kind < 0.8:
            text = f"{before}\n" + self._mapping(depth, indent + 2)
        else:
            text = f"{before}\n" + self._sequence(depth, indent + self._pick([0, 2]))
        if anchor:
            self._anchors.append(anchor)
        return text

    def _mapping(self, depth: int, indent: int) -> str:
        count = self._random.randint(1, 4)
        return "".join(
            f"{' ' * indent}{key}:{self._node(depth - 1, indent)}" for key in self._keys(count)
        )

    def _sequence(self, depth: int, indent: int) -> str:
        items = []
        for _ in range(self._random.randint(1, 3)):
            if depth > 1 and self._chance(0.3):
                (key,) = self._keys(1)
                items.append(f"{' ' * indent}- {key}:{self._node(depth - 2, indent + 2)}")
            else:
                items.append(f"{' ' * indent}-{self._node(depth - 1, indent)}")
        return "".join(items)

    def _keys(self, count: int) -> list[str]:
        keys = self._random.sample("abcdefghij", count)
        rare = ["<<", self._pick(WORDS), self._double(), "!!str 1", "!!int 1", "? a"]
        return [
            self._pick(rare) if self._chance(0.03) else key + self._pick(["", "1", "10", "-x", "_"])
            for key in keys
        ]

    def _flow(self, depth: int, indent: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.5:
            return self._scalar(indent, flow=True)
        count = self._random.randint(0, 3)
        if kind < 0.75:
            items = ", ".join(self._flow(depth - 1, indent) for _ in range(count))
            return f"[{items}{self._pick(['', ',', ' '])}]"
        pairs = [
            f"{key}{self._pick([': ', ': ', ' : ', ''])}{self._flow(depth - 1, indent)}"
            for key in self._keys(count)
        ]
        return "{" + ", ".join(pairs) + "}"

    def _scalar(self, indent: int, *, flow: bool = False) -> str:
        if self._anchors and not flow and self._chance(0.06):
            return "*" + self._pick(self._anchors)
        text = self._value(indent, block=not flow)
        if text and self._chance(0.06):
            self._anchors.append(f"x{self._random.randint(0, 5)}")
            text = f"&{self._anchors[-1]} {text}"
        return text

    def _value(self, indent: int, *, block: bool) -> str:
        kinds: list[Callable[[], str]] = [
            *[lambda: self._pick(WORDS)] * 5,
            self._double,
            lambda: f"'{self._some(SINGLE, 6)}'",
            lambda: f"{self._pick(TAGS)} {self._pick(TAGGED)}",
            lambda: "",
        ]
        if block:
            kinds += [lambda: self._block(indent), lambda: self._lines(indent)]
        return self._pick(kinds)()

    def _double(self) -> str:
        return f'"{self._some(ESCAPED, 8)}"'

    def _block(self, indent: int) -> str:
        lines = [self._pick(LINES) for _ in range(self._random.randint(0, 6))]
        hint = "2" if self._chance(0.2) else ""
        text = "".join(f"{' ' * (indent + 2) if line else ''}{line}\n" for line in lines)
        return f"{self._pick(['|', '>'])}{hint}{self._pick(['', '-', '+'])}\n{text}".rstrip("\n")

    def _lines(self, indent: int) -> str:
        pad = " " * (indent + 2)
        more = [self._pick(["", f"{pad}more", f"{pad}  deeper  ", f"{pad}'q"]) for _ in range(3)]
        return "\n".join(["first", *more, f"{pad}last"])

    def _some(self, parts: list[str], most: int) -> str:
        return "".join(self._random.choices(parts, k=self._random.randint(0, most)))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, of: list[T]) -> T:
        return self._random.choice(of)
