"""Ledger and facilitators of a feed: of the events that are kept, with the settings that the commands use."""

import httpx
import msgspec

from streams.facilitators.facilitator import facilitators
from streams.facilitators.settings import FacilitatorSettings
from streams.feed.analysis_settings import AnalysisSettings
from streams.ledger.book import deliveries
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from tests.streams.detection.chains.stories import KOREAN, A, Story
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import served

SETTINGS = AnalysisSettings(
    LedgerSettings(barrels_per_tonne=8.5, cap_barrels=1_000.0), FacilitatorSettings(least_times=1)
)


def story() -> Story:
    made = Story()
    made.ship(A, length_meters=180, beam_meters=32)
    made.visit(A, "nampo", 0, 20)
    made.meet(A, KOREAN, 5)
    return made


async def test_a_feed_counts_with_its_settings() -> None:
    events, log = story().events, InMemory()
    await log.add(sorted(events, key=lambda one: one.detected))
    counted = ledger(deliveries(events, SETTINGS.ledger), SETTINGS.ledger)
    found = facilitators(events, SETTINGS.facilitators)
    assert found
    assert facilitators(events, FacilitatorSettings()) == []
    async with served(log.log, analysis=SETTINGS) as url, httpx.AsyncClient(base_url=url) as client:
        years = (await client.get("/v1/ledger")).json()["years"]
        assert years == msgspec.json.decode(msgspec.json.encode(counted))
        assert years[0]["cap_barrels"] == 1_000.0
        named = (await client.get("/v1/facilitators")).json()["facilitators"]
        assert named == msgspec.json.decode(msgspec.json.encode(found))
