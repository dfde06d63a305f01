"""Unquoted words between braces that have a colon at their end, as kustomize's YAML takes them.

libyaml refuses ``{a: b:}``, as the colon could be meant otherwise there; go-yaml, which was made
from an earlier libyaml, reads the text ``b:``. So before a text is parsed such colons give way to
a character that it does not hold, and take their places again in what is parsed; lines and
columns stay what they are. Called by all who parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from yaml import CSafeLoader

_STAND_INS = range(0xE000, 0xE010)  # of Unicode's private characters
# Not behind a quote (`{"a":[b]}`), where it is no word's end, nor as a value's first (`{a: :}`).
_COLON = re.compile(r"""([^\s"'\[\]{},]|[^\s"'\[\]{},:][ \t]+):(?=[,\[\]{}])""")
# All texts with such a colon, and some others; what begins with one character is found quickly.
_SUSPECT = re.compile(r":[,\[\]{}]")
_BYTES = re.compile(_SUSPECT.pattern.encode())
_ALIAS = re.compile(r"(?:[\[{,]|:[ \t]|\n)\s*\*[\w-]+[ \t]*\Z")
_NAME = 64  # characters of an alias that is the key of a map in one line; longer ones are rare


class _Masked(CSafeLoader):
    """Parses a text whose colons have given way to ``stand_in``."""

    def __init__(self, text: str | bytes, stand_in: str) -> None:
        super().__init__(text)
        self._stand_in = stand_in
        self.masked = text

    def get_event(self) -> Any:
        return self._with_colons(super().get_event())

    def get_token(self) -> Any:
        return self._with_colons(super().get_token())

    def _with_colons(self, parsed: Any) -> Any:
        value = getattr(parsed, "value", None)
        if isinstance(value, str) and self._stand_in in value:
            parsed.value = value.replace(self._stand_in, ":")
        return parsed


def loader(text: str | bytes) -> Any:
    """A CSafeLoader of a text's events or tokens. Raises yaml's ReaderError."""
    if isinstance(text, str):
        return _masked(str(text), text)  # libyaml takes no other kind of str
    if _BYTES.search(text) is None:  # as in nearly all files, which are not decoded for it
        return CSafeLoader(text)
    try:
        return _masked(text, text.decode())
    except UnicodeDecodeError:
        return CSafeLoader(text)


def events(text: str) -> Iterator[Any]:
    """A text's events, as ``yaml.parse`` gives them. Raises yaml.YAMLError."""
    parser = loader(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def tokens(text: str) -> Iterator[Any]:
    """A text's tokens, as ``yaml.scan`` gives them. Raises yaml.YAMLError."""
    parser = loader(text)
    try:
        while parser.check_token():
            yield parser.get_token()
    finally:
        parser.dispose()


def _is_free(character: str, characters: str, escapes: str) -> bool:
    """Whether a text does not hold a character, nor what is read as it between quotes."""
    return character not in characters and f"{ord(character):04x}" not in escapes


def _masked(text: str | bytes, characters: str) -> CSafeLoader:
    if _SUSPECT.search(characters) is None or _COLON.search(characters) is None:
        return CSafeLoader(text)
    escapes = characters.lower() if "\\" in characters else ""
    stand_in = next(
        (one for one in map(chr, _STAND_INS) if _is_free(one, characters, escapes)), None
    )
    if stand_in is None:
        return CSafeLoader(text)

    def given_way(found: re.Match[str]) -> str:
        is_alias = _ALIAS.search(characters, max(found.start() - _NAME, 0), found.end(1))
        return found[0] if is_alias else found[1] + stand_in

    masked = _COLON.sub(given_way, characters)
    return _Masked(masked if isinstance(text, str) else masked.encode(), stand_in)
