"""The objects of a new site: ``deploy/`` as it is shipped, under an overlay made of what is wanted.

There is no second copy of these manifests: our own renderer builds the overlay, as kubectl would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.adapters.files import FolderTree
from reconciler.app import AGENT_NAMESPACE, shipped
from reconciler.app.bootstrap import wanted as asked
from reconciler.documents import canonical, dump
from reconciler.model.errors import UsageError
from reconciler.model.origins import Origin
from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Manifest
from reconciler.plan import waves
from reconciler.render import build, trees

NAME = "fleet-reconciler"  # of the Deployment, its container, the configuration and the Secret
FORMS = {"cluster": "../deploy", "scoped": "../deploy/scoped"}
SECRET = ObjectRef("", "Secret", AGENT_NAMESPACE, NAME)

_OVERLAY = "site"
_CONFIGURATION = "config.yaml"
# What an agent that runs elsewhere has no use for.
_INSIDE = frozenset(("ConfigMap", "Deployment", "PersistentVolumeClaim", "Secret"))


def objects(wanted: asked.Wanted, *, needs_image: bool) -> tuple[Manifest, ...]:
    """In the order of their writing. Raises UsageError where an image is needed and none known."""
    files = overlay(wanted)
    tree = trees.Beside(
        {"deploy": FolderTree(shipped.folder("deploy")), _OVERLAY: trees.Files(files)}
    )
    built = build.build(tree, _OVERLAY)
    if wanted.options.outside:
        built = tuple(each for each in built if each.value["kind"] not in _INSIDE)
    elif needs_image and not wanted.options.image:
        _check_default_image(built)
    made = (_manifest(each.value, each.origin) for each in built)
    return tuple(each for wave in waves.waves(made) for each in wave)


def overlay(wanted: asked.Wanted) -> dict[str, bytes]:
    """The overlay's files: a kustomization over ``../deploy``, and what it generates from."""
    options = wanted.options
    configuration = dump.dump(asked.configuration(wanted)).encode()
    public = {_CONFIGURATION: configuration, **wanted.public}
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [FORMS[options.rbac]],
        "generatorOptions": {
            "disableNameSuffixHash": True,
            "labels": {"app.kubernetes.io/name": NAME},
        },
        "configMapGenerator": [{**_generated(public), "behavior": "replace"}],
        "patches": [{"patch": dump.dump(patch)} for patch in _patches(options)],
    }
    if options.on_node:
        kustomization["components"] = ["../deploy/hostpath"]
    if wanted.secret:
        kustomization["secretGenerator"] = [_generated(wanted.secret)]
    text = dump.dump(kustomization).encode()
    return {"kustomization.yaml": text, **public, **wanted.secret}


def _generated(files: Iterable[str]) -> dict[str, Any]:
    return {"name": NAME, "namespace": AGENT_NAMESPACE, "files": sorted(files)}


def _patches(options: asked.Options) -> list[dict[str, Any]]:
    container: dict[str, Any] = {"name": NAME}
    if options.image:
        container["image"] = options.image
    resources: dict[str, Any] = {}
    if options.cpu:
        resources["requests"] = {"cpu": options.cpu}
    if options.memory:
        resources["limits"] = {"memory": options.memory}
    if resources:
        container["resources"] = resources
    patches = []
    if len(container) > 1:
        pod = {"spec": {"containers": [container]}}
        patches.append(_patch("apps/v1", "Deployment", {"template": pod}))
    claim: dict[str, Any] = {}
    if options.storage:
        claim["resources"] = {"requests": {"storage": options.storage}}
    if options.storage_class:
        claim["storageClassName"] = options.storage_class
    if claim:
        patches.append(_patch("v1", "PersistentVolumeClaim", claim))
    return patches


def _patch(api_version: str, kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": NAME, "namespace": AGENT_NAMESPACE}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _check_default_image(built: Iterable[build.Resource]) -> None:
    """The one in ``deploy/`` will do where whoever built this package put a registry before it."""
    (deployment,) = (each.value for each in built if each.value["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    if "/" not in container["image"]:
        raise UsageError(
            "no image is built in: give --image REF, as your cluster pulls it (docs/install.md"
            " builds one), or --outside for an agent that runs elsewhere"
        )


def _manifest(value: Mapping[str, Any], origin: Origin) -> Manifest:
    """Without our site label: these objects are the agent's, and no commit may touch them."""
    body = canonical.body(value)
    return Manifest(
        ref=ObjectRef.of(value),
        api_version=value["apiVersion"],
        body=body,
        digest=canonical.digest(body),
        origin=origin,
    )
