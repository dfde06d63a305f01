"""Proofs of the review, on the real control plane: each fails while the defect is there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
import yaml

from tests.e2e.fleet import config_map
from tests.e2e.process import RECONCILER, eventually
from tests.e2e.world import APPLY, World
from tests.e2e import process


def test_a_configuration_that_cannot_be_used_leaves_the_old_one(world: World) -> None:
    file = world.folder / "config.yaml"
    file.write_text("status: {interval: 1m}\n")
    with world.running("--config", str(file)) as agent:
        world.synced(agent)
        file.write_text("status: {interval: 1m, remote: 'ftp://x'}\n")
        threading.Event().wait(8)
        assert agent.process.poll() is None, agent.tail()


def test_a_deleted_site_object_comes_back(world: World) -> None:
    with world.running() as agent:
        world.synced(agent)
        eventually(lambda: agent.said("note.pushed"), "the note")
        world.plane.request("DELETE", "/apis/fleet-reconciler.dev/v1alpha1/sites/north.one")
        world.edit("configmaps", "settings", {"data": {"other": "1"}})
        eventually(lambda: world.status(), "the site", 20)


def test_a_deleted_inventory_comes_back(world: World) -> None:
    path = "/api/v1/namespaces/fleet-system/configmaps/fleet-inventory-0"
    with world.running() as agent:
        world.synced(agent)
        eventually(lambda: agent.said("note.pushed"), "the note")
        assert world.plane.request("DELETE", path)[0] == 200
        eventually(lambda: world.plane.request("GET", path)[0] == 200, "the inventory", 20)


def test_after_a_kill_the_old_commit_is_not_put_back(world: World) -> None:
    assert world.once()[0] == 0
    world.fleet.files["bases/app/app.yaml"] = world.fleet.files["bases/app/app.yaml"].replace(
        "camera:1", "camera:2"
    )
    world.fleet.commit()
    # What the killed agent still wrote of the new commit, and kept no record of.
    wanted = yaml.safe_load_all(world.fleet.files["bases/app/app.yaml"])
    camera = next(o for o in wanted if o["kind"] == "Deployment")
    camera["metadata"] |= {
        "namespace": world.namespace,
        "labels": {"fleet-reconciler.dev/site": "north.one"},
    }
    path = f"{world.path('apps/v1/deployments', 'camera')}?fieldManager=fleet-reconciler&force=true"
    time.sleep(1.1)
    code, before = world.plane.request("PATCH", path, camera, APPLY)
    assert code == 200
    with world.running() as agent:
        world.synced(agent)
        after = world.get("apps/v1/deployments", "camera")
        assert after is not None
        assert after["metadata"]["generation"] == before["metadata"]["generation"], agent.tail()


@contextlib.contextmanager
def hanging_remote():
    """Takes connections, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/fleet.git"


def seconds_to_end(agent, number: int = signal.SIGTERM) -> float:
    began = time.monotonic()
    agent.process.send_signal(number)
    agent.process.wait(200)
    return time.monotonic() - began


def test_sigterm_ends_it_while_the_remote_hangs(world: World) -> None:
    with hanging_remote() as url:
        arguments = world.arguments("--interval", "1h")
        arguments[arguments.index("--repo") + 1] = url
        with process.running(world.folder / "x.log", *arguments) as agent:
            agent.wait("agent.started")
            threading.Event().wait(4)
            took = seconds_to_end(agent)
            left = subprocess.run(["pgrep", "-af", url], capture_output=True, text=True).stdout
            print("took", took, "left", left)
            assert took < 10
            assert not left


def test_ctrl_c_ends_a_single_pass_while_the_remote_hangs(world: World) -> None:
    with hanging_remote() as url:
        arguments = world.arguments("--once")
        arguments[arguments.index("--repo") + 1] = url
        with process.running(world.folder / "x.log", *arguments) as agent:
            agent.wait("agent.started")
            threading.Event().wait(4)
            took = seconds_to_end(agent, signal.SIGINT)
            print("took", took, agent.process.returncode)
            assert took < 10
            assert agent.process.returncode == 130


def test_ctrl_c_is_130_for_every_command(world: World) -> None:
    with hanging_remote() as url:
        started = subprocess.Popen(
            [RECONCILER, "status", "--repo", url],
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
            stderr=subprocess.PIPE,
        )
        threading.Event().wait(4)
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 130, started.stderr.read()


def test_drift_that_cannot_be_put_right_is_in_the_report_of_a_single_pass(world: World) -> None:
    assert world.once()[0] == 0
    world.edit("configmaps", "settings", {"data": {"rate": "1"}})
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"frozen-{world.namespace}"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["configmaps"],
                    }
                ],
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": world.namespace}
                },
            },
            "validations": [{"expression": "false", "message": "frozen"}],
        },
    }
    root = "/apis/admissionregistration.k8s.io/v1"
    assert world.plane.request("POST", f"{root}/validatingadmissionpolicies", policy)[0] == 201
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"frozen-{world.namespace}"},
        "spec": {"policyName": f"frozen-{world.namespace}", "validationActions": ["Deny"]},
    }
    assert (
        world.plane.request("POST", f"{root}/validatingadmissionpolicybindings", binding)[0] == 201
    )
    try:
        eventually(
            lambda: (
                world.plane.request(
                    "PATCH",
                    world.path("configmaps", "settings"),
                    {"data": {"z": str(time.time())}},
                    "application/merge-patch+json",
                )[0]
                != 200
            ),
            "policy",
        )
        code, said = world.once()
        assert code == 1, said
        assert world.status()["drift"]["open"] == 1, said
    finally:
        world.plane.request(
            "DELETE", f"{root}/validatingadmissionpolicybindings/frozen-{world.namespace}"
        )
        world.plane.request(
            "DELETE", f"{root}/validatingadmissionpolicies/frozen-{world.namespace}"
        )


