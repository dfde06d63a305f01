"""Rendered and errors as JSON words, and back; what comes back from the child is checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from reconciler.model.errors import FileError, RenderError, SettingsError
from reconciler.model.refs import ObjectRef, Origin, SiteName
from reconciler.model.values import Finding, Manifest, Rendered, SiteSettings, Verdict

_ERRORS: Mapping[str, type[FileError]] = {
    error.__name__: error for error in (FileError, RenderError, SettingsError)
}


def encode(rendered: Rendered) -> dict[str, Any]:
    return {
        "settings": dataclasses.asdict(rendered.settings),
        "objects": [_manifest_words(manifest) for manifest in rendered.objects],
        "findings": [_finding_words(finding) for finding in rendered.verdict.findings],
    }


def decode(words: Mapping[str, Any], site: SiteName, commit: str) -> Rendered:
    """Raises KeyError, TypeError or ValueError for words that ``encode`` did not make."""
    settings = dict(words["settings"])
    settings["forbid"] = tuple(settings["forbid"])
    return Rendered(
        site=site,
        commit=commit,
        settings=SiteSettings(**settings),
        objects=tuple(_manifest(row) for row in words["objects"]),
        verdict=Verdict(findings=tuple(_finding(row) for row in words["findings"])),
    )


def encode_error(error: FileError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": error.message,
        "path": error.path,
        "line": error.line,
        "column": error.column,
    }


def decode_error(words: Mapping[str, Any]) -> FileError:
    """An error of the same class; RenderError for a class that is not known."""
    kind = _ERRORS.get(str(words.get("type")), RenderError)
    return kind(
        str(words.get("message", "")),
        path=str(words.get("path", "")),
        line=int(words.get("line", 0)),
        column=int(words.get("column", 0)),
    )


def _manifest_words(manifest: Manifest) -> list[Any]:
    return [
        str(manifest.ref),
        manifest.api_version,
        manifest.body.decode(),
        manifest.digest,
        _origin_words(manifest.origin),
        manifest.wave,
        [str(ref) for ref in manifest.depends_on],
    ]


def _manifest(row: list[Any]) -> Manifest:
    ref, api_version, body, digest, origin, wave, depends_on = row
    return Manifest(
        ref=ObjectRef.parse(ref),
        api_version=str(api_version),
        body=body.encode(),
        digest=str(digest),
        origin=_origin(origin),
        wave=int(wave),
        depends_on=tuple(ObjectRef.parse(text) for text in depends_on),
    )


def _finding_words(finding: Finding) -> list[Any]:
    return [
        finding.rule,
        finding.message,
        str(finding.ref) if finding.ref else None,
        _origin_words(finding.origin) if finding.origin else None,
    ]


def _finding(row: list[Any]) -> Finding:
    rule, message, ref, origin = row
    return Finding(
        rule=str(rule),
        message=str(message),
        ref=ObjectRef.parse(ref) if ref else None,
        origin=_origin(origin) if origin else None,
    )


def _origin_words(origin: Origin) -> list[Any]:
    return [origin.path, origin.line, origin.generator]


def _origin(row: list[Any]) -> Origin:
    path, line, generator = row
    return Origin(str(path), int(line), str(generator))
