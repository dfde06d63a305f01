"""Local overrides: files on site that change single fields, within what the fleet allows."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.refs import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file of the folder for overrides; ``problem`` is why it could not be read."""

    name: str
    text: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """A field that a file on site sets: its path as shown and as rules name it.

    ``value`` is JSON text, and may be a secret.
    """

    ref: ObjectRef
    field: str
    rule: str
    value: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file that changes nothing, and why; no value of it is told."""

    file: str
    reason: str
