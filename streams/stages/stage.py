"""What every stage is: a deterministic function of what it is fed, without clock, I/O or globals."""

from typing import Protocol, TypeVar

from models.time import Millis

Fed = TypeVar("Fed", contravariant=True)
Made = TypeVar("Made", covariant=True)


class Stage(Protocol[Fed, Made]):
    """Takes batches in, works them off up to a watermark.

    However the same input is cut into batches, and wherever a snapshot is taken and restored, what
    `advance` returns adds up to the same.
    """

    def feed(self, batch: Fed) -> None:
        """Take a batch in; nothing comes out."""
        ...

    def advance(self, watermark: Millis) -> Made:
        """Work off all that is older than the watermark, and return what came of it."""
        ...

    def snapshot(self) -> bytes:
        """The whole state, from which `restore` goes on as if nothing had happened."""
        ...

    def restore(self, state: bytes) -> None: ...
