"""Write the example events of docs/detectors and their maps: `python -m tests.docs.detector_examples`.

The events are made up: found in recordings of the simulator. It takes a minute or two.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from models.event import Event, EventType, Status, to_json
from models.report import Rows
from models.tick import Instant
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.simulator.scenario import simulate
from streams.stages.core import Core
from streams.stages.rules import Rules
from tests.docs.detector_map import svg
from tests.scenarios.runs import RULES, frames
from tests.streams.contracts.recorded import DRAWN

FOLDER: Final = Path("docs/detectors")
EXAMPLES: Final = FOLDER / "examples.json"
SEED: Final = 1
SCENARIOS: Final = {
    EventType.PORT_VISIT: "full_run",
    EventType.LOITERING: "full_run",
    EventType.ENCOUNTER: "full_run",
    EventType.CHAIN: "full_run",
    EventType.GAP: "dark_call_24",
    EventType.DARK_PORT_VISIT: "dark_call_24",
    EventType.IDENTITY: "imo_changed",
    EventType.DARK_ENCOUNTER: "dark_transfer",
    EventType.DARK_VESSEL: "never_heard",
    EventType.POSITION_ANOMALY: "spoofed_twice",
    EventType.FENCE_ENTRY: "full_run",
    EventType.FENCE_EXIT: "full_run",
}


@cache
def found(scenario: str) -> tuple[list[Event], dict[int, Rows]]:
    """The highest revision of each event in a scenario, and the ticks of each vessel by MMSI."""
    latest: dict[str, Event] = {}
    instants: list[Instant] = []

    def keep(event: Event) -> None:
        latest[event.id] = event

    made = simulate(scenario, SEED, "normal")
    core = Core(["a"], Rules(RULES.settings, (*RULES.surroundings.fences, DRAWN), RULES.watchlist))
    core.see(made.sightings)
    replay = Replay(core, on_event=keep, on_instant=instants.append)
    replay.run([Source("a", iter(frames("a", made.lines)))])
    ticks = np.concatenate([instant.ticks for instant in instants])
    ticks = ticks[np.lexsort([ticks["time"], ticks["mmsi"]])]
    mmsis, first = np.unique(ticks["mmsi"], return_index=True)
    return list(latest.values()), dict(zip(mmsis.tolist(), np.split(ticks, first[1:]), strict=True))


def example(kind: EventType) -> tuple[Event, dict[int, Rows]]:
    """The first of the surest events of this type."""
    events, tracks = found(SCENARIOS[kind])
    those = [event for event in events if event.type is kind and event.status is not Status.RETRACTED]
    return min(those, key=lambda event: (-event.score, event.start, event.id)), tracks


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    examples: dict[str, Any] = {}
    for kind, scenario in SCENARIOS.items():
        event, tracks = example(kind)
        (FOLDER / f"{kind}.svg").write_text(svg(event, tracks), encoding="utf-8")
        short = msgspec.structs.replace(
            event, evidence=msgspec.structs.replace(event.evidence, positions=event.evidence.positions[:2])
        )
        examples[kind] = {"scenario": scenario, "seed": SEED, "event": json.loads(to_json(short))}
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
