"""Host keys: asked from a host, and looked up in known_hosts.

``scan`` asks, ``about`` finds the lines of a known_hosts that are about one host.
"""

from reconciler.adapters.ssh.known_hosts import HostKey, Place, about
from reconciler.adapters.ssh.scan import scan

__all__ = ["HostKey", "Place", "about", "scan"]
