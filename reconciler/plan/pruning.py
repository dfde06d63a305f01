"""May this live object be deleted? Asked for each prune, right before it.

In: the object as the API server has it, and the prune. Out: its fate. Deleting is the one thing
that cannot be put right, so that all must agree: inventory, label, uid.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.model.refs import FIELD_MANAGER, SITE_LABEL, SiteName
from reconciler.model.values import Prune


class Fate(StrEnum):
    """What becomes of an object that the commit dropped; the value says it in words."""

    DELETE = "it is deleted"
    ENDING = "it is being deleted"
    GONE = "it is gone"
    REPLACED = "another object has its name by now"
    RELEASED = "its label was removed, so that it is somebody else's now"


def fate(found: Mapping[str, Any] | None, prune: Prune, site: SiteName) -> Fate:
    """``found`` is the whole object, None where there is none."""
    if found is None:
        return Fate.GONE
    metadata = _mapping(found.get("metadata"))
    # An agent that was killed may have made the object, or made it again, without having kept its
    # uid. Then the object says in managedFields that we apply it.
    if metadata.get("uid") != prune.uid and not _is_applied_by_us(metadata):
        return Fate.REPLACED
    if _mapping(metadata.get("labels")).get(SITE_LABEL) != site.label:
        return Fate.RELEASED
    return Fate.ENDING if metadata.get("deletionTimestamp") else Fate.DELETE


def finalizers(found: Mapping[str, Any]) -> tuple[str, ...]:
    """What an object waits for before it goes."""
    listed = _mapping(found.get("metadata")).get("finalizers")
    return tuple(map(str, listed)) if isinstance(listed, list) else ()


def _is_applied_by_us(metadata: Mapping[str, Any]) -> bool:
    entries = metadata.get("managedFields")
    return any(
        (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Apply")
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping)
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
