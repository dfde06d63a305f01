"""Frozen values from the words that orjson makes of them, checked against their annotations.

In: JSON words that came back from a pipe or from the state, and the class that they should be.
Out: a value of that class. Known forms: dataclasses, enumerations of strings, tuples of one type,
mappings of strings to one type, str, int, float, bool, and each of them or None.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def decode(form: Any, words: Any) -> Any:
    """Raises KeyError, TypeError, ValueError for words of another form."""
    origin = get_origin(form)
    if origin in (Union, types.UnionType):
        (inner,) = (each for each in get_args(form) if each is not type(None))
        return None if words is None else decode(inner, words)
    if origin is tuple:
        return tuple(decode(get_args(form)[0], word) for word in _of(list, words))
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(form)[1]
        return {_of(str, key): decode(inner, word) for key, word in _of(dict, words).items()}
    if isinstance(form, type) and dataclasses.is_dataclass(form):
        fields = _fields(form)
        if _of(dict, words).keys() != fields.keys():
            raise ValueError("the fields are others than those of the value")
        return form(**{name: decode(inner, words[name]) for name, inner in fields.items()})
    if issubclass(form, StrEnum):
        return form(words)
    if form is float and type(words) is int:
        return float(words)
    return _of(form, words)


@cache
def _fields(form: Any) -> Mapping[str, Any]:
    hints = get_type_hints(form)
    return {field.name: hints[field.name] for field in dataclasses.fields(form)}


def _of(form: Any, words: Any) -> Any:
    if type(words) is not form:
        raise TypeError(f"expected {form.__name__}")
    return words
