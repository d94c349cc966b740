"""Exit codes of a deployment's processes, for whatever restarts them (Docker Compose, systemd)."""

from typing import Final

STOPPED: Final = 0
"""Stopped in order, by SIGINT or SIGTERM."""
USAGE: Final = 2
"""Wrong options, configuration, topics or checkpoints: a restart without a change fails in the same way."""
LOST: Final = 3
"""Frames are missing between two offsets. A restart goes on from the last checkpoint."""
FENCED: Final = 4
"""Another process has taken the work over. Do not restart a sink or an alerts process that ended so."""
FAILED: Final = 5
"""Any other failure of a worker. A restart goes on from the last checkpoint."""
