"""How custom objects are, by the fleet's own CEL: rules in, a function of an object out.

    healthy = compile_rules(settings.health)
    healthy({"apiVersion": "example.org/v1", "kind": "Widget", "status": {...}})

Expressions read the object's own fields (``status``, ``spec``, ``metadata``, ``apiVersion``,
``kind``), as those of Flux do. Called by whoever judges health; ``check`` by the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.cel.environment import Compiler, Program, Scope
from reconciler.cel.errors import EvaluationError
from reconciler.model.rules import HealthRule
from reconciler.model.values import Health

FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")
Judge = Callable[[Mapping[str, Any]], Health | None]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Programs with what each means, in the order in which they are asked."""

    programs: tuple[tuple[Program, Health], ...]

    def health(self, value: Mapping[str, Any]) -> Health:
        if not value.get("status") or _is_behind(value):
            return Health.PROGRESSING  # its controller has not come to it yet
        scope = Scope({}, {"object": value})
        failed = False
        for program, meaning in self.programs:
            try:
                if program.value(scope) is True:
                    return meaning
            except EvaluationError:
                failed = True
        return Health.UNKNOWN if failed else Health.PROGRESSING


def compile_rules(rules: Iterable[HealthRule]) -> Judge:
    """A function that says None of objects of a kind that no rule is for.

    The first expression that is true says it: inProgress, failed, current. Where none is, the
    object is on its way; where one errs and none is, nothing is known. Raises CompileError.
    """
    by_kind = {(rule.api_version, rule.kind): _Rule(_compiled(rule)) for rule in rules}

    def judge(value: Mapping[str, Any]) -> Health | None:
        rule = by_kind.get((str(value.get("apiVersion", "")), str(value.get("kind", ""))))
        return rule.health(value) if rule else None

    return judge


def check(text: str) -> None:
    """Raises CompileError for an expression that cannot be used."""
    Compiler(params=False, fields=FIELDS).compile(text, "bool")


def _compiled(rule: HealthRule) -> tuple[tuple[Program, Health], ...]:
    compiler = Compiler(params=False, fields=FIELDS)
    rows = (
        (rule.in_progress, Health.PROGRESSING),
        (rule.failed, Health.DEGRADED),
        (rule.current, Health.HEALTHY),
    )
    return tuple((compiler.compile(text, "bool"), meaning) for text, meaning in rows if text)


def _is_behind(value: Mapping[str, Any]) -> bool:
    """Whether its status tells of an older generation."""
    metadata, status = value.get("metadata"), value.get("status")
    if not isinstance(metadata, Mapping) or not isinstance(status, Mapping):
        return False
    seen, now = status.get("observedGeneration"), metadata.get("generation")
    return isinstance(seen, int) and isinstance(now, int) and seen < now
