"""What keeps a bundle from being made or checked."""

from models.errors import TankerwatchError


class EvidenceError(TankerwatchError):
    """A bundle can't be made or used. The text is one sentence: what, where, what to do."""
