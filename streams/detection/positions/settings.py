"""Settings of position anomalies: what is believed to be one, and what its reasons weigh."""

import msgspec

from streams.detection.reasons import Weights


class PositionWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.15
    off_track: float = 0.05
    """For: positions jumped to a place that the ship cannot have reached."""
    came_back: float = 0.1
    """For: and came back, again and again or after long."""
    frozen: float = 0.05
    """For: it reports speed and lies still."""
    frozen_at_sea: float = 0.05
    """For: far from ports, with much speed, and for long."""
    circle: float = 0.1
    """For: its positions go round a circle."""
    steady_heading: float = 0.15
    """For: its bow does not turn with the circle."""
    region: float = 0.1
    """For: several ships jump to one place, or from one area."""
    many_ships: float = 0.1
    """For: many ships do."""
    repeated: float = 0.1
    """For: its positions repeat a few places exactly."""
    grid: float = 0.1
    """For: and these lie on a regular grid."""
    on_grid: float = 0.15
    """For: they lie on the lines of a regular grid while it makes way."""
    unreached: float = 0.1
    """For: it is heard again beyond land, and cannot have come round it."""
    interference: float = 0.05
    """Against: jamming, spoofing and faulty devices are nothing that the crew did."""
    not_back: float = 0.05
    """Against: it has not come back, so another ship may use its number."""
    meanwhile: float = 0.15
    """Against: it was heard on its track meanwhile, so another ship may use its number."""
    sensor: float = 0.05
    """Against: a stuck speed sensor gives the same picture."""
    replayed: float = 0.05
    """Against: old messages that are sent again give the same picture."""
    rounded: float = 0.05
    """Against: positions that are rounded in an unusual way give the same picture."""
    waterway: float = 0.05
    """Against: the land data may lack a canal or a river."""
    manoeuvre: float = 0.05
    """Against: ships turn in circles for trials, or to wait."""


class PositionAnomalySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When positions make an event. Of single vessels only those that count have such events."""

    jump_km: float = 10.0
    """Kilometres from the track that a jump goes at least. Source: judgement; shorter ones are errors of
    every day."""
    jump_knots: float = 50.0
    """Speed that the way implies at least. Source: as `never_join_knots` of tracks: faster than ferries."""
    jump_positions: int = 3
    """Positions off the track from which they are a jump. Source: as `confirmed_fixes` of tracks."""
    wait_minutes: float = 30.0
    """Minutes for which a jump of one ship waits to be told, because other ships of a region may follow.
    Judgement."""
    lasting_minutes: float = 30.0
    """A jump that lasts for so many minutes, with `lasting_positions`, and comes back makes an event
    `probable`. Judgement."""
    lasting_positions: int = 10
    """Positions of such a jump."""
    again: int = 2
    """So many jumps that come back make an event `probable`, too. Judgement."""
    episode_hours: float = 6.0
    """Jumps that follow within so many hours are one event. Source: judgement; jamming comes and goes."""
    frozen_minutes: float = 60.0
    """Minutes for which a ship has to report speed and lie still. Judgement."""
    sea_minutes: float = 120.0
    """Minutes for which it has to, far from ports, for a `probable` event. Judgement."""
    sea_km: float = 10.0
    """Kilometres from a port that are far. Source: as of Global Fishing Watch."""
    sea_knots: float = 8.0
    """Knots that it has to report for that. Judgement: no current makes so much."""
    water_knots: float = 30.0
    """Speed at which a ship that was silent could not have come round the land between. Source: judgement;
    twice that of tankers, because the way over water is a bound and the land data are coarse."""
    settled_minutes: float = 60.0
    """Minutes that the first positions after such a silence have to hold. Source: judgement, as jamming
    lasts."""
    place_km: float = 10.0
    """Ships whose positions jump twice as far, and to places within so many kilometres of each other, jump to
    one place. Source: judgement; spoofed positions lie round one airport."""
    place_hours: float = 6.0
    """Hours within which they have to. Judgement."""
    place_ships: int = 3
    """Ships that jump to one place make a region."""
    area_km: float = 50.0
    """Ships that were within so many kilometres of each other are of one area. Judgement: the reach of a
    jammer at the height of a mast."""
    area_minutes: float = 60.0
    """Minutes within which ships of one area have to jump, wherever to, to make a region. Source: the
    issue."""
    area_ships: int = 5
    """Ships of one area that make a region."""
    probable_ships: int = 6
    """Ships from which an event of a region is `probable`. Judgement."""
    rest_hours: float = 3.0
    """An event of a region ends after so many hours without a jump; it goes on under its id if ships jump
    within `episode_hours` again. Judgement."""
    stay_hours: float = 12.0
    """A ship that stays where it jumped to counts as of the region for so long. Judgement."""
    known_hours: float = 48.0
    """Hours for which a region that is over is remembered, for events of its ships. Judgement."""
    margin_minutes: float = 60.0
    """An event within so many minutes of jumps of its ship is told of the region. Judgement."""
    weights: PositionWeights = PositionWeights()

    def __post_init__(self) -> None:
        for name in ("jump_positions", "again", "place_ships", "area_ships"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.place_ships < 2 or self.area_ships < 2:
            raise ValueError("place_ships and area_ships must be at least 2")
        if min(self.episode_hours, self.rest_hours, self.known_hours) <= 0:
            raise ValueError("episode_hours, rest_hours and known_hours must be above 0")
