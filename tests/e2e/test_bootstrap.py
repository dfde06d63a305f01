"""A site brought up: looked at before anything is written, and then applied as a whole or not."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import terminal
from tests.adapters.ssh import fake
from tests.adapters.ssh.test_known_hosts import key
from tests.controlplane.plane import ControlPlane
from tests.e2e.bootstrap import CLASSES, CRD, NAMESPACE, RBAC, URL, Bootstrap
from tests.e2e.fleet import Fleet
from tests.e2e.process import RECONCILER, eventually, reconciler, running

MAPS = f"{NAMESPACE}/configmaps"
SITES = "/apis/fleet-reconciler.dev/v1alpha1/sites"

# May patch Secrets, and not make one.
HALF = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: half}
rules:
- apiGroups: [""]
  resources: [namespaces, configmaps, serviceaccounts]
  verbs: [get, list, create, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: half}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: half}
subjects: [{kind: ServiceAccount, name: half, namespace: default}]
"""


@pytest.fixture
def bootstrap(older_plane: ControlPlane, tmp_path: Path) -> Bootstrap:
    made = Bootstrap(older_plane, tmp_path)
    made.clear()
    return made


def answers(output: str) -> dict[str, tuple[str, str]]:
    """Each check's answer and message, by its name."""
    return {
        check["name"]: (check["answer"], check["message"]) for check in json.loads(output)["checks"]
    }


def test_from_nothing_to_a_reconciled_site_with_the_agent_outside(
    bootstrap: Bootstrap, tmp_path: Path
) -> None:
    fleet = Fleet(tmp_path / "fleet.git", f"app-{os.getpid()}-outside")
    given = ["--repo", fleet.remote.url, "--kubeconfig", str(bootstrap.kubeconfig)]
    done = reconciler("bootstrap", "north/one", *given, "--outside", "--apply")
    assert done.returncode == 0, done.stderr
    plane = bootstrap.plane
    login = follow(done.stdout, bootstrap.kubeconfig, tmp_path)
    assert [user["name"] for user in yaml.safe_load(login.read_text())["users"]] == ["agent"]
    assert login.stat().st_mode & 0o077 == 0
    arguments = ["--repo", fleet.remote.url, "--site", "north/one", "--kubeconfig", str(login)]
    with running(tmp_path / "log", *arguments, "--state", str(tmp_path / "state")) as agent:
        agent.wait("note.pushed", seconds=60)
        site = bootstrap.get(f"{SITES}/north.one")
        assert site is not None and site["status"]["applied"] == fleet.head
        assert agent.stop() == 0
    again = bootstrap.run("--outside", "--check", "-o", "json", repo=fleet.remote.url)
    assert again.exit_code == 0, again.stdout
    found = answers(again.stdout)
    assert found["site"][1] == "it is north/one already, as the object Site/north.one says"
    assert found["overlay"] == ("ok", "sites/north/one renders, objects: 3")
    plane.request("DELETE", f"/api/v1/namespaces/{fleet.namespace}")


def follow(said: str, kubeconfig: Path, home: Path) -> Path:
    """Do what was said about the agent's login; the file that comes of it."""
    section = said.partition("no others:\n")[2].partition("And the agent:")[0]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(kubeconfig)}
    subprocess.run(["sh", "-euc", section], env=environment, check=True, capture_output=True)
    return home / "agent.kubeconfig"


@pytest.mark.parametrize("rbac", ["cluster", "scoped"])
def test_all_is_applied_once_under_a_manager_of_its_own(bootstrap: Bootstrap, rbac: str) -> None:
    first = bootstrap.inside("--rbac", rbac, "--apply")
    assert first.exit_code == 0, first.stdout + first.stderr
    assert "Deployment.apps/fleet-system/fleet-reconciler created" in first.stdout
    for path in (CRD, f"{MAPS}/fleet-reconciler", f"{NAMESPACE}/secrets/fleet-reconciler"):
        found = bootstrap.get(path)
        assert found is not None
        managers = {entry["manager"] for entry in found["metadata"]["managedFields"]}
        assert "fleet-reconciler-bootstrap" in managers
    secret = bootstrap.get(f"{NAMESPACE}/secrets/fleet-reconciler")
    assert secret and base64.b64decode(secret["data"]["token"]) == b"s3cret-token"
    assert "s3cret" not in first.stdout + first.stderr
    is_admin = bootstrap.get(f"{RBAC}/clusterrolebindings/fleet-reconciler-cluster") is not None
    assert is_admin is (rbac == "cluster")
    again = bootstrap.inside("--rbac", rbac, "--apply", "-o", "json")
    assert {each["change"] for each in json.loads(again.stdout)["objects"]} == {"unchanged"}


def test_the_controllers_make_its_pod(bootstrap: Bootstrap) -> None:
    assert bootstrap.inside("--apply").exit_code == 0
    eventually(lambda: (bootstrap.get(f"{NAMESPACE}/pods") or {}).get("items"), "the agent's Pod")


