"""``reconciler pause`` and ``resume``: the spec of the cluster's own Site object, patched.

In: a site, and where its cluster is. Out: words for a person. RBAC decides who may; kubectl can
do the same, and the agent's watch sees it at once.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler import ports
from reconciler.adapters import kube, system
from reconciler.model import durations, errors, moments
from reconciler.model.objects import mapping, sequence, text
from reconciler.model.refs import ObjectRef, SiteName
from reconciler.status import site_object

_ATTEMPTS = 5  # at a patch that others come before

Words = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``changed`` is whether there was anything to do."""

    message: str
    changed: bool


def pause(
    site: str, *, reason: str, span: str, about: str, kubeconfig: str, context: str
) -> Answer:
    """Raises UsageError, ClusterUnavailable, ClusterRefused."""
    name, what = _site(site), _object(about)
    if not reason.strip():
        raise errors.UsageError("--reason: say why, as it is what everybody else will read")
    until = moments.show(system.SystemClock().now() + _seconds(span))
    entry = {"reason": reason, "until": until, "object": what}

    def change(asked: Words) -> Words:
        return [*(each for each in asked if text(each.get("object")) != what), entry]

    with contextlib.closing(kube.connect(kubeconfig, context)) as cluster:
        _patch(cluster, name, change)
    return Answer(
        message=f"{_what(name, what)} is paused until {until}, or until limits.pause of running"
        f" time have passed.\nEnd it with: {_resume(name, what)}\n",
        changed=True,
    )


def resume(site: str, *, about: str, kubeconfig: str, context: str) -> Answer:
    """Raises UsageError, ClusterUnavailable, ClusterRefused."""
    name, what = _site(site), _object(about)

    def change(asked: Words) -> Words:
        return [each for each in asked if what and text(each.get("object")) != what]

    with contextlib.closing(kube.connect(kubeconfig, context)) as cluster:
        before, status = _patch(cluster, name, change)
    ended = len(before) > len(change(before))
    first = "goes on" if ended else "was not paused on site"
    return Answer(message=f"{_what(name, what)} {first}.\n{_others(status, what)}", changed=ended)


def _patch(
    cluster: ports.Cluster, site: SiteName, change: Callable[[Words], Words]
) -> tuple[Words, Mapping[str, Any]]:
    """What was asked for before, and the Site's status. A change in between is looked at again."""
    kind = site_object.KIND
    for attempt in range(_ATTEMPTS):
        found = cluster.read(kind, "", site.label)
        if found is None:
            raise errors.UsageError(
                f"this cluster has no Site object {site.label}: its agent has not run yet, or it"
                " is another site's"
            )
        asked = [mapping(each) for each in sequence(mapping(found.get("spec")).get("pause"))]
        wanted = change(asked)
        if wanted == asked:
            return asked, mapping(found.get("status"))
        body = {
            "metadata": {"resourceVersion": mapping(found.get("metadata")).get("resourceVersion")},
            "spec": {"pause": wanted or None},
        }
        try:
            cluster.replace(kind, "", site.label, json.dumps(body).encode(), "merge")
        except errors.ClusterRefused as error:
            if error.status != 409 or attempt == _ATTEMPTS - 1:
                raise
            continue
        return asked, mapping(found.get("status"))
    raise AssertionError("the last attempt returns or raises")


def _others(status: Mapping[str, Any], what: str) -> str:
    """Pauses by a commit, which end where they were made."""
    lines = [
        f"A commit pauses {text(held.get('object')) or 'the site'}"
        f"{_until(text(held.get('until')))}: {text(held.get('reason'))}\n"
        for held in map(mapping, sequence(status.get("paused")))
        if held.get("by") == "commit" and text(held.get("object")) in ("", what)
    ]
    return "".join(lines)


def _until(until: str) -> str:
    return f" until {until}" if until else ""


def _what(site: SiteName, what: str) -> str:
    return f"{what} of {site}" if what else str(site)


def _resume(site: SiteName, what: str) -> str:
    return f"reconciler resume {site}" + (f" --object {what}" if what else "")


def _site(name: str) -> SiteName:
    try:
        return SiteName.parse(name)
    except ValueError as error:
        raise errors.UsageError(str(error)) from None


def _object(about: str) -> str:
    try:
        return str(ObjectRef.parse(about)) if about else ""
    except ValueError as error:
        raise errors.UsageError(f"--object: {error}") from None


def _seconds(span: str) -> float:
    try:
        seconds = durations.parse(span)
    except ValueError as error:
        raise errors.UsageError(f"--for: {error}") from None
    if not 0 < seconds <= 366 * 86_400:
        raise errors.UsageError("--for: expected from 1s to 366d")
    return seconds
