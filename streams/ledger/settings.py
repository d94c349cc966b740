"""The numbers that barrels are worked out with."""

import msgspec


class LedgerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cap_barrels: float = 500_000.0
    """Refined products that North Korea may import in a year (UNSCR 2397, paragraph 5)."""
    barrels_per_tonne: float = 7.5
    """Source: 8,000 t were put at 60,000 barrels with the table of the 1718 Committee. Gas oil 7.23, motor
    gasoline 8.50, residual fuel 6.62."""
    laden_low: float = 1 / 3
    """Share of the deadweight that a delivery is at the least, where no draught says more."""
    laden_mid: float = 0.6
    """The same in the middle."""
    laden_high: float = 0.9
    """The same at the most. Source of all three: judgement."""
    deadweight_factor: float = 0.22
    """Deadweight in tonnes is this times length times beam squared, in metres. Source: judgement, for small
    product tankers: displacement by a block coefficient of 0.78 and a draught of 0.42 beams, 70 % of it
    deadweight."""
    deadweight_spread: float = 0.25
    """An estimated deadweight may be wrong by this share. Source: judgement."""
    tonnes_per_metre: float = 0.87
    """Tonnes that sink a hull by a metre, for each square metre of length times beam: a waterplane
    coefficient of 0.85 in sea water."""
    draught_spread: float = 0.2
    """Landed cargo by draught may be wrong by this share. Source: judgement; draughts are entered by hand to
    0.1 m."""
    draught_common: float = 0.5
    """Share of that error which all calls have in common; the rest cancels out over several calls. Source:
    judgement: the waterplane is much the same in all, but each crew enters its own draughts."""
    draught_metres: float = 0.3
    """A change of draught from which it is used."""
    possible_share: float = 0.5
    """Share of the middle estimate that a possible dark call counts with, unless its draught says that it
    landed oil at a North Korean port. Source: judgement. Its low estimate is 0."""
    same_call_days: float = 2.0
    """Calls of one ship less than this apart are one delivery. Source: judgement; one load is landed at
    several ports, and no ship fetches another in that time."""
