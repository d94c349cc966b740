"""Settings of possible dark port visits."""

import msgspec

from streams.detection.reasons import Weights


class DarkVisitWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.1
    reachable: float = 0.15
    """For: time at the port; the full weight from `full_hours` on, proportionally less before."""
    seen_in_port: float = 0.2
    """For: it fell silent in the port, and was heard again outside."""
    sighted_in_port: float = 0.25
    """For: somebody saw it in the port, and named it."""
    fitting_in_port: float = 0.1
    """For: a vessel that was seen in the port can only have been this silent one."""
    draught: float = 0.15
    """For: it came back with another draught."""
    same_draught: float = 0.1
    """Against: it came back with the same draught."""
    more_draught: float = 0.1
    """Against: it came back with more draught, and of the ports in reach none ships oil."""
    gap_possible: float = 0.05
    """Against: the gap is only `possible`."""
    several_countries: float = 0.05
    """Against: it can have called at ports of several countries."""
    other_port: float = 0.1
    """Against: it can have called at a port of another country that is not watched."""
    several_ports: float = 0.05
    """Against: it can have called at several ports."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""


class DarkVisitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which ports are watched, and how long a call takes."""

    stay_hours: float = 4.0
    """Hours that a call takes at least, from the arrival to the departure. Source: the design."""
    countries: tuple[str, ...] = ("KP",)
    """All ports of the catalogue in these countries are watched, ISO 3166-1 alpha-2."""
    ports: tuple[str, ...] = (
        *("RUVYP", "RUNJK", "ru-kozmino", "RUVVO", "RUSKA", "RUVNN", "RUDKA", "ru-prigorodnoye"),
        *("RUPRI", "RUULU", "RULED", "RUNVS", "ru-taman", "RUTUA", "RUKZP", "RUMMK"),
        *("KPNAM", "KPCHO", "KPWON"),
    )
    """Further watched ports, by UN/LOCODE or the catalogue's name: the Russian ones that ship oil. Of several
    that are about equally far, the one that comes first here is named first. Source: judgement."""
    unlisted_factor: float = 2.0
    """A port of `countries` that is not in `ports` is ranked as if it were so many times as far: it is not
    known for oil. Source: judgement."""
    alike_km: float = 30.0
    """Kilometres. Ways that differ by less are about equally far. Source: the accuracy of distances by sea,
    there and back."""
    named_ports: int = 5
    """Ports that an event names at most, the most likely first; of each country in reach the first one is
    among them."""
    full_hours: float = 24.0
    """Time at the port from which it has its full weight. Source: judgement; loading takes a day."""
    draught_metres: float = 0.3
    """A change of draught counts from here on. Source: the design."""
    importers: tuple[str, ...] = ("KP",)
    """Countries that ship no oil, ISO 3166-1 alpha-2: a vessel that comes back with more draught has not
    loaded there. Source: North Korea imports its oil (UN Security Council resolution 2397, paragraph 5)."""
    back_km: float = 5.0
    """Kilometres. A vessel that fell silent at rest in a harbour, and is heard again so close to it, has lain
    there: no call is looked for. Source: judgement."""
    revision_hours: int = 6
    """Hours after which it is said of a gap that goes on which further ports are within reach now."""
    weights: DarkVisitWeights = DarkVisitWeights()

    def __post_init__(self) -> None:
        if min(self.stay_hours, self.full_hours) <= 0:
            raise ValueError("stay_hours and full_hours must be above 0")
        if self.unlisted_factor < 1:
            raise ValueError("unlisted_factor must be at least 1")
        if min(self.named_ports, self.revision_hours) < 1:
            raise ValueError("named_ports and revision_hours must be at least 1")
