"""What every stage is: a deterministic function of its input, without clock, I/O or global state."""

from typing import Protocol, TypeVar

from models.time import Millis

Input = TypeVar("Input", contravariant=True)
Output = TypeVar("Output", covariant=True)


class Stage(Protocol[Input, Output]):
    """Takes batches in and works them off up to a watermark.

    The results of `advance` add up to the same however the input is cut into batches, and wherever a
    snapshot is taken and restored.
    """

    def feed(self, batch: Input, /) -> None:
        """Take in a batch. Nothing comes out yet."""
        ...

    def advance(self, watermark: Millis) -> Output:
        """Work off everything older than the watermark, and return the result."""
        ...

    def snapshot(self) -> bytes:
        """The whole state."""
        ...

    def restore(self, state: bytes) -> None:
        """Replace the state by one that `snapshot` gave: what follows is as if nothing had happened."""
        ...
