"""Questions that investigators ask, as rows: who called and came near, met whom, was where, silent, or near.

Positions are those of the five-minute grid (`ticks`). Events that were retracted do not count.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import numpy as np

from geofences.distance import haversine_m
from models.time import DAY, HOUR, MINUTE, Millis
from streams.archive.database import Database, QueryError, Row
from streams.archive.naming import MILE_KM, Place, Ship, miles, moment

_SHIPS: Final = """
    numbers AS (SELECT DISTINCT mmsi, imo FROM identities WHERE imo IS NOT NULL),
    ships AS (
        SELECT a.mmsi AS mmsi, b.mmsi AS other FROM numbers a JOIN numbers b USING (imo)
        UNION SELECT mmsi, mmsi FROM visits
    )
"""
"""The MMSIs of one ship, by its IMO number."""
_JOINED: Final = HOUR
"""Milliseconds. Between positions further apart than this nobody knows where a vessel was."""


def called_then_near(
    database: Database, called: Place, near: Place, within_miles: float, within_days: float
) -> list[Row]:
    """Vessels that called at a port, and in the days after the call were within so many miles of a place.

    One row for each call, by arrival: the first position that near, and the nearest. The vessel may go by
    another MMSI then, if it sends the same IMO number. Raises QueryError where `called` is no fence.
    """
    if not called.fences:
        raise QueryError(f"{called.name!r} is no port; calls are known by fences: give a name or an id")
    kilometres = within_miles * MILE_KM
    values = {"ids": [fence.id for fence in called.fences], "days": within_days}
    found: dict[str, list[Any]] = {}
    for box in near.boxes(kilometres):
        table = database.table(
            f"""
            WITH {_SHIPS}, calls AS (
                SELECT *, coalesce(departed, detected) AS gone FROM visits WHERE list_has_any(fences, $ids)
            )
            SELECT c.id, c.arrived, c.departed, c.mmsi, c.imo, c.name, c.flag, c.port_name, c.confidence,
                   t.mmsi AS mmsi_then, t.time, t.lon, t.lat
            FROM calls c JOIN ships s ON s.mmsi = c.mmsi JOIN ticks t ON t.mmsi = s.other
            WHERE t.time > c.gone AND t.time <= c.gone + to_seconds($days * 86400)
              AND t.lon BETWEEN $west AND $east AND t.lat BETWEEN $south AND $north
            ORDER BY c.arrived, c.id, t.time
            """,  # noqa: S608 - texts of our own
            values | box,
        )
        far = near.distance_km(table["lon"].to_numpy(), table["lat"].to_numpy())
        for row, distance in zip(
            table.filter(far <= kilometres).to_pylist(), far[far <= kilometres], strict=True
        ):
            found.setdefault(row["id"], []).append((row, float(distance)))
    answer = []
    for rows in found.values():
        first, _ = min(rows, key=lambda each: (each[0]["time"], each[1]))
        nearest, distance = min(rows, key=lambda each: (each[1], each[0]["time"]))
        answer.append(
            {
                **{name: first[name] for name in ("mmsi", "imo", "name", "flag", "port_name", "arrived")},
                "departed": first["departed"],
                "confidence": first["confidence"],
                "near_from": first["time"],
                "mmsi_then": first["mmsi_then"],
                "nearest_miles": miles(distance),
                "nearest_at": nearest["time"],
                "lat": round(nearest["lat"], 4),
                "lon": round(nearest["lon"], 4),
                "visit": first["id"],
            }
        )
    return sorted(answer, key=lambda row: (row["arrived"], row["visit"]))


def met(database: Database, ship: Ship) -> list[Row]:
    """Who met a vessel: its encounters, and its possible ones while one of the two was silent, by start."""
    rows = database.rows(
        """
        SELECT * FROM events WHERE type IN ('encounter', 'dark_encounter') AND status <> 'retracted'
          AND (list_has_any(mmsis, $mmsis) OR list_contains(imos, $imo)) ORDER BY start, id
        """,
        {"mmsis": list(ship.mmsis), "imo": ship.imo},
    )
    return [_meeting(row, ship) for row in rows]


def _meeting(row: Row, ship: Ship) -> Row:
    second = row["other_mmsi"] in ship.mmsis or (ship.imo is not None and row["other_imo"] == ship.imo)
    own, other = ("other_", "") if second else ("", "other_")
    return {
        "start": row["start"], "end": row["end"], "type": row["type"], "level": row["level"],
        "hours": row["duration_hours"], "mmsi": row[f"{own}mmsi"], "met_mmsi": row[f"{other}mmsi"],
        "met_imo": row[f"{other}imo"], "met_name": row[f"{other}name"], "met_flag": row[f"{other}flag"],
        "met_watchlists": row[f"{other}watchlists"] or None, "median_distance_km": row["median_distance_km"],
        "lat": row["lat"], "lon": row["lon"], "event": row["id"],
    }  # fmt: skip


def where(database: Database, ship: Ship, time: Millis, within_days: float) -> list[Row]:
    """Where a vessel was at a time, under each MMSI and track segment.

    `at` is a position at that very time. Else `before` and `after` are the nearest positions within so many
    days, and `between`, if these are at most an hour apart, is the place on the straight line between them.
    Only segments with a position within the hour are told if there are any. Raises QueryError if there is no
    position.
    """
    values = {
        "mmsis": list(ship.mmsis), "time": moment(time), "first": moment(time - round(within_days * DAY)),
        "last": moment(time + round(within_days * DAY)),
    }  # fmt: skip
    rows = database.rows(
        """
        SELECT CASE WHEN time = $time THEN 'at' WHEN time < $time THEN 'before' ELSE 'after' END AS known,
               time, mmsi, segment, lat, lon, sog, cog FROM ticks
        WHERE list_contains($mmsis, mmsi) AND time BETWEEN $first AND $last
        QUALIFY row_number() OVER (PARTITION BY mmsi, segment, known ORDER BY abs(epoch_ms(time) -
            epoch_ms($time::TIMESTAMPTZ))) = 1
        ORDER BY mmsi, segment, time
        """,
        values,
    )
    if not rows:
        raise QueryError(
            f"{ship.asked}: no position within {within_days:g} days of that time; --days looks further"
        )
    tracks: dict[tuple[int, int], dict[str, Row]] = {}
    for row in rows:
        tracks.setdefault((row["mmsi"], row["segment"]), {})[row["known"]] = row
    near = [track for track in tracks.values() if any(_off(row, time) <= _JOINED for row in track.values())]
    if not near:
        nearest = [
            min((row for row in rows if row["known"] == known), key=lambda row: _off(row, time), default=None)
            for known in ("before", "after")
        ]
        return [_told(row, time) for row in nearest if row is not None]
    return [told for track in near for told in _on_track(track, time)]


def _on_track(track: dict[str, Row], time: Millis) -> Iterable[Row]:
    if "at" in track:
        yield _told(track["at"], time)
        return
    before, after = track.get("before"), track.get("after")
    if before:
        yield _told(before, time)
    if before and after and _millis(after) - _millis(before) <= _JOINED:
        share = (time - _millis(before)) / (_millis(after) - _millis(before))
        step = (after["lon"] - before["lon"] + 180) % 360 - 180
        lon = (before["lon"] + share * step + 180) % 360 - 180
        lat = before["lat"] + share * (after["lat"] - before["lat"])
        empty = {"known": "between", "time": moment(time), "sog": None, "cog": None, "lat": lat, "lon": lon}
        yield _told(before | empty, time)
    if after:
        yield _told(after, time)


def _told(row: Row, time: Millis) -> Row:
    off = round((_millis(row) - time) / MINUTE)
    return {
        "known": row["known"], "time": row["time"], "minutes": off, "mmsi": row["mmsi"],
        "segment": row["segment"], "lat": round(row["lat"], 4), "lon": round(row["lon"], 4),
        "knots": _rounded(row["sog"]), "course": _rounded(row["cog"]),
    }  # fmt: skip


def silent(database: Database, ship: Ship, longer_hours: float) -> list[Row]:
    """When a vessel was not heard for longer than so many hours, under any of its MMSIs; to five minutes.

    The last silence goes on as long as the archive has positions of others, up to a day without any; `until`
    is null then. `heard_hours` is in how many of these hours others were heard, anywhere: none means that the
    archive has nothing of that time. `gap` is the event of a gap in that time, if there is one: without one,
    nothing says that the vessel is to blame.
    """
    table = database.table(
        "SELECT epoch_ms(time) AS time, lon, lat FROM ticks WHERE list_contains($mmsis, mmsi) ORDER BY 1",
        {"mmsis": list(ship.mmsis)},
    )
    others = database.table(
        "SELECT DISTINCT epoch_ms(time) // $hour AS hour FROM ticks WHERE NOT list_contains($mmsis, mmsi) "
        "ORDER BY 1",
        {"mmsis": list(ship.mmsis), "hour": HOUR},
    )["hour"].to_numpy()
    gaps = database.rows(
        "SELECT id, level, start, \"end\" AS until FROM events WHERE type = 'gap' AND status <> 'retracted' "
        "AND list_has_any(mmsis, $mmsis) ORDER BY start",
        {"mmsis": list(ship.mmsis)},
    )
    if not table.num_rows:
        raise QueryError(f"{ship.asked}: the archive has no position of this vessel")
    times = table["time"].to_numpy()
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    answer = []
    for at in np.flatnonzero(np.diff(times) > longer_hours * HOUR).tolist():
        kilometres = float(haversine_m(lon[at], lat[at], lon[at + 1], lat[at + 1])) / 1000
        hours = float(times[at + 1] - times[at]) / HOUR
        answer.append(
            _silence(int(times[at]), int(times[at + 1]), hours, (lat[at], lon[at]))
            | {
                "until_lat": round(float(lat[at + 1]), 4),
                "until_lon": round(float(lon[at + 1]), 4),
                "miles": miles(kilometres),
                "knots": round(kilometres / MILE_KM / hours, 1),
            }
        )
    last = int(times[-1])
    after = np.concatenate([[last // HOUR], others[others > last // HOUR]])
    breaks = np.flatnonzero(np.diff(after) > DAY // HOUR)
    hour = int(after[breaks[0] if len(breaks) else -1])
    (newest,) = database.rows(
        "SELECT max(time) AS time FROM ticks WHERE epoch_ms(time) < $end", {"end": (hour + 1) * HOUR}
    )
    end = _millis(newest)
    if end - last > longer_hours * HOUR:
        answer.append(_silence(last, None, (end - last) / HOUR, (lat[-1], lon[-1])))
    for row in answer:
        until = row["until"] or moment(end)
        inside = [
            gap
            for gap in gaps
            if gap["start"] < until and (gap["until"] is None or gap["until"] > row["since"])
        ]
        begins, ends = (each.timestamp() * 1000 // HOUR for each in (row["since"], until))
        heard = (others >= begins) & (others < ends)
        row["heard_hours"] = int(heard.sum())
        row["gap"] = inside[0]["id"] if inside else None
        row["gap_level"] = inside[0]["level"] if inside else None
    return answer


def _silence(since: Millis, until: Millis | None, hours: float, where: tuple[Any, Any]) -> Row:
    return {
        "since": moment(since), "until": None if until is None else moment(until), "hours": round(hours, 1),
        "since_lat": round(float(where[0]), 4), "since_lon": round(float(where[1]), 4), "until_lat": None,
        "until_lon": None, "miles": None, "knots": None,
    }  # fmt: skip


def near(database: Database, place: Place, time: Millis, within_miles: float, minutes: float) -> list[Row]:
    """Who was within so many miles of a place, so many minutes before a time or after it.

    One row for each MMSI, the nearest first, with its nearest position.
    """
    kilometres = within_miles * MILE_KM
    window = round(minutes * MINUTE)
    best: dict[int, tuple[float, Row]] = {}
    for box in place.boxes(kilometres):
        table = database.table(
            """
            SELECT t.mmsi, v.imo, v.name, v.flag, v.role, t.time, t.lat, t.lon, t.sog FROM ticks t
            LEFT JOIN vessels v ON v.mmsi = t.mmsi
            WHERE t.time BETWEEN $first AND $last AND t.date BETWEEN $first::DATE AND $last::DATE
              AND t.lon BETWEEN $west AND $east AND t.lat BETWEEN $south AND $north ORDER BY t.time
            """,
            {"first": moment(time - window), "last": moment(time + window), **box},
        )
        far = place.distance_km(table["lon"].to_numpy(), table["lat"].to_numpy())
        for row, distance in zip(table.to_pylist(), far.tolist(), strict=True):
            if distance <= kilometres and distance < best.get(row["mmsi"], (np.inf, row))[0]:
                best[row["mmsi"]] = distance, row
    return [
        {
            "mmsi": row["mmsi"],
            "imo": row["imo"],
            "name": row["name"],
            "flag": row["flag"],
            "role": row["role"],
            "miles": miles(distance),
            "time": row["time"],
            "lat": round(row["lat"], 4),
            "lon": round(row["lon"], 4),
            "knots": _rounded(row["sog"]),
        }
        for distance, row in sorted(best.values(), key=lambda each: (each[0], each[1]["mmsi"]))
    ]


def _millis(row: Row) -> Millis:
    time: datetime = row["time"]
    return round(time.timestamp() * 1000)


def _off(row: Row, time: Millis) -> int:
    return abs(_millis(row) - time)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
