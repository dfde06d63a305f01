"""docs/ says what is there."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reconciler.model import journal
from reconciler.model.journal import Change
from reconciler.model.refs import ObjectRef
from reconciler.model.rules import DriftMode
from reconciler.plan.owners import Would
from reconciler.render import settings
from tools import docs, recording

ROOT = docs.FOLDER.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("d*/*.md"), *ROOT.glob("docs/decisions/*.md")])
_LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("name", docs.PAGES)
def test_pages_that_follow_from_the_code_are_current(name: str) -> None:
    assert (docs.FOLDER / name).read_text() == docs.PAGES[name](), "run: make docs"


def test_every_command_and_option_is_documented() -> None:
    page = (docs.FOLDER / "commands.md").read_text()
    for name, command in docs.every():
        assert f"## reconciler {name}\n" in page
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("-") or option in page, (name, option)


def test_every_key_of_the_fleets_settings_is_documented() -> None:
    page = (docs.FOLDER / "fleet-repository.md").read_text()
    for key in (*settings.FLEET, *settings.SITE):
        assert f" `{key}` |" in page, key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in _LINK.findall(page.read_text()):
        if "://" in path:
            continue
        target = (page.parent / path) if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The headings, as a link names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", line.lower()).replace(" ", "-") for line in headings}


def test_the_readmes_picture_is_of_the_demo_as_it_is() -> None:
    recorded = recording.TARGET.read_text()
    assert shown(recorded) == shown(recording.record()), "run: make recording"
    assert len(recorded) < 50_000
    assert "http" not in recorded.replace("http://www.w3.org/2000/svg", "")


def shown(picture: str) -> list[str]:
    """What it says; sites take turns, and commits and times are others each time."""
    texts = (
        "".join(text.itertext()).replace("\xa0", " ").strip()
        for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    )
    return sorted(re.sub(r"\b[0-9a-f]{7}\b|\d+ ms\b|applied.*|noted.*", "", text) for text in texts)


def test_the_page_of_drift_speaks_as_the_commands_do() -> None:
    page = (ROOT / "docs" / "drift.md").read_text()
    web = ObjectRef("apps", "Deployment", "inference", "model-server")
    change = Change(
        path="spec.replicas",
        wanted="1",
        found="3",
        manager="kubectl-edit",
        operation="Update",
        rule="/spec/replicas",
    )
    assert journal.sentence(change) in page
    assert journal.rule_to_paste(web, change) in page
    assert [would for would in Would if f"| `{would}` |" not in page] == []
    assert [mode for mode in DriftMode if f"| `{mode}` |" not in page] == []
