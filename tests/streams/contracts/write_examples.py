"""Write the examples in docs/asyncapi.yaml: `python -m tests.streams.contracts.write_examples`."""

from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from geofences.drawn import read_outline
from models.drawn_fence import FenceVersion
from models.event import Event
from streams.sightings.fields import to_line
from streams.simulator.scenario import simulate
from tests.streams.contracts import recorded
from tests.streams.contracts.validators import ROOT

DOCUMENT: Final = ROOT / "docs" / "asyncapi.yaml"
MARK: Final = (
    "# Made from simulated recordings by `python -m tests.streams.contracts.write_examples`: "
    "everything below.\n"
)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, because JSON has none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def short(event: Event) -> Event:
    """The event with only the first and the last positions, so that the example is short."""
    positions = event.evidence.positions
    evidence = msgspec.structs.replace(event.evidence, positions=(*positions[:2], *positions[-2:]))
    return msgspec.structs.replace(event, evidence=evidence)


def events() -> list[dict[str, Any]]:
    encounters = [event for event in recorded.events("cho_do") if event.encounter]
    examples = {
        "encounter": ("A suspected transfer, just detected.", encounters[0]),
        "retracted": (
            "A retracted event.",
            next(e for e in recorded.taken_back() if e.status == "retracted"),
        ),
        "loitering": ("Loitering that is over.", next(e for e in recorded.closed() if e.loitering and e.end)),
        "port_visit": ("A port visit.", next(e for e in recorded.events("anchorage") if e.port_visit)),
        "gap": ("A gap that is over.", recorded.gaps()[-1]),
        "chain": ("A delivery chain with a transfer, still on its way.", recorded.chains()[0]),
        "dark_port_visit": (
            "A possible dark port visit.",
            [event for event in recorded.dark_visits() if event.dark_port_visit][-1],
        ),
        "identity": ("A tanker that took another name and IMO number.", recorded.identities()[0]),
        "position_anomaly": ("A tanker whose positions jumped.", recorded.position_anomalies()[1]),
        "dark_encounter": ("A possible dark encounter.", recorded.dark_encounters()[-1]),
        "dark_vessel": (
            "A vessel that a satellite saw and nobody heard.",
            next(event for event in recorded.sighted() if event.dark_vessel),
        ),
        "fence_entry": ("A tanker came into a drawn fence.", recorded.crossings()[0]),
        "fence_exit": ("It left the fence.", recorded.crossings()[1]),
    }
    result = []
    for name, (summary, event) in examples.items():
        (out,) = recorded.published([short(event)])
        result.append(_example(name, summary, msgspec.json.decode(out.value), recorded.headers(out)))
    return result


def rejects() -> list[dict[str, Any]]:
    outs = {recorded.headers(out)["reason"].partition(":")[0]: out for out in recorded.dead_letters()}
    wanted = {
        "bad_checksum": "A line damaged in transmission.",
        "no_frame": "A message of another version.",
    }
    return [
        _example(name, summary, outs[name].value.decode(errors="replace"), recorded.headers(outs[name]))
        for name, summary in wanted.items()
    ]


def sources() -> list[dict[str, Any]]:
    return [_example("udp", "A receiver that sends datagrams.", recorded.as_json(recorded.registration()))]


def frames() -> list[dict[str, Any]]:
    summaries = {"lines": "Two lines.", "idle": "No lines came.", "end": "The source has ended."}
    return [
        _example(kind, summary, next(recorded.as_json(f) for f in recorded.raw_frames() if f.kind == kind))
        for kind, summary in summaries.items()
    ]


def sightings() -> list[dict[str, Any]]:
    image, patrol = simulate("sighted_call", 1).sightings[-1], simulate("sighted_call", 1).sightings[0]
    return [
        _example("image", "A ship in a satellite image.", msgspec.json.decode(to_line(image))),
        _example("patrol", "A ship whose IMO number was read.", msgspec.json.decode(to_line(patrol))),
    ]


def drawn_fences() -> list[dict[str, Any]]:
    ring = [[124.5, 38.4], [125.2, 38.4], [125.2, 38.9], [124.5, 38.9], [124.5, 38.4]]
    version = FenceVersion(
        id="drawn-0123456789ab",
        version=1,
        name="Roads off Nampo",
        area=read_outline({"type": "Polygon", "coordinates": [ring]}),
        since="2024-10-30T00:00:00Z",
        valid_from="2024-10-30T00:05:00Z",
        by="Kim",
        drawn="2024-10-30T00:03:12Z",
    )
    return [_example("roads", "A fence that counts.", msgspec.json.decode(msgspec.json.encode(version)))]


def _example(name: str, summary: str, payload: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {"name": name, "summary": summary, **({"headers": headers} if headers else {}), "payload": payload}


MAKERS: Final = {
    **{"event": events, "reject": rejects, "source": sources, "frame": frames},
    "sighting": sightings,
    "drawnFence": drawn_fences,
}


def write(path: Path) -> None:
    traits = {f"{name}Examples": {"examples": make()} for name, make in MAKERS.items()}
    text = yaml.dump(
        {"messageTraits": traits}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110
    )
    head, _, _ = path.read_text(encoding="utf-8").partition(MARK)
    path.write_text(head + MARK + "".join(f"  {line}\n" for line in text.splitlines()), encoding="utf-8")


if __name__ == "__main__":
    write(DOCUMENT)
