"""The API server's side: policies are installed, objects are sent as dry-runs.

Our own side is in ``ours``. Nothing of the cluster reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import until

GROUP = "cases.example.org"
KIND = f"/apis/{GROUP}/v1/namespaces/default/cases"
_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
_THREADS = 4

CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"cases.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "cases", "singular": "case", "kind": "Case"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class Verdict:
    """``message`` is ``""`` where the object was allowed."""

    message: str
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.message


def install(plane: ControlPlane, documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Policies and bindings, and then until they act. What was refused, by name, with why."""
    listed = list(documents)

    def one(document: Mapping[str, Any]) -> tuple[str, str]:
        is_policy = document["kind"] == "ValidatingAdmissionPolicy"
        status, answer = plane.request("POST", _POLICIES if is_policy else _BINDINGS, document)
        assert status in (201, 422, 400), answer
        name = document["metadata"]["name"] if is_policy else ""
        return name, "" if status == 201 else str(answer.get("message"))

    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(one, listed))
    return {name: why for name, why in answers if why and name}


def sentinel(name: str) -> list[dict[str, Any]]:
    """A policy that denies the Case of its own name: once it does, those before it act as well."""
    return case_policy(name, {"validations": [{"expression": "false", "message": name}]})


def case_policy(name: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A policy and its binding for the Cases whose label ``case`` has its name."""
    match = {
        "resourceRules": [
            {
                "apiGroups": [GROUP],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "resources": ["cases"],
            }
        ],
        "objectSelector": {"matchLabels": {"case": name}},
    }
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    return [
        {
            **head,
            "kind": "ValidatingAdmissionPolicy",
            "spec": {"failurePolicy": "Fail", "matchConstraints": match, **spec},
        },
        {
            **head,
            "kind": "ValidatingAdmissionPolicyBinding",
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]


def case(name: str, spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Case",
        "metadata": {"name": name, "namespace": "default", "labels": {"case": name}},
        "spec": spec,
    }


def ready(plane: ControlPlane, name: str) -> None:
    """Wait until the sentinel of this name acts."""
    until(lambda: not send(plane, KIND, case(name, {})).allowed, f"policy {name} acts", 120)


def send(plane: ControlPlane, path: str, value: Mapping[str, Any]) -> Verdict:
    """One dry-run. A refusal that is no policy's fails the test."""
    status, answer = plane.request("POST", f"{path}?dryRun=All", value)
    if status < 300:
        return Verdict("")
    message = str(answer.get("message", ""))
    assert "ValidatingAdmissionPolicy" in message, answer
    return Verdict(message)


def send_all(
    plane: ControlPlane, path: str, values: Iterable[Mapping[str, Any]]
) -> Iterator[Verdict]:
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(lambda value: send(plane, path, value), values)


def remove(plane: ControlPlane, documents: Iterable[Mapping[str, Any]]) -> None:
    for document in documents:
        is_policy = document["kind"] == "ValidatingAdmissionPolicy"
        path = _POLICIES if is_policy else _BINDINGS
        plane.request("DELETE", f"{path}/{document['metadata']['name']}")
