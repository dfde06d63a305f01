"""``reconciler run``: the agent on site, from its settings to its exit code.

In: a function that reads the settings, and one that connects to the cluster. Out: an exit code.
The engine is made anew when the configuration changes; state, watches and mirror then begin as
after a start.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Protocol

import reconciler
from reconciler import ports
from reconciler.adapters import child, files, git, state, system, telemetry
from reconciler.app import AGENT_NAMESPACE
from reconciler.engine import assembly, loop
from reconciler.model import errors
from reconciler.settings import Credentials, Settings

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
AGENT = f"fleet-reconciler {reconciler.__version__}"

ReadSettings = Callable[[], Settings]


class Connection(ports.Cluster, Protocol):
    """A cluster, as long as the engine that uses it lives."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How the cluster is reached, and which files the settings come from.

    ``connect`` is given a folder in which it may keep what it found out about the API server.
    """

    connect: Callable[[Path], Connection]
    configuration: tuple[Path, ...] = ()


class Agent:
    """One process of the agent; ``end`` may come from a signal at any moment."""

    def __init__(
        self, read_settings: ReadSettings, place: Place, telemetry_: telemetry.Telemetry
    ) -> None:
        self._read_settings = read_settings
        self._place = place
        self._telemetry = telemetry_
        self._lock = threading.RLock()  # a signal may interrupt the thread that holds it
        self._engine: loop.Engine | None = None
        self._settings = self._good = read_settings()
        self._refused: Settings | None = None  # could not be used when they were tried
        self._ended = False
        self._renewed = False
        self._served = ""  # the address that was asked for
        self._server: telemetry.Server | None = None

    def run(self) -> None:
        """Until ``end``; again from the start each time the settings change."""
        try:
            while not self._ended:
                self._renewed = False
                try:
                    self._serve()
                    with self._joined(self._settings) as (engine, wakeups):
                        wakeups.start(self._wake)
                        self._renew()  # what changed since it was read
                        engine.run()
                except errors.UsageError as error:
                    self._fall_back(error)
                except errors.StateDamaged as error:
                    # Closed by now: the next opening rebuilds it from the cluster and the mirror.
                    _set_aside(self._settings.state, self._telemetry, error)
                else:
                    if not self._renewed:
                        break
        finally:
            if self._server is not None:
                self._server.close()

    def _fall_back(self, error: errors.UsageError) -> None:
        """To the settings that last began, where these cannot be used."""
        with self._lock:
            if self._settings == self._good:
                raise error
            self._telemetry.event("configuration.refused", error=str(error))
            self._refused, self._settings = self._settings, self._good

    def run_once(self) -> loop.Outcome:
        """A single pass. Raises ClusterUnavailable and SourceUnavailable."""
        with self._joined(self._settings) as (engine, _):
            return engine.run_once()

    def end(self) -> None:
        with self._lock:
            self._ended = True
            self._end_engine()

    def _end_engine(self) -> None:
        if self._engine is not None:
            self._engine.end()
            git.end_calls()

    def _wake(self, what: str) -> None:
        with self._lock:
            if what == "configuration" and self._renew():
                return
            if self._engine is not None and what == "overrides":
                self._engine.render_again()
            elif self._engine is not None:
                self._engine.wake()  # a commit, or credentials that may work now

    def _renew(self) -> bool:
        """Begin anew where the settings are others than those that are in use."""
        with self._lock:
            if not self._changed():
                return False
            self._renewed = True
            self._telemetry.event("configuration.changed")
            self._end_engine()
            return True

    def _changed(self) -> bool:
        try:
            found = self._read_settings()
        except errors.UsageError as error:
            self._telemetry.event("configuration.refused", error=str(error))
            return False
        if found == self._refused:
            return False
        self._refused = None
        if self._engine is not None and self._engine.begun:
            self._good = self._settings
        is_new, self._settings = found != self._settings, found
        return is_new

    @contextmanager
    def _joined(self, settings: Settings) -> Iterator[tuple[loop.Engine, ports.Wakeups]]:
        stop = threading.Event()
        git.allow_calls()
        with ExitStack() as stack:
            parts = _parts(settings, self._place, self._telemetry, stack)
            options = assembly.Options(
                site=settings.site,
                namespace=namespace(),
                agent=AGENT,
                poll=settings.poll,
                interval=settings.status_interval,
            )
            wakeups = files.FileWakeups(
                settings.url,
                settings.branch,
                [*self._place.configuration, *settings.files()],
                settings.overrides_folder,
            )
            stack.callback(wakeups.stop)
            with self._lock:
                self._engine = engine = assembly.assemble(parts, options, stop)
                if self._ended:
                    engine.end()
            version = reconciler.__version__
            self._telemetry.event("agent.started", site=str(settings.site), version=version)
            try:
                yield engine, wakeups
            finally:
                self._telemetry.event("agent.stopped")
                with self._lock:
                    self._engine = None

    def _serve(self) -> None:
        """The endpoints outlive an engine, so that probes are answered while one begins."""
        address = self._settings.metrics_address
        if address == self._served:
            return
        if self._server is not None:
            self._server.close()
        self._served, self._server = "", None
        if address:
            self._server = telemetry.serve(address, self._telemetry, self._is_alive, self._is_ready)
            self._telemetry.event("agent.listening", address=self._server.address)
        self._served = address

    def _is_alive(self) -> bool:
        engine = self._engine
        return engine is None or engine.alive

    def _is_ready(self) -> bool:
        engine = self._engine
        return engine is not None and engine.ready


def namespace() -> str:
    """The Pod's, or the one that deploy/ makes."""
    try:
        return _POD_NAMESPACE.read_text().strip() or AGENT_NAMESPACE
    except OSError:
        return AGENT_NAMESPACE


