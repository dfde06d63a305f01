"""The state folder on site: one process at a time, one SQLite file, over sqlite3.

``open_state`` is the port State and holds the folder's lock until it is closed; ``open_reading``
is for commands that look while the agent runs; ``set_aside`` makes room for a rebuilt database.
"""

from reconciler.adapters.state.folder import set_aside
from reconciler.adapters.state.reading import StateReading, open_reading
from reconciler.adapters.state.store import SqliteState, open_state

__all__ = ["SqliteState", "StateReading", "open_reading", "open_state", "set_aside"]
