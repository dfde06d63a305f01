"""docs/first-site.md: the README's way from init to a reconciled site, followed on a real cluster.

    KUBECONFIG=FILE python -m tools.first_site

The shell blocks of the README's section are run as they are, command by command, in one shell with
a home of its own; only the agent, which the README gives a terminal, goes to the background. The
cluster is left with what the README makes there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "first-site.md"
_SECTION = "\n## A site of your own\n"
_AGENT = "RECONCILER_STATUS_INTERVAL=0s reconciler run"
_HOME = "/home/ada"  # as the transcript calls the folder that stood for it
_SLEEP = re.compile(r"sleep (\d+)")
_SHORT = 0.1  # seconds that are not worth a line
_READY = 60.0  # seconds for the agent's first note

_HEAD = (
    "# A first site\n\n"
    "The [README's way](../README.md#a-site-of-your-own) from `reconciler init` to a reconciled"
    " site, as `python -m tools.first_site` followed it on a real API server ({version}, with etcd"
    " and controllers, and no kubelet, so that no Pod starts), with the agent outside the cluster."
    " Machine time: **{seconds:.0f} s**, of which {slept:.0f} s are the README's own `sleep`.\n\n"
    "Below a command is what it took, where that is a tenth of a second or more. The agent's log,"
    " which has a terminal of its own, is at the end.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the README, what it printed, its exit code and its seconds."""

    text: str
    output: str
    code: int
    seconds: float


def blocks(page: str) -> list[str]:
    """The section's shell blocks."""
    section = page.partition(_SECTION)[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def commands(block: str) -> Iterator[str]:
    """Its commands, continued lines together, empty ones left out."""
    for text in re.sub(r"\\\n", "\\\\\0", block).splitlines():
        if text.strip():
            yield text.replace("\0", "\n")


class Shell:
    """A shell with a home of its own; ``env`` is on top of what it needs."""

    def __init__(self, home: Path, kubeconfig: str, patience: int) -> None:
        self._home = home
        self._patience = patience
        environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "KUBECONFIG": kubeconfig,
            "LANG": "C.UTF-8",
        }
        self._process = subprocess.Popen(
            ["bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )

    def run(self, text: str) -> Command:
        assert self._process.stdin and self._process.stdout
        began = time.monotonic()
        slow = _SLEEP.sub(lambda found: f"sleep {int(found[1]) * self._patience}", text)
        self._process.stdin.write(f"{slow}\nprintf '\\n\\1%s\\n' $?\n")
        self._process.stdin.flush()
        output = ""
        while not (found := re.search(r"\n?\x01(\d+)\n$", output)):
            line = self._process.stdout.readline()
            if not line:
                raise EOFError(f"the shell ended after: {text}\n{output}")
            output += line
        said = output[: found.start()].replace(str(self._home), _HOME)
        seconds = time.monotonic() - began
        return Command(text=text, output=said, code=int(found[1]), seconds=seconds)

    def agent(self, text: str) -> Command:
        """The agent in the background, until it has pushed a note."""
        log = self._home / "agent.log"
        log.touch()
        began = time.monotonic()
        self.run(f"{text.strip()} > {log} 2>&1 & disown")
        pause = time.monotonic() + _READY
        while '"note.pushed"' not in log.read_text():
            if time.monotonic() > pause:
                raise TimeoutError(f"no note:\n{log.read_text()}")
            time.sleep(0.05)
        return Command(text=text, output="", code=0, seconds=time.monotonic() - began)

    def close(self) -> None:
        """End the shell and the agent, which is in its group."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            stream.close()


@contextmanager
def followed(kubeconfig: str, *, patience: int = 1) -> Iterator[tuple[list[list[Command]], str]]:
    """Each block's commands as they went, and the agent's log; the agent runs in the block.
    ``patience`` times as long as the README says is slept, on a machine that has more to do."""
    with tempfile.TemporaryDirectory(prefix="home-") as home:
        shell = Shell(Path(home), kubeconfig, patience)
        try:
            done = [
                [
                    shell.agent(text) if text.startswith(_AGENT) else shell.run(text)
                    for text in commands(block)
                ]
                for block in blocks((ROOT / "README.md").read_text())
            ]
            log = (Path(home) / "agent.log").read_text().replace(home, _HOME)
            yield done, log
        finally:
            shell.close()


def page(done: list[list[Command]], log: str, version: str) -> str:
    """The transcript."""
    flat = [each for block in done for each in block]
    slept = sum(int(found) for each in flat for found in _SLEEP.findall(each.text))
    parts = [_HEAD.format(version=version, seconds=sum(each.seconds for each in flat), slept=slept)]
    for block in done:
        parts.append("```console\n" + "".join(map(_shown, block)) + "```\n")
    parts.append("The agent's log:\n\n```json\n" + log + "```\n")
    return "\n".join(parts)


def _shown(command: Command) -> str:
    output = command.output.rstrip("\n")
    took = f"# {command.seconds:.1f} s\n" if command.seconds >= _SHORT else ""
    return f"$ {command.text.rstrip()}\n" + (f"{output}\n" if output else "") + took


def main() -> None:
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig:
        sys.exit("KUBECONFIG names no cluster")
    version = subprocess.run(
        ["kubectl", "version", "-o", "json"], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r'"gitVersion": "(v[^"]+)"', version)[-1]
    with followed(kubeconfig) as (done, log):
        TARGET.write_text(page(done, log, f"Kubernetes {found}"))
    print(f"docs/{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
