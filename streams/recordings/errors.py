"""What can end the reading of a recording early."""

from typing import Final

from models.errors import TankerwatchError

AGAIN: Final = "what came before was processed, fetch the file again for the rest"
"""What to do about a file that breaks off or is corrupt, whatever it is packed in."""


class SourceError(TankerwatchError):
    """A recording can't be read, or not to its end. The text is one sentence: what, where, what to do."""


class Interrupted(TankerwatchError):
    """Raised inside `Access.waiting` to end the reading: what has been read by then is kept."""
