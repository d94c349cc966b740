"""Ends: tracks that move on as columns end like tracks that move on as objects."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import POSITION, Rows
from streams.tracking.ends import END, go_on, is_ordinary, row_of, segment_of, write_back
from streams.tracking.motion import KEPT, TRAIL
from streams.tracking.places import place_of, restart
from streams.tracking.track import Place, Segment, TrackSettings, begin, move

SETTINGS = TrackSettings()
knots = st.one_of(
    st.just(float("nan")), st.integers(0, 300).map(lambda tenths: float(np.float32(tenths / 10)))
)
places = st.builds(Place, st.integers(1, 10**12), st.floats(-180, 180), st.floats(-90, 90), knots)
segments = st.builds(
    Segment,
    number=st.integers(0, 65_535),
    time=st.integers(1, 10**12),
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    sog=knots,
    cog=knots,
    heading=knots,
    status=st.integers(0, 15),
    fixes=st.integers(1, 10**6),
    coarse=st.booleans(),
    knots=st.floats(0, 50),
    contradicted=st.booleans(),
    trail=st.binary(min_size=KEPT * TRAIL.itemsize, max_size=KEPT * TRAIL.itemsize),
    run=st.integers(1, 10**12),
    run_fixes=st.integers(1, 6),
    before=st.one_of(st.none(), places),
)


@given(segments)
@settings(max_examples=50, deadline=None)
def test_a_row_says_all_of_an_ordinary_track(segment: Segment) -> None:
    assert is_ordinary(segment)
    row = np.zeros(1, END)
    row[0] = row_of(segment)
    assert repr(segment_of(row, 0)) == repr(segment)
    other = Segment(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 15)
    write_back(row, 0, other)
    assert repr(other) == repr(segment)


def moved(segment: Segment | None, rows: Rows, since: int) -> Segment:
    """The end of a track that goes on over these rows, fix by fix."""
    fixes: Sequence[tuple[float, ...]] = rows.tolist()
    track = begin(0, fixes[0]) if segment is None else segment
    for i, fix in enumerate(fixes):
        if i == since:
            restart(track, place_of(track), int(fix[0]), 0, SETTINGS)
        move(track, fix)
        track.fixes += 1
        track.run_fixes += 1
    return track


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_columns_move_tracks_on_as_objects_do(data: st.DataObject) -> None:
    known = data.draw(
        st.lists(st.one_of(st.none(), segments.filter(lambda g: not g.contradicted)), min_size=1)
    )
    counts = [data.draw(st.integers(1, 4)) for _ in known]
    rows = np.zeros(sum(counts), POSITION)
    rows["time"] = 10**12 + np.arange(len(rows)) * 1000
    rows["type"] = [data.draw(st.sampled_from((1, 18, 27))) for _ in rows]
    for name in ("lon", "lat", "sog", "cog", "heading"):
        rows[name] = np.round([data.draw(st.floats(0, 80)) for _ in rows], 1)
    stops = np.cumsum(np.array(counts, np.intp))
    starts, ends = stops - np.array(counts, np.intp), np.zeros(len(known), END)
    since = np.full(len(known), -1)
    for i, segment in enumerate(known):
        if segment is not None:
            ends[i] = row_of(segment)
        # a track that begins can't be in doubt with its first fix
        since[i] = data.draw(st.sampled_from([-1, *range(int(segment is None), counts[i])]))
    go_on(ends, rows, starts, stops, np.where(since < 0, -1, starts + since), SETTINGS)
    for i, segment in enumerate(known):
        expected = moved(segment, rows[starts[i] : stops[i]], int(since[i]))
        expected.trail = expected.trail or bytes(KEPT * TRAIL.itemsize)
        assert repr(segment_of(ends, i)) == repr(expected)
