"""Where real parts are joined, a module a command: each imports what that command needs."""

AGENT_NAMESPACE = "fleet-system"  # where the agent lives, unless its Pod says otherwise

# The API servers that it is made for: (major, minor).
OLDEST_KUBERNETES = (1, 30)
NEWEST_KUBERNETES = (1, 34)
