"""Real parts behind the ports; one vendor package each."""
