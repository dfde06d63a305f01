"""The engine's parts, joined by ``assembly`` and led by ``loop``."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.engine.apply import Applier
from reconciler.engine.books import Books
from reconciler.engine.courier import Courier
from reconciler.engine.crier import Crier
from reconciler.engine.inbox import Inbox
from reconciler.engine.messages import Message
from reconciler.engine.observe import Observatory
from reconciler.engine.pauses import Pauses
from reconciler.engine.postman import Postman
from reconciler.engine.prune import Pruner
from reconciler.engine.pulse import Pulse
from reconciler.engine.reconcile import Reconciler
from reconciler.engine.reporter import Reporter
from reconciler.engine.vitals import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    inbox: Inbox[Message]
    pulse: Pulse
    books: Books
    applier: Applier
    pauses: Pauses
    pruner: Pruner
    vitals: Vitals
    reconciler: Reconciler
    observatory: Observatory
    courier: Courier
    reporter: Reporter
    postman: Postman
    crier: Crier