def test_what_is_printed_is_taken_by_kubectl(bootstrap: Bootstrap) -> None:
    printed = bootstrap.inside("--with-secret")
    assert printed.exit_code == 0, printed.stderr
    bootstrap.plane.kubectl("apply", "--server-side", "-f", "-", stdin=printed.stdout)
    again = bootstrap.inside("--apply", "-o", "json")
    assert again.exit_code == 0, again.stdout
    assert answers(again.stdout)["conflicts"][0] == "ok"  # equal fields are shared


def test_a_check_writes_nothing(bootstrap: Bootstrap) -> None:
    before = bootstrap.written()
    found = bootstrap.inside("--check", "-o", "json")
    assert found.exit_code == 1, found.stderr  # there is no such host
    assert [name for name, (answer, _) in answers(found.stdout).items() if answer == "no"] == [
        "repository"
    ]
    assert bootstrap.written() == before
    assert bootstrap.get(NAMESPACE) is None and bootstrap.get(CRD) is None


def test_a_check_needs_no_image(bootstrap: Bootstrap) -> None:
    found = bootstrap.run("--check", "-o", "json")
    assert answers(found.stdout)["permissions"] == ("ok", "all 7 objects may be written")


@pytest.mark.parametrize("trace", ["Site", "inventory", "configuration"])
def test_the_cluster_of_another_site_is_left_as_it_is(bootstrap: Bootstrap, trace: str) -> None:
    assert bootstrap.inside("--apply", site="north/two").exit_code == 0
    if trace != "configuration":
        bootstrap.plane.request("DELETE", f"{MAPS}/fleet-reconciler")
    if trace == "Site":
        named = {"metadata": {"name": "north.two"}}
        made = {"apiVersion": "fleet-reconciler.dev/v1alpha1", "kind": "Site", **named}
        eventually(lambda: bootstrap.plane.request("POST", SITES, made)[0] in (201, 409), "a Site")
    if trace == "inventory":
        data = {"site": "north/two", "objects": ""}
        made = {"metadata": {"name": "fleet-inventory-0"}, "data": data}
        assert bootstrap.plane.request("POST", MAPS, made)[0] == 201
    before = bootstrap.written()
    refused = bootstrap.inside("--apply")
    assert refused.exit_code == 1, refused.stderr
    assert "this cluster is site north/two, as" in refused.stdout
    assert "kubectl delete namespace fleet-system" in refused.stdout
    assert refused.stdout.endswith("Nothing was changed.\n")
    assert bootstrap.written() == before
    checked = bootstrap.inside("--check", "-o", "json")
    assert answers(checked.stdout)["site"][0] == "no"


def test_deploys_own_configuration_names_no_site(bootstrap: Bootstrap) -> None:
    deploy = Path(__file__).parents[2] / "deploy"
    bootstrap.plane.kubectl("apply", "--server-side", "-k", str(deploy))
    found = answers(bootstrap.inside("--check", "-o", "json").stdout)
    assert found["site"] == ("ok", "no site's yet, so it can be north/one")
    answer, said = found["conflicts"]
    assert answer == "no"
    assert "ConfigMap/fleet-system/fleet-reconciler: .data.config.yaml is kubectl's" in said


def test_somebody_elses_field_is_named_and_taken_only_by_force(bootstrap: Bootstrap) -> None:
    assert bootstrap.inside("--apply").exit_code == 0
    configuration = f"{MAPS}/fleet-reconciler"
    edit = {"data": {"config.yaml": "site: north/one\n"}}
    path = f"{configuration}?fieldManager=somebody"
    assert bootstrap.plane.request("PATCH", path, edit, "application/merge-patch+json")[0] == 200
    before = bootstrap.written()
    refused = bootstrap.inside("--apply")
    assert refused.exit_code == 1
    assert ".data.config.yaml is somebody's" in refused.stdout
    assert "--force-conflicts" in refused.stdout
    assert bootstrap.written() == before
    forced = bootstrap.inside("--apply", "--force-conflicts")
    assert forced.exit_code == 0, forced.stdout
    found = bootstrap.get(configuration)
    assert found is not None and URL in found["data"]["config.yaml"]


def test_missing_rights_are_named_before_anything_is_written(
    bootstrap: Bootstrap, tmp_path: Path
) -> None:
    plane = bootstrap.plane
    plane.kubectl("create", "serviceaccount", "nobody")
    try:
        bootstrap.kubeconfig = plane.kubeconfig(
            tmp_path / "nobody", token=plane.token("default", "nobody")
        )
        found = answers(bootstrap.inside("--check", "-o", "json").stdout)
    finally:
        plane.kubectl("delete", "serviceaccount", "nobody")
    assert found["version"][0] == "ok"
    answer, said = found["permissions"]
    assert answer == "no"
    assert 'the rule to add: {apiGroups: [""], resources: ["namespaces"]' in said
    assert found["site"][0] == "no"
    assert "whether it belongs to a site already cannot be seen" in found["site"][1]


