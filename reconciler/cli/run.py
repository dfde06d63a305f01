"""``reconciler run``: the agent."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from reconciler.cli import options


@click.command(epilog=options.EXIT)
@click.option("--repo", metavar="URL", help="The fleet repository.  [source.urls]")
@click.option(
    "--site",
    metavar="REGION/SITE",
    shell_complete=options.complete_site,
    help="The site that this cluster is.  [site]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The site's configuration.  [default: /etc/fleet-reconciler/config.yaml, if it is there]",
)
@click.option("--state", type=options.FOLDER, metavar="DIR", help="The state folder.  [state]")
@click.option("--branch", metavar="NAME", help="The branch to follow.  [source.branch]")
@options.cluster
@click.option("--interval", metavar="DURATION", help="Between two polls.  [source.poll]")
@click.option("--status-remote", metavar="URL", help="Where notes are pushed.  [status.remote]")
@click.option("--metrics-address", metavar="HOST:PORT", help="Endpoints.  [metrics.address]")
@click.option("--once", is_flag=True, help="One pass, and an exit code that tells how it went.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="The least that is logged, to standard error.",
)
def run(
    config: Path | None, kubeconfig: str, context: str, once: bool, log_level: str, **given: str
) -> None:
    """Follow the fleet repository and keep this cluster as it says.

    Each flag can be set by a variable or in the configuration file too (its key is in brackets;
    flags win over RECONCILER_* variables, which win over the file). Inside a Pod the cluster is
    the Pod's own. With --once: exit code 0 if the newest commit is applied as a whole, 1 if not, 2
    if the remote or the API server was not reached.

    \b
    Examples:
      reconciler run --repo https://git.example.com/fleet.git --site north/barn-7
      reconciler run --repo file:///srv/fleet --site north/barn-7 --kubeconfig ~/.kube/config
      reconciler run --once --config site.yaml
    """
    from reconciler import settings
    from reconciler.adapters import kube, telemetry
    from reconciler.app import agent

    flags = {
        field.key: given[name]
        for field in settings.FIELDS
        if field.flag and given[name := field.flag[2:].replace("-", "_")] is not None
    }
    place = agent.Place(
        connect=lambda cache: kube.connect(kubeconfig, context, cache),
        configuration=(config or settings.DEFAULT_FILE,),
    )
    process = agent.Agent(
        lambda: settings.read(config, os.environ, flags),
        place,
        telemetry.Telemetry(level=log_level),
    )
    with agent.ended_by_signals(process) as came:
        if once:
            outcome = process.run_once()
            code = options.YES if outcome.synced else options.NO
            code = code if outcome.reached else options.NO_ANSWER
            sys.exit(options.INTERRUPTED if came else code)
        process.run()
    sys.exit(options.INTERRUPTED if came and came[0] == 2 else options.YES)
