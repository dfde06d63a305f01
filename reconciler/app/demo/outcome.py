"""How a play went; and whatever happens in it, no agent and no process of one outlives it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from reconciler.adapters import git
from reconciler.app.demo.stage import Interrupted, Stage, Untrue
from reconciler.model.errors import ReconcilerError


class Outcome(Enum):
    DONE = "done"
    UNTRUE = "untrue"
    INTERRUPTED = "interrupted"


def played(stage: Stage, go_on: Callable[[Path], None]) -> Outcome:
    """What became of it. Its agents are ended, and their folder is removed if all went well."""
    scratch = Path(tempfile.mkdtemp(prefix="fleet-agents-"))
    outcome = Outcome.DONE
    try:
        with _ended(stage):
            go_on(scratch)
    except Interrupted:
        outcome = Outcome.INTERRUPTED
    except ReconcilerError:
        # A child of ours may get a terminal's Ctrl-C before it has a session of its own.
        if not stage.interrupted:
            raise
        outcome = Outcome.INTERRUPTED
    except Untrue as error:
        outcome = Outcome.UNTRUE
        stage.failed(f"{error}. The agents' logs are in {scratch}")
    finally:
        if outcome is not Outcome.UNTRUE:
            shutil.rmtree(scratch, ignore_errors=True)
    return outcome


@contextlib.contextmanager
def _ended(stage: Stage) -> Iterator[None]:
    try:
        yield
    finally:
        for site in stage.sites:
            site.end()
        for site in stage.sites:
            site.join()
        git.allow_calls()  # the agents' ends refuse them to the whole process
