"""The demo of three sites, act by act. Each act ends when what it shows has come true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.app.demo.site import Site
from reconciler.app.demo.stage import Untrue
from reconciler.app.demo.steps import Play, Thing, unchanged
from reconciler.model.refs import Kind, SiteName

FIRST = SiteName("north", "barn-7")
_BARN_8, _MILL = "north/barn-8", "south/mill-1"
BROKER = Thing(kind=Kind("apps", "v1", "StatefulSet"), namespace="messaging", name="broker")
SERVER = Thing(kind=Kind("apps", "v1", "Deployment"), namespace="inference", name="model-server")
AGENT = Thing(kind=Kind("apps", "v1", "DaemonSet"), namespace="node-agent", name="node-agent")
SERVICE = Thing(kind=Kind("", "v1", "Service"), namespace="messaging", name="broker")
LAST = "All of it is in Git"
_MAPS = Kind("", "v1", "ConfigMap")


def play(on: Play, first: str) -> None:
    """All acts. Raises Interrupted and Untrue."""
    _first_sync(on, first)
    _base(on)
    _overlay(on)
    _by_hand(on)
    _without_a_link(on)
    _look(on, _broken(on))


def _first_sync(on: Play, first: str) -> None:
    on.stage.act("First sync", "Each site fetches, renders its overlay, and applies it.")
    for site in on.stage.sites:
        site.start()
    on.synced(
        on.stage.sites,
        first,
        lambda site: f"Synced at {first[:7]}, {site.words()['objects']['applied']} objects",
        noted=True,
    )


def _base(on: Play) -> None:
    on.stage.act("A commit to a base reaches every site")
    _bump(on, BROKER, ("2.11.6-alpine", "2.11.8-alpine"), on.stage.sites)


def _bump(on: Play, thing: Thing, tags: tuple[str, str], sites: list[Site]) -> str:
    """Another version in the base of the thing's name, until it is on all of these sites."""
    old, new = tags
    commit = on.change(f"bases/{thing.name}/kustomization.yaml", old, new, f"{thing.name} {new}")

    def check(site: Site) -> str | None:
        return f"{thing.name} is {new}" if thing.image(site).endswith(f":{new}") else None

    on.synced(sites, commit, check, noted=True)
    return commit


def _overlay(on: Play) -> None:
    on.stage.act("A change of one site's overlay reaches that site alone")
    barn_7, *others = on.stage.sites
    before = {site: site.world.declared(site.name) for site in others}
    path = f"{barn_7.name.folder}/cameras/gate.json"
    commit = on.change(path, '"quiet": 300', '"quiet": 900', "barn-7: a calmer gate camera")

    def check(site: Site) -> str | None:
        name, camera = _camera(site)
        return f"has {name}" if camera.get("quiet") == 900 else None

    on.synced([barn_7], commit, check, noted=True)
    on.synced(others, commit, lambda _: "looked at it: nothing to write", noted=False)
    for site in others:
        unchanged(site, before[site])


def _camera(site: Site) -> tuple[str, Mapping[str, Any]]:
    """The ConfigMap of the cameras, and what it says of the one at the gate."""
    found = site.world.client.select(_MAPS, "inference", "")
    for each in found:
        if "gate.json" in (each.get("data") or {}):
            return str(each["metadata"]["name"]), json.loads(each["data"]["gate.json"])
    return "", {}


def _by_hand(on: Play) -> None:
    on.stage.act(
        "Somebody edits an object by hand",
        "The API server notes who manages which field, and the agent's watch sees it.",
    )
    on.edited(_site(on, _MILL), SERVER, "nvcr.io/nvidia/tritonserver:nightly", "kubectl-edit")


def _without_a_link(on: Play) -> None:
    on.stage.act("A site loses its link, and goes on alone")
    site = _site(on, _BARN_8)
    on.stage.by_hand(f"at {site.name}: the link is cut")
    site.cut()
    others = [each for each in on.stage.sites if each is not site]
    before = site.words().get("applied")
    commit = _bump(on, AGENT, ("v1.9.1", "v1.10.2"), others)
    on.stage.wait(lambda: _fetched(site) == "False", f"{site.name} knows that it has no link")
    on.stage.done(site, f"no link: stays at {str(before)[:7]}")
    on.deleted(site, SERVICE)
    if site.words().get("applied") != before:
        raise Untrue(f"{site.name} has no link, and applied another commit")
    on.stage.rest()
    on.stage.by_hand(f"at {site.name}: the link is back")
    site.reach()
    on.synced(
        [site],
        commit,
        lambda site: f"caught up: {AGENT.image(site)}",
        noted=True,
    )


def _fetched(site: Site) -> str:
    conditions = site.words().get("conditions") or []
    found = [each["status"] for each in conditions if each["type"] == "Fetched"]
    return str(found[0]) if found else ""


def _broken(on: Play) -> str:
    """The commit that was refused."""
    on.stage.act("A broken commit is refused, and everything keeps running")
    path = "bases/inference/kustomization.yaml"
    return on.broken(path, "- service.yaml", "- servise.yaml")


def _look(on: Play, commit: str) -> None:
    on.stage.act(LAST)
    on.look(_site(on, _BARN_8), commit)


def _site(on: Play, name: str) -> Site:
    return next(site for site in on.stage.sites if str(site.name) == name)
