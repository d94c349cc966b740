"""All settings of a run, in one frozen object, and how they are read from a file."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from geofences.surroundings import SurroundingsSettings
from models.bounds import TOML_BYTES, BoundsError, check_toml, read_bytes
from models.errors import InputError, meant, plainly
from models.time import MINUTE, Millis
from streams.decoding.settings import DecoderSettings
from streams.detection.chains.settings import ChainSettings
from streams.detection.dark_encounters.settings import DarkEncounterSettings
from streams.detection.dark_visits.settings import DarkVisitSettings
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.fence_crossing import FenceCrossingSettings
from streams.detection.gaps.reception import ReceptionSettings
from streams.detection.identities.settings import IdentityAnomalySettings
from streams.detection.port_company import PortCompanySettings
from streams.detection.positions.settings import PositionAnomalySettings
from streams.detection.resting import RestSettings
from streams.detection.sightings.settings import SightingSettings
from streams.detection.vessel_detectors import DetectorSettings
from streams.facilitators.settings import FacilitatorSettings
from streams.ledger.settings import LedgerSettings
from streams.tracking.grid import GridSettings
from streams.tracking.identity import IdentitySettings
from streams.tracking.track import TrackSettings


class SettingsError(InputError):
    """A settings file that can't be used; the text names file, key and remedy."""


class VesselSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is found from one vessel alone."""

    grid: GridSettings = GridSettings()
    track: TrackSettings = TrackSettings()
    identity: IdentitySettings = IdentitySettings()
    detectors: DetectorSettings = DetectorSettings()
    idle_days: float = 7.0
    """A vessel that is not heard for this long, by event time, is forgotten."""

    def __post_init__(self) -> None:
        if self.detectors.loitering.bucket % self.grid.step:
            raise ValueError("detectors.loitering.bucket_minutes must be a multiple of grid.step_minutes")
        if self.idle_days * 24 <= self.detectors.loitering.max_silence_hours:
            raise ValueError("idle_days must be longer than detectors.loitering.max_silence_hours")


class MeetingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is found by comparing vessels."""

    encounter: EncounterSettings = EncounterSettings()
    resting: RestSettings = RestSettings()
    reception: ReceptionSettings = ReceptionSettings()
    dark_port_visit: DarkVisitSettings = DarkVisitSettings()
    identity: IdentityAnomalySettings = IdentityAnomalySettings()
    position: PositionAnomalySettings = PositionAnomalySettings()
    port_company: PortCompanySettings = PortCompanySettings()
    dark_encounter: DarkEncounterSettings = DarkEncounterSettings()
    sighting: SightingSettings = SightingSettings()
    keep_minutes: float = 90.0
    """Ticks are kept this long for backfill: the reach of interpolation, and a margin."""

    def __post_init__(self) -> None:
        if self.keep_minutes < 60:
            raise ValueError("keep_minutes must be at least 60, the reach of backfill")
        if self.sighting.wait_hours * 60 < self.keep_minutes:
            raise ValueError("sighting.wait_hours must cover keep_minutes, the reach of backfill")

    @property
    def keep(self) -> Millis:
        return int(self.keep_minutes * MINUTE)


class CaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is found by following several events."""

    chain: ChainSettings = ChainSettings()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every threshold and weight. A file names only what differs from the defaults."""

    decoder: DecoderSettings = DecoderSettings()
    surroundings: SurroundingsSettings = SurroundingsSettings()
    vessel: VesselSettings = VesselSettings()
    meeting: MeetingSettings = MeetingSettings()
    case: CaseSettings = CaseSettings()
    fence_crossing: FenceCrossingSettings = FenceCrossingSettings()
    ledger: LedgerSettings = LedgerSettings()
    facilitators: FacilitatorSettings = FacilitatorSettings()

    def __post_init__(self) -> None:
        """Check what no part can check alone. Raises ValueError."""
        for name, value in _numbers("", msgspec.to_builtins(self)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be a number of at least 0")
        grid, meeting = self.vessel.grid, self.meeting
        if meeting.keep_minutes < grid.interpolate_minutes + grid.step_minutes:
            raise ValueError("meeting.keep_minutes must cover grid.interpolate_minutes and a step")
        if meeting.encounter.bridge_hours < meeting.encounter.merge_hours:
            raise ValueError("meeting.encounter.bridge_hours must be at least merge_hours")
        if self.vessel.idle_days * 24 < meeting.encounter.candidate_hours + meeting.encounter.merge_hours:
            raise ValueError("vessel.idle_days must cover the candidate_hours and merge_hours of encounters")


def load(file: str | Path | None) -> Settings:
    """Settings from a TOML file; the defaults without one. Raises SettingsError."""
    if file is None:
        return Settings()
    path = Path(file)
    try:
        text = read_bytes(path, TOML_BYTES).decode()
        check_toml(text)
    except BoundsError as error:
        raise SettingsError(f"{path}: {error}") from error
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
        return f"{where}: {plainly(what)}; `tankerwatch settings show` prints the defaults"
    every = msgspec.to_builtins(Settings())
    section: Any = every
    for key in keys:
        section = section[key]
    unknown = what.rsplit("`", 2)[1]
    places = [path for path, key in _keys("", every) if key == unknown][:3]
    hint = f" (there is {' and '.join(places)})" if places else meant(unknown, section)
    return f"{where}: unknown key {unknown!r}{hint}; valid here: {', '.join(section)}"


def _keys(name: str, content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every key of the settings: its path, and the key itself."""
    for key, value in content.items():
        path = f"{name}.{key}" if name else key
        yield path, key
        if isinstance(value, dict):
            yield from _keys(path, value)
