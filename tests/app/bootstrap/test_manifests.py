"""The objects of a new site are deploy/'s, with what was asked for in them."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from reconciler.app.bootstrap import manifests, wanted, words
from reconciler.model.errors import UsageError
from tests.app.bootstrap import build
from tests.rights import DEPLOY, FORMS

KUBECTL = shutil.which("kubectl")


def objects(made: wanted.Wanted) -> dict[str, dict[str, Any]]:
    return {
        str(each.ref): orjson.loads(each.body) for each in manifests.objects(made, needs_image=True)
    }


@pytest.fixture
def token(tmp_path: Path) -> str:
    file = tmp_path / "token"
    file.write_text("s3cret-token\n")
    return str(file)


@pytest.mark.parametrize("rbac", wanted.BINDINGS)
@pytest.mark.parametrize("on_node", [False, True])
def test_kubectl_builds_the_same_from_the_same_overlay(
    rbac: str, on_node: bool, token: str, tmp_path: Path
) -> None:
    assert KUBECTL, "kubectl is not on PATH"
    made = build.read(rbac=rbac, on_node=on_node, token_file=token, memory="1Gi")
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    (tmp_path / "site").mkdir()
    for name, content in manifests.overlay(made).items():
        (tmp_path / "site" / name).write_bytes(content)
    built = subprocess.run(
        [KUBECTL, "kustomize", tmp_path / "site"], capture_output=True, text=True, check=True
    )
    theirs = {
        (each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(built.stdout)
    }
    ours = {(each["kind"], each["metadata"]["name"]): each for each in objects(made).values()}
    assert ours == theirs


@pytest.mark.parametrize("rbac", wanted.BINDINGS)
def test_all_that_deploy_has_is_there(rbac: str) -> None:
    assert KUBECTL, "kubectl is not on PATH"
    built = subprocess.run(
        [KUBECTL, "kustomize", FORMS[rbac]], capture_output=True, text=True, check=True
    )
    theirs = {(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(built.stdout)}
    ours = {
        (each["kind"], each["metadata"]["name"]) for each in objects(build.read(rbac=rbac)).values()
    }
    assert ours == theirs


def test_what_others_need_comes_first_and_the_deployment_last() -> None:
    refs = list(objects(build.read()))
    assert {ref.partition("/")[0] for ref in refs[:2]} == {
        "Namespace",
        "CustomResourceDefinition.apiextensions.k8s.io",
    }
    assert refs[-1] == "Deployment.apps/fleet-system/fleet-reconciler"


def test_what_was_asked_for_is_in_its_place(token: str) -> None:
    found = objects(
        build.read(token_file=token, cpu="200m", memory="1Gi", storage="5Gi", storage_class="fast")
    )
    deployment = found["Deployment.apps/fleet-system/fleet-reconciler"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == build.IMAGE
    assert container["resources"]["limits"]["memory"] == "1Gi"
    assert container["resources"]["requests"] == {"cpu": "200m", "memory": "96Mi"}
    claim = found["PersistentVolumeClaim/fleet-system/fleet-reconciler"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "5Gi"
    assert claim["storageClassName"] == "fast"
    secret = found["Secret/fleet-system/fleet-reconciler"]
    assert base64.b64decode(secret["data"]["token"]) == b"s3cret-token"
    configuration = yaml.safe_load(
        found["ConfigMap/fleet-system/fleet-reconciler"]["data"]["config.yaml"]
    )
    assert configuration["site"] == "north/one"


def test_no_object_carries_the_label_of_the_fleets_own(token: str) -> None:
    for value in objects(build.read(token_file=token)).values():
        assert "fleet-reconciler.dev/site" not in value["metadata"].get("labels", {})


def test_an_agent_outside_needs_rights_alone() -> None:
    kinds = {ref.partition("/")[0].partition(".")[0] for ref in objects(build.read(outside=True))}
    assert kinds == {
        "Namespace",
        "CustomResourceDefinition",
        "ServiceAccount",
        "ClusterRoleBinding",
    }


def test_an_image_is_required_as_long_as_none_is_built_in() -> None:
    made = build.read(image="")
    with pytest.raises(UsageError, match="no image is built in: give --image REF"):
        manifests.objects(made, needs_image=True)
    assert manifests.objects(made, needs_image=False)


@pytest.mark.parametrize("output", ["text", "json"])
def test_the_secret_is_printed_only_when_it_is_asked_for(output: str, token: str) -> None:
    made = build.read(token_file=token)
    listed = manifests.objects(made, needs_image=True)
    encoded = base64.b64encode(b"s3cret-token").decode()
    without = words.manifests(made, listed, with_secret=False, output=output)
    assert encoded not in without and "s3cret" not in without
    assert encoded in words.manifests(made, listed, with_secret=True, output=output)
    if output == "text":
        assert f"--from-file=token={os.fspath(token)}" in without


def test_what_is_printed_as_json_is_a_list_that_kubectl_takes(token: str) -> None:
    made = build.read(token_file=token)
    listed = manifests.objects(made, needs_image=True)
    found = orjson.loads(words.manifests(made, listed, with_secret=True, output="json"))
    assert (found["kind"], len(found["items"])) == ("List", len(listed))
