"""Ships with made-up identities: plausible names, sizes and numbers of the kinds that scenarios need."""

from typing import Final

import numpy as np

from streams.simulator.vessel import Ship, imo_number

_FLAGS: Final = {
    "613": "TJ",  # Cameroon
    "671": "5V",  # Togo
    "511": "T8",  # Palau
    "352": "H3",  # Panama
    "538": "V7",  # Marshall Islands
    "477": "VR",  # Hong Kong
    "412": "B",  # China
    "273": "U",  # Russia
    "440": "D7",  # Korea
    "445": "HM",  # North Korea
}
"""Maritime identification digits of flags, and how their call signs begin."""

_RUSSIA: Final = "273"
_COMMON: Final = tuple(mid for mid in _FLAGS if mid != "445")
"""Those that ships fly unless a scenario says otherwise."""

_FIRST: Final = ("SEA", "OCEAN", "PACIFIC", "EASTERN", "GOLDEN", "SILVER", "NORTH", "BLUE", "BRIGHT", "AMBER")
_SECOND: Final = (
    "PIONEER",
    "STAR",
    "HOPE",
    "WAVE",
    "DRAGON",
    "FORTUNE",
    "SPIRIT",
    "HORIZON",
    "CRANE",
    "DAWN",
)


class Fleet:
    """Draws ships; no number twice.

    IMO numbers are below 5000000, where no ship afloat has one, so that none is mistaken for a real ship.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: set[int] = set()

    def _number(self, low: int, high: int) -> int:
        while (number := int(self._rng.integers(low, high))) in self._used:
            pass
        self._used.add(number)
        return number

    def ship(
        self,
        ship_type: int,
        length: tuple[int, int],
        *,
        class_b: bool = False,
        name: str | None = None,
        flag: str | None = None,
        partner: bool = True,
        destination: str = "",
    ) -> Ship:
        """A ship of a type (ITU-R M.1371-5 table 53) with a length in a range of metres.

        The antenna stands aft, a tenth to a quarter of the length from the stern, as a tanker's bridge does.
        """
        rng = self._rng
        mid = flag or str(rng.choice(_COMMON))
        mmsi = self._number(int(mid) * 1_000_000, int(mid) * 1_000_000 + 1_000_000)
        metres = int(rng.integers(length[0], length[1] + 1))
        beam = max(2, round(metres * rng.uniform(0.14, 0.18)))
        letters = [chr(65 + int(n)) for n in rng.integers(0, 26, 3)]
        if mid == _RUSSIA:  # UJ to UZ are other countries'
            letters[0] = chr(65 + ord(letters[0]) % 9)
        sign = _FLAGS.get(mid, "X") + "".join(letters)
        made_up = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {int(rng.integers(1, 99))}"
        return Ship(
            mmsi=mmsi,
            name=made_up if name is None else name,
            callsign=sign,
            imo=0 if class_b else imo_number(self._number(400_000, 500_000)),
            ship_type=ship_type,
            length=metres,
            beam=beam,
            to_bow=min(metres - 1, round(metres * rng.uniform(0.75, 0.9))),
            to_port=max(1, min(beam - 1, round(beam * rng.uniform(0.4, 0.6)))),
            draught=0.0 if class_b else round(metres * rng.uniform(0.04, 0.06), 1),
            class_b=class_b,
            partner=partner,
            destination=destination,
        )

    def tanker(self, length: tuple[int, int] = (70, 130), **more: object) -> Ship:
        """A product tanker: types 80 to 84 and 89."""
        return self.ship(int(self._rng.choice([80, 80, 81, 82, 83, 84, 89])), length, **more)  # type: ignore[arg-type]

    def cargo(self, length: tuple[int, int] = (80, 160)) -> Ship:
        return self.ship(int(self._rng.choice([70, 70, 71, 79])), length)

    def buoy(self, number: int, ship_like: bool) -> Ship:
        """A net buoy: class B, its battery's charge in its name, under a ship's number or nobody's."""
        rng = self._rng
        low = 412_000_000 if ship_like else 100_000_000
        mmsi = self._number(low, low + 1_000_000)
        name = f"NET {number:02d}-{int(rng.integers(30, 100))}%"
        return Ship(mmsi, name, "", 0, 37, 2, 2, 1, 1, class_b=True, partner=False)
