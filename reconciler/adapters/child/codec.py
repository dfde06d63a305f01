"""Rendered and errors as JSON words, and back; what comes back from the child is checked.

Words that are only shown (messages, paths, refs of findings) are cut on both sides, as their
length is a stranger's choice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.model import typed
from reconciler.model.errors import FileError, RenderError, SettingsError
from reconciler.model.origins import Origin
from reconciler.model.overrides import Dropped, Overridden
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Action, Finding, Manifest, SiteSettings
from reconciler.model.values import Preview, Record

if TYPE_CHECKING:
    from reconciler.policy.admit import Before

_SHOWN = 2_000  # characters
_PIECE = 1 << 20  # bytes of bodies in one message, whose JSON may be longer
_ERRORS: Mapping[str, type[FileError]] = {
    error.__name__: error for error in (FileError, RenderError, SettingsError)
}


def encode_settings(settings: SiteSettings) -> Any:
    return orjson.loads(orjson.dumps(settings))


def decode_settings(words: Any) -> SiteSettings:
    """Raises KeyError, TypeError, ValueError for words that ``encode_settings`` did not make."""
    settings: SiteSettings = typed.decode(SiteSettings, words)
    return settings


def encode_manifest(manifest: Manifest) -> list[Any]:
    """Without its digest, which the other side makes of the body that it got."""
    return [
        _ref_words(manifest.ref),
        manifest.api_version,
        manifest.body.decode(),
        _origin_words(manifest.origin),
        manifest.wave,
        [_ref_words(ref) for ref in manifest.depends_on],
        manifest.wait,
    ]


def decode_manifest(row: Any) -> Manifest:
    """Raises TypeError, ValueError for a row that ``encode_manifest`` did not make."""
    ref, api_version, text, origin, wave, depends_on, wait = row
    body = _text(text).encode()
    return Manifest(
        ref=_ref(ref),
        api_version=_text(api_version),
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
        origin=_origin(origin),
        wave=int(wave),
        depends_on=tuple(_ref(words) for words in depends_on),
        wait=wait is True,
    )


def encode_before(record: Record) -> list[Any]:
    """What the judge needs of a record."""
    return [
        _ref_words(record.ref),
        record.api_version,
        record.body.decode(),
        _origin_words(record.origin),
    ]


def decode_before(row: Any) -> Before:
    """What ``encode_before`` made."""
    from reconciler.policy.admit import Before  # with it comes CEL

    ref, api_version, text, origin = row
    return Before(
        ref=_ref(ref),
        api_version=_text(api_version),
        body=_text(text).encode(),
        origin=_origin(origin),
    )


def encode_preview(preview: Preview) -> dict[str, Any]:
    return {
        "value": preview.value,
        "old": preview.old,
        "space": preview.space,
        "denied": _cut(preview.denied),
        "failed": _cut(preview.failed),
    }


def decode_preview(words: Mapping[str, Any]) -> Preview:
    """What ``encode_preview`` made."""
    return Preview(**words)


def pieces(records: Iterable[Record]) -> list[list[Any]]:
    """Records as rows that fit a message, for the other side of the pipe."""
    found: list[list[Any]] = []
    size = 0
    for record in records:
        row = encode_before(record)
        length = len(record.body)
        if not found or size + length > _PIECE:
            found.append([])
            size = 0
        found[-1].append(row)
        size += length
    return found


def encode_finding(finding: Finding) -> list[Any]:
    return [
        finding.rule,
        _cut(finding.message),
        [_cut(word) for word in _ref_words(finding.ref)] if finding.ref else None,
        _origin_words(finding.origin) if finding.origin else None,
        str(finding.action),
        finding.policy,
        finding.column,
    ]


def decode_finding(row: Any) -> Finding:
    """Raises TypeError, ValueError for a row that ``encode_finding`` did not make."""
    rule, message, ref, origin, action, policy, column = row
    return Finding(
        rule=_text(rule),
        message=_shown(message),
        ref=_ref(ref) if ref else None,
        origin=_origin(origin) if origin else None,
        action=Action(_text(action)),
        policy=_shown(policy),
        column=int(column),
    )


def encode_error(error: FileError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": _cut(error.message),
        "path": _cut(error.path),
        "line": error.line,
        "column": error.column,
    }


def decode_error(words: Mapping[str, Any]) -> FileError:
    """An error of the same class. Raises KeyError, TypeError, ValueError for other words."""
    return _ERRORS[_text(words["type"])](
        _shown(words["message"]),
        path=_shown(words["path"]),
        line=int(words["line"]),
        column=int(words["column"]),
    )


def encode_overridden(rows: Iterable[Overridden]) -> list[Any]:
    return [
        [_ref_words(row.ref), *map(_cut, (row.field, row.rule, row.value, row.file))]
        for row in rows
    ]


def decode_overridden(rows: Any) -> tuple[Overridden, ...]:
    """Raises TypeError, ValueError for rows that ``encode_overridden`` did not make."""
    found = []
    for ref, *words in rows:
        field, rule, value, file = map(_shown, words)
        found.append(Overridden(ref=_ref(ref), field=field, rule=rule, value=value, file=file))
    return tuple(found)


def encode_dropped(rows: Iterable[Dropped]) -> list[Any]:
    return [[_cut(row.file), _cut(row.reason)] for row in rows]


def decode_dropped(rows: Any) -> tuple[Dropped, ...]:
    """Raises TypeError, ValueError for rows that ``encode_dropped`` did not make."""
    return tuple(Dropped(file=_shown(file), reason=_shown(reason)) for file, reason in rows)


# Refs go as their parts: the text form of what the judge refuses need not read back.
def _ref_words(ref: ObjectRef) -> list[str]:
    return [ref.group, ref.kind, ref.namespace, ref.name]


def _ref(words: Any) -> ObjectRef:
    group, kind, namespace, name = (_text(word) for word in words)
    return ObjectRef(group, kind, namespace, name)


def _origin_words(origin: Origin) -> list[Any]:
    return [_cut(origin.path), origin.line, _cut(origin.generator)]


def _origin(row: Any) -> Origin:
    path, line, generator = row
    return Origin(_shown(path), int(line), _shown(generator))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _shown(value: Any) -> str:
    return _cut(_text(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a string")
    return value
