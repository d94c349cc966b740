"""The files of `inputs/` in the folder of cases: each stands for a kind of lines that people have."""

import os
from pathlib import Path

import pytest

from models.time import Millis, from_text
from tests.streams.nmea_lines import Result, decode

pytestmark = pytest.mark.cases

BASE: Millis = from_text("2024-01-01T00:00:00Z")
START = "2023-11-14T22:13:20Z"

# Messages, and the first and the last time; the base time where a file tells none
CASES: dict[str, tuple[int, str, str]] = {
    "time_zone_dropped_dotnet_7digits.nmea": (3, "2024-01-01T18:04:05.123Z", "2024-01-01T18:04:05.123Z"),
    "time_zone_dropped_postgres.nmea": (3, "2024-01-01T18:04:05.123Z", "2024-01-01T18:04:05.123Z"),
    "time_zone_dropped_PM.nmea": (3, "2024-01-02T15:04:05Z", "2024-01-02T15:04:05Z"),
    "time_pghp_not_adjacent_satellite.nmea": (12, START, "2023-11-14T22:16:22Z"),
    "time_not_found_zda_rmc.txt": (2, "2016-03-20T12:18:24Z", "2016-03-20T12:18:25Z"),
    "time_not_found_aiscatcher_screen.txt": (3, "2026-03-04T03:57:10Z", "2026-03-04T03:57:12Z"),
    "time_not_found_aiscatcher_rxuxtime.txt": (3, "2024-01-02T03:04:00Z", "2024-01-02T03:04:02Z"),
    "time_not_found_iso_behind.txt": (3, "2024-01-02T03:04:00Z", "2024-01-02T03:04:02Z"),
    "time_not_found_slash_date.txt": (3, "2024-01-02T03:04:00Z", "2024-01-02T03:04:02Z"),
    "time_not_found_tag_microseconds.txt": (3, START, "2023-11-14T22:13:22Z"),
    "time_not_found_tag_checksum_wrong_everywhere.txt": (3, START, "2023-11-14T22:13:22Z"),
    "lost_two_sentences_on_one_line.nmea": (3, START, "2023-11-14T22:13:21Z"),
    "lost_type5_both_parts_on_one_line_pyais194.nmea": (1, START, START),
    "lost_gps_sentence_glued_in_front.nmea": (1, START, START),
    "lost_8_fields_gofree.nmea": (1, "base", "base"),
    "lost_talker_dashes.nmea": (1, "base", "base"),
    "lost_doubled_tag_block.nmea": (1, START, START),
    "lost_empty_second_payload.nmea": (1, "", ""),
    "lost_group_second_part_first.nmea": (1, START, START),
    "lost_group_part2_has_only_a_prefix_time.log": (2, "2019-04-18T21:59:00Z", "2019-04-18T21:59:01Z"),
    "lost_type1_204_bits.nmea": (1, "base", "base"),
    "lost_type5_420_bits.nmea": (1, "base", "base"),
    "lost_type24A_158_bits.nmea": (1, "base", "base"),
    "lost_fill_6.nmea": (1, "base", "base"),
    "lost_whole_file_for_one_NUL.nmea": (2, START, "2023-11-14T22:13:21Z"),
    "lost_sparse_13h.nmea": (30, START, "2023-11-30T15:13:20Z"),
    "wrong_chimera_two_stations_t19.nmea": (2, START, START),
    "wrong_two_stations_same_message_counted_as_orphans.nmea": (1, START, START),
    "wrong_text_behind_at.nmea": (1, START, START),
    "wrong_type5_ship_type_39.nmea": (2, "base", "base"),
}
NO_TIME = ("time_boot_seconds_1970.nmea", "time_rtlais_48kHz_counter.nmea")


@pytest.fixture(scope="module")
def inputs() -> Path:
    return Path(os.environ["TANKERWATCH_CASES"]) / "inputs"


def read(path: Path, base_time: Millis | None = BASE) -> Result:
    lines = path.read_bytes().split(b"\n")
    return decode(lines[:-1] if not lines[-1] else lines, base_time=base_time)


@pytest.mark.parametrize("name", sorted(CASES))
def test_messages_and_times(inputs: Path, name: str) -> None:
    messages, first, last = CASES[name]
    result = read(inputs / name)
    assert sum(result.messages.values()) == messages
    assert result.lines == len((inputs / name).read_bytes().splitlines())
    times = sorted(row[0] for row in (*result.positions, *result.statics))
    expected = [BASE if text == "base" else from_text(text) for text in (first, last) if text]
    assert [times[0], times[-1]] == expected if expected else not times


@pytest.mark.parametrize("name", NO_TIME)
def test_what_is_no_time_is_not_believed(inputs: Path, name: str) -> None:
    result = read(inputs / name, None)
    assert set(result.outcomes) == {"no_time"}


def test_what_the_messages_say(inputs: Path) -> None:
    def statics(name: str) -> list[tuple[str, ...]]:
        return [tuple(text.decode() for text in (row[12], row[14])) for row in read(inputs / name).statics]

    alpha = "lost_type5_both_parts_on_one_line_pyais194.nmea"
    for name in (alpha, "lost_group_second_part_first.nmea", "lost_group_part2_has_only_a_prefix_time.log"):
        assert statics(name)[0][0] == "ALPHA"
    assert statics("wrong_text_behind_at.nmea") == [("YONGDUCK", "ANTWERP")]
    assert sorted(name for name, _ in statics("wrong_chimera_two_stations_t19.nmea")) == [
        "ALPHA FISHER",
        "BRAVO TANKER",
    ]
    assert [row[5] for row in read(inputs / "wrong_type5_ship_type_39.nmea").statics] == [39, 39]
    assert read(inputs / "lost_fill_6.nmea").positions[0][1] == 227_019_400
    heard = read(inputs / "wrong_two_stations_same_message_counted_as_orphans.nmea")
    assert heard.outcomes == {"message": 2, "duplicate": 2}
    assert [row[-1] for row in heard.statics] == [("A", "B")]
    nowhere = read(inputs / "wrong_event_at_null_island.nmea")
    assert {row[3:5] for row in nowhere.positions} == {(None, None)}


def test_every_nmea_file_is_here(inputs: Path) -> None:
    """Rows of CSV and JSON are not NMEA; what is said of whole files is the business of who reads these."""
    others = {
        "README.md",
        "lost_utf16_powershell.nmea",
        "lost_concatenated_in_wrong_order.nmea",
        "wrong_event_at_null_island.nmea",
        "lost_aiscatcher_http_5_msgs_of_which_1_read.json",
    }
    found = {path.name for path in inputs.iterdir() if not path.name.startswith("unread_")}
    assert found == {*CASES, *NO_TIME, *others}
