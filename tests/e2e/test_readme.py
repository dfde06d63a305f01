"""The README's way to a first site holds when it is followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

from tests.controlplane.plane import ControlPlane
from tests.e2e.bootstrap import Bootstrap
from tests.e2e.process import eventually
from tools import first_site

MESSAGING = "/api/v1/namespaces/messaging"


def test_the_readme_leads_from_nothing_to_a_reconciled_site(
    older_plane: ControlPlane, tmp_path: Path
) -> None:
    cluster = Bootstrap(older_plane, tmp_path)
    cluster.clear()
    try:
        with first_site.followed(str(older_plane.admin), patience=3) as (blocks, _):
            done = {each.text: each for block in blocks for each in block}
            failed = [each for each in done.values() if each.code != 0]
            assert not failed, failed
            assert said(done, "kubectl get sites").split("\n")[1].split()[2:4] == ["True", "Synced"]
            assert "state: Synced" in said(done, "git log -1 --notes=fleet/home/lab")
            assert said(done, "reconciler status").split("\n")[1].startswith("home/lab  Synced")
            assert said(done, "kubectl -n messaging get events").count("DriftCorrected") >= 2
            assert "statefulset.apps/broker   0/1" in said(
                done, "kubectl -n messaging get statefulsets,services"
            )
            assert "service/broker" in said(done, "kubectl -n messaging get statefulsets,services")
            assert "bases/broker/kustomization.yaml:9:3: " in said(done, 'git commit -qam "Oops"')
            assert "home/lab  Synced" in said(done, "git revert")
    finally:
        older_plane.request("DELETE", MESSAGING)
        eventually(lambda: not cluster.get(MESSAGING), "the namespace's end", 60)
        cluster.clear()


def said(done: dict[str, first_site.Command], words: str) -> str:
    (found,) = (each.output.strip() for text, each in done.items() if text.startswith(words))
    return found


def test_the_transcript_is_of_the_readme_as_it_is() -> None:
    page = first_site.TARGET.read_text()
    readme = (first_site.ROOT / "README.md").read_text()
    for block in first_site.blocks(readme):
        for command in first_site.commands(block):
            assert f"\n$ {command.rstrip()}\n" in page, "run: python -m tools.first_site"
    seconds = re.search(r"Machine time: \*\*(\d+) s\*\*", page)
    assert seconds and int(seconds[1]) < 600
    assert "/tmp/" not in page
