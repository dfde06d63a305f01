"""fleet-reconciler: an event-driven GitOps reconciler for fleets of small clusters."""

__version__ = "0.1.0"
