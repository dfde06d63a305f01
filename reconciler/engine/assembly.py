"""The engine, made of what ``app`` brings. The one place where its parts are joined."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from reconciler import ports
from reconciler.engine import loop, observe
from reconciler.engine.apply import Applier
from reconciler.engine.books import Books
from reconciler.engine.courier import Courier
from reconciler.engine.crew import Crew
from reconciler.engine.crier import Crier
from reconciler.engine.examine import Examiner
from reconciler.engine.heal import Healer
from reconciler.engine.house import House
from reconciler.engine.inbox import Inbox
from reconciler.engine.messages import Again, Died, Look, Message, Tell
from reconciler.engine.pauses import Pauses
from reconciler.engine.podwatch import PodWatch
from reconciler.engine.postman import Postman
from reconciler.engine.prune import Pruner
from reconciler.engine.pulse import Pulse
from reconciler.engine.reconcile import Reconciler
from reconciler.engine.reporter import Reporter
from reconciler.engine.suspects import Suspect
from reconciler.engine.vitals import Calls, Vitals
from reconciler.model.refs import ObjectRef, SiteName


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The adapters; ``give_back`` returns freed memory to the machine."""

    source: ports.Source
    renderer: ports.Renderer
    cluster: ports.Cluster
    state: ports.State
    notes: ports.Notes
    clock: ports.Clock
    observer: ports.Observer
    give_back: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``namespace`` is the agent's own, ``agent`` its name and version; poll, interval: seconds."""

    site: SiteName
    namespace: str
    agent: str
    poll: float
    interval: float


def assemble(parts: Parts, options: Options, stop: threading.Event) -> loop.Engine:
    """An engine that has not begun. Whoever sets ``stop`` calls ``Engine.end`` as well."""
    cluster, state, clock, observer = parts.cluster, parts.state, parts.clock, parts.observer
    site = options.site
    inbox: Inbox[Message] = Inbox(clock)
    pulse = Pulse(clock)
    books = Books(state=state, cluster=cluster, site=site, namespace=options.namespace)
    applier = Applier(
        cluster=cluster, books=books, clock=clock, observer=observer, stop=stop, beat=pulse.beat
    )

    def later(suspect: Suspect, delay: float) -> None:
        inbox.put_later(("heal", suspect.ref), suspect, delay)

    def died(error: BaseException) -> None:
        inbox.put("died", Died(error=error))

    def again(why: str, delay: float) -> None:
        inbox.put_later(("again", why), Again(), delay)

    pruner = Pruner(
        cluster=cluster,
        books=books,
        clock=clock,
        observer=observer,
        site=site,
        stop=stop,
        beat=pulse.beat,
        again=again,
    )

    def sink(event: ports.WatchEvent) -> None:
        pruner.see(event)
        inbox.put(observe.key_of(event), event)

    def look(ref: ObjectRef) -> None:
        inbox.put(("pods", ref), Look(ref=ref, pods=True))

    def look_later(message: Look, delay: float) -> None:
        inbox.put_later(("look", message.ref, message.pods), message, delay)

    def tell(delay: float) -> None:
        at = int(clock.monotonic() + delay) if delay else 0  # one appointment a second
        inbox.put_later(("tell", at) if delay else "tell", Tell(), delay or loop.REPORT_AFTER)

    vitals = Vitals(
        books=books,
        cluster=cluster,
        state=state,
        clock=clock,
        observer=observer,
        pod_watch=PodWatch(cluster=cluster, sink=look, died=died),
        calls=Calls(
            read=applier.look,
            beat=pulse.beat,
            later=look_later,
            tell=tell,
            again=lambda delay: again("waiting", delay),
        ),
    )
    house = House(state)
    examiner = Examiner(house=house, clock=clock)
    pauses = Pauses(cluster=cluster, state=state, clock=clock, observer=observer, site=site)
    healer = Healer(
        books=books,
        applier=applier,
        examiner=examiner,
        house=house,
        state=state,
        clock=clock,
        observer=observer,
        later=later,
        is_paused=pauses.holds,
        glance=vitals.glance,
        written=vitals.written,
    )
    crier = Crier(cluster=cluster, clock=clock, component=options.agent.split(" ")[0])
    crew = Crew(
        inbox=inbox,
        pulse=pulse,
        books=books,
        applier=applier,
        pauses=pauses,
        pruner=pruner,
        vitals=vitals,
        reconciler=Reconciler(
            books=books,
            applier=applier,
            pruner=pruner,
            healer=healer,
            pauses=pauses,
            examiner=examiner,
            vitals=vitals,
            house=house,
            cluster=cluster,
            state=state,
            clock=clock,
            observer=observer,
            namespace=options.namespace,
        ),
        observatory=observe.Observatory(
            cluster=cluster,
            books=books,
            site=site,
            sink=sink,
            concerns=vitals.concerns,
            died=died,
        ),
        courier=Courier(
            source=parts.source,
            renderer=parts.renderer,
            cluster=cluster,
            state=state,
            clock=clock,
            observer=observer,
            site=site,
            poll=options.poll,
            stop=stop,
        ),
        reporter=Reporter(
            cluster=cluster,
            state=state,
            clock=clock,
            observer=observer,
            crier=crier,
            site=site,
            agent=options.agent,
        ),
        postman=Postman(
            notes=parts.notes,
            state=state,
            clock=clock,
            observer=observer,
            interval=options.interval,
            stop=stop,
        ),
        crier=crier,
    )
    return loop.Engine(
        crew, site=site, clock=clock, observer=observer, give_back=parts.give_back, stop=stop
    )
