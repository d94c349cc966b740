"""Requests that a feed takes: well-formed, of things that it has, with wild values where anything is allowed.

What an answer names (fences, silences, the next page) is asked for again, changed and deleted later.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from models.event import EventType
from models.review import Disposition
from tests.streams.feed.hostile_names import TEXTS

MOST: Final = 300
"""Things of a kind that are remembered."""
ALPHABET: Final = "aZ09 -_'\"<>&=,;:/\\%\t\n\r\x00\x1b\x7f\x85éßИ朝\u0301\u200b\u202e\ufeff\ufffd😀"
TIMES: Final = (
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-02-29T23:59:59.999+14:00", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00", "2026-03-01t12:00:00z", "2026-03-01T24:00:00Z",
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """What a feed has, as far as those who ask know."""

    events: Sequence[str]
    vessels: Sequence[str]
    times: Sequence[str]
    """Times at which events were detected."""
    fences: dict[str, int] = field(default_factory=dict)
    """Versions of drawn fences."""
    silences: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    """What the list of vessels calls `next`."""
    entries: list[str] = field(default_factory=lambda: ["0"])
    """Entries of the log, as the stream names them."""


class DeepRequests:
    """`one` is the next request, and `learn` takes the answer to it."""

    def __init__(self, seed: int, known: Known, token: str = "") -> None:
        self._chance, self._known, self._token = random.Random(seed), known, token
        self._kinds: tuple[tuple[int, Callable[[], bytes]], ...] = (
            (10, self._events),
            (4, self._export),
            (8, self._event),
            (8, self._review),
            (3, lambda: self._get("/v1/reviews", {"format": self._chance.choice(("json", "csv"))})),
            (6, self._vessels),
            (6, self._vessel),
            (8, self._search),
            (5, self._analysis),
            (6, self._silence),
            (4, self._end_of_silence),
            (10, self._fence),
            (6, self._edit),
            (3, self._removal),
            (3, self._stream),
            (4, self._plain),
        )

    def one(self) -> bytes:
        weights = [weight for weight, _ in self._kinds]
        ((_, make),) = self._chance.choices(self._kinds, weights)
        return make()

    def learn(self, request: bytes, body: bytes) -> None:
        """Remembers what an answer with status 200 or 201 names."""
        known, path = self._known, request.split(b" ", 2)[1].decode()
        if path.startswith("/v1/events/stream"):
            known.entries += [line[4:].decode() for line in body.splitlines() if line.startswith(b"id: ")][:3]
            del known.entries[:-MOST]
            return
        try:
            answer = json.loads(body)
        except ValueError:  # a table, or an answer that was not read to its end
            return
        if not isinstance(answer, dict):
            return
        if path.startswith("/v1/fences") and "version" in answer:
            if answer["deleted"]:
                known.fences.pop(answer["id"], None)
            else:
                known.fences[answer["id"]] = answer["version"]
        elif path == "/v1/silences" and "until" in answer:
            known.silences.append(answer["id"])
        elif path.startswith("/v1/events?") and answer.get("next"):
            known.cursors.append(answer["next"])
        elif path.startswith("/v1/vessels") and answer.get("next"):
            known.positions.append(answer["next"])
        for some in (known.silences, known.cursors, known.positions):
            del some[:-MOST]

    # what is asked

    def _events(self) -> bytes:
        query = self._filters() | self._moment() | self._period()
        if self._often(0.5):
            query["limit"] = str(self._chance.choice((1, 2, 7, 100, 1_000)))
        if self._known.cursors and self._often(0.3):
            query["cursor"] = self._chance.choice(self._known.cursors)
        return self._get("/v1/events", query)

    def _export(self) -> bytes:
        form = self._chance.choice(("csv", "geojson", "parquet", "kml", "atom"))
        query = self._filters() | self._moment()
        query |= {"limit": "1000"} if form == "atom" else self._period()
        if form == "geojson" and self._often(0.5):
            query["flat"] = self._chance.choice(("true", "false"))
        return self._get(f"/v1/events.{form}", query)

    def _event(self) -> bytes:
        end = self._chance.choice(("", "/track"))
        return self._get(f"/v1/events/{self._chance.choice(self._known.events)}{end}", self._moment())

    def _review(self) -> bytes:
        path = f"/v1/events/{self._chance.choice(self._known.events)}/review"
        given = {
            "by": self._name(),
            "disposition": self._chance.choice(list(Disposition)),
            "note": self._text(4_000),
        }
        return self._send("POST", path, given, self._moment())

    def _vessels(self) -> bytes:
        query = self._moment()
        for name in ("tankers", "listed"):
            if self._often(0.3):
                query[name] = self._chance.choice(("true", "false"))
        if self._often(0.3):
            query["bbox"] = self._box()
        if self._often(0.3):
            query["mmsi"] = self._chance.choice((*self._known.vessels, "0", "999999999"))
        if self._often(0.2):
            query["since"] = self._time()
        elif self._known.positions and self._often(0.3):
            query["after"] = self._chance.choice((*self._known.positions, self._text(40)))
        return self._get("/v1/vessels", query)

    def _vessel(self) -> bytes:
        path = f"/v1/vessels/{self._chance.choice((*self._known.vessels, '0', '999999999'))}"
        if self._often(0.5):
            return self._get(f"{path}/track", self._moment() | self._period())
        return self._get(path, self._moment())

    def _search(self) -> bytes:
        words = (
            *self._known.vessels, "hope", "nampo", "IMO 9", "MMSI 273", "kp", self._chance.choice(TEXTS[:-1]),
            self._text(100) or "x", self._known.events[0][:8], "a " * 50,
        )  # fmt: skip
        query = {"q": self._chance.choice(words)[:100], "limit": str(self._chance.choice((1, 8, 50)))}
        return self._get("/v1/search", query | self._moment())

    def _analysis(self) -> bytes:
        path = self._chance.choice(("ledger", "facilitators", "coverage"))
        query = self._moment()
        if path == "ledger" and self._often(0.5):
            query["year"] = self._chance.choice(("1", "2025", "2026", "9999"))
        if path == "coverage":
            query["hours"] = str(self._chance.randint(1, 24))
        return self._get(f"/v1/{path}", query)

    def _silence(self) -> bytes:
        later = self._chance.choice(
            ("2099-12-31T00:00:00Z", "9999-12-31T23:59:59Z", "2040-02-29T00:00:00.5Z")
        )
        given: dict[str, Any] = {"by": self._name(), "until": later, "note": self._text(1_000)}
        if self._often(0.5):
            given["mmsi"] = self._chance.choice((1, 999_999_999, *map(int, self._known.vessels)))
        if self._often(0.3):
            given["bbox"] = self._box()
        if self._often(0.2):
            given["start"] = self._time()
        return self._send("POST", "/v1/silences", given)

    def _end_of_silence(self) -> bytes:
        id = self._taken(self._known.silences) or "0" * 16
        return self._send("POST", f"/v1/silences/{id}/end", {"by": self._name(), "note": self._text(1_000)})

    def _fence(self) -> bytes:
        return self._send("POST", "/v1/fences", self._drawing())

    def _edit(self) -> bytes:
        id, version = self._drawn()
        return self._send("PUT", f"/v1/fences/{id}", self._drawing() | {"version": version})

    def _removal(self) -> bytes:
        id, version = self._drawn()
        return self._send("DELETE", f"/v1/fences/{id}", None, {"version": str(version), "by": self._name()})

    def _stream(self) -> bytes:
        return self._get(
            "/v1/events/stream", self._filters() | {"since": self._chance.choice(self._known.entries)}
        )

    def _plain(self) -> bytes:
        paths = (
            "/", "/v1/fences", "/v1/fences.geojson", "/v1/fences/drawn.geojson", "/v1/silences", "/v1/audit",
            "/v1/sources", "/v1/config", "/v1/replay", "/v1/replay/marks", "/healthz", "/metrics",
            "/openapi.json", "/static/main.js", "/static/land.geojson",
        )  # fmt: skip
        return self._get(self._chance.choice(paths), {})

    # values

    def _often(self, share: float) -> bool:
        return self._chance.random() < share

    def _taken(self, some: list[str]) -> str | None:
        return some.pop(self._chance.randrange(len(some))) if some else None

    def _drawn(self) -> tuple[str, int]:
        """A drawn fence in its last version; now and then in one that it never had."""
        if not self._known.fences:
            return "drawn-0123456789ab", 1
        id, version = self._chance.choice(list(self._known.fences.items()))
        return id, version if self._often(0.9) else 99

    def _drawing(self) -> dict[str, Any]:
        return {"name": self._name(), "by": self._name(), "geometry": self._outline()}

    def _outline(self) -> dict[str, Any]:
        """A polygon around somewhere: small or huge, over the antimeridian, at a pole, with a hole, or with
        sides that cross."""
        chance = self._chance
        lon, lat = chance.uniform(-180, 180), chance.uniform(-90, 90)
        if self._often(0.6):
            lon, lat = chance.uniform(120, 135), chance.uniform(36, 44)
        size = 10 ** (chance.uniform(-3, 0.5) if self._often(0.8) else chance.uniform(-9, 2))
        ring = [
            [lon - size, lat - size], [lon + size, lat - size], [lon + size, lat + size],
            [lon - size, lat + size], [lon - size, lat - size],
        ]  # fmt: skip
        if self._often(0.1):
            ring[1], ring[2] = ring[2], ring[1]
        if self._often(0.2):
            ring = [point[:] for point in ring for _ in range(chance.choice((1, 2, 400)))]
        if self._often(0.1):
            ring = [[*point, chance.uniform(-1e9, 1e9)] for point in ring]
        rings = [ring]
        if self._often(0.2):
            rings.append([[lon + (x - lon) / 2, lat + (y - lat) / 2] for x, y, *_ in ring])
        if self._often(0.2):
            return {"type": "MultiPolygon", "coordinates": [rings] * chance.choice((1, 2))}
        return {"type": "Polygon", "coordinates": rings}

    def _filters(self) -> dict[str, str]:
        chance, query = self._chance, dict[str, str]()
        offers: Mapping[str, Sequence[str]] = {
            "type": list(EventType), "level": ("possible", "probable"),
            "status": ("open", "closed", "retracted"),
            "country": ("KP", "ru", "ZZ"), "flag": ("RU", "kp", "ZZ"), "mmsi": ("0", *self._known.vessels),
            "imo": ("0000000", "9006758"), "fence": ("kp-nampo-roads", self._text(50), *self._known.fences),
            "watchlist": ("Watched", self._text(50)),
        }  # fmt: skip
        for name, values in offers.items():
            for given in (name, f"not_{name}"):
                if given not in ("not_level", "not_status") and self._often(0.06):
                    some = chance.choices([value for value in values if value], k=chance.choice((1, 1, 3)))
                    query[given] = ",".join(some)
        if self._often(0.1):
            query["bbox"] = self._box()
        if self._often(0.1):
            query["min_score"] = chance.choice(("0", "1", "0.5", "1e-300", "0.9999999999999999"))
        return query

    def _moment(self) -> dict[str, str]:
        return {"at": self._time()} if self._often(0.25) else {}

    def _period(self) -> dict[str, str]:
        some = sorted(self._chance.choices(self._known.times, k=2))
        return {name: time for name, time in zip(("start", "end"), some, strict=True) if self._often(0.2)}

    def _time(self) -> str:
        return self._chance.choice(self._known.times if self._often(0.7) else TIMES)

    def _box(self) -> str:
        west, east = (self._chance.choice((-180, 180, 124, 132.5, -0.000001, 179.999999)) for _ in range(2))
        south, north = sorted(self._chance.sample((-90, 90, 36, 43.25, 0, 1e-5), 2))
        return f"{west:f},{south:f},{east:f},{north:f}"

    def _name(self) -> str:
        return self._text(60).strip() or "Kim"

    def _text(self, most: int) -> str:
        """At most so many characters, of any kind that JSON has."""
        if self._often(0.3):
            return self._chance.choice(TEXTS[:-1])[:most]
        if self._often(0.1):
            return self._chance.choice(ALPHABET) * most
        return "".join(self._chance.choices(ALPHABET, k=self._chance.randrange(min(most, 40))))

    # as bytes

    def _get(self, path: str, query: Mapping[str, str]) -> bytes:
        return self._send("GET", path, None, query)

    def _send(self, method: str, path: str, content: Any, query: Mapping[str, str] | None = None) -> bytes:
        asked = "&".join(f"{name}={quote(value)}" for name, value in (query or {}).items())
        lines = [f"{method} {path}{'?' if asked else ''}{asked} HTTP/1.1", "Host: localhost"]
        lines += [f"Authorization: Bearer {self._token}", "Connection: close"]
        if self._often(0.5):
            lines.append("Accept-Encoding: gzip")
        body = b"" if content is None else json.dumps(content, ensure_ascii=self._often(0.5)).encode()
        if content is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
