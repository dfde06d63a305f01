"""What a scalar with an explicit tag means: ``!!str 1`` is a string, ``!!int x`` an error."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from reconciler.documents.scalars import (
    BLANK,
    Scalars,
    is_spelled_as_float,
    resolve,
    timestamp,
)

PREFIX = "tag:yaml.org,2002:"
MERGE = PREFIX + "merge"
STRING = PREFIX + "str"
BINARY = PREFIX + "binary"


def tagged(tag: str, text: str, scalars: Scalars) -> Any:
    """The value of a scalar under ``tag``. Raises ValueError where the text is not such a value.

    Tags that YAML does not define make strings, as they do in kustomize.
    """
    name = tag.removeprefix(PREFIX)
    if not tag.startswith(PREFIX) or name not in _READERS:
        return text
    return _READERS[name](text, scalars)


def _string(text: str, scalars: Scalars) -> str:
    return text


def _null(text: str, scalars: Scalars) -> None:
    if resolve(text, scalars) not in (None, BLANK):
        raise _mismatch("null")


def _boolean(text: str, scalars: Scalars) -> bool:
    value = resolve(text, scalars)
    if not isinstance(value, bool):
        raise _mismatch("bool")
    return value


def _integer(text: str, scalars: Scalars) -> int:
    value = resolve(text, scalars)
    if isinstance(value, bool) or not isinstance(value, int) or is_spelled_as_float(text):
        raise _mismatch("int")
    return value


def _float(text: str, scalars: Scalars) -> int | float:
    value = resolve(text, scalars)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch("float")
    return value


def _timestamp(text: str, scalars: Scalars) -> str:
    if timestamp(text) is None:
        raise _mismatch("timestamp")
    return str(resolve(text, scalars))


def _binary(text: str, scalars: Scalars) -> str:
    try:
        data = base64.b64decode("".join(text.splitlines()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("!!binary value contains invalid base64 data") from None
    return data.decode("utf-8", "replace")


def _mismatch(name: str) -> ValueError:
    """Does not show the text, which may be a secret's."""
    return ValueError(f"cannot decode this as a !!{name}")


_READERS = {
    "str": _string,
    "null": _null,
    "bool": _boolean,
    "int": _integer,
    "float": _float,
    "timestamp": _timestamp,
    "binary": _binary,
}
