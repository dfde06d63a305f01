"""``reconciler init``: a new fleet repository."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", default="", help="The fleet's name.  [default: DIR's]")
def init(folder: Path, name: str) -> None:
    """Make DIR a fleet repository: three sites over shared bases, in a first commit.

    DIR must be new or empty. What is in it is explained by its README.md.

    \b
    Examples:
      reconciler init my-fleet
      reconciler init . --name "Farms of the north"
    """
    from reconciler.app import init as app

    made = app.create(folder, name)
    sites = [str(site) for site in made.sites]
    click.echo(f"{folder}: the fleet {made.name}, {len(sites)} sites: {', '.join(sites)}")
    click.echo(f"commit {made.commit.commit[:12]} on main, by {made.commit.author}")
    if not made.commit.known:
        click.echo(
            "Git knows no name of yours, so commits in it have ours. To change that, in it:\n"
            '  git config user.name "YOUR NAME"; git config user.email YOU@EXAMPLE.COM\n'
            "  git commit --amend --no-edit --reset-author"
        )
    click.echo(
        "Next:\n"
        + (f"  cd {_quoted(folder)}\n" if folder != Path() else "")
        + "  reconciler validate\n"
        f"  reconciler render {sites[0]} --repo .\n"
        f"  reconciler site add {made.sites[0].region}/new-site --from {sites[0]}"
    )


def _quoted(folder: Path) -> str:
    """As a shell takes it."""
    text = str(folder)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
