"""The note: a Report as YAML that a person reads in ``git log --notes``, and back again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sized
from typing import Any

import orjson
import yaml

from reconciler.model import moments
from reconciler.model.pauses import Held
from reconciler.model.refs import API_VERSION
from reconciler.model.rendered import Finding
from reconciler.model.values import Awaited, Failure, Health, HeldPrune, Report, Unwell

KIND = "SiteReport"
OFFLINE = "FetchFailed"  # the reason where nothing worse is
APPLY_FAILED = "ApplyFailed"
PRUNE_HELD = "PruneHeld"
WAITING = "Waiting"
STALLED = "Stalled"
# Reasons whose words change though nothing else does: numbers of replicas, quotas, attempts.
_RESTLESS = frozenset((OFFLINE, APPLY_FAILED, WAITING, STALLED))
MAX_BYTES = 64_000
_LIST = 20
LONGEST = 1_000  # characters of any one sentence


def timestamp(time: float) -> str:
    """RFC 3339 in UTC, whole seconds, as Kubernetes writes times."""
    return moments.show(time)


def short(text: str, limit: int = LONGEST) -> str:
    """One bounded line without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def content(report: Report, *, sentence: int = LONGEST) -> dict[str, Any]:
    """The report's words, shared by the note and the Site object's status; empty ones left out."""
    words: dict[str, Any] = {
        "site": str(report.site),
        "commit": report.commit,
        "applied": report.applied,
        "time": timestamp(report.time),
        "agent": report.agent,
        "state": str(report.state),
        "sync": str(report.sync),
        "health": str(report.health),
        "reason": report.reason,
        "message": short(report.message, sentence),
    }
    words = {key: value for key, value in words.items() if value}
    objects = report.objects
    words["objects"] = {
        "total": objects.total,
        "applied": objects.applied,
        "failed": objects.failed,
        "pruned": objects.pruned,
        "held": objects.held,
    }
    if report.failed:
        words["failed"] = [_failure(failure, sentence) for failure in report.failed[:_LIST]]
    if report.held:
        words["held"] = [_held(each, sentence) for each in report.held[:_LIST]]
    if report.waiting:
        words["waiting"] = [_awaited(each, sentence) for each in report.waiting[:_LIST]]
    if report.unwell:
        words["unhealthy"] = [_unwell(each, sentence) for each in report.unwell[:_LIST]]
    if report.findings:
        words["findings"] = [_finding(finding, sentence) for finding in report.findings[:_LIST]]
    words["drift"] = {"open": report.drift_open, "corrected": report.drift_corrected}
    if report.paused:
        words["paused"] = [paused_words(each, sentence) for each in report.paused[:_LIST]]
    if listed := _overrides(report, sentence):
        words["overrides"] = listed[:_LIST]
    if report.contested:
        words["contested"] = [
            {
                "object": str(contest.ref),
                "field": short(contest.field, sentence),
                "manager": short(contest.manager, sentence),
            }
            for contest in report.contested[:_LIST]
        ]
    return words


def write(report: Report) -> str:
    """The note's text, at most 64 kB."""
    for sentence in (LONGEST, 200, 50):
        text = _text(report, sentence)
        if len(text.encode()) <= MAX_BYTES:
            break
    return text


def _text(report: Report, sentence: int) -> str:
    """The note with sentences of at most so many characters."""
    note = {"apiVersion": API_VERSION, "kind": KIND, **content(report, sentence=sentence)}
    lists: tuple[tuple[str, Sized], ...] = (
        ("failed", report.failed),
        ("held", report.held),
        ("waiting", report.waiting),
        ("unhealthy", report.unwell),
        ("findings", report.findings),
        ("contested", report.contested),
        ("paused", report.paused),
        ("overrides", (*report.dropped, *report.overridden)),
    )
    for name, listed in lists:
        if len(listed) > _LIST:
            note[name] = [*note[name], {"more": len(listed) - _LIST}]
    return yaml.safe_dump(note, sort_keys=False, allow_unicode=True, width=100)


