"""docs/ says what is there."""

from __future__ import annotations

import pytest

from reconciler.render import settings
from tools import docs


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
