"""Work shared out to forked processes: all of it, once; and none of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.system import workers
from reconciler.model.errors import WorkerLost

TURNS = [["a", "b"], ["c"], [], ["d", "e", "f"]]
Work = Callable[[str], Any]


def told(turns: list[list[str]], work: Work, count: int = 2) -> list[tuple[str, Any]]:
    return sorted(workers.shared(turns, lambda: work, count))


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(processes: list[int]) -> None:
    for _ in range(500):
        if not any(map(is_there, processes)):
            return
        time.sleep(0.02)
    raise AssertionError(f"still there: {processes}")


@pytest.mark.parametrize("count", [1, 2, 9])
def test_each_item_is_done_once_in_a_worker(count: int) -> None:
    done = told(TURNS, lambda item: [item.upper(), os.getpid()], count)
    assert [(item, answer[0]) for item, answer in done] == [(x, x.upper()) for x in "abcdef"]
    processes = {answer[1] for _, answer in done}
    assert os.getpid() not in processes and len(processes) <= min(count, len(TURNS))
    assert told([], str.upper) == []


def test_long_answers_come_whole_and_as_json_has_them() -> None:
    text = "\n\u2028x" * 100_000
    done = told([[str(n)] for n in range(8)], lambda item: {"text": text, "of": item})
    assert done == [(str(n), {"text": text, "of": str(n)}) for n in range(8)]


def test_workers_begin_with_what_the_parent_has() -> None:
    seen = ["parent"]

    def begin() -> Work:
        seen.append("worker")
        return lambda item: [item, *seen]

    assert dict(workers.shared([["a"]], begin, 2)) == {"a": ["a", "parent", "worker"]}
    assert seen == ["parent"]


def test_there_may_be_as_many_turns_as_the_smallest_pipe_has_room_for() -> None:
    many = [[str(n)] for n in range(workers.MOST)]
    assert len(told(many, lambda item: item)) == workers.MOST
    with pytest.raises(ValueError, match="1001 turns"):
        next(workers.shared([*many, ["x"]], lambda: str, 1))


@pytest.mark.filterwarnings("error")
def test_a_worker_that_is_killed_is_told_of_and_the_others_end() -> None:
    def work(item: str) -> Any:
        if item == "d":
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    found = []
    with pytest.raises(WorkerLost, match="signal 9"):
        for _, process in workers.shared(TURNS, lambda: work, 2):
            found.append(process)
    gone(found)


def test_a_worker_that_fails_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkerLost, match="failed"):
        told(TURNS, lambda item: 1 // (item != "e"))
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_who_stops_to_listen_leaves_no_worker() -> None:
    def work(item: str) -> int:
        if item != "a":
            time.sleep(60)
        return os.getpid()

    answers = workers.shared([["a", "b"], ["c"]], lambda: work, 2)
    _, process = next(answers)
    assert is_there(process)
    answers.close()
    gone([process])


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_parent(end: signal.Signals) -> None:
    program = """
import os, time
from reconciler.adapters.system import workers
def work(item):
    time.sleep(0.05)
    return os.getpid()
for _, process in workers.shared([[str(n) for n in range(400)]] * 2, lambda: work, 2):
    print(process, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=-1, stderr=-1, text=True)
    assert child.stdout is not None and child.stderr is not None
    found = {int(child.stdout.readline()) for _ in range(6)}
    assert len(found) == 2 and all(map(is_there, found))
    child.send_signal(end)
    said = child.communicate(timeout=20)[1]
    gone(sorted(found))
    assert said.count("Traceback") == (end == signal.SIGINT)  # the parent's own
