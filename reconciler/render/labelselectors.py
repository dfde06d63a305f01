"""Label selectors (``a=b,c!=d,e in (f,g),!h,i>1``) as functions of labels.

The grammar, and what of it is refused in which words, is kustomize's copy of Kubernetes' package
``labels`` (kyaml, ``yaml/internal/k8sgen/pkg/labels``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, NoReturn

from reconciler.render.fieldspecs import Unfit
from reconciler.schema import names

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_SELECTORS = 4096
_BLANKS = " \t\r\n"
_WORD = re.compile(rf"==|!=|[=!(),<>]|[^=!(),<>{_BLANKS}\0]+")
_SIGNS = frozenset(("=", "==", "!=", "!", "(", ")", ",", "<", ">"))
_OPERATORS = frozenset(("=", "==", "!=", "<", ">", "in", "notin"))
_INTEGER = re.compile(r"([-+]?)(?=[0-9])0*([0-9]*)", re.ASCII)
_DIGITS = 19  # of the largest integer of 64 bits
_END = ""  # behind the last word


class _Requirement(NamedTuple):
    key: str
    operator: str  # one of _OPERATORS, "!" for an absent key, or "" for one that is there
    values: frozenset[str]

    def holds(self, labels: Labels) -> bool:
        value = labels.get(self.key)
        if self.operator in ("", "!"):
            return (value is not None) == (self.operator == "")
        if self.operator in ("!=", "notin"):
            return value not in self.values
        if self.operator in ("<", ">"):
            return value is not None and self._compares(value)
        return value in self.values

    def _compares(self, value: str) -> bool:
        found, limit = _integer(value), _integer(*self.values)
        if found is None or limit is None:
            return False
        return found > limit if self.operator == ">" else found < limit


@lru_cache(_SELECTORS)
def matcher(selector: str) -> Test:
    """A selector as a function of labels; an empty one takes all. Raises Unfit."""
    requirements = _Reader(selector).requirements()
    return lambda labels: all(each.holds(labels) for each in requirements)


class _Reader:
    """Goes over the words of a selector once."""

    def __init__(self, text: str) -> None:
        self._words: list[str] = [*_WORD.findall(text), _END]
        self._at = 0

    def _next(self) -> str:
        word = self._words[self._at]
        self._at = min(self._at + 1, len(self._words) - 1)
        return word

    @property
    def _ahead(self) -> str:
        return self._words[self._at]

    def requirements(self) -> list[_Requirement]:
        found: list[_Requirement] = []
        expected = "!, identifier, or 'end of string'"
        while self._ahead != _END or found:
            if not _is_identifier(self._ahead) and self._ahead != "!":
                _refuse(self._ahead, f", expected: {expected}")
            try:
                found.append(self._requirement())
            except Unfit as unfit:
                raise Unfit(f"unable to parse requirement: {unfit}") from None
            word = self._next()
            if word == _END:
                break
            if word != ",":
                _refuse(word, ", expected: ',' or 'end of string'")
            expected = "identifier after ','"
        return found

    def _requirement(self) -> _Requirement:
        absent = self._ahead == "!"
        if absent:
            self._next()
        key = self._next()
        if not _is_identifier(key):
            _refuse(key, ", expected: identifier")
        wrong = names.qualified(key)
        if wrong:
            raise Unfit(f'invalid label key "{key}": {wrong}')
        if absent or self._ahead in (_END, ","):
            return _Requirement(key, "!" if absent else "", frozenset())
        return self._compared(key)

    def _compared(self, key: str) -> _Requirement:
        operator = self._next()
        if operator not in _OPERATORS:
            _refuse(operator, ", expected: '=', '!=', '==', 'in', notin'")
        values = self._among() if operator in ("in", "notin") else {self._value()}
        if operator in "<>" and None in map(_integer, values):
            raise Unfit("for 'Gt', 'Lt' operators, the value must be an integer")
        for value in sorted(values):
            wrong = names.label_value(value)
            if wrong:
                raise Unfit(f'invalid label value: "{value}": at key: "{key}": {wrong}')
        return _Requirement(key, operator, frozenset(values))

    def _value(self) -> str:
        if self._ahead in (_END, ","):
            return ""
        word = self._next()
        if not _is_identifier(word):
            _refuse(word, ", expected: identifier")
        return word

    def _among(self) -> set[str]:
        """What stands between parentheses; a comma with nothing on one side has "" there."""
        opening = self._next()
        if opening != "(":
            _refuse(opening, " expected: '('")
        values: set[str] = set()
        empty = True  # since the parenthesis or the last comma
        wanted = "',', ')' or identifier"
        while True:
            word = self._next()
            if _is_identifier(word) and empty:
                values.add(word)
                empty = False
            elif word in (",", ")"):
                if empty:
                    values.add("")
                empty = True
                if word == ")":
                    return values
                wanted = "',', or identifier"
            else:
                _refuse(word, f", expected: {wanted}" if empty else ", expected: ',' or ')'")


def _is_identifier(word: str) -> bool:
    return word != _END and word not in _SIGNS


def _integer(word: str) -> int | None:
    """As Go's ParseInt of 64 bits has it; Python refuses thousands of zeros in front."""
    found = _INTEGER.fullmatch(word)
    if found is None or len(found[2]) > _DIGITS:
        return None
    number = int(f"{found[1]}{found[2] or 0}")
    return number if -(2**63) <= number < 2**63 else None


def _refuse(found: str, expected: str) -> NoReturn:
    raise Unfit(f"found '{found}'{expected}")