def test_the_rest_of_the_last_good_commit_is_applied_though_the_newest_is_broken(
    world: World,
) -> None:
    """The good commit half applied (its namespace was missing), the next one broken."""
    assert world.once()[0] == 0
    world.fleet.files[f"{world.fleet.overlay}/extra.yaml"] = (
        world.fleet.namespace_manifest()
        + "---\n"
        + (f"apiVersion: v1\nkind: Secret\nmetadata: {{name: late}}\ntype: kubernetes.io/tls\n")
    )
    good = world.fleet.files[f"{world.fleet.overlay}/extra.yaml"]
    world.fleet.files[f"{world.fleet.overlay}/extra.yaml"] = (
        world.fleet.namespace_manifest() + "---\n" + config_map("late")
    )
    # A quota that refuses it for now.
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q"},
        "spec": {"hard": {"count/configmaps": "1"}},
    }
    assert world.plane.request("POST", world.path("resourcequotas"), quota)[0] == 201
    eventually(
        lambda: (world.get("resourcequotas", "q") or {}).get("status", {}).get("used"), "quota"
    )
    world.fleet.commit()
    with world.running() as agent:
        agent.wait("object.failed")
        world.fleet.files["fleet.yaml"] = "nonsense"
        world.fleet.commit()
        agent.wait("render.failed")
        world.plane.request("DELETE", world.path("resourcequotas", "q"))
        eventually(lambda: world.data("late"), "the rest of the last good commit", 40)


def test_adoption_leaves_no_co_owner(world: World) -> None:
    """Deployments that kubectl made, taken over: the controllers write beside us."""
    number = 40
    names = [f"d{n}" for n in range(number)]
    world.plane.kubectl("create", "namespace", world.namespace)
    text = "".join(_deployment(name) for name in names)
    world.plane.kubectl("create", "-n", world.namespace, "-f", "-", stdin=text)
    world.fleet.extra(text)
    assert world.once()[0] == 0
    left = []
    for name in names:
        found = world.get("apps/v1/deployments", name)
        assert found
        managers = {
            (e["manager"], e["operation"])
            for e in found["metadata"]["managedFields"]
            if not e.get("subresource") and "f:spec" in e["fieldsV1"]
        }
        if managers != {("fleet-reconciler", "Apply")}:
            left.append(
                (
                    name,
                    [
                        e
                        for e in found["metadata"]["managedFields"]
                        if e["manager"] not in ("fleet-reconciler",) and "f:spec" in e["fieldsV1"]
                    ],
                )
            )
    print(len(left), json.dumps(left[:1])[:1500])
    assert not [l for l in left if any("f:image" in json.dumps(e) for e in l[1])]


def _deployment(name: str) -> str:
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: "camera:1"}}]}}
"""


def test_a_job_is_not_run_again_when_the_database_is_lost(world: World) -> None:
    job = """\
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  completions: 0
  ttlSecondsAfterFinished: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: "job:1"}
"""
    world.fleet.extra(job)
    with world.running() as agent:
        world.synced(agent)
        eventually(lambda: world.get("batch/v1/jobs", "once") is None, "the job gone", 60)
        agent.stop()
    made = [
        r
        for r in world.plane.audit(user="serviceaccount:fleet-system")
        if r.resource == "jobs" and r.status == 201 and r.namespace == world.namespace
    ]
    assert len(made) == 1
    for path in world.state.glob("state.db*"):
        path.unlink()
    assert world.once()[0] == 0
    made = [
        r
        for r in world.plane.audit(user="serviceaccount:fleet-system")
        if r.resource == "jobs" and r.status == 201 and r.namespace == world.namespace
    ]
    assert len(made) == 1


def test_healing_after_an_etcd_restore(world: World) -> None:
    import shutil

    plane = world.plane
    with world.running() as agent:
        world.synced(agent)
        eventually(lambda: agent.said("note.pushed"), "the note")
        # A backup is made, by stopping etcd for a moment.
        plane._end("kube-controller-manager", "kube-apiserver", "etcd")
        backup = world.folder / "backup"
        shutil.copytree(plane._folder / "etcd", backup)
        _start(plane)
        eventually(lambda: world.get("configmaps", "settings"), "server")
        world.fleet.files["bases/app/app.yaml"] = world.fleet.files["bases/app/app.yaml"].replace(
            '"30"', '"15"'
        )
        world.fleet.commit()
        world.synced(agent, seconds=60)
        assert world.data("settings")["rate"] == "15"
        for n in range(50):
            world.edit("configmaps", "settings", {"data": {"other": str(n)}})
        # Disaster: yesterday's etcd is put back.
        plane._end("kube-controller-manager", "kube-apiserver", "etcd")
        shutil.rmtree(plane._folder / "etcd")
        shutil.copytree(backup, plane._folder / "etcd")
        _start(plane)
        eventually(lambda: world.get("configmaps", "settings"), "server")
        print("restored", world.data("settings"))
        eventually(lambda: world.data("settings")["rate"] == "15", "the newest commit again", 90)


def _start(plane) -> None:
    client = f"http://127.0.0.1:{plane._etcd_port}"
    from tests.controlplane.plane import free_port

    peer = f"http://127.0.0.1:{free_port()}"
    plane._run(
        "etcd",
        f"--data-dir={plane._folder / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--log-level=warn",
    )
    from tests.controlplane.plane import _listens

    plane._ready("etcd", lambda: _listens(plane._etcd_port))
    plane.start_api_server()
    plane._start_controllers()
