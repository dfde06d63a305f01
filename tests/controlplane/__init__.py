"""A real control plane for the tests: its binaries (``assets``) and its life (``plane``)."""
