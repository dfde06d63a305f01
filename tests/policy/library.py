"""The policies that come with the project, and the objects that they are tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "policies"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
SPACES = ("serving", "device-plugins", "kube-system", "ingress", "other")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """``message`` is a part of what is said against it, ``""`` where nothing is."""

    policy: str
    value: Mapping[str, Any]
    message: str
    removed: bool = False

    @property
    def id(self) -> str:
        return f"{self.policy}-{self.value['kind']}"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text()))


def trials(name: str) -> Iterator[Trial]:
    found = yaml.safe_load((FOLDER / "tests" / f"{name}.yaml").read_text())
    for row in [*found["pass"], *found["fail"]]:
        message = row.get("message", "")
        if "pod" in row:
            for value in workloads(row["pod"]):
                yield Trial(policy=name, value=value, message=message)
        else:
            removed = "removed" in row
            value = row["removed" if removed else "object"]
            yield Trial(policy=name, value=value, message=message, removed=removed)


def workloads(pod: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """An object of each kind that makes Pods of this template."""
    labels = {"app": "thing"}
    template = {"metadata": {"labels": labels}, "spec": dict(pod)}
    once = {"template": {"spec": {**pod, "restartPolicy": "Never"}}}
    yield _object("v1", "Pod", spec=dict(pod))
    yield _object("v1", "PodTemplate", template=template)
    yield _object("v1", "ReplicationController", spec={"selector": labels, "template": template})
    for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"):
        spec = {"selector": {"matchLabels": labels}, "template": template}
        more = {"serviceName": "thing"} if kind == "StatefulSet" else {}
        yield _object("apps/v1", kind, spec={**spec, **more})
    yield _object("batch/v1", "Job", spec=once)
    yield _object(
        "batch/v1", "CronJob", spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": once}}
    )


def _object(api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": "thing", "namespace": "serving", "labels": {"app": "thing"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def spaces() -> Iterator[dict[str, Any]]:
    for name in SPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