def fingerprint(report: Report, rendered: str) -> str:
    """Equal for reports that make the same news; ``rendered`` is a digest of all that the site
    renders.

    No news: commits that render the same, times, counters, a link that comes and goes, and the
    words of refusals, in which webhooks and quotas put numbers that change.
    """
    explained = report.reason not in _RESTLESS
    words = {
        "state": report.state,
        "sync": report.sync,
        "health": report.health,
        "reason": "" if report.reason == OFFLINE else report.reason,
        "message": short(report.message) if explained else "",
        "failed": sorted([str(failure.ref), failure.reason] for failure in report.failed),
        "held": sorted(str(each.ref) for each in report.held),
        "waiting": sorted(str(each.ref) for each in report.waiting),
        "degraded": sorted(
            [str(each.ref), each.reason] for each in report.unwell if each.health is Health.DEGRADED
        ),
        "findings": sorted(
            [str(each.action), each.policy, str(each.ref)] for each in report.findings
        ),
        "total": report.objects.total,
        "drifted": report.drift_open > 0,
        "paused": [paused_words(each) for each in report.paused],
        "overrides": _overrides(report, LONGEST),
        "contested": sorted([str(each.ref), each.field, each.manager] for each in report.contested),
        "rendered": rendered,
    }
    return hashlib.sha256(orjson.dumps(words, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(text: str) -> Mapping[str, Any]:
    """A note's mapping, unknown keys kept. Raises ValueError for what is not a SiteReport."""
    if len(text.encode()) > MAX_BYTES:
        raise ValueError("the note is larger than 64 kB")
    # No alias is ever written, and expanding them is how small files become large ones.
    if any(isinstance(event, yaml.AliasEvent) for event in _events(text)):
        raise ValueError("the note holds a YAML alias")
    loaded = yaml.safe_load(text)
    if not isinstance(loaded, dict) or loaded.get("kind") != KIND:
        raise ValueError(f"the note is not a {KIND}")
    return loaded


def _events(text: str) -> list[Any]:
    depth, events = 0, []
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > 30:  # the constructor recurses
                raise ValueError("the note is nested too deeply")
            events.append(event)
    except yaml.YAMLError as error:
        raise ValueError("the note is not YAML") from error
    return events


def _held(each: HeldPrune, sentence: int) -> dict[str, str]:
    return {"object": str(each.ref), "reason": short(each.why, sentence)}


def _unwell(each: Unwell, sentence: int) -> dict[str, str]:
    words = {
        "object": str(each.ref),
        "health": str(each.health),
        "reason": short(each.reason, sentence),
        "message": short(each.message, sentence),
        "origin": short(str(each.origin), sentence) if each.origin else "",
    }
    return {key: value for key, value in words.items() if value}


def _awaited(each: Awaited, sentence: int) -> dict[str, Any]:
    words = {
        "object": str(each.ref),
        "reason": short(each.reason, sentence),
        "message": short(each.message, sentence),
    }
    return {**{key: value for key, value in words.items() if value}, "objects": each.objects}


def _failure(failure: Failure, sentence: int) -> dict[str, str]:
    words = {
        "object": str(failure.ref),
        "reason": failure.reason,
        "message": short(failure.message, sentence),
        "origin": short(str(failure.origin), sentence) if failure.origin else "",
    }
    return {key: value for key, value in words.items() if value}


def _overrides(report: Report, sentence: int) -> list[dict[str, str]]:
    """Files that were dropped, and then fields that are overridden, by their files."""
    dropped = [
        {"file": short(each.file, sentence), "dropped": short(each.reason, sentence)}
        for each in report.dropped
    ]
    fields = [
        {
            "file": short(each.file, sentence),
            "object": str(each.ref),
            "field": short(each.field, sentence),
            "value": short(each.value, sentence),
        }
        for each in report.overridden
    ]
    return [*dropped, *fields]


def paused_words(held: Held, sentence: int = LONGEST) -> dict[str, str]:
    words = {
        "object": held.object,
        "reason": short(held.reason, sentence),
        "until": "" if held.until is None else timestamp(held.until),
        "by": held.by,
    }
    return {key: value for key, value in words.items() if value}


def _finding(finding: Finding, sentence: int) -> dict[str, str]:
    words = {
        "policy": finding.policy,
        "action": str(finding.action),
        "object": str(finding.ref) if finding.ref else "",
        "message": short(finding.message, sentence),
        "origin": short(str(finding.origin), sentence) if finding.origin else "",
    }
    return {key: value for key, value in words.items() if value}
