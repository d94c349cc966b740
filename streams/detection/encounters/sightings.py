"""Sightings: puts the ticks of an instant on the pairs of vessels that are near each other, or were lately.

What it adds up to is judged in `detector.py`.
"""

import math
from collections.abc import Callable, Iterable
from itertools import compress
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from geofences.distance import Floats, haversine_m, unwrap
from geofences.surroundings import Surroundings
from models.report import Rows, joined
from models.tick import TICK
from models.time import Millis
from models.vessel import ON_OWN_TRACK, Identity, OffTrack
from streams.detection.encounters import silence
from streams.detection.encounters.company import place_beside
from streams.detection.encounters.encounter import CoMoving, Key, Pair
from streams.detection.encounters.lone_ticks import LoneTicks, PairCodes
from streams.detection.encounters.pair_sample import PairSample, after, pair_samples
from streams.detection.encounters.pairs import Pairs
from streams.detection.encounters.receivers import Receivers
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import HeardAlone
from streams.detection.encounters.standing import Standing
from streams.detection.explanation import merge_receivers
from streams.detection.ticks.history import Dumped
from streams.detection.ticks.neighbours import Fresh, Neighbours
from streams.detection.ticks.packed import SEGMENTS

Bools = npt.NDArray[np.bool_]
KEPT_ALONE: Final = 64
"""Places where one vessel was heard alone that are kept of a pair before they are settled."""

_SURELY: Final = 0.98
"""Share of a distance on the sphere that there surely is on the plane in which hulls are measured."""


class _Met(NamedTuple):
    """Two vessels at one instant."""

    key: Key
    sample: PairSample
    near: bool  # whether they are neighbours there; if not, they are noted only if they are followed
    matters: bool  # whether neighbours may become a pair there


