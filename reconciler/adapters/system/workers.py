"""Work shared out to forked processes, which begin with all that their parent has made so far.

For a command without threads of its own. The standard library's pools take 40 ms to be imported,
which is a twentieth of rendering 500 sites, and start threads in the parent. Here a worker takes
turn after turn from a pipe, and ends when there are none or nobody listens.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import orjson

from reconciler.model.errors import WorkerLost

MOST = 1_000  # turns, whose numbers must fit into the smallest pipe at once
_NUMBER = struct.Struct("=I")
_CHUNK = 1 << 16

Work = Callable[[str], Any]


def shared(
    turns: Sequence[Sequence[str]], begin: Callable[[], Work], count: int
) -> Generator[tuple[str, Any], None, None]:
    """Each item of the turns with what the work makes of it, as JSON has it, as it comes.

    A turn's items go to one worker, in their order; ``begin`` is called once in each of ``count``
    workers. What is yielded holds an item once. Raises WorkerLost, ValueError for more than MOST
    turns. No worker is left when the iterator is closed.
    """
    if len(turns) > MOST:
        raise ValueError(f"{len(turns)} turns; at most {MOST}")
    line, end = os.pipe()
    os.write(end, b"".join(map(_NUMBER.pack, range(len(turns)))))
    os.close(end)
    gc.freeze()  # what is shared stays shared: no garbage is looked for in it
    workers: dict[int, int] = {}  # who is there, by the pipe of its answers
    try:
        for _ in range(min(count, len(turns))):
            _fork(turns, line, begin, workers)
        yield from _answers(workers)
    finally:
        os.close(line)
        for pipe, worker in workers.items():
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            os.close(pipe)
        gc.unfreeze()


def _fork(
    turns: Sequence[Sequence[str]], line: int, begin: Callable[[], Work], workers: dict[int, int]
) -> None:
    pipe, end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # till it is clear whose it is
    worker = os.fork()
    if worker:
        workers[pipe] = worker
        os.close(end)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's; the parent ends its workers
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        for other in (pipe, *workers):
            os.close(other)  # so that a write fails once the parent is gone
        _work(turns, line, begin(), end)
        code = 0
    except BrokenPipeError:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _work(turns: Sequence[Sequence[str]], line: int, work: Work, end: int) -> None:
    while number := os.read(line, _NUMBER.size):
        for item in turns[_NUMBER.unpack(number)[0]]:
            _write(end, orjson.dumps([item, work(item)]) + b"\n")


def _write(end: int, data: bytes) -> None:
    while data:
        data = data[os.write(end, data) :]


def _answers(workers: dict[int, int]) -> Iterator[tuple[str, Any]]:
    """Until all have ended; those who did are no longer in ``workers``."""
    parts: dict[int, bytes] = dict.fromkeys(workers, b"")
    with selectors.DefaultSelector() as selector:
        for pipe in workers:
            selector.register(pipe, selectors.EVENT_READ)
        while workers:
            for key, _ in selector.select():
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fd)
                    _end(key.fd, workers)
                    continue
                *lines, parts[key.fd] = (parts[key.fd] + data).split(b"\n")
                for each in lines:
                    item, answer = orjson.loads(each)
                    yield item, answer


def _end(pipe: int, workers: dict[int, int]) -> None:
    worker = workers.pop(pipe)
    os.close(pipe)
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    if code < 0:
        raise WorkerLost(f"a worker was ended by signal {-code} ({signal.strsignal(-code)})")
    if code:
        raise WorkerLost("a worker failed; what it said of that is above")
