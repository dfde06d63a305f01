"""The port Observer: one call becomes the log line and the metrics of its row in EVENTS."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from reconciler.adapters.telemetry.events import EVENTS
from reconciler.model.errors import UsageError

LEVELS = ("debug", "info", "warning", "error")


class Telemetry:
    """See ports.Observer; thread-safe.

    Lines go to ``stream`` (stderr) from ``level`` on: for people where it is a terminal, in
    colours unless NO_COLOR is set in ``environment``, else as JSON. Raises UsageError for a
    level that there is not.
    """

    def __init__(
        self,
        *,
        level: str = "info",
        stream: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if level not in LEVELS:
            raise UsageError(f"the log level is one of {', '.join(LEVELS)}, not {level[:40]!r}")
        from reconciler.adapters.telemetry.log import Log
        from reconciler.adapters.telemetry.metrics import Metrics

        out = stream or sys.stderr
        self._metrics = Metrics()
        self._log = Log(
            out,
            logging.getLevelNamesMapping()[level.upper()],
            pretty=out.isatty(),
            colors=not environment.get("NO_COLOR"),
        )
        # Libraries' own records would stand between the lines, and may name URLs and headers.
        if not logging.getLogger().handlers:
            logging.getLogger().addHandler(logging.NullHandler())

    def event(self, name: str, /, **fields: object) -> None:
        """Raises KeyError for a name that is no row of EVENTS, or a field that it lacks."""
        row = EVENTS[name]
        for update in row.updates:
            self._metrics.update(update, fields)
        if not self._log.write(row.level, name, row.message, fields):
            self._metrics.count("log_lines_dropped_total")

    def exposition(self) -> tuple[str, bytes]:
        """The metrics as Prometheus reads them: content type and text."""
        from reconciler.adapters.telemetry.metrics import CONTENT_TYPE

        return CONTENT_TYPE, self._metrics.text()
