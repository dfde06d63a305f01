"""Fleet repositories of files in a folder, for the commands of a desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from reconciler import cli

HEAD = "apiVersion: fleet-reconciler.dev/v1alpha1\n"
FLEET = HEAD + "kind: Fleet\nname: farms\nrings: [canary, wide]\ndefaults: {ring: wide}\n"
SETTINGS = HEAD + "kind: SiteSettings\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


def fleet(folder: Path, files: Mapping[str, str]) -> Path:
    """These files over fleet.yaml and bases/app."""
    base = {"fleet.yaml": FLEET, "bases/app/app.yaml": MAP}
    base["bases/app/kustomization.yaml"] = "resources: [app.yaml]\n"
    for path, text in {**base, **files}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def overlay(*more: str) -> str:
    return "\n".join(["resources: [../../../bases/app]", *more]) + "\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def everything(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below ``folder``, to see that nothing changed."""

    def each() -> Iterator[tuple[str, bytes | None]]:
        for path in sorted(folder.rglob("*")):
            yield str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None

    return dict(each())
