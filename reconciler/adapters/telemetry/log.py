"""Log lines by structlog: JSON, or colours and columns for a terminal."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from reconciler.adapters.telemetry.clean import clean


class Log:
    """A logger of our own; structlog's global configuration stays untouched. Thread-safe."""

    def __init__(self, stream: TextIO, level: int, *, pretty: bool, colors: bool) -> None:
        self._level = level
        self._logger: Any = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                *(
                    (_console(colors),)
                    if pretty
                    else (_ordered, structlog.processors.JSONRenderer())
                ),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
        )

    def write(self, level: str, name: str, message: str, fields: Mapping[str, object]) -> bool:
        """One line; False where it could not be written, as logging must not stop the agent."""
        number = logging.getLevelNamesMapping()[level.upper()]
        if number < self._level:
            return True
        try:
            self._logger.log(number, message, name=name, **clean(fields))
        except (OSError, ValueError):  # the pipe's reader is gone, the disk is full, it is closed
            return False
        return True


def _ordered(logger: Any, method: str, words: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """What every line has comes first."""
    first = {name: words[name] for name in ("timestamp", "level", "event")}
    return {**first, **words}


def _console(colors: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
