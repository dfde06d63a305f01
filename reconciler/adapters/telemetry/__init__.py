"""Log lines and metrics from one table of events, over structlog and prometheus_client.

``Telemetry`` is the port Observer; ``serve`` answers /metrics, /healthz and /readyz. The vendor
packages are imported when a Telemetry is made: commands that end at once need neither.
"""

from reconciler.adapters.telemetry.server import Server, serve
from reconciler.adapters.telemetry.telemetry import LEVELS, Telemetry

__all__ = ["LEVELS", "Server", "Telemetry", "serve"]
