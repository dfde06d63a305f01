"""What the Dockerfile promises, as no image is built where these tests run."""

from __future__ import annotations

import fnmatch
import http.server
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import reconciler
from tests.image import dockerfile
from tests.rights import DEPLOY

ROOT = Path(__file__).parents[2]
FILE = dockerfile.read(dockerfile.FILE.read_text())
LAST = FILE.last
DIGEST = "@sha256:" + "0" * 64


def pod() -> Any:
    """The Pod of deploy/."""
    deployment = yaml.safe_load((DEPLOY / "base" / "deployment.yaml").read_text())
    return deployment["spec"]["template"]["spec"]


def scripts() -> list[str]:
    return [run.text for stage in FILE.stages for run in stage.all("RUN")]


def test_each_stage_is_of_one_slim_base_whose_tag_and_digest_are_arguments() -> None:
    bases = [stage for stage in FILE.stages if stage.base != "scratch"]
    assert len(bases) == 2
    for stage in bases:
        assert FILE.base_of(stage) == "docker.io/library/python:3.11-slim-bookworm"
        pinned = FILE.base_of(stage, BASE_TAG="3.12-slim", BASE_DIGEST=DIGEST)
        assert pinned == f"docker.io/library/python:3.12-slim{DIGEST}"


def test_the_last_stage_is_made_of_files_alone() -> None:
    assert LAST.base == "scratch"  # what was removed lies in no layer
    assert not LAST.all("RUN")
    assert {copy.words[0] for copy in LAST.all("COPY")} == {"--from=root", "--from=build"}


def test_the_programs_that_the_agent_calls_are_in_it() -> None:
    (script,) = (run.text for run in FILE.stage("root").all("RUN"))
    install = script[script.index("apt-get install") : script.index("&& rm")]
    assert {"git", "openssh-client", "gnupg", "ca-certificates"} <= set(install.split())
    assert "--no-install-recommends" in install


def test_no_package_manager_is_left_behind() -> None:
    (script,) = (run.words for run in FILE.stage("root").all("RUN"))
    removed = {word for word in script if word.startswith("/")}
    assert {"/usr/bin/apt", "/usr/bin/apt-*", "/usr/lib/apt", "/var/lib/apt"} <= removed
    assert {"/usr/bin/dpkg", "/usr/bin/dpkg-*", "/usr/lib/dpkg"} <= removed
    assert {"/usr/local/bin/pip*", "/usr/local/lib/python3*/site-packages/*"} <= removed
    assert "/usr/local/lib/python3*/ensurepip" in removed
    assert "python -m venv --without-pip /opt/fleet-reconciler" in " ".join(scripts())


def test_no_program_in_it_runs_as_another_user() -> None:
    (script,) = (run.text for run in FILE.stage("root").all("RUN"))
    assert "find / -xdev -type f -perm /6000 -exec chmod a-s {} +" in script


def test_everything_is_installed_from_the_hashed_locks() -> None:
    commands = [command for script in scripts() for command in script.split(" && ")]
    installs = [
        command for command in commands if "/bin/pip" in command and "rm -rf" not in command
    ]
    assert len(installs) == 4
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install, install
    assert "-r requirements/runtime.txt" in installs[1]


def test_it_runs_as_the_user_of_deploy_who_has_a_name() -> None:
    context = pod()["securityContext"]
    user, group = context["runAsUser"], context["runAsGroup"]
    assert LAST.one("USER").text == f"{user}:{group}"
    root = FILE.stage("root").one("RUN").text
    # ssh does nothing for a user without a name.
    assert f"fleet-reconciler:x:{user}:{group}::/nonexistent:/usr/sbin/nologin" in root
    assert f"install -d -m 0700 -o {user} -g {group} /var/lib/fleet-reconciler" in root


def test_deploys_command_is_on_its_path() -> None:
    (container,) = pod()["containers"]
    assert [*LAST.one("ENTRYPOINT").array, *LAST.one("CMD").array] == container["command"]
    assert LAST.one("ENV").pairs["PATH"].split(":")[0] == "/opt/fleet-reconciler/bin"


def test_nothing_is_written_beside_the_state_and_tmp() -> None:
    assert LAST.one("ENV").pairs["PYTHONDONTWRITEBYTECODE"] == "1"
    assert not any("--no-compile" in script for script in scripts())  # bytecode is there already


def test_labels_say_what_it_is() -> None:
    labels = LAST.one("LABEL").pairs
    words = {name.removeprefix("org.opencontainers.image.") for name in labels}
    assert words == {"title", "description", "licenses", "version", "revision", "base.name"}
    assert LAST.all("ARG")[2].text == f"VERSION={reconciler.__version__}"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_for_healthz(status: int, code: int) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    python, *arguments = LAST.one("HEALTHCHECK").array
    assert python == "python"
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        address = f"0.0.0.0:{server.server_port}"
        done = subprocess.run(
            [sys.executable, *arguments],
            env={"RECONCILER_METRICS_ADDRESS": address, "http_proxy": "http://127.0.0.1:1"},
            check=False,
            timeout=30,
        )
    assert (done.returncode, asked) == (code, ["/healthz"])


def test_a_health_check_of_an_agent_that_does_not_listen_fails() -> None:
    _, *arguments = LAST.one("HEALTHCHECK").array
    environment = {"RECONCILER_METRICS_ADDRESS": ":1"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode != 0


def test_the_context_is_what_the_wheel_is_made_of_and_nothing_else() -> None:
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    allowed = [line[1:] for line in lines if line.startswith("!")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*wheel["packages"], *wheel["force-include"], project["project"]["readme"]]
    needed += [*project["project"]["license-files"], "pyproject.toml"]
    needed += ["requirements/build.txt", "requirements/runtime.txt"]
    for path in needed:
        assert any(fnmatch.fnmatchcase(path, pattern) for pattern in allowed), path
    for path in (".git", ".venv", "tests", "docs", "bench", "tools", "dist"):
        assert path not in allowed