@contextmanager
def ended_by_signals(agent: Agent) -> Iterator[list[int]]:
    """SIGTERM and SIGINT end the agent in order; a second one ends the process at once.

    Yields a list that holds the signal that came.
    """
    came: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        came.append(number)
        # Not in the handler: the main thread may hold a lock that ending takes.
        threading.Thread(target=agent.end, name="end", daemon=True).start()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield came
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _parts(
    settings: Settings, place: Place, observer: ports.Observer, stack: ExitStack
) -> assembly.Parts:
    kept = _open_state(settings.state, observer)
    stack.callback(kept.close)
    with suppress(OSError):  # where it cannot be made, there are no overrides
        settings.overrides_folder.mkdir(mode=0o700, exist_ok=True)
    cluster = place.connect(settings.state / "cache")
    stack.callback(cluster.close)
    mirror = git.Mirror(
        settings.state / "mirror.git",
        settings.url,
        settings.branch,
        _credentials(settings.credentials),
    )
    stack.callback(mirror.close)
    renderer = child.ChildRenderer(
        agent_namespace=namespace(),
        from_repository=settings.from_repository,
        limits=settings.render,
        heeds_pin=True,
        overrides=partial(files.read_overrides, settings.overrides_folder),
    )
    stack.callback(renderer.close)
    return assembly.Parts(
        source=mirror,
        renderer=renderer,
        cluster=cluster,
        state=kept,
        notes=_notes(settings),
        clock=system.SystemClock(),
        observer=observer,
        give_back=system.give_back,
    )


def _notes(settings: Settings) -> git.NotesPusher:
    own = settings.status_remote
    return git.NotesPusher(
        settings.state / "cache" / "notes.git",
        own or settings.url,
        _credentials(settings.status_credentials if own else settings.credentials),
        settings.site,
    )


def _credentials(given: Credentials) -> git.Credentials:
    return git.Credentials(
        ssh_key_file=given.ssh_key_file,
        known_hosts_file=given.known_hosts_file,
        token_file=given.token_file,
        ca_file=given.ca_file,
    )


def _open_state(folder: Path, observer: ports.Observer) -> state.SqliteState:
    try:
        return state.open_state(folder)
    except errors.StateDamaged as error:
        _set_aside(folder, observer, error)
    return state.open_state(folder)


def _set_aside(folder: Path, observer: ports.Observer, error: errors.StateDamaged) -> None:
    aside = state.set_aside(folder)
    observer.event("state.rebuilt", reason=f"{error}; it is kept as {aside}")
