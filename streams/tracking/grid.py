"""The time grid that vessels are compared on."""

import msgspec

from models.time import MINUTE, Millis


class GridSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Step and reach of the grid (design: ticks)."""

    step_minutes: int = 5
    """Distance of the instants. GFW compares encounters on 10 minutes; transfers of 30 minutes need less."""
    interpolate_minutes: int = 60
    """Ticks are interpolated between fixes at most this far apart, never held beyond the last one."""

    def __post_init__(self) -> None:
        if self.step_minutes < 1 or 60 % self.step_minutes:
            raise ValueError(f"step_minutes must divide 60, not {self.step_minutes}")
        if self.interpolate_minutes < self.step_minutes:
            raise ValueError("interpolate_minutes must be at least step_minutes")

    @property
    def step(self) -> Millis:
        return self.step_minutes * MINUTE

    @property
    def interpolate(self) -> Millis:
        return self.interpolate_minutes * MINUTE


def at_or_after(time: Millis, step: Millis) -> Millis:
    """The first instant of the grid that is not before `time`."""
    return -(-time // step) * step


def before(time: Millis, step: Millis) -> Millis:
    """The last instant of the grid that is before `time`."""
    return (time - 1) // step * step
