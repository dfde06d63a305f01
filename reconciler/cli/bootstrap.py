"""``reconciler bootstrap``: a cluster made ready to be a site."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.app.bootstrap import checks as app_checks

_COLOURS = {"ok": "green", "note": "yellow", "no": "red"}


@click.command(epilog=options.EXIT)
@click.argument("site", metavar="REGION/SITE", shell_complete=options.complete_site)
@click.option("--repo", metavar="URL", required=True, help="The fleet repository.")
@click.option("--branch", metavar="NAME", default="", help="The branch to follow, if not main.")
@click.option("--interval", metavar="DURATION", default="", help="Between two polls, if not 5m.")
@click.option("--image", metavar="REF", default="", help="The agent's image, with tag or digest.")
@click.option(
    "--rbac",
    type=click.Choice(["cluster", "scoped"]),
    default="cluster",
    show_default=True,
    help="The agent's rights: cluster-admin, or what you list (deploy/README.md).",
)
@options.access
@click.option("--status-remote", metavar="URL", default="", help="Where notes go, if elsewhere.")
@click.option(
    "--status-ssh-key-file", type=options.FILE, metavar="FILE", default="", help="Its key for ssh."
)
@click.option(
    "--status-token-file",
    type=options.FILE,
    metavar="FILE",
    default="",
    help="Its token for https.",
)
@click.option("--cpu", metavar="N", default="", help="CPU that the Pod asks for, if not 50m.")
@click.option("--memory", metavar="SIZE", default="", help="Memory limit, if not deploy/'s.")
@click.option("--storage", metavar="SIZE", default="", help="Size of the state, if not 2Gi.")
@click.option("--storage-class", metavar="NAME", default="", help="Where no default one will do.")
@click.option(
    "--state-on-node",
    "on_node",
    is_flag=True,
    help="Keep the state in a folder of the node (deploy/README.md): needs no storage class.",
)
@click.option(
    "--outside", is_flag=True, help="The agent runs elsewhere: its rights alone, and no Pod."
)
@click.option("--with-secret", is_flag=True, help="Print the credentials' Secret too.")
@click.option("--check", is_flag=True, help="Say what is missing on the cluster; write nothing.")
@click.option("--apply", is_flag=True, help="Check the cluster, and apply if nothing is missing.")
@click.option("--force-conflicts", is_flag=True, help="Take over fields that others manage.")
@click.option(
    "--kubeconfig", type=options.FILE, metavar="FILE", default="", help="Login to the cluster."
)
@click.option("--context", metavar="NAME", default="", help="The kubeconfig's context.")
@options.output
def bootstrap(
    *,
    access: Any,
    with_secret: bool,
    check: bool,
    apply: bool,
    force_conflicts: bool,
    kubeconfig: str,
    context: str,
    output: str,
    **given: Any,
) -> None:
    """Print or apply all that a cluster needs to become REGION/SITE.

    Namespace, CRD, rights, credentials, pinned host keys, configuration and Deployment, from the
    same files as deploy/. Printed for kubectl, without the Secret unless --with-secret; or applied
    by --apply, as field manager fleet-reconciler-bootstrap. A field that somebody else manages is
    named, and nothing is changed, unless --force-conflicts is given; nor on a cluster that
    belongs to another site.

    With --check: exit code 0 if nothing is missing, 1 if something is, 2 if the cluster was not
    reached. Host keys for ssh are taken from --known-hosts-file, or shown to be confirmed.

    \b
    Examples:
      reconciler bootstrap north/barn-7 --repo https://git.example.com/fleet.git \\
        --token-file token --image registry.example.com/fleet-reconciler:0.1.0 --check
      reconciler bootstrap north/barn-7 --repo git@git.example.com:fleet.git \\
        --ssh-key-file key --image registry.example.com/fleet-reconciler:0.1.0 --apply
      reconciler bootstrap north/barn-7 --repo . --outside --apply
    """
    if check and apply:
        raise click.UsageError(
            "--check and --apply: give one of them. --apply looks at the cluster by itself first,"
            " and --check at the repository too."
        )
    from reconciler.app import bootstrap as app

    wanted = app.wanted.read(app.wanted.Options(**access, **given), _confirmer())
    objects = app.manifests.objects(wanted, needs_image=not check)
    if not check and not apply:
        text = app.words.manifests(wanted, objects, with_secret=with_secret, output=output)
        click.echo(text, nl=False)
        return
    with contextlib.closing(app.connect(kubeconfig, context)) as cluster:
        found = list(app.checks.cluster(cluster, wanted, objects, force=force_conflicts))
        if check:
            found += app.repository.check(wanted)
        ready = app.checks.ready(found)
        done = []
        if output == "text":
            _show(found if check or not ready else [one for one in found if one.answer == "note"])
        if apply and ready:
            for each in app.install.apply(cluster, objects, force=force_conflicts):
                done.append(each)
                if output == "text":
                    click.echo(f"{each.ref} {each.change}")
    if output == "json":
        click.echo(app.words.outcome(wanted, found, done), nl=False)
    elif apply:
        click.echo("\n".join(app.words.ending(wanted, ready=ready)))
    sys.exit(options.YES if ready else options.NO)


def _show(found: list[app_checks.Check]) -> None:
    width = max((len(check.name) for check in found), default=0) + 2
    for check in found:
        answer = click.style(str(check.answer).ljust(6), fg=_COLOURS[check.answer])
        click.echo(f"{answer}{check.name.ljust(width)}{check.message}")


def _confirmer() -> Callable[[str], bool] | None:
    """Asks at the terminal, on standard error as the manifests go to standard output."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda text: click.confirm(text, default=False, err=True)
