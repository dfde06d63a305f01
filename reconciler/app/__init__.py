"""Where real parts are joined, a module a command: each imports what that command needs."""

AGENT_NAMESPACE = "fleet-system"  # where the agent lives, unless its Pod says otherwise
