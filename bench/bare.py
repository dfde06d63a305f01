"""The plainest corrector there is: one watch, one read, one patch, over http.client.

It is what the agent's drift figure is held against, and what it does without: no inventory, no
records, no report, no second kind. Run as ``python -m bench.bare URL CA TOKEN NAMESPACE COUNT``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import link

MANAGER = "bare"


def wanted(name: str, namespace: str) -> dict[str, object]:
    """What each of the objects has to be."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"key": "value"},
    }


def main() -> None:
    url, ca_file, token, namespace, count = sys.argv[1:]
    server = link.Server(url, Path(ca_file), token)
    connection = server.connect()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for number in range(int(count)):
        name = f"bare-{number}"
        link.apply(server, connection, f"{path}/{name}", wanted(name, namespace), MANAGER)
    events = link.watch(server, path)
    print("ready", flush=True)
    for event in events:
        name = event["object"]["metadata"]["name"]
        if not name.startswith("bare-"):
            continue
        status, found = link.send(server, connection, "GET", f"{path}/{name}")
        if status == 404 or found["data"] != {"key": "value"}:
            link.apply(server, connection, f"{path}/{name}", wanted(name, namespace), MANAGER)


if __name__ == "__main__":
    main()
