"""The demo's small site passes what the fleet beside it is judged by."""

from __future__ import annotations

from pathlib import Path

from reconciler.app import init
from reconciler.app.demo import hello
from tests.app import build


def test_the_templates_policies_find_nothing_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    init.create(folder, "demo")
    for path, text in hello.files("fleet-demo-x").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = build.run("validate", folder)
    assert done.exit_code == 0, done.output
    assert "4 sites" in done.output
