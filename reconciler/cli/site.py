"""``reconciler site``: the sites of a fleet repository's folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import options


@click.group(epilog=options.EXIT)
def site() -> None:
    """Change the sites of a fleet repository.

    \b
    Example:
      reconciler site add north/barn-9
    """


@site.command(epilog=options.EXIT)
@click.argument("name", metavar="REGION/SITE")
@click.option(
    "--from",
    "source",
    metavar="SITE",
    default="",
    shell_complete=options.complete_site,
    help="The site whose files to copy.",
)
@click.option("--ring", metavar="NAME", default="", help="One of fleet.yaml's rings.")
@click.option("--label", "labels", metavar="KEY=VALUE", multiple=True, help="May be repeated.")
@click.option(
    "--repo",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    default=".",
    show_default=True,
    help="The fleet repository's folder.",
)
def add(name: str, source: str, ring: str, labels: tuple[str, ...], repo: Path) -> None:
    """Make the overlay and the settings of a new site; commit nothing.

    The overlay is a copy of that of --from, or else one over bases/site (a namespace, where there
    is no such base). The new site is then validated: exit code 1 if something is found.

    \b
    Examples:
      reconciler site add north/barn-9 --from north/barn-7 --ring wide
      reconciler site add south/mill-2 --label purpose=milling --label size=small
    """
    from reconciler.app import findings, validate
    from reconciler.app import site as app

    made = app.add(repo, name, source, ring, labels)
    path = made.site.folder
    click.echo(f"{path}: {', '.join(made.files)}")
    for mention in made.mentions:
        click.echo(f"{mention}: still names {source}")
    result = validate.check(repo, only=(made.site,))
    click.echo(findings.show(result, "text"), nl=False)
    click.echo(
        "Next, in the repository:\n"
        "  reconciler validate\n"
        f'  git add {path} && git commit -m "Add {made.site}"'
    )
    sys.exit(options.NO if result.denied else options.YES)
