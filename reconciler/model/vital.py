"""How one object is: what the health rules say of it, and the engine keeps."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.values import Health

# Seconds without getting on after which slow is called stalled: longer than the 600 that a
# Deployment gives itself, so that its controller has the first word.
PATIENCE = 900.0
FOREVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """``reason`` is one word, the field's own where it has one; ``message`` a sentence.

    ``patience`` is how many seconds it may be Progressing in these same words before it counts as
    stalled. ``gate`` says whether what waits for the object may go on, where that is not the same
    as being healthy: a Job at work is healthy, and yet not over.
    """

    health: Health
    reason: str = ""
    message: str = ""
    patience: float = PATIENCE
    gate: bool | None = None

    @property
    def opens(self) -> bool:
        """Whether what waits for the object may go on."""
        return self.health is Health.HEALTHY if self.gate is None else self.gate


HEALTHY = Vital(health=Health.HEALTHY)
