"""What is ordinary about the place of an encounter."""

import pytest

from streams.detection.encounters.contact import Contact
from streams.detection.encounters.ordinary import Ordinary
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.resting import Rest, RestSettings
from tests.streams.track_factories import A, B


@pytest.mark.parametrize(
    ("port_km", "shore_km", "others", "expected"),
    [
        (80.0, 40.0, 0, True),
        (80.0, 3.0, 0, False),  # a berth that no list of ports has
        (80.0, 40.0, 50, False),  # or a place where many rest
        (12.0, 40.0, 0, False),
    ],
)
def test_to_be_moored_tells_of_another_ship_only_far_from_berths(
    port_km: float, shore_km: float, others: int, expected: bool
) -> None:
    rest = Rest(near=others, wide=others, crowded=others > 0, days=3.0, learnt=True)
    contact = Contact((), (), (), 0, 5.0, (0, 0), (0, 0), (0, 0), False)
    known = rest, RestSettings(), False
    place = Ordinary(contact, port_km, shore_km, *known, (A, B), (A, B), (), frozenset())
    codes = {reason.code for reason in place.reasons(EncounterSettings())}
    assert codes == ({"moored_at_sea"} if expected else set())
