"""The agent as a process of its own, seen from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RECONCILER = str(Path(sys.executable).with_name("reconciler"))
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def eventually(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """The first true answer of ``condition``, looked for every 20 ms."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        found = condition()
        if found:
            return found
        pause.wait(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class Agent:
    """``reconciler run`` with these arguments; its log is read line by line as JSON."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [RECONCILER, "run", *arguments],
                stdout=stream,
                stderr=stream,
                env=ENVIRONMENT,
            )

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """What it logged so far, all of it or the events of one name."""
        found = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                event = json.loads(line)
                if not name or event.get("name") == name:
                    found.append(event)
        return found

    def said(self, name: str, **fields: Any) -> bool:
        """Whether an event of this name with these fields was logged."""
        return any(
            all(event.get(key) == value for key, value in fields.items())
            for event in self.events(name)
        )

    def wait(self, name: str, seconds: float = 30.0, **fields: Any) -> None:
        """Until such an event is logged; with the log's end where it is not."""

        def look() -> bool:
            assert self.process.poll() is None or self.said(name, **fields), self.tail()
            return self.said(name, **fields)

        try:
            eventually(look, f"{name} {fields}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def tail(self) -> str:
        return self.log.read_text()[-3000:]

    def stop(self) -> int:
        """SIGTERM, and the exit code; one that tells of trouble comes with the log's end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
            if code == 1:
                sys.stderr.write(self.tail())
            return code
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end it\n{self.tail()}") from None

    def kill(self) -> None:
        """SIGKILL: nothing is finished and nothing is closed."""
        self.process.kill()
        assert self.process.wait(20) == -signal.SIGKILL

    def address(self) -> str:
        """Where /metrics, /healthz and /readyz are, when started with port 0."""
        served = eventually(
            lambda: re.search(r'"address": ?"([^"]+)"', self.log.read_text()), "an address"
        )
        return str(served[1])

    def get(self, path: str) -> tuple[int, str]:
        link = http.client.HTTPConnection(self.address(), timeout=10)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()


@contextmanager
def running(log: Path, *arguments: str) -> Iterator[Agent]:
    """An agent that is ended with the block, however that ends."""
    agent = Agent(log, *arguments)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.process.kill()
            agent.process.wait()


def reconciler(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [RECONCILER, *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=timeout,
        check=False,
    )