class Sightings:
    """State: the recent ticks of all vessels. The pairs that it notes things of are kept in `pairs`.

    The state is kept in pieces. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        pairs: Pairs,
        surroundings: Surroundings,
        settings: EncounterSettings,
        step: Millis,
        keep: Millis,
        identity_of: Callable[[int], Identity],
        seen: Callable[[int, int, PairSample], None],
        changed: set[str],
    ) -> None:
        """`step` is that of the grid. Ticks on it are kept for `keep` milliseconds, for backfill.

        `seen` is told of all that are near each other, wherever they are.
        """
        self._pairs = pairs
        self._surroundings = surroundings
        self._settings = settings
        self._step = step
        self._keep = keep
        self._identity_of = identity_of
        self._seen = seen
        self._changed = changed
        self._neighbours = Neighbours(settings.keep_metres, step)
        self._lone = LoneTicks(self._neighbours, step, settings)
        self._standing = Standing(identity_of)
        self._farthest: dict[Key, float] = {}  # of pairs that begin at this instant

    def learn(self, mmsi: int) -> None:
        """More is known of a vessel from the next ticks on."""
        self._standing.learn(mmsi)

    def compare(self, instant: Millis, rows: Rows, receivers: Receivers) -> set[Key]:
        """Take in the TICK rows of an instant. Returns the pairs that have to be judged again."""
        partners = self._standing.partners(rows["mmsi"])
        if not partners.all():
            met = {mmsi for pair in self._pairs.live.values() if pair.samples for mmsi in (pair.a, pair.b)}
            rows = rows.compress(partners | np.isin(rows["mmsi"], np.fromiter(met, np.uint32, len(met))))
        touched: set[Key] = set()
        for fresh in self._neighbours.merged(rows.compress(rows["time"] % self._step == 0)):
            touched |= self._compare_on_grid(fresh, receivers)
        touched |= self._compare_lone(instant, rows, receivers)
        self._neighbours.close()
        return touched

    def _compare_on_grid(self, fresh: Fresh, receivers: Receivers) -> set[Key]:
        """The same for ticks of some instants of the grid."""
        touched: set[Key] = set()
        met = self._met(fresh)
        for n, time in enumerate(fresh.times):
            self._changed.add(f"window/{time}")
            self._neighbours.put(fresh, n)
            now_and_then = time % self._settings.thin == 0
            asked = now_and_then or not all(each.near for each in met[n])
            followed = self._followed(time) if asked else []
            known, afar = self._pairs.live, set(followed)
            noted = [
                each
                for each in met[n]
                if ((each.matters or each.key in known) if each.near else each.key in afar)
            ]
            self._expect((each.key, each.sample) for each in noted)
            touched.update(each.key for each in noted if self._note(each.key, each.sample, receivers))
            if now_and_then:
                touched |= self._note_silent(time, followed)
        return touched

    def leave_out_false(self, learnt: Iterable[int]) -> set[Key]:
        """Take off the pairs where a vessel was while its own track led to a false place, as is known now.
        Returns the keys of those that this changed.

        `learnt` are the MMSIs of which something is newly known. A pair keeps what it has if nothing of it
        would be left: then what was raised of it is taken back, or doubted.
        """
        involved = {mmsi for pair in self._pairs for mmsi in (pair.a, pair.b)}.intersection(learnt)
        false = {mmsi: runs for mmsi in sorted(involved) if (runs := _false_runs(self._identity_of(mmsi)))}
        changed: set[Key] = set()
        if not false:
            return changed
        for pair in self._pairs:
            for second, runs in enumerate((false.get(pair.a, []), false.get(pair.b, []))):
                if not runs or not pair.samples:
                    continue
                samples = [each for each in pair.samples if not _is_false(runs, each.time)]
                alone = [
                    each
                    for each in pair.alone
                    if each.second != bool(second) or not _is_false(runs, each.time)
                ]
                if samples and (len(samples), len(alone)) != (len(pair.samples), len(pair.alone)):
                    pair.samples, pair.alone = samples, alone
                    changed.add(pair.key)
                    self._pairs.touch(pair)
        return changed

    def _compare_lone(self, instant: Millis, rows: Rows, receivers: Receivers) -> set[Key]:
        """The same for ticks that vessels have at the time of their own fixes."""
        followed = self._followed(instant)
        met, steps = self._lone.take(rows, self._standing.wanted, followed)
        self._changed.update(f"lone/{step}" for step in steps)
        if not len(met.track):
            return set()
        second = met.lone["mmsi"] > met.track // SEGMENTS
        both, each = joined([met.lone, met.other], TICK), np.arange(len(second))
        a, b = both.take(each + second * len(second)), both.take(each + ~second * len(second))
        metres = haversine_m(a["lon"], a["lat"], b["lon"], b["lat"])
        matter = met.heard & self._may_matter(a, b, metres)
        code = PairCodes(met)
        pairs = code.of(*met.pairs)
        noted = np.isin(pairs, np.concatenate([pairs[matter], code.of_keys(self._pairs.live)]))
        met, metres, second = met.only(noted), metres[noted], second[noted]
        heard = noted.nonzero()[0][met.heard]
        found = self._samples(a.take(heard), b.take(heard), metres[met.heard])
        keys: list[Key] = [(a, b, *segments) for a, b, *segments in met.keys.tolist()]
        touched: set[Key] = set()
        self._expect(zip(compress(keys, met.heard.tolist()), found, strict=True))
        samples = iter(found)
        for i, (key, heard) in enumerate(zip(keys, met.heard.tolist(), strict=True)):
            if not heard:
                touched |= self._note_alone(key, met.lone[i], bool(second[i]))
            elif self._note(key, next(samples), receivers):
                touched.add(key)
        return touched

    def _followed(self, time: Millis) -> list[Key]:
        """The pairs that are compared however far apart they are: in contact lately, or silent since."""
        keep = self._settings.keep_metres
        return [
            key
            for key, pair in self._pairs.live.items()
            if pair.samples
            and (pair.samples[-1].time >= time - self._keep or pair.samples[-1].apart_at_least <= keep)
        ]

    def _met(self, fresh: Fresh) -> list[list[_Met]]:
        """For each instant, the neighbours that are noted if they are a known pair by then, or if it matters
        where they are: those of pairs that are known now or may become so at one of these instants. And the
        pairs of these that are no neighbours there, but may be followed by then."""
        met: list[list[_Met]] = [[] for _ in fresh.times]
        live, rows = self._pairs.live, fresh.rows
        first, second = self._neighbours.near(fresh, self._standing.wanted)
        a, b = rows.take(first), rows.take(second)
        matter = self._may_matter(a, b, haversine_m(a["lon"], a["lat"], b["lon"], b["lat"]))
        keys = _keys(a, b)
        begin = {key for key, matters in zip(keys, matter.tolist(), strict=True) if matters}
        near = [i for i, key in enumerate(keys) if key in begin or key in live]
        # a known pair that is near at one of the instants may be followed at those after it
        afar = fresh.together({keys[i] for i in near}.union(self._followed(fresh.times[0])))
        code, at = np.unique(
            np.concatenate([first[near], afar[0]]) * len(rows) + np.concatenate([second[near], afar[1]]),
            return_index=True,
        )
        first, second = np.divmod(code, len(rows))
        a, b = rows.take(first), rows.take(second)
        samples = self._samples(a, b, haversine_m(a["lon"], a["lat"], b["lon"], b["lat"]))
        is_near = at < len(near)
        matters = np.concatenate([matter[near], np.zeros(len(afar[0]), bool)])[at]
        instants = np.searchsorted(fresh.begins, first, "right") - 1
        columns = _keys(a, b), samples, is_near.tolist(), matters.tolist()
        for n, *each in zip(instants.tolist(), *columns, strict=True):
            met[n].append(_Met(*each))
        return met

    def _may_matter(self, a: Rows, b: Rows, metres: Floats) -> Bools:
        """Where two that are no known pair may become one, or lie alongside: elsewhere nothing is noted.

        It may be said of too many, never of too few: how far their hulls are apart is not known here.
        """
        s = self._settings
        one, other = a["sog"].astype(np.float64), b["sog"].astype(np.float64)
        slower, faster = np.minimum(one, other), np.maximum(one, other)
        hulls = self._standing.reach(a["mmsi"]) + self._standing.reach(b["mmsi"])
        alongside = _SURELY * metres <= hulls + s.alongside_metres
        begins = ~(faster >= s.drift_knots) | (alongside & ~(faster >= s.under_way_knots))
        matters = (alongside & (faster < s.slow_knots)) | (begins & (metres <= s.near_metres))
        matters |= (slower > s.co_moving_knots) & (metres <= s.co_moving_metres)
        return np.asarray(matters)

    def _samples(self, a: Rows, b: Rows, metres: Floats) -> list[PairSample]:
        """Both vessels at one moment each, row by row."""
        if not len(metres):
            return []
        lon = unwrap(a["lon"] + unwrap(b["lon"] - a["lon"]) / 2)
        hits = self._surroundings.index.containing(lon, (a["lat"] + b["lat"]) / 2)
        suppressed = self._surroundings.suppressed(hits, len(metres))
        sizes = [
            (self._identity_of(one).dimensions, self._identity_of(other).dimensions)
            for one, other in zip(a["mmsi"].tolist(), b["mmsi"].tolist(), strict=True)
        ]
        return pair_samples(a, b, metres.tolist(), suppressed.tolist(), sizes, self._settings)

    def _note(self, key: Key, sample: PairSample, receivers: Receivers) -> bool:
        """Note where both are at a moment, and who heard them. True when the pair has to be judged."""
        self._seen(key[0], key[1], sample)
        if not self._add(key, sample):
            return False
        pair = self._pairs.live[key]
        for mmsi in key[:2]:
            pair.receivers = merge_receivers(pair.receivers, receivers.of(mmsi))
        return True

    def _expect(self, noted: Iterable[tuple[Key, PairSample]]) -> None:
        """These are about to be noted. Finds, all at once, how far apart those were that become pairs."""
        live = self._pairs.live
        keys = sorted({key for key, sample in noted if key not in live and any(self._begins(sample))})
        self._farthest = dict(zip(keys, self._neighbours.farthest(keys), strict=True)) if keys else {}

    def _begins(self, sample: PairSample) -> tuple[bool, bool]:
        """Whether a contact may begin with a sample, and whether the two move together there."""
        s, metres = self._settings, sample.metres
        under_way = sample.a.sog > s.co_moving_knots and sample.b.sog > s.co_moving_knots
        fast = s.under_way_knots if sample.at_most <= s.alongside_metres else s.drift_knots
        begins = metres <= s.near_metres and not sample.faster >= fast and not sample.suppressed
        return begins and sample.error <= s.coarse_metres, under_way and metres <= s.co_moving_metres

    def _add(self, key: Key, sample: PairSample) -> bool:
        s, time, metres = self._settings, sample.time, sample.metres
        begins, co_moving = self._begins(sample)
        pair = self._pairs.get(key)
        if pair is None:
            if not (begins or co_moving):
                return False
            pair = Pair(key[0], key[1], key[2:])
            pair.apart = self._farthest[key] > s.apart_metres
            self._pairs.put(pair)
        self._pairs.touch(pair)
        pair.apart |= sample.apart_at_least > s.apart_metres
        if co_moving:
            beside = None if sample.error else place_beside(sample, s)
            abeam, ahead, turn = (round(each, 1) for each in beside or (math.nan,) * 3)
            moved = CoMoving(round(metres, 1), abeam, ahead, turn, round(sample.error, 1))
            pair.co_moving = [*pair.co_moving, moved][-s.co_moving_window :]
            pair.co_moving_at = max(pair.co_moving_at, time)
        if not pair.samples:
            if not begins:
                return co_moving
            pair.draughts = (self._identity_of(key[0]).draught, self._identity_of(key[1]).draught)
        at = len(pair.samples)
        while at and pair.samples[at - 1].time >= time:
            at -= 1
        if at:
            sample = after(sample, pair.samples[at - 1])
        again = at < len(pair.samples) and pair.samples[at].time == time
        pair.samples = [*pair.samples[:at], sample, *pair.samples[at + again :]]  # see `Contacts.of`
        if pair.alone:
            pair.alone = [each for each in pair.alone if each.time != time]
        return True

    def _note_silent(self, time: Millis, followed: list[Key]) -> set[Key]:
        """Note where one of a pair is heard while the other is silent."""
        touched: set[Key] = set()
        if not followed:
            return touched
        silent = [key for key in followed if self._pairs.live[key].samples[-1].time < time]
        there = self._neighbours.has(
            time, np.array([_tracks(key) for key in silent], np.int64).reshape(-1, 2)
        )
        for key, heard in zip(silent, there.tolist(), strict=True):
            if heard[0] is not heard[1]:
                tick = self._neighbours.find(time, _tracks(key)[heard[1]])
                if tick is not None:
                    touched |= self._note_alone(key, tick, heard[1])
        return touched

    def _note_alone(self, key: Key, tick: Rows, second: bool) -> set[Key]:
        pair = self._pairs.get(key)
        if pair is None or not pair.samples:
            return set()
        heard = HeardAlone(
            int(tick["time"]), second, float(tick["lon"]), float(tick["lat"]), float(tick["error"])
        )
        others = [each for each in pair.alone if (each.time, each.second) != (heard.time, second)]
        pair.alone = sorted([*others, heard], key=lambda each: (each.time, each.second))
        self._pairs.touch(pair)
        return {key}

    def prune(self, instant: Millis) -> None:
        """Let go of ticks that are too old to matter, and settle where vessels were heard alone."""
        s = self._settings
        self._changed.update(f"window/{time}" for time in self._neighbours.forget(instant - self._keep))
        self._changed.update(f"lone/{time}" for time in self._lone.forget(instant))
        for pair in self._pairs.live.values():
            if len(pair.alone) > KEPT_ALONE:
                pair.samples, pair.alone = silence.settled(pair.samples, pair.alone, instant - self._keep, s)
                self._pairs.touch(pair)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        lone = {f"lone/{time}" for time in self._lone.steps}
        return lone | {f"window/{time}" for time in self._neighbours.times}

    def piece(self, kind: str, time: Millis) -> Dumped | None:
        """What one piece holds; None where it is gone."""
        return self._neighbours.dump(time) if kind == "window" else self._lone.dump(time)

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds."""
        found: dict[str, dict[Millis, bytes]] = {"window": {}, "lone": {}}
        for kind, rest, data in pieces:
            found[kind][int(rest)] = data
        decode = msgspec.msgpack.decode
        self._standing.clear()
        self._neighbours.load(
            (time, decode(data, type=bytes | list[bytes])) for time, data in sorted(found["window"].items())
        )
        self._lone.load({time: decode(data, type=bytes) for time, data in found["lone"].items()})


def _false_runs(identity: Identity) -> list[OffTrack]:
    """The runs of positions that were on the vessel's own track until it proved false there."""
    places = identity.places
    return [] if places.shared else [run for run in places.off_track if run.segment == ON_OWN_TRACK]


def _is_false(runs: Iterable[OffTrack], time: Millis) -> bool:
    return any(run.start <= time <= run.end for run in runs)


def _keys(a: Rows, b: Rows) -> list[Key]:
    """The pairs that these rows are of."""
    columns = a["mmsi"], b["mmsi"], a["segment"], b["segment"]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _tracks(key: Key) -> tuple[int, int]:
    """The two tracks of a pair, as `neighbours` number them."""
    return key[0] * SEGMENTS + key[2], key[1] * SEGMENTS + key[3]
