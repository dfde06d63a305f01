"""How the child says that it struck a limit which leaves no room for words."""

from __future__ import annotations

OUT_OF_MEMORY = 77  # the child's exit status: saying so in words would need memory
