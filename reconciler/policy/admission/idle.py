"""Policies that judged no object though somebody meant them to: typed wrong, most often.

In: a site's library, and what its court saw. Out: Problems with file, line and column. A policy
whose kinds the site merely has no object of is none: it waits for the first. Called by ``admit``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.policy.admission import files, matching
from reconciler.policy.admission.compiled import Compiled
from reconciler.policy.admission.court import Court
from reconciler.policy.admission.library import Library
from reconciler.policy.admission.requests import Resource
from reconciler.policy.admission.values import Problem
from reconciler.schema import resources


def idle(library: Library, court: Court, defined: Iterable[Resource]) -> Iterator[Problem]:
    """Of policies with bindings; ``defined`` are the kinds that the site's definitions bring."""
    plurals = {(each.kind.group, each.plural) for each in defined} | resources.known()
    for compiled in library.policies:
        name = compiled.name
        if name in court.used or name not in library.bindings:
            continue
        if court.fitting[name]:
            words = f"policy {name} judges nothing: selectors leave out every object of its kinds"
            yield _problem(compiled, words)
        elif not _names_any(compiled, plurals):
            words = f"policy {name} judges nothing: its rules name no kind that Kubernetes"
            yield _problem(compiled, f"{words} or the site's definitions have")


def missing(library: Library, court: Court) -> Iterator[Problem]:
    """Of bindings whose parameters are nowhere, which the API server passes over."""
    for name, binding in court.missing:
        found = next(each for each in library.bindings[name] if each.name == binding)
        words = f"policy {name} judges nothing here: there is no such parameter"
        yield files.problem(found.source, ("spec", "paramRef"), words, weak=True)


def _problem(compiled: Compiled, message: str) -> Problem:
    at = ("spec", "matchConstraints")
    return files.problem(compiled.policy.source, at, message, weak=True)


def _names_any(compiled: Compiled, plurals: set[tuple[str, str]]) -> bool:
    match = compiled.policy.match
    return not match.include or any(
        matching.names(rule, group, plural) for rule in match.include for group, plural in plurals
    )
