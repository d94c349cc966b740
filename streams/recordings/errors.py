"""What can end the reading of a recording early."""

from models.errors import TankerwatchError


class SourceError(TankerwatchError):
    """A recording can't be read, or not to its end. The text is one sentence: what, where, what to do."""


class Interrupted(TankerwatchError):
    """Raised inside `Access.waiting` to end the reading: what has been read by then is kept."""
