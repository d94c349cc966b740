"""The thresholds and weights of encounters. Design: section 4; every number is a setting."""

import msgspec

from models.time import HOUR, MINUTE, Millis
from streams.detection.reasons import Weights


class EncounterWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.2
    duration: float = 0.12
    """For: time in contact; the full weight from `full_hours` on, proportionally less before."""
    alongside: float = 0.1
    """For: the hulls were within `alongside_metres`."""
    close: float = 0.05
    """For: the antennas were within `close_metres` (median); only where `alongside` does not count."""
    bridged: float = 0.03
    """For: alongside before and after a silence that is too long to count as contact."""
    identity_changed: float = 0.05
    """For: each vessel that changed its MMSI, name, call sign, IMO number or type during the contact."""
    watched_area: float = 0.08
    """For: in a fence whose policy is `watch`."""
    watchlist: float = 0.12
    flag: float = 0.06
    """For: each vessel whose flag is one of `flags`."""
    two_tankers: float = 0.04
    """For: both are tankers."""
    draught: float = 0.05
    """For: each vessel whose draught changed by at least `draught_metres`."""
    moored_at_sea: float = 0.05
    """For: one reports to be moored, far from any port and shore, and not where ships rest."""
    wide_gap: float = 0.15
    """Against: the hulls were more than `wide_gap_metres` apart (median)."""
    far: float = 0.1
    """Against: the antennas were more than `far_metres` apart (median); only where no hull gap is known."""
    rounded: float = 0.1
    """Against: positions are rounded so coarsely that the distance is not known well."""
    size_unknown: float = 0.05
    """Against: no hull gap can be computed."""
    one_hull: float = 0.15
    """Against: the two may be one hull, or a tow."""
    at_anchor: float = 0.05
    """Against: both report that they are at anchor or moored, and their hulls do not touch."""
    moored: float = 0.05
    """Against: one reports to be moored within `port_km` of a port, outside watched areas."""
    near_port: float = 0.1
    """Against: began within `port_km` of a port, outside watched areas."""
    resting_place: float = 0.1
    """Against: many other ships lay at rest near it over the last days, outside watched areas."""
    not_learnt: float = 0.02
    """Against: there are too few days of data yet to know where ships rest."""
    anchored_off_port: float = 0.1
    """Against: one reports to be at anchor or moored within `roads_km` of a port, outside watched areas."""
    berth_by_shore: float = 0.1
    """Against: both are moored or lie still, within `jetty_km` of the shore, outside watched areas."""
    harbour_craft: float = 0.05
    """Against: one is shorter than `craft_metres`, within `roads_km` of a port, outside watched areas."""
    shared_mmsi: float = 0.15
    type_unknown: float = 0.05
    """Against: each vessel whose ship type is not confirmed."""
    type_changed: float = 0.05
    """Against: each tanker that now reports another ship type."""
    jamming: float = 0.1
    """Against: positions of its ship and of others jumped at the time."""


class EncounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    near_metres: float = 500.0
    """A contact begins at this distance of the antennas or less (GFW)."""
    keep_metres: float = 750.0
    """A contact lasts up to this distance. Source: judgement; antennas swing at anchor."""
    slow_knots: float = 2.0
    """Two vessels are in contact when both are slower than this (GFW)."""
    drift_knots: float = 3.5
    """Two that drift together, in the same direction at the same speed, are in contact up to this speed.
    Source: currents in the Yellow Sea and the straits of Japan reach 3 knots."""
    agree_knots: float = 0.5
    """Two drift together when they move relative to each other by no more than this. Source: judgement."""
    under_way_knots: float = 6.0
    """Two that lie alongside are in contact up to this speed. Source: transfers under way are done at 4 to 6
    knots (OCIMF, Ship to Ship Transfer Guide)."""
    steady_metres: float = 60.0
    """A place beside another vessel stays the same when it moves by no more than this. Source: errors of
    positions."""
    steady_degrees: float = 20.0
    """A difference of headings stays the same when it changes by no more than this. Source: judgement."""
    silence_minutes: float = 110.0
    """A silence up to this long counts as contact if there is contact at both ends. Source: the time that a
    satellite in a low orbit takes to come round again (about 100 minutes)."""
    bridge_hours: float = 24.0
    """A silence up to this long is bridged if both ends are alongside and a drift joins them. Judgement."""
    bridge_knots: float = 3.0
    """Over a silence, a drift is at most this fast. Source: as for `drift_knots`."""
    merge_hours: float = 4.0
    """Contacts less than this apart are one event (GFW), which is closed this long after its last contact."""
    possible_minutes: float = 30.0
    """Contact from which an encounter is `possible` (Skylight)."""
    probable_minutes: float = 120.0
    """Contact from which an encounter is `probable` (GFW)."""
    alongside_metres: float = 50.0
    """Hulls this close lie alongside (Starboard)."""
    alongside_minutes: float = 60.0
    """Time alongside, without a break, from which an encounter is `probable`. Source: judgement."""
    wide_gap_metres: float = 150.0
    """An encounter whose hulls are typically (median) farther apart stays `possible`. Source: judgement; no
    hose spans it."""
    close_metres: float = 100.0
    """Median distance of antennas up to which closeness counts. 9 of 10 of GFW's encounters are within 90
    m."""
    far_metres: float = 250.0
    """Median distance of antennas beyond which an encounter stays `possible` where no hull gap is known
    (Skylight: 250 m)."""
    coarse_metres: float = 3000.0
    """Positions that rounding may put farther off than this tell nothing of a contact. Source: judgement; the
    diagonal of a cell of one minute, which some sources round to."""
    position_metres: float = 10.0
    """Error of one position: the better of the two classes of accuracy that AIS knows (ITU-R M.1371)."""
    full_hours: float = 12.0
    """Contact from which the duration has its full weight. Source: judgement."""
    port_km: float = 10.0
    """Closer to a port than this, ships lie close together anyway (GFW leaves such encounters out)."""
    roads_km: float = 30.0
    """Closer to a port than this, ships at anchor take on fuel and stores. Source: judgement; anchorages of
    large ports reach 15 nautical miles out."""
    berth_shore_km: float = 10.0
    """Closer to the shore than this, a ship that reports to be moored may lie at a berth that no list of
    ports has, so it is no sign of another ship alongside. Source: judgement; the coarser of the land data
    are off by some kilometres."""
    jetty_km: float = 3.0
    """Closer to the shore than this, two that lie as at berths may lie at berths that no list of ports has.
    Source: judgement; few jetties are longer, and farther out transfers are ordinary."""
    still_metres: float = 25.0
    """A vessel lies still if 9 of 10 of its positions are within this of their middle, and its heading keeps
    its direction or it stays for `still_hours`: at a berth, whatever status it sends. Source: judgement;
    errors of positions."""
    still_degrees: float = 2.5
    """A heading keeps its direction if it is within this of its median 9 of 10 times. Source: judgement; a
    ship at anchor yaws by more, even in calm water."""
    still_hours: float = 12.0
    """After this, a ship at anchor has swung with the tide. Source: the period of the semidiurnal tide, 12.4
    hours."""
    tow_metres: float = 200.0
    """One right ahead of the other may tow it if there is no more than this between their hulls. Source: a
    tow longer than this has to show a sign of its own (COLREGs, rule 24)."""
    berth_gap_metres: float = 25.0
    """Two moored in a harbour whose hulls are typically farther apart than this lie at berths of their own.
    Source: judgement; mooring lines need that room between ships at one quay."""
    craft_metres: float = 40.0
    """Vessels shorter than this may be harbour craft. Source: judgement."""
    status_share: float = 0.5
    """A vessel counts as at anchor, or as moored, if more than this share of its positions report that."""
    draught_metres: float = 0.3
    """Smallest change of draught that counts. Crews enter it in steps of 0.1 m. Source: judgement."""
    flags: tuple[str, ...] = ("KP",)
    """Flags that count for an encounter, ISO 3166-1 alpha-2, by the MMSI."""
    course_knots: float = 1.0
    """Above this speed the course stands in for a heading that is not sent. Source: judgement."""
    co_moving_knots: float = 3.0
    """Two transponders move together when both are faster than this and their distance stays the same: they
    may be on one hull, or one vessel tows the other. Source: judgement."""
    co_moving_metres: float = 400.0
    """Two farther apart than this do not move together. Source: the length of the longest ships."""
    co_moving_spread_metres: float = 60.0
    """Largest standard deviation of a distance that stays the same. Source: errors of positions."""
    co_moving_instants: int = 6
    """Instants of the grid at which two have to move together to be taken for one. Source: judgement."""
    co_moving_window: int = 24
    """The latest instants, this many at most, that the distances are compared at. Source: judgement."""
    co_moving_hours: float = 24.0
    """How long it is remembered that two moved together. Source: judgement."""
    overlap_share: float = 0.3
    """Hulls that overlap by this share of the smaller one, at their typical (median) place beside each other
    while moving together, are one hull: two ships alongside do not overlap. Source: judgement."""
    apart_metres: float = 1000.0
    """Two that were ever seen farther apart than this are two ships. Source: judgement."""
    small_metres: float = 40.0
    """Fishing and pleasure craft shorter than this that move together are pair trawlers or the like; a vessel
    shorter than this that moves with a larger one may be a tug. Source: judgement."""
    candidate_hours: float = 24.0
    """How long a contact waits for one of the two to be confirmed as a tanker."""
    kept_instants: int = 600
    """Instants kept of one pair; above that the older half is thinned (600 are two days)."""
    thin_minutes: float = 30.0
    """Thinning leaves no more than this between two instants; and where one vessel is heard while the other
    is silent is noted this often."""
    samples: int = 60
    """Positions of each vessel in the evidence."""
    weights: EncounterWeights = EncounterWeights()

    def __post_init__(self) -> None:
        if not 0 < self.near_metres <= self.keep_metres:
            raise ValueError("near_metres must be above 0 and at most keep_metres")
        if self.slow_knots <= 0:
            raise ValueError("slow_knots must be above 0")
        if not 0 < self.possible_minutes <= self.probable_minutes:
            raise ValueError("possible_minutes must be above 0 and at most probable_minutes")
        if self.silence_minutes > self.merge_hours * 60:
            raise ValueError("silence_minutes must be at most merge_hours")
        if self.full_hours <= 0:
            raise ValueError("full_hours must be above 0")
        if not 2 <= self.co_moving_instants <= self.co_moving_window:
            raise ValueError("co_moving_instants must be at least 2 and at most co_moving_window")
        if self.kept_instants < 4:
            raise ValueError("kept_instants must be at least 4")
        if self.thin_minutes > self.silence_minutes:
            raise ValueError("thin_minutes must be at most silence_minutes")
        if self.samples < 4:
            raise ValueError("samples must be at least 4")

    @property
    def silence(self) -> Millis:
        return round(self.silence_minutes * MINUTE)

    @property
    def bridge(self) -> Millis:
        return round(self.bridge_hours * HOUR)

    @property
    def merge(self) -> Millis:
        return round(self.merge_hours * HOUR)

    @property
    def thin(self) -> Millis:
        return round(self.thin_minutes * MINUTE)
