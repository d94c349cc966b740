"""JSON: however objects stand in a text, each becomes a line, and nothing is lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frame import Frame
from streams.decoding.decoder import Decoder
from streams.recordings.formats.json_text import JsonText, object_lines
from streams.recordings.formats.known import recognised

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["}", '"{', "[{", "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=4).map(lambda found: {"mmsi": 1, **found}),
    min_size=1, max_size=5,
)  # fmt: skip
LAYOUTS: dict[str, Callable[[list[object]], str]] = {
    "lines": lambda found: "\n".join(map(json.dumps, found)),
    "pretty lines": lambda found: "\n".join(json.dumps(each, indent=1) for each in found),
    "concatenated": lambda found: "".join(map(json.dumps, found)),
    "concatenated, spaces": lambda found: " ".join(json.dumps(each, separators=(",", ":")) for each in found),
    "array": json.dumps,
    "pretty array": lambda found: json.dumps(found, indent=2),
    "array, an element on a line": lambda found: "[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n",
    "envelope": lambda found: json.dumps({"protocol": "jsonaiscatcher", "msgs": found, "end": {"msgs": 1}}),
    "blank lines": lambda found: f'{{"features":\n\n{json.dumps(found)}}}',
    "collection": lambda found: json.dumps({"type": "FeatureCollection", "features": found}, indent=1),
    "nodes of GraphQL": lambda found: json.dumps(
        {"data": {"vessels": {"pageInfo": {"next": None}, "nodes": found}, "n": [1]}, "end": [2]}
    ),
    "groups of messages": lambda found: json.dumps({"GROUPS": [{"path": [1], "msgs": found}]}),
    "arrays": lambda found: "\n".join(json.dumps([each]) for each in found),
}


def cut(text: str, size: int = 1 << 16) -> list[bytes]:
    data = text.encode()
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return [line for piece in object_lines(pieces) for line in piece.removesuffix(b"\n").split(b"\n")]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@given(found=OBJECTS, size=st.integers(1, 50))
def test_each_object_becomes_a_line(
    layout: Callable[[list[object]], str], found: list[object], size: int
) -> None:
    lines = [line for line in cut(layout(found), size) if line.strip()]
    assert [json.loads(line) for line in lines] == found


@pytest.mark.parametrize("name", ["MMSI", "userId", "ssvid"])
def test_a_vessel_with_an_array_of_its_positions_is_one_object(name: str) -> None:
    found = {name: 273111111, "SHIPNAME": "A", "POSITIONS": [{"LAT": 42.5}, {"LAT": 42.6}]}
    assert [json.loads(line) for line in cut(json.dumps(found))] == [found]


def test_a_track_of_a_vessel_is_an_object_for_each_position() -> None:
    track = [{"lat": 42.5, "lon": 132.5, "ts": 1700000000}, {"lat": 42.6, "lon": 132.5, "ts": 1700000060}]
    text = json.dumps({"data": {"mmsi": "273111111", "positions": track, "name": "A"}, "ok": True}, indent=1)
    decoder = Decoder("a")
    decoder.feed(Frame("a", b"\n".join(cut(text)) + b"\n"))
    decoder.end()
    reports = decoder.advance(decoder.watermark).reports
    assert reports.positions["lat"].tolist() == pytest.approx([42.5, 42.6], abs=1e-5)
    assert (reports.positions["time"] // 1000).tolist() == [1700000000, 1700000060]
    assert set(reports.statics["name"].tolist()) == {b"A"}


def test_a_long_track_does_not_repeat_a_long_object_without_end() -> None:
    place = {"lat": 1, "lon": 2, "time": 1700000000}
    assert len(cut(json.dumps({"mmsi": 273111111, "note": "y" * 400_000, "track": [place] * 1000}))) == 1


def test_a_position_of_a_vessel_beside_its_tracks_is_one_more() -> None:
    place = {"lat": 42.5, "lon": 132.5, "timestamp": 1700000300}
    track = [{"lat": 42 + minute, "lon": 132.5, "ts": 1700000000 + 60 * minute} for minute in range(5)]
    for own in (place, {"position": place}):
        found = {"mmsi": 273111111, **own, "track": track[:2], "history": track[2:]}
        decoder = Decoder("a")
        decoder.feed(Frame("a", b"\n".join(cut(json.dumps(found))) + b"\n"))
        decoder.end()
        times = decoder.advance(decoder.watermark).reports.positions["time"] // 1000
        assert sorted(times.tolist()) == [1700000000 + 60 * minute for minute in range(6)]


@pytest.mark.parametrize(("name", "time"), [("route", {"ts": 1700000000}), ("path", {})])
def test_a_plan_is_no_track(name: str, time: dict[str, int]) -> None:
    found = {"mmsi": 273111111, "timestamp": 1700000300, name: [{"lat": 42.5, "lon": 132.5, **time}]}
    assert [json.loads(line) for line in cut(json.dumps(found))] == [found]


def test_values_without_names_are_not_lost() -> None:
    rows = [[273111111, "2023-11-14T22:13:20", 132.5], ["x"]]
    assert [json.loads(line) for line in cut(json.dumps(rows))] == rows


def test_sentences_in_an_array_and_lines_between_objects() -> None:
    sentences = ["!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24", "\\c:1700000000*5A\\!AIVDM"]
    assert cut(json.dumps(sentences)) == [each.encode() for each in sentences]
    assert cut('{"a":1}\n!AIVDM,x\n\n{"a":\n2}\n# note') == [
        b'{"a":1}',
        b"!AIVDM,x",
        b"",
        b'{"a": 2}',
        b"# note",
    ]


def test_a_broken_object_spoils_only_itself() -> None:
    assert cut('{"a": {"b": 1\n{"mmsi": 2}\n{"mmsi": 3}\n')[-2:] == [b'{"mmsi": 2}', b'{"mmsi": 3}']


REPORTS: list[dict[str, object]] = [
    {"mmsi": 273111110 + at, "name": f"A {at}", "place": {"lat": 42.5, "all": [132.5, at]}, "at": [at]}
    for at in range(6)
]


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("envelope", ['{"msgs":%s,"end":{"n":1}}', "%s"])
@given(data=st.data())
def test_a_sign_less_or_more_spoils_at_most_the_next_object_too(
    compact: bool, envelope: str, data: st.DataObject
) -> None:
    """In one line, where no line feed tells where the next object begins; each report is said."""
    text = envelope % json.dumps(REPORTS, separators=(",", ":") if compact else None)
    spoilt = data.draw(st.integers(0, len(REPORTS) - 1))
    begin = text.index(str(REPORTS[spoilt]["mmsi"])) - len('{"mmsi":') + compact
    end = text.index("]", begin) + 8
    at = data.draw(st.integers(begin, min(end, text.rindex("]") - 1)))
    if data.draw(st.booleans()):
        broken = text[:at] + text[at + 1 :]
    else:
        broken = text[:at] + data.draw(st.sampled_from('{}[]":,1a')) + text[at:]
    lines = cut(broken)
    found = [report for line in lines if (report := _loaded(line)) is not None]
    left = [report for report in REPORTS if report not in found]
    assert len(left) <= 2
    assert all(each in REPORTS[spoilt : spoilt + 2] for each in left)
    said = b"\n".join(lines)
    assert all(str(report["mmsi"])[:-1].encode() in said for report in REPORTS)
    assert said.count(b'"name') >= len(REPORTS) - 1


def _loaded(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.mark.parametrize("indent", [None, 1])
def test_a_report_with_a_large_member_beside_it_is_read(indent: int | None) -> None:
    report = {"mmsi": 273111111, "pos": {"lat": 42.5, "lon": 132.5}, "time": 1_700_000_000}
    large = {**report, "image": "a" * 9_000, "log": [{"text": str(at)} for at in range(2_000)]}
    found = {**report, "pos": {**report["pos"], "raw": "x" * 5_000}}  # type: ignore[dict-item]
    lines = cut(json.dumps([large, report, found], indent=indent))
    assert [json.loads(line) for line in lines if line.strip()] == [report] * 3
    text = {"mmsi": "273111111" * 9, **{str(at): "a" * 50 for at in range(200)}}
    assert cut(json.dumps(text)) == [json.dumps(text).encode()]  # too long in any case: as it is


PLACES: list[dict[str, object]] = [
    {"mmsi": 273111110 + at, "lat": 42.5, "lon": 132.5 + at, "time": 1_700_000_000 + at} for at in range(3)
]


@pytest.mark.parametrize(
    "layout",
    [
        {"anything": PLACES},
        {"result": {"found": {"page": 1, "ships_seen": PLACES}}},
        {str(each["mmsi"]): each for each in PLACES},
        {name: [each[name] for each in PLACES] for name in PLACES[0]},
        {name: {str(at): each[name] for at, each in enumerate(PLACES)} for name in PLACES[0]},
        {"columns": list(PLACES[0]), "index": [0, 1, 2], "data": [list(each.values()) for each in PLACES]},
    ],
    ids=["array", "inside", "by number", "columns", "columns of pandas", "split of pandas"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_an_object_that_is_no_report_gives_those_that_it_holds(
    layout: dict[str, object], indent: int | None
) -> None:
    lines = [line for line in cut(json.dumps(layout, indent=indent)) if line.strip()]
    assert [json.loads(line) for line in lines] == PLACES


@pytest.mark.parametrize("depth", [100, 900, 980, 990, 995, 3_000])
def test_reports_that_hold_too_much_stay_as_they_are(depth: int) -> None:
    """What can just be read may be too deep to be written again."""
    deep = "[" * depth + "]" * depth
    for name in ("anything", "track"):
        report = f'{{"mmsi": 1, "lat": 1, "lon": 2, "time": 3, "deep": {deep}}}'
        assert cut(f'{{"{name}": [{report}], "mmsi": {{"a": 1}}}}')


@pytest.mark.parametrize("as_text", [True, False])
def test_what_a_broker_kept_is_the_report(as_text: bool) -> None:
    untimed = {"mmsi": 273111119, "lat": 42.5, "lon": 132.5}
    kept = [*PLACES, untimed]
    about = {"topic": "a", "ts": 1_600_000_000_000}
    messages = [{**about, "payload": json.dumps(each) if as_text else each} for each in kept]
    lines = cut("\n".join(map(json.dumps, messages)))
    assert [json.loads(line) for line in lines] == [*PLACES, {"ts": 1_600_000_000_000, **untimed}]


WHERE = {"lat": 42.5, "lon": 132.5}


@pytest.mark.parametrize(
    "report",
    [
        {"MetaData": {"MMSI": 1, **WHERE}, "Message": {"X": {"UserID": 1}}},
        {"context": "v", "updates": [{"values": [{"path": "", "value": {"mmsi": "1"}}, {"value": WHERE}]}]},
        {"mmsi": 1, **WHERE, "seen": [{"mmsi": 2, **WHERE}, {"mmsi": 3, **WHERE}]},
        {"type": "gap", "vessel": {"ssvid": "1"}, "evidence": {"positions": [{"mmsi": 1, **WHERE}] * 2}},
    ],
)
def test_a_report_that_names_others_stays_whole(report: dict[str, object]) -> None:
    assert [json.loads(line) for line in cut(json.dumps(report))] == [report]


def test_objects_without_a_time_have_that_of_their_envelope() -> None:
    notes: list[str] = []
    ships: list[dict[str, Any]] = [
        {"mmsi": 1, "lat": 1},
        {"mmsi": 2, "time": 5},
        {"mmsi": 3, "at": {"timestamp": 6}},
    ]
    for indent in (None, 1):
        text = json.dumps({"timestamp": "2023-11-14T22:13:20Z", "vessels": ships}, indent=indent)
        lines = [json.loads(line) for line in in_pieces(text + '\n{"mmsi": 4}', notes) if line.strip()]
        assert lines == [{"timestamp": "2023-11-14T22:13:20Z", **ships[0]}, *ships[1:], {"mmsi": 4}]
    assert len(notes) == 2


def test_sentences_behind_an_object_that_is_never_closed_are_read() -> None:
    large = '{"mmsi": 1, "x": [' + "1, " * 600_000
    notes: list[str] = []
    lines = in_pieces(f"[{large}\n!AIVDM,1,1,,A,x,0*00\n$AIVDM,2\n", notes)
    assert lines[-2:] == [b"!AIVDM,1,1,,A,x,0*00", b"$AIVDM,2"]
    assert notes


@given(st.binary(max_size=300) | st.lists(st.sampled_from(list('{}[]",:\\\n 1a')), max_size=60).map(
    lambda signs: "".join(signs).encode()
), st.integers(1, 60))  # fmt: skip
def test_any_bytes_are_accounted_for(data: bytes, size: int) -> None:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    lines = 0
    decoder = Decoder("a")
    from streams.recordings.formats.format import Cutting

    for frame in JsonText().frames("a", iter(pieces), Cutting(1 << 18, 50_000)):
        lines += frame.data.count(b"\n")
        decoder.feed(frame)
    decoder.end()
    decoder.advance(decoder.watermark)
    assert sum(decoder.outcomes.values()) == lines


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_any_bytes_around_a_record_are_accounted_for(around: list[bytes]) -> None:
    good = b'{"mmsi":273111111,"time":1700000000,"lat":42.5,"lon":132.5}'
    lines = [piece.replace(b"\n", b"") for piece in around]
    data = b"".join(line + b"\n" + line + good + line + b"\n" for line in lines) + good + b"\n"
    decoder = Decoder("a")
    decoder.feed(Frame("a", data))
    decoder.end()
    decoder.advance(decoder.watermark)
    assert sum(decoder.outcomes.values()) == data.count(b"\n")


@pytest.mark.parametrize(
    "head",
    [
        'data: {"a":1}\n\ndata: {"a":2}\n\n',
        '{"a":1}',
        '[{"a":1}]',
        '  [\n {"a"',
        '1526239612483;I;{"context":"x"}\n',
        '["!AIVDM,1,1"]',
    ],
)
def test_json_is_recognised(head: str) -> None:
    assert recognised(head.encode()).name == "json"


@pytest.mark.parametrize(
    "head", ["!AIVDM,1,1,,A,x,0*00\n", "MMSI,LAT,LON\n", '2024 {"a":1} !AIVDM,1,1,,A,x,0*00']
)
def test_other_text_is_not(head: str) -> None:
    assert recognised(head.encode()).name != "json"


def in_pieces(text: str, notes: list[str]) -> list[bytes]:
    data = text.encode()
    pieces = (data[at : at + 65_536] for at in range(0, len(data), 65_536))
    return [line for piece in object_lines(pieces, notes.append) for line in piece.splitlines()]


def test_objects_of_any_number_in_one_line_and_large_tracks_are_read_and_what_is_too_large_is_said() -> None:
    notes: list[str] = []
    places = [{"lat": 42.5, "lon": 131.5, "time": 1_700_000_000 + at} for at in range(26_000)]
    track = {"name": "A", "track": places, "mmsi": 273111111}
    after = [{"mmsi": 273111112, **places[0]}] * 3
    lines = in_pieces(json.dumps([track, *after]), notes)
    assert len(lines) == len(places) + len(after)
    assert json.loads(lines[1]) == {"name": "A", "mmsi": 273111111, "position": places[1]}
    assert not notes
    outline = {"type": "LineString", "coordinates": [[131.5, 42.5]] * 30_000}
    feature = {"type": "Feature", "geometry": outline, "properties": after[0]}
    assert len(in_pieces(json.dumps({"type": "FeatureCollection", "features": [feature] * 2}), notes)) == 2
    assert not notes
    for large in ("a" * (3 << 20), ["a" * 100] * 20_000):
        lines = in_pieces(json.dumps([{"mmsi": 1, "x": large}, *after]), notes)
        assert [json.loads(line) for line in lines[-3:]] == after
    assert "of more than 1 MiB" in notes[0]


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"a": [{"b": 1}, {"c": 2}], "d": {"e": 3}, "f": "g"}),
        json.dumps([[1, 2], [3, 4], "x"]),
    ],
)
def test_json_in_strings_does_not_look_like_an_end_of_an_object(value: str) -> None:
    found = [{"mmsi": 273111111, "raw": value, "time": 1_700_000_000 + i} for i in range(9_000)]
    notes: list[str] = []
    assert [json.loads(line) for line in in_pieces(json.dumps(found), notes)] == found
    assert not notes


def test_a_large_string_with_commas_and_a_mark_too_many_cost_little_of_what_follows() -> None:
    after = [{"mmsi": 273111112, "time": 1_700_000_000 + at, "lat": 42.5} for at in range(40_000)]
    image = {"mmsi": 1, "x": "data:image/png;base64," + "a" * (3 << 20) + '",{'}
    lines = in_pieces(json.dumps([image, *after]), [])
    assert [json.loads(line) for line in lines[-len(after) :]] == after
    broken = json.dumps(after)
    middle = broken.index('"mmsi"', len(broken) // 4)
    lines = in_pieces(broken[:middle] + '"x' + broken[middle:], [])
    assert [json.loads(line) for line in lines[-5_000:]] == after[-5_000:]  # an open object ends after 1 MiB
