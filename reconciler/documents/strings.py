"""How a string is written: plain, quoted or as a block, folded past column 80.

In comes text and where it begins, out goes what kustomize prints there. Called by ``dump``
alone; the rules are those of the YAML 1.1 printer that kustomize ends with.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.documents.charsets import PRINTED, UNBROKEN, Pattern
from reconciler.documents.scalars import CONFIG, FIRST, Unsupported, resolve, timestamp
from reconciler.model.errors import RenderError

NO_LINE_END = "\0"  # ends a block after which kustomize begins no new line
WIDTH = 80  # a line is folded at the first space past it
INDENT = 2
_SHORT = 80  # characters of texts that are looked at once
LONGEST_KEY = 128  # bytes; longer ones are written with "? "

# What may stand unquoted in a block: no indicator first, no ": " or " #", no space at the ends.
_PLAIN = Pattern(
    r"(?!---|\.\.\.)(?![\ #,\[\]{}&*!|>'\"%@`]|[?:-](?:\ |\Z))"
    r"(?:[\x20-\x22\x24-\x39\x3b-\x7eWIDE]++"
    r"|:(?!\ |\Z)|(?<!\ )\#)*+(?<!\ )",
    UNBROKEN,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*+(?::[A-Za-z0-9_./-]++)*+")
_SPECIAL = Pattern(r"[^\n\x20-\x7eWIDE]", PRINTED)
_BREAK = re.compile("[\n\r\u2028\u2029]")
_SEPARATORS = ("\u2028", "\u2029")
_BREAKS = ("\n", "\u2028", "\u2029")
_BREAK_SPACE = re.compile("[\n\u2028\u2029] ")
_SPACE_BREAK = re.compile(" [\n\u2028\u2029]")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_ESCAPED = Pattern(r"[^ !#-\[\]-~WIDE]", UNBROKEN)
_NAMED = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\xa0": "\\_",
    "\u2028": "\\L",
    "\u2029": "\\P",
}
_NONCHARACTERS = (0xFFFE, 0xFFFF)  # which kustomize refuses to read back


_NEXT_LINES = re.compile(" *\x85[ \x85]*")
_PLACED = (" ", "\n", "\u2028", "\u2029")


def key(text: str) -> str | None:
    """A mapping's key; None where it needs the long form."""
    if _BREAK.search(text) or len(text.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        return None
    return _quoted(text)


def is_plain(text: str) -> bool:
    """Whether a value is written without quotes, on one line."""
    return _is_plain(text) if len(text) <= _SHORT else _is_plain.__wrapped__(text)


@lru_cache(4096)
def _is_plain(text: str) -> bool:
    return "\n" not in text and not _is_word(text) and _is_bare(text)


def _quoted(text: str) -> str:
    """``text`` on one line of any length, in the first style that can hold it."""
    if _is_word(text):
        return _double(text)
    if _is_bare(text):
        return text
    if _SPECIAL.of(text).search(text) or _SPACE_BREAK.search(text) or _BREAK_SPACE.search(text):
        return _double(text)
    return "'" + text.replace("'", "''") + "'"


def _is_word(text: str) -> bool:
    """Whether without quotes it would be something else."""
    return not text or (text[0] in FIRST and _reads_as_other(text))


def _is_bare(text: str) -> bool:
    return _PLAIN.of(text).fullmatch(text) is not None


def write(text: str, *, indent: int, column: int) -> str:
    """A value that begins after ``column`` characters, its further lines under ``indent`` spaces.

    ``indent`` is where further lines begin.
    """
    if "\n" in text and not _no_block(text):
        return _literal(text, indent)
    line = _double(text) if "\n" in text else _quoted(text)
    if line[0] == "'" and ("\u2028" in line or "\u2029" in line):
        return _fold_breaks(line, indent=indent, column=column)
    return line if column + len(line) <= WIDTH else _fold(line, indent=indent, column=column)


def fits_anywhere(text: str) -> bool:
    """Whether it is written the same at every indent and column."""
    return not any(character in text for character in _PLACED)


def without_next_line(text: str) -> str:
    """The text without U+0085, which kustomize loses: one is a space, n are n - 1 line feeds."""
    return _NEXT_LINES.sub(lambda match: "\n" * (match[0].count("\x85") - 1) or " ", text)


def _reads_as_other(text: str) -> bool:
    """Whether it would be read back as a number, boolean, null or date, by old readers too."""
    try:
        value = resolve(text, CONFIG)
    except Unsupported:
        return True
    if not isinstance(value, str) or timestamp(text) is not None:
        return True
    return ":" in text and _SEXAGESIMAL.fullmatch(text) is not None


def _double(text: str) -> str:
    if text.startswith("\ufeff"):  # a mark in front makes every character one
        return '"' + "".join(map(_escape, text)) + '"'
    return '"' + _ESCAPED.of(text).sub(lambda match: _escape(match[0]), text) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if 0x7F <= code <= 0x9F or code in _NONCHARACTERS:
        raise RenderError(f"yaml: control characters are not allowed: U+{code:04X} in a text")
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _no_block(text: str) -> bool:
    """Whether a text with lines must be quoted: a space before a line's end would be lost."""
    return text[-1] == " " or bool(_SPACE_BREAK.search(text) or _SPECIAL.of(text).search(text))


def _literal(text: str, indent: int) -> str:
    pad = " " * indent
    hint = str(INDENT) if text[0] == " " or text[0] in _BREAKS else ""
    chomp = "-"
    if text[-1] in _BREAKS:
        chomp = "+" if len(text) == 1 or text[-2] in _BREAKS else ""
    end = NO_LINE_END if text.endswith(_SEPARATORS) else ""
    text = text.removesuffix("\n")
    if "\u2028" in text or "\u2029" in text:  # they end a line of the block too
        body = re.sub("(^|[\n\u2028\u2029])(?=[^\n\u2028\u2029])", rf"\1{pad}", text)
    else:
        body = "\n".join([pad + line if line else "" for line in text.split("\n")])
    return f"|{hint}{chomp}\n{body}{end}"


def _fold(line: str, *, indent: int, column: int) -> str:
    """Break a plain or quoted line at single spaces past WIDTH."""
    double = line[0] == '"'
    low, high = (2, len(line) - 2) if double or line[0] == "'" else (0, len(line))
    parts = []
    start, search = 0, max(low, WIDTH + 1 - column)
    while (place := line.find(" ", search, high)) >= 0:
        again = line[place + 1] == " "
        if line[place - 1] == " " or (again and not double):
            search = place + 1
            continue
        parts.append(line[start:place])
        start = place + 1
        if again:  # a line must not begin with a space that counts
            line = f"{line[:start]}\\{line[start:]}"
            high += 1
        search = start + max(0, WIDTH + 1 - indent)
    parts.append(line[start:])
    return ("\n" + " " * indent).join(parts)


def _fold_breaks(line: str, *, indent: int, column: int) -> str:
    """As _fold, for a single-quoted line with Unicode's line separators, which are line ends."""
    out = []
    ended = False
    for place, character in enumerate(line):
        if character in "\u2028\u2029":
            column, ended = -1, True
        elif character == " ":
            inside = 1 < place < len(line) - 2
            if column > WIDTH and inside and " " not in (line[place - 1], line[place + 1]):
                out.append("\n" + " " * indent)
                column = indent
                continue
        elif ended and place < len(line) - 1:
            out.append(" " * indent)
            column, ended = indent, False
        out.append(character)
        column += 1
    return "".join(out)
