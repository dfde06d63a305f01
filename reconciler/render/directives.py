"""What a strategic merge patch says of itself: ``$patch: delete``, ``replace`` or ``merge``."""

from __future__ import annotations

from typing import Any

from reconciler.documents.scalars import BLANK, BRACED
from reconciler.render.fieldspecs import Unfit
from reconciler.render.scalars import text

DIRECTIVE = "$patch"
_KNOWN = ("delete", "replace", "merge")


class _Absent:
    """Where a side has nothing at all, which is not the same as null."""


ABSENT = _Absent()


def is_void(side: Any) -> bool:
    """Whether a side holds nothing: absent, null or blank."""
    return side is None or side is ABSENT or is_blank(side)


def is_blank(side: Any) -> bool:
    """Whether it is a null for which the file has nothing at all."""
    return side is BLANK or side is BRACED


def of_map(patch: Any) -> tuple[str, Any]:
    """A map's directive, and the map without it. Raises Unfit."""
    if not isinstance(patch, dict) or DIRECTIVE not in patch:
        return "merge", patch
    return checked(patch), {key: value for key, value in patch.items() if key != DIRECTIVE}


def checked(patch: dict[str, Any]) -> str:
    """The directive that a map holds. Raises Unfit."""
    directive = text(patch[DIRECTIVE])
    if directive not in _KNOWN:
        raise Unfit(f"unknown patch strategy '{directive}'")
    return directive
