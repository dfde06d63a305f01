"""A cluster in memory, with server-side apply's field ownership; for fast tests and the demo."""

from reconciler.adapters.memory.cluster import MemoryClient, MemoryCluster

__all__ = ["MemoryClient", "MemoryCluster"]
