"""A user's fences and watchlists: read from files, and used by workers and feed as by a replay."""

import asyncio
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shapely import box

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceKind, Policy, dump_fences
from models.event import Event, from_json, to_json
from streams.deployment.config import Deployment, RunFiles
from streams.deployment.reference_data import ReferenceDataError, load_all_fences, load_reference_data
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.stages.core import Core
from streams.stages.rules import load_rules
from streams.watchlists.shipped import shipped_watchlist
from tests.scenarios.runs import find, frames
from tests.scenarios.simulated import recording
from tests.streams.deployments import make_topics, new_deployment, process, publish, reading, register
from tests.waiting import PATIENCE, eventually

NAME = "my-area"
LIST = "my list"


def fence(id_: str, lon: float, lat: float) -> Fence:
    area = box(lon - 0.2, lat - 0.2, lon + 0.2, lat + 0.2)
    return Fence(id_, "My area", FenceKind.WATCH_AREA, None, None, Policy.WATCH, "drawn by hand", area)


def written(folder: Path, *fences: Fence, mmsi: int = 273000001) -> RunFiles:
    (folder / "areas.geojson").write_text(dump_fences(fences))
    (folder / "vessels.csv").write_text(f"imo,mmsi,name,list,entry\n,{mmsi},SOME SHIP,{LIST},7\n")
    return RunFiles(None, (str(folder / "areas.geojson"),), (str(folder / "vessels.csv"),))


def test_files_add_to_what_ships_and_a_fence_of_the_same_id_replaces_one(tmp_path: Path) -> None:
    shipped = load_catalogue()
    files = written(tmp_path, fence(NAME, 10, 50), fence(shipped[0].id, 11, 51))
    data = load_reference_data(files)
    fences = {each.id: each for each in data.fences}
    assert fences.keys() == {NAME, *(each.id for each in shipped)}
    assert fences[shipped[0].id].name == "My area"
    assert tuple(fences.values()) == load_all_fences(files)
    assert [hit.list for hit in data.watchlist.match(mmsi=273000001, time=0)] == [LIST]
    assert len(data.watchlist) == len(shipped_watchlist()) + 1
    assert load_all_fences(RunFiles()) == shipped


def test_an_error_has_every_mistake_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text('{"type": "Feature"}')
    (tmp_path / "a.csv").write_text("imo,mmsi,name,list,entry\n123,,A,mine,1\n")
    missing = str(tmp_path / "none.geojson")
    files = RunFiles(None, (str(tmp_path / "a.geojson"), missing), (str(tmp_path / "a.csv"),))
    with pytest.raises(ReferenceDataError) as raised:
        load_reference_data(files)
    text = "\n".join(raised.value.problems)
    assert "a.geojson: feature 0" in text
    assert "none.geojson: can't be read" in text
    assert "a.csv: line 2: column imo" in text
    with pytest.raises(ReferenceDataError, match="can't be read"):
        load_all_fences(files)


def test_paths_of_several_files_are_separated_as_in_PATH() -> None:
    files = Deployment(fences="/a.geojson:/b.geojson", watchlists="/c.csv").files
    assert files == RunFiles(None, ("/a.geojson", "/b.geojson"), ("/c.csv",))


def replayed(files: RunFiles, name: str, lines: tuple[str, ...]) -> list[Event]:
    events: list[Event] = []
    core = Core([name], load_rules(files))
    Replay(core, on_event=events.append).run([Source(name, iter(frames(name, lines, 500)))])
    return events


@pytest.mark.services
async def test_workers_and_feed_use_the_files_of_their_deployment(
    kafka: str, redis_server: str, tmp_path: Path
) -> None:
    lines = recording("cho_do", 5)
    seen = find({"own": frames("own", lines, 500)})[-1]
    assert seen.vessel is not None
    position, mmsi = seen.position, int(seen.vessel.ssvid)
    files = written(tmp_path, fence(NAME, position.lon, position.lat), mmsi=mmsi)
    expected = [to_json(event) for event in replayed(files, "own", lines)]
    deployment = msgspec.structs.replace(
        new_deployment(kafka, redis_server), fences=files.fences[0], watchlists=files.watchlists[0]
    )
    await make_topics(deployment)
    await register(deployment, "own")
    await publish(deployment, "own", lines)
    async with reading(deployment) as (log, _):

        async def complete() -> bool:
            return len(await log.since(count=1000)) >= len(expected)

        with (
            process(deployment, tmp_path / "worker.log", "worker"),
            process(deployment, tmp_path / "sink.log", "sink"),
        ):
            await eventually(complete, "the events")
        found = [entry.json for entry in await log.since(count=1000)]
    assert found == expected
    last = from_json(found[-1])
    assert NAME in [relation.id for relation in last.geofences]
    assert LIST in [hit.list for vessel in last.vessels for hit in vessel.watchlists]
    feed_log = tmp_path / "feed.log"

    async def listening() -> bool:
        return "event=feed_started" in feed_log.read_text()

    with process(deployment, feed_log, "feed", "--port", "0"):
        await eventually(listening, "the feed")
        (url,) = re.findall(r"event=feed_started at=(\S+)", feed_log.read_text())
        shown = await asyncio.to_thread(fences_at, url.rstrip("/"))
    assert NAME in [feature["properties"]["id"] for feature in shown["features"]]


def fences_at(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/v1/fences.geojson", timeout=PATIENCE) as answer:
        return json.load(answer)
