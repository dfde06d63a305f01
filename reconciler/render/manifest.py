"""A rendered object and its site in, a rendered.Manifest out: what will be applied, to the byte.

What only the API server can know is dropped, not refused: ``status`` and server-set metadata
come along wherever someone exported an object or generated a CRD, and mean nothing to an apply.
Values may share parts with other sites' objects, so they are copied where they are changed.
Called by ``site``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from reconciler.documents import canonical
from reconciler.model.errors import RenderError
from reconciler.model.origins import Origin
from reconciler.model.refs import DEPENDS_ON, SITE_LABEL, TRUE, WAIT, WAVE, ObjectRef, SiteName
from reconciler.model.rendered import Manifest

SERVER_SET = frozenset(
    (
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    )
)
_WAVE = re.compile(r"-?[0-9]{1,6}")
_SHOWN = 60  # characters of what was found


def manifest(value: Mapping[str, Any], origin: Origin, site: SiteName) -> Manifest:
    """The object with our label. Raises RenderError at its origin."""
    metadata = _mapping(value.get("metadata"), "metadata", origin)
    annotations = _mapping(metadata.get("annotations"), "metadata.annotations", origin)
    kept = dict(metadata)
    if not SERVER_SET.isdisjoint(kept):
        kept = {name: part for name, part in metadata.items() if name not in SERVER_SET}
    kept["labels"] = {
        **_mapping(metadata.get("labels"), "metadata.labels", origin),
        SITE_LABEL: site.label,
    }
    applied = {**value, "metadata": kept}
    applied.pop("status", None)
    if value.get("apiVersion") == "v1" and value.get("kind") == "Secret":
        applied = _folded(applied, origin)
    body = _body(applied, origin)
    return Manifest(
        ref=ObjectRef.of(applied),
        api_version=str(value.get("apiVersion", "")),
        body=body,
        digest=canonical.digest(body),
        origin=origin,
        wave=_wave(annotations[WAVE], origin) if WAVE in annotations else 0,
        depends_on=_depends_on(annotations[DEPENDS_ON], origin)
        if DEPENDS_ON in annotations
        else (),
        wait=annotations.get(WAIT) == TRUE,
    )


def _body(value: Mapping[str, Any], origin: Origin) -> bytes:
    try:
        return canonical.body(value)
    except ValueError as error:
        raise _refusal(str(error), origin) from None


def _folded(secret: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """A Secret without stringData, which the API server folds so late that we own none of it."""
    if "stringData" not in secret:
        return secret
    data = dict(_mapping(secret.get("data"), "data", origin))
    for name, text in _mapping(secret.pop("stringData"), "stringData", origin).items():
        if not isinstance(text, str):  # its value is not shown: it is a secret
            raise _refusal(f"stringData.{name[:_SHOWN]} must be a string: quote it", origin)
        data[name] = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return {**secret, "data": data} if data else secret


def _wave(text: Any, origin: Origin) -> int:
    if isinstance(text, str) and _WAVE.fullmatch(text):
        return int(text)
    raise _refusal(
        f"annotation {WAVE}: expected a whole number of at most 6 digits in quotes,"
        f" found {_shown(text)}",
        origin,
    )


def _depends_on(text: Any, origin: Origin) -> tuple[ObjectRef, ...]:
    if not isinstance(text, str):
        raise _refusal(f"annotation {DEPENDS_ON}: expected a string, found {_shown(text)}", origin)
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    try:
        return tuple(dict.fromkeys(ObjectRef.parse(part) for part in parts))
    except ValueError:
        raise _refusal(
            f"annotation {DEPENDS_ON}: expected KIND[.GROUP]/[NAMESPACE/]NAME, with commas"
            f" between, found {_shown(text)}",
            origin,
        ) from None


def _mapping(value: Any, name: str, origin: Origin) -> Mapping[str, Any]:
    """The mapping, an empty one for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        found = _TYPES.get(type(value), "a string")  # not the value: it may be a secret
        raise _refusal(f"{name}: expected a mapping, found {found}", origin)
    return value


_TYPES: Mapping[type, str] = {
    list: "a list",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _refusal(message: str, origin: Origin) -> RenderError:
    generated = f" ({origin.generator})" if origin.generator else ""
    return RenderError(message + generated, path=origin.path, line=origin.line)
