"""Thresholds and weights of chains."""

import msgspec

from models.time import DAY, HOUR, Millis
from streams.detection.reasons import Weights


class ChainWeights(Weights, frozen=True, forbid_unknown_fields=True):
    """Weights that a confidence of 0 to 1 multiplies: `load`, `transfer`, `discharge`."""

    base: float = 0.05
    probable: float = 0.46
    load: float = 0.1
    """For: called at a Russian port that oil is loaded at."""
    loaded: float = 0.06
    """For: reported more draught after that call."""
    transfer: float = 0.12
    """For: met the next vessel in an encounter."""
    renumbered: float = 0.05
    """For: a vessel on the way changed its MMSI."""
    discharge: float = 0.15
    """For: called at a North Korean port."""
    discharged: float = 0.06
    """For: reported less draught after that call."""
    flag: float = 0.06
    """For: a vessel on the way flies the flag of North Korea."""
    unknown_source: float = 0.06
    """Against: where the oil was loaded is not known."""
    weak_source: float = 0.08
    """Against: no call at an oil berth was seen at the source."""
    roads_only: float = 0.05
    """Against: the vessel was seen only in the roads of the North Korean port."""
    weak_transfer: float = 0.08
    """Against: two vessels met only in a `possible` encounter, and no draught says that oil passed."""
    not_tanker: float = 0.08
    """Against: a vessel on the way reports another type than a tanker."""
    possible_end: float = 0.05
    """Against: the call at its end was not seen."""
    possible_only: float = 0.05
    """Against: both ends are only possible."""
    draught_against: float = 0.08
    """Against: a reported draught changed the other way."""
    other_call: float = 0.04
    """Against: a vessel with the cargo called at another Russian port."""
    several: float = 0.05
    """Against: several vessels may have the oil."""
    not_arrived: float = 0.06
    """Against: no call at a North Korean port is known."""


class ChainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source_countries: tuple[str, ...] = ("RU",)
    """Countries (ISO 3166-1 alpha-2) whose ports are sources of oil."""
    end_countries: tuple[str, ...] = ("KP",)
    """Countries whose ports end a chain."""
    flags: tuple[str, ...] = ("KP",)
    """Flags of vessels that count as listed ones do."""
    oil_ports: tuple[str, ...] = ("RUPRI", "RUULU", "RUNVS", "RUTUA", "RUVNN")
    """Ports, by UN/LOCODE, whose berths count as oil berths although no terminal has a fence of its own.
    Source: the World Port Index gives them oil terminals."""
    pacific_east_of: float = 100.0
    """Degrees of longitude: source ports east of it are on the Pacific."""
    direct_days: float = 10.0
    """From a Pacific source to North Korea without a transfer. Source: Vostochny to Nampo is 2,059 km by sea,
    which takes 5 days at 9 knots."""
    far_days: float = 50.0
    """The same from the Baltic, the Black Sea and Murmansk."""
    transfer_days: float = 45.0
    """Days more if the cargo was passed on; also the whole time from an unknown source's transfer on. Source:
    judgement, by reports on tankers that wait for weeks to meet."""
    max_transfers: int = 5
    """Transfers that one cargo is followed through."""
    max_knots: float = 20.0
    """Two events that a vessel would have to sail faster between do not follow each other."""
    passage_knots: float = 14.0
    """Speed for the earliest arrival. Source: service speed of product tankers of this size."""
    draught_metres: float = 0.3
    """A change of reported draught from which it counts."""
    cargo_metres: float = 0.5
    """A change of draught that bunkers alone do not explain. Source: judgement; 200 t sink a tanker of 100 m
    by some 15 cm."""
    bunker_partners: int = 4
    """A vessel that met this many others in `bunker_days` before and after serves ships with bunkers or
    stores. Source: judgement."""
    bunker_days: float = 5.0
    """How long before and after a meeting the others are counted. Source: judgement."""
    transfer_confidence: float = 0.95
    """That oil passes in a `probable` encounter in which draughts agree."""
    silent_draught: float = 0.9
    """Factor if neither draught changed, or none was sent."""
    possible_factor: float = 0.6
    """Factor for events of the level `possible`."""
    other_type: float = 0.7
    """Factor if the receiver of a transfer is no tanker by its type."""
    contrary_draught: float = 0.3
    """Factor for each reported draught that changed the wrong way."""
    weak_source: float = 0.5
    """Confidence in a load where no oil berth was seen; 1 at an oil berth."""
    dark_load: float = 0.7
    """Confidence in a load that is only possible, because the vessel was not heard. Source: judgement."""
    dark_discharge: float = 0.7
    """The same for a discharge: a North Korean port was within reach, and the draught fell. Judgement."""
    roads_factor: float = 0.6
    """Factor for a call that was seen only in the roads."""
    min_confidence: float = 0.1
    """Ways that fall below this are not followed."""
    keep_days: float = 120.0
    """Events that chains are made from are kept this long after their end."""
    weights: ChainWeights = ChainWeights()

    def __post_init__(self) -> None:
        if self.max_transfers < 1:
            raise ValueError("max_transfers must be at least 1")
        if self.passage_knots <= 0 or self.max_knots <= 0:
            raise ValueError("passage_knots and max_knots must be above 0")
        for name in (
            *("transfer_confidence", "silent_draught", "possible_factor", "other_type"),
            *("contrary_draught", "weak_source", "dark_load", "dark_discharge"),
            *("roads_factor", "min_confidence"),
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1")
        if self.keep_days < self.far_days + self.transfer_days:
            raise ValueError("keep_days must cover far_days and transfer_days")
        if self.direct_days > self.far_days:
            raise ValueError("direct_days must be at most far_days")

    @property
    def keep(self) -> Millis:
        return int(self.keep_days * DAY)

    @property
    def bunkering(self) -> Millis:
        return int(self.bunker_days * DAY)

    def window(self, lon: float | None, transfers: int) -> Millis:
        """How long after its source a cargo may arrive; `lon` in degrees, None for an unknown source."""
        more = int(self.transfer_days * DAY)
        if lon is None:
            return more
        pacific = lon % 360 >= self.pacific_east_of and lon % 360 < 190
        days = self.direct_days if pacific else self.far_days
        return int(days * 24 * HOUR) + (more if transfers else 0)
