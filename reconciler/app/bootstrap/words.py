"""What is printed: manifests for kubectl, checks, what was done, and what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import orjson

from reconciler.app import AGENT_NAMESPACE
from reconciler.app.bootstrap import checks
from reconciler.app.bootstrap import manifests as made
from reconciler.app.bootstrap import wanted as asked
from reconciler.app.bootstrap.checks import Check
from reconciler.app.bootstrap.install import Done
from reconciler.documents import dump
from reconciler.model.rendered import Manifest

_CONFIG = "kubectl --kubeconfig ~/agent.kubeconfig config"


def manifests(
    wanted: asked.Wanted, objects: Sequence[Manifest], *, with_secret: bool, output: str
) -> str:
    """For ``kubectl apply --server-side -f -``; the Secret only where it was asked for."""
    shown = [each for each in objects if with_secret or each.ref != made.SECRET]
    values: list[Any] = [orjson.loads(each.body) for each in shown]
    if output == "json":
        whole = {"apiVersion": "v1", "kind": "List", "items": values}
        return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n"
    head = [f"All that a cluster needs to become {wanted.site}; to have it:"]
    head += ["kubectl apply --server-side -f FILE"]
    if len(shown) < len(objects):
        head += ["", *secret_hint(wanted)]
    return "".join(f"# {line}".rstrip() + "\n" for line in head) + dump.dump_all(values)


def secret_hint(wanted: asked.Wanted) -> list[str]:
    """How to make the Secret that is not shown."""
    files = [
        f"--from-file={name}={shlex.quote(path)}" for name, path in wanted.secret_sources.items()
    ]
    return [
        "The credentials' Secret is left out (--with-secret prints it, --apply applies it):",
        f"kubectl -n {AGENT_NAMESPACE} create secret generic {made.NAME} {' '.join(files)}",
    ]


def outcome(wanted: asked.Wanted, found: Sequence[Check], done: Sequence[Done]) -> str:
    """The checks, and what was applied, as one JSON document."""
    whole = {
        "site": str(wanted.site),
        "ready": checks.ready(found),
        "checks": [
            {"name": each.name, "answer": str(each.answer), "message": each.message}
            for each in found
        ],
        "objects": [{"object": str(each.ref), "change": each.change} for each in done],
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n"


def ending(wanted: asked.Wanted, *, ready: bool) -> list[str]:
    """What there is to do after ``--apply``."""
    if not ready:
        return ["Nothing was changed."]
    if not wanted.options.outside:
        return [
            "Watch it come up:",
            f"  kubectl -n {AGENT_NAMESPACE} logs -f deployment/{made.NAME}",
            "  kubectl get sites",
        ]
    return [
        "The agent's login, with the rights of its ServiceAccount and no others:",
        "  (umask 077; kubectl config view --minify --flatten > ~/agent.kubeconfig)",
        f"  {_CONFIG} delete-user \\",
        """    "$(kubectl config view --minify -o 'jsonpath={.users[0].name}')\"""",
        f"  {_CONFIG} set-credentials agent \\",
        f'    --token="$(kubectl -n {AGENT_NAMESPACE} create token {made.NAME} --duration 8h)"',
        f"  {_CONFIG} set-context --current --user=agent",
        "And the agent:",
        f"  reconciler run --repo {shlex.quote(wanted.repo)} --site {wanted.site} \\",
        "    --kubeconfig ~/agent.kubeconfig --state ~/fleet-state",
    ]
