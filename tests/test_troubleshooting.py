"""docs/troubleshooting.md has an entry for whatever one may read."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import reconciler
from reconciler.adapters.kube import refusals
from reconciler.model import errors
from tools import docs

PAGE = (docs.FOLDER / "troubleshooting.md").read_text()
PACKAGE = Path(reconciler.__file__).parent
# Never raised themselves: whose turn it is, and the root of all.
ABSTRACT = (errors.ReconcilerError, errors.Transient)
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.ReconcilerError) and kind not in ABSTRACT
]
CONTRACT = {"FetchFailed", "HistoryRefused", "RenderFailed", "SettingsInvalid", "ApplyFailed"}
_REASON = re.compile(r'"([A-Z][a-z]+(?:Failed|Refused|Invalid|Held|Denied))"')


def entry(name: str) -> str:
    """The text below the heading ``### NAME``."""
    found = re.findall(rf"^### {name}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"one entry for {name} in docs/troubleshooting.md"
    return str(found[0])


def reasons() -> set[str]:
    """The report's reasons, as the engine and the report's words have them."""
    files = [*(PACKAGE / "engine").glob("*.py"), *(PACKAGE / "status").glob("*.py")]
    return {name for file in files for name in _REASON.findall(file.read_text())}


def test_the_reasons_that_are_looked_for_are_those_of_the_contract() -> None:
    assert reasons() >= CONTRACT


@pytest.mark.parametrize("name", sorted(reasons() | CONTRACT))
def test_every_reason_of_a_report_has_an_entry(name: str) -> None:
    assert "**Says**" in entry(name)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_error_has_an_entry_and_leads_to_it(
    kind: type[errors.ReconcilerError],
) -> None:
    assert "**Says**" in entry(kind.__name__)
    assert kind.entry == f"docs/troubleshooting.md#{kind.__name__.lower()}"


def test_every_reason_of_a_refusal_is_in_its_table() -> None:
    words = entry("ClusterRefused")
    own = {reason for _, reason in refusals.REASONS if reason}
    for reason in {*own, "Conflict", "Forbidden", "Invalid", "NotFound"}:
        assert f"`{reason}`" in words, reason


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    pages = ("install.md", "status.md", "troubleshooting.md")
    for page in pages:
        for anchor in re.findall(
            r"\((?:troubleshooting\.md)?#([\w-]+)\)", (docs.FOLDER / page).read_text()
        ):
            assert anchor in anchors, f"{page}: #{anchor}"
