"""The fleet repository as a new site will see it: reached from here, and rendered for the site."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from reconciler.adapters import git
from reconciler.adapters.child import ChildRenderer
from reconciler.app import AGENT_NAMESPACE
from reconciler.app.bootstrap import hosts
from reconciler.app.bootstrap import wanted as asked
from reconciler.app.bootstrap.checks import Answer, Check
from reconciler.model.errors import FileError, SourceUnavailable


def check(wanted: asked.Wanted) -> Iterator[Check]:
    """Nothing of it is kept."""
    if wanted.repo.startswith("file://") and not wanted.options.outside:
        said = f"{wanted.repo} is a folder of this machine: the agent's Pod will not see it"
        yield Check(name="repository", answer=Answer.NO, message=said)
        return
    with tempfile.TemporaryDirectory(prefix="fleet-bootstrap-") as scratch:
        mirror = git.Mirror(
            Path(scratch) / "mirror.git",
            wanted.repo,
            wanted.options.branch or "main",
            _credentials(wanted, Path(scratch)),
        )
        try:
            commit = mirror.fetch().commit
            said = f"{wanted.repo} is reached from here, and is at {commit[:12]}"
            yield Check(name="repository", answer=Answer.OK, message=said)
            yield _rendered(mirror, commit, wanted)
        except SourceUnavailable as error:
            yield Check(name="repository", answer=Answer.NO, message=str(error))
        finally:
            mirror.close()


def _rendered(mirror: git.Mirror, commit: str, wanted: asked.Wanted) -> Check:
    renderer = ChildRenderer(agent_namespace=AGENT_NAMESPACE, from_repository=False)
    try:
        found = renderer.render(mirror.tree(commit), wanted.site, commit, mirror.fetch_blobs)
    except FileError as error:
        return Check(name="overlay", answer=Answer.NO, message=str(error))
    finally:
        renderer.close()
    if not found.verdict.allowed:
        said = "; ".join(map(str, found.verdict.findings))
        return Check(name="overlay", answer=Answer.NO, message=said)
    said = f"{wanted.site.folder} renders, objects: {len(found.objects)}"
    return Check(name="overlay", answer=Answer.OK, message=said)


def _credentials(wanted: asked.Wanted, scratch: Path) -> git.Credentials:
    """The files as given; host keys as they will be pinned."""
    known = wanted.options.known_hosts_file
    if hosts.NAME in wanted.public:
        pinned = scratch / hosts.NAME
        pinned.write_bytes(wanted.public[hosts.NAME])
        known = str(pinned)
    return git.Credentials(
        ssh_key_file=wanted.options.ssh_key_file,
        known_hosts_file=known,
        token_file=wanted.options.token_file,
        ca_file=wanted.options.ca_file,
    )
