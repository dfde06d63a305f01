"""What several acts do: commit, wait for sites, edit by hand, break and mend. Each is verified.

A site's words are those of its Site object and of its note, as everybody else reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.adapters import git
from reconciler.app import status
from reconciler.app.demo import blame
from reconciler.app.demo.site import Site
from reconciler.app.demo.stage import Stage, Untrue
from reconciler.model.errors import UsageError
from reconciler.model.refs import Kind, ObjectRef
from reconciler.model.values import Live

Check = Callable[[Site], str | None]  # what is to be told of a site, None for not yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object, and how it is called."""

    kind: Kind
    namespace: str
    name: str

    @property
    def ref(self) -> str:
        return str(ObjectRef(self.kind.group, self.kind.kind, self.namespace, self.name))

    def of(self, site: Site) -> Mapping[str, Any]:
        return site.world.read(self.kind, self.namespace, self.name)

    def image(self, site: Site) -> str:
        """Of its first container, ``""`` where it is not there."""
        spec = self.of(site).get("spec") or {}
        return str(spec["template"]["spec"]["containers"][0]["image"]) if spec else ""


class Play:
    """A stage, and the repository that is changed on it."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.desk = git.Desk(folder)

    def change(self, path: str, old: str, new: str, message: str) -> str:
        """Replace a text that is there once, commit, and tell; the commit."""
        file = self.folder / path
        text = file.read_text()
        if text.count(old) != 1:
            raise Untrue(f"{path} does not hold {old!r} once: was the template changed?")
        file.write_text(text.replace(old, new))
        commit = self.desk.commit(message)
        self.stage.shell(f'git commit -am "{message}"')
        self.stage.diff(self.desk.diff())
        return commit

    def synced(self, sites: Iterable[Site], commit: str, check: Check, *, noted: bool) -> None:
        """Until each site has applied the commit, ``check`` has an answer, and its note says so."""

        def look(site: Site) -> str | None:
            words = site.words()
            if (words.get("applied"), words.get("state")) != (commit, "Synced"):
                return None
            said = check(site)
            if said is None or (noted and not self.is_noted(site, commit, "Synced")):
                return None
            return said

        what = f"commit {commit[:7]} is applied and noted"
        self.stage.wait_each({site: _of(look, site) for site in sites}, what)

    def is_noted(self, site: Site, commit: str, state: str) -> bool:
        """Whether the newest note of the site, in the repository, says this of this commit."""
        try:
            rows = status.read(str(self.folder), {}, str(site.name))
        except UsageError:
            return False  # none yet
        words = rows[0].words
        return (words.get("commit"), words.get("state")) == (commit, state)

    def edited(self, site: Site, thing: Thing, image: str, manager: str) -> None:
        """Somebody's edit of an image by hand, until the agent has put it right."""
        wanted, before = thing.image(site), thing.of(site)
        live, ours = self._edit(site, thing, image, manager)
        if (taken := blame.taken(ours, live)) is None:
            raise Untrue(f"the edit of {thing.ref} took no field of the agent's")
        field, owner = taken
        self.stage.by_hand(f"at {site.name}: the image of {thing.ref} becomes {_short(image)}")
        self.stage.text(f"{owner} manages {field} now.")
        seconds = self.stage.wait(
            lambda: site.healed(thing.ref) if thing.image(site) == wanted else None,
            f"{thing.ref} of {site.name} is as declared again",
        )
        if thing.of(site)["metadata"]["uid"] != before["metadata"]["uid"]:
            raise Untrue(f"{thing.ref} was made anew, and not corrected")
        self.stage.done(
            site, f"healed {seconds * 1000:.0f} ms after the watch: {_short(wanted)} again"
        )

    def _edit(
        self, site: Site, thing: Thing, image: str, manager: str
    ) -> tuple[Live, frozenset[tuple[str, ...]]]:
        """The object as the edit left it, and which of its fields were the agent's before."""
        spec = dict(thing.of(site)["spec"])
        containers = [dict(each) for each in spec["template"]["spec"]["containers"]]
        containers[0]["image"] = image
        change = {"spec": {"template": {"spec": {"containers": containers}}}}
        # A patch of nothing is answered with the object as it is.
        before = site.world.edit(thing.kind, thing.namespace, thing.name, {}, manager)
        after = site.world.edit(thing.kind, thing.namespace, thing.name, change, manager)
        return after, blame.owned(before)

    def deleted(self, site: Site, thing: Thing) -> None:
        """Somebody's deletion, until the agent has made the object again."""
        uid = thing.of(site)["metadata"]["uid"]
        site.world.client.delete(thing.kind, thing.namespace, thing.name, uid)
        self.stage.by_hand(f"at {site.name}: {thing.ref} is deleted")

        def look() -> float | None:
            now = (thing.of(site).get("metadata") or {}).get("uid", uid)
            return site.healed(thing.ref) if now != uid else None

        seconds = self.stage.wait(look, f"{thing.ref} of {site.name} is made again")
        self.stage.done(
            site, f"made again {seconds * 1000:.0f} ms after the watch, from its own state"
        )

    def broken(self, path: str, old: str, new: str) -> str:
        """A commit that cannot be rendered, and how it is taken back; that commit."""
        sites = self.stage.sites
        before = {site: site.world.declared(site.name) for site in sites}
        commit = self.change(path, old, new, "Tidy up")
        line = 1 + (self.folder / path).read_text().split("\n").index(new)
        self.refused(commit, f"{path}:{line}")
        for site, versions in before.items():
            unchanged(site, versions)
        self.stage.done(None, "no object was touched")
        self.stage.rest()
        mended = self.desk.revert()
        self.stage.shell("git revert HEAD")
        self.synced(sites, mended, lambda _: f"Synced at {mended[:7]}", noted=True)
        return commit

    def look(self, site: Site, commit: str) -> None:
        """What Git says of a commit, and the table of all sites."""
        notes = f"fleet/{site.name}"
        self.stage.shell(f"git log -1 --oneline --notes={notes} {commit[:7]}")
        self.stage.output(self.desk.log(notes, commit))
        self.stage.shell("reconciler status")
        self.stage.output(status.show(status.read(str(self.folder), {}, None), "text"))
        self.stage.rest()

    def refused(self, commit: str, place: str) -> None:
        """Until all sites have refused the commit for what is at ``place``, and said so."""

        def look(site: Site) -> str | None:
            words = site.words()
            message = str(words.get("message", ""))
            is_refused = words.get("commit") == commit and words.get("state") == "Failed"
            if not is_refused or not message.startswith(place):
                return None
            if not self.is_noted(site, commit, "Failed"):
                return None
            return f"{words['reason']}, still at {str(words['applied'])[:7]}"

        sites = self.stage.sites
        what = f"commit {commit[:7]} is refused for {place}"
        self.stage.wait_each({site: _of(look, site) for site in sites}, what)
        self.stage.text(str(sites[0].words().get("message", "")))


def _short(image: str) -> str:
    """Without the registry."""
    return image.rpartition("/")[2]


def unchanged(site: Site, before: Mapping[str, str]) -> None:
    """Raises Untrue where any declared object is not what it was."""
    now = site.world.declared(site.name)
    if now != before:
        changed = sorted(dict(set(now.items()) ^ set(before.items())))
        raise Untrue(f"{site.name} changed {', '.join(changed)}, which is none of its business")


def _of(look: Check, site: Site) -> Callable[[], str | None]:
    return lambda: look(site)