def test_rights_in_a_namespace_that_is_not_there_yet_are_asked_for(
    bootstrap: Bootstrap, tmp_path: Path
) -> None:
    plane = bootstrap.plane
    plane.kubectl("create", "serviceaccount", "half")
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=HALF)
    try:
        login = plane.kubeconfig(tmp_path / "half", token=plane.token("default", "half"))
        bootstrap.kubeconfig = login
        said = eventually(
            lambda: _permission(bootstrap, absent="ServiceAccount"), "the binding to hold"
        )
    finally:
        plane.kubectl("delete", "-f", "-", stdin=HALF)
        plane.kubectl("delete", "serviceaccount", "half")
    assert "Secret/fleet-system/fleet-reconciler: no right to create it" in said
    assert "ConfigMap" not in said and "Namespace/" not in said


def _permission(bootstrap: Bootstrap, *, absent: str) -> str:
    """What is said of permissions, once nothing is said of ``absent``."""
    _, said = answers(bootstrap.inside("--check", "-o", "json").stdout)["permissions"]
    return "" if absent in said else said


def test_a_storage_class_is_looked_for(bootstrap: Bootstrap) -> None:
    def storage(*more: str) -> tuple[str, str]:
        given = ["--token-file", str(bootstrap.token), "--check", "-o", "json", *more]
        return answers(bootstrap.run(*given).stdout)["storage"]

    assert storage()[0] == "no"
    assert "there is none at all" in storage()[1]
    made = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "slow"},
        "provisioner": "example.com/none",
    }
    assert bootstrap.plane.request("POST", CLASSES, made)[0] == 201
    assert storage() == (
        "no",
        "no default storage class (there are slow): give --storage-class, or --state-on-node to do"
        " without",
    )
    assert storage("--storage-class", "slow") == ("ok", "storage class slow")
    assert storage("--storage-class", "fast")[1].startswith(
        "no storage class fast (there are slow)"
    )
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    edit = {"metadata": {"annotations": default}}
    bootstrap.plane.request("PATCH", f"{CLASSES}/slow", edit, "application/merge-patch+json")
    assert storage() == ("ok", "storage class slow")


def test_a_change_to_scoped_says_that_the_other_binding_is_left(bootstrap: Bootstrap) -> None:
    assert bootstrap.inside("--apply").exit_code == 0
    changed = bootstrap.inside("--rbac", "scoped", "--apply")
    assert changed.exit_code == 0
    assert "kubectl delete clusterrolebinding fleet-reconciler-cluster" in changed.stdout


def test_the_repository_is_looked_at_as_the_site_will(bootstrap: Bootstrap, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path / "fleet.git", "app")

    def check(site: str = "north/one") -> dict[str, tuple[str, str]]:
        given = ["--outside", "--check", "-o", "json"]
        return answers(bootstrap.run(*given, site=site, repo=fleet.remote.url).stdout)

    assert check()["overlay"][0] == "ok"
    assert check("north/ome")["overlay"][1].endswith("nearest: north/one")
    fleet.files["bases/app/kustomization.yaml"] = "resources: [app.yaml]\nresauces: []\n"
    fleet.commit()
    answer, said = check()["overlay"]
    assert answer == "no" and said.startswith("bases/app/kustomization.yaml:2:")
    fleet.files["bases/app/kustomization.yaml"] = "resources: [app.yaml]\n"
    fleet.extra("apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Site\nmetadata: {name: x}\n")
    answer, said = check()["overlay"]
    assert answer == "no" and "which no commit can touch" in said
    inside = bootstrap.run("--check", "-o", "json", repo=fleet.remote.url)
    assert "the agent's Pod will not see it" in answers(inside.stdout)["repository"][1]


def test_a_cluster_that_is_not_reached_is_no_answer(bootstrap: Bootstrap, tmp_path: Path) -> None:
    login = json.loads(bootstrap.plane.admin.read_text())
    login["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    bootstrap.kubeconfig = tmp_path / "nowhere"
    bootstrap.kubeconfig.write_text(json.dumps(login))
    for what in ("--check", "--apply"):
        done = bootstrap.inside(what)
        assert done.exit_code == 2
        assert "was not reached" in done.stderr


def test_host_keys_are_confirmed_at_a_terminal(tmp_path: Path) -> None:
    public = key(tmp_path / "host")
    key(tmp_path / "site")
    fake.keyscan(tmp_path / "bin", f"git.example.com {public}\n")
    given = ["--repo", "git@git.example.com:fleet.git", "--ssh-key-file", str(tmp_path / "site")]
    command = [RECONCILER, "bootstrap", "north/one", *given, "--image", "x/y:1"]
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    shown, out, code = terminal.run(command, b"y\n", {"PATH": path})
    assert code == 0
    assert "SHA256:" in shown and "Pin them? [y/N]" in shown
    (pinned,) = (
        each["data"]["known_hosts"]
        for each in yaml.safe_load_all(out)
        if each["kind"] == "ConfigMap"
    )
    assert pinned == f"git.example.com {public}\n"
    shown, out, code = terminal.run(command, b"\n", {"PATH": path})
    assert (code, out) == (2, "")
    assert "were not confirmed: nothing is done" in shown
