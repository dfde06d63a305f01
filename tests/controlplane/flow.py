"""Real flow control: a priority level whose only seat is taken answers 429 and Retry-After.

The seat is taken by a write that an admission webhook keeps waiting.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until
from tests.controlplane.webhook import Webhook

_ROOT = "/apis/flowcontrol.apiserver.k8s.io/v1"


@contextmanager
def busy(
    plane: ControlPlane, verb: str, *resources: str, account: str, namespace: str
) -> Iterator[str]:
    """Refuse this verb on these resources of every group to ``NAMESPACE/ACCOUNT``.

    The block gets the schema's name.
    """
    name = f"no-seats-{uuid.uuid4().hex[:8]}"
    home, _, user = account.partition("/")
    level = {
        "metadata": {"name": name},
        "spec": {
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": 0,
                "borrowingLimitPercent": 0,
                "lendablePercent": 0,
                "limitResponse": {"type": "Reject"},
            },
        },
    }
    rule = {
        "verbs": [verb],
        "apiGroups": ["*"],
        "resources": list(resources),
        "namespaces": ["*"],
        "clusterScope": True,
    }
    seat = {**rule, "verbs": ["create"], "resources": ["secrets"]}
    subject = {"kind": "ServiceAccount", "serviceAccount": {"namespace": home, "name": user}}
    schema = {
        "metadata": {"name": name},
        "spec": {
            "matchingPrecedence": 2,
            "priorityLevelConfiguration": {"name": name},
            "rules": [{"subjects": [subject], "resourceRules": [rule, seat]}],
        },
    }
    made = [("prioritylevelconfigurations", level), ("flowschemas", schema)]
    for plural, value in made:
        status, answer = plane.request("POST", f"{_ROOT}/{plural}", value)
        assert status == 201, answer
    try:
        with _seated(plane, name, namespace, plane.token(home, user)):
            yield name
    finally:
        for plural, _ in reversed(made):
            plane.request("DELETE", f"{_ROOT}/{plural}/{name}")


@contextmanager
def _seated(plane: ControlPlane, schema: str, namespace: str, token: str) -> Iterator[None]:
    """Hold the level's seat by one write."""

    def acts() -> bool:
        found = plane.request("GET", f"{_ROOT}/flowschemas/{schema}")[1]
        conditions = found.get("status", {}).get("conditions") or []
        return ("Dangling", "False") in {(c["type"], c["status"]) for c in conditions}

    until(acts, "flow control knows the schema")
    with Webhook(plane, schema, namespace, "secrets") as hook:
        hook.free.clear()
        hook.start()
        writer = threading.Thread(target=_write, args=(plane, namespace, token))
        writer.start()
        try:
            until(lambda: hook.asked, "the seat is taken")
            yield
        finally:
            hook.free.set()
            writer.join()


def _write(plane: ControlPlane, namespace: str, token: str) -> None:
    trust = ssl.create_default_context(cafile=str(plane.ca))
    port = int(plane.url.rpartition(":")[2])
    link = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=30)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    body = json.dumps({"metadata": {"generateName": "seat-"}})
    try:
        link.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body, headers)
        link.getresponse().read()
    finally:
        link.close()
