"""All settings of a run, in one frozen object, and how they are read from a file."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from models.errors import InputError
from streams.decoding.decoder import DecoderSettings
from streams.stages.meeting_stage import MeetingSettings
from streams.stages.vessel_stage import VesselSettings


class SettingsError(InputError):
    """A settings file that can't be used; the text names file, key and remedy."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every threshold, by the stage it belongs to. A file names only what differs from the defaults."""

    decoder: DecoderSettings = DecoderSettings()
    vessel: VesselSettings = VesselSettings()
    meeting: MeetingSettings = MeetingSettings()

    def __post_init__(self) -> None:
        """What no part can check alone."""
        for name, value in _numbers("", msgspec.to_builtins(self)):
            if not 0 <= value < math.inf and name != "decoder.prefix_zone_minutes":  # hours west of Greenwich
                raise ValueError(f"{name} must be a number of at least 0")
        grid, meeting = self.vessel.grid, self.meeting
        if meeting.keep_minutes < grid.interpolate_minutes + grid.step_minutes:
            raise ValueError("meeting.keep_minutes must cover grid.interpolate_minutes and a step")
        if self.vessel.idle_days * 24 < meeting.encounter.candidate_hours + meeting.encounter.merge_hours:
            raise ValueError("vessel.idle_days must cover the candidate_hours and merge_hours of encounters")


def load(file: str | Path | None) -> Settings:
    """Settings from a TOML file; the defaults without one. Raises SettingsError."""
    if file is None:
        return Settings()
    path = Path(file)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise SettingsError(
            f"{path}: can't be read ({reason}); give a TOML file, `tankerwatch settings show` prints one"
        ) from error
    try:
        return msgspec.toml.decode(text, type=Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {_place(str(error))}") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path}: not valid TOML ({error}); mend that line") from error


def show(settings: Settings) -> str:
    """The settings as TOML, as `load` reads them."""
    lines: list[str] = []
    _table("", msgspec.to_builtins(settings), lines)
    return "\n".join(lines).strip() + "\n"


def _table(name: str, content: dict[str, Any], lines: list[str]) -> None:
    plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
    if plain:
        lines += ["", f"[{name}]"] if name else []
        lines += (f"{key} = {msgspec.json.encode(value).decode()}" for key, value in plain.items())
    for key, value in content.items():
        if isinstance(value, dict):
            _table(f"{name}.{key}" if name else key, value, lines)


def _numbers(name: str, content: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in content.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            yield from _numbers(path, value)
        elif isinstance(value, int | float):
            yield path, value


def _place(message: str) -> str:
    """msgspec's message, with the valid keys where a key is unknown."""
    what, _, path = message.partition(" - at `$")
    keys = [key for key in path.rstrip("`").split(".") if key]
    where = ".".join(keys) or "top level"
    if "unknown field" not in what:
        return f"{where}: {what}; `tankerwatch settings show` prints the defaults"
    section: Any = msgspec.to_builtins(Settings())
    for key in keys:
        section = section[key]
    unknown = what.rsplit("`", 2)[1]
    return f"{where}: unknown key {unknown!r}; valid here: {', '.join(section)}"
