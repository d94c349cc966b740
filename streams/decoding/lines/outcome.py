"""Outcome: the one thing that becomes of each line, so that the outcomes sum to the lines read."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """Every name that a line can be counted under."""

    MESSAGE = "message"  # a sentence of a decoded message; each part counts
    DUPLICATE = "duplicate"  # a sentence of a transmission that was heard before
    CONTEXT = "context"  # a line about other lines: tag block, time, comment, blank line
    # Good sentences that became no message
    LATE = "late"
    IMPLAUSIBLE = "implausible"
    NO_TIME = "no_time"
    UNKNOWN_ZONE = "unknown_zone"
    UNKNOWN_DATE_ORDER = "unknown_date_order"
    PART_TIMED_OUT = "part_timed_out"
    PART_SUPERSEDED = "part_superseded"
    PART_WAITING = "part_waiting"
    PART_ORPHAN = "part_orphan"
    # Lines rejected for what they hold
    MALFORMED = "malformed"
    NOT_AIS = "not_ais"
    NO_REPORT = "no_report"
    NO_CHECKSUM = "no_checksum"
    BAD_CHECKSUM = "bad_checksum"
    BAD_TAG_BLOCK = "bad_tag_block"
    BAD_PAYLOAD = "bad_payload"
    BAD_LENGTH = "bad_length"
    UNKNOWN_TYPE = "unknown_type"
    NO_MMSI = "no_mmsi"
    UNDECODABLE = "undecodable"
    TOO_LONG = "too_long"


REASONS: Final[dict[Outcome, str]] = {
    Outcome.LATE: "older than the watermark of its source; a source that lags needs a longer "
    "decoder.lateness_seconds",
    Outcome.IMPLAUSIBLE: "its time is far ahead of its source, and later lines contradict it",
    Outcome.NO_TIME: "no time is known for it; a recording without any times needs --base-time",
    Outcome.UNKNOWN_ZONE: "its time names a zone, which does not tell the offset from UTC; give it with "
    "--timezone, such as --timezone Asia/Seoul",
    Outcome.UNKNOWN_DATE_ORDER: "its date can be read in two ways, day or month first; give --date-order "
    "dmy or --date-order mdy",
    Outcome.PART_TIMED_OUT: "the rest of the message did not come in time",
    Outcome.PART_SUPERSEDED: "its station began another message under the same sequence id",
    Outcome.PART_WAITING: "the source ended before the message was complete",
    Outcome.PART_ORPHAN: "a part whose first part is missing, that was there already, or that fits several "
    "messages",
    Outcome.MALFORMED: "no NMEA 0183 sentence or other record of a message, or one without the fields "
    "it should "
    "have",
    Outcome.NOT_AIS: "an NMEA sentence other than VDM and VDO",
    Outcome.NO_REPORT: "a record that carries neither a position nor static data of a vessel, such as a "
    "message of "
    "a service about itself",
    Outcome.NO_CHECKSUM: "the sentence carries no checksum",
    Outcome.BAD_CHECKSUM: "the checksum does not match the sentence",
    Outcome.BAD_TAG_BLOCK: "the checksum does not match the tag block",
    Outcome.BAD_PAYLOAD: "the payload is empty, or holds characters or fill bits that six-bit armour has not",
    Outcome.BAD_LENGTH: "the length of the payload does not fit its message type",
    Outcome.UNKNOWN_TYPE: "the message type is 0 or above 27",
    Outcome.NO_MMSI: "the MMSI is missing, is 0, or is no number of up to nine digits",
    Outcome.UNDECODABLE: "the payload contradicts its message type",
    Outcome.TOO_LONG: "longer than a line may be; cut",
}
"""Why, in words, for every outcome that a reject is written for."""

ACCEPTED: Final = frozenset({Outcome.MESSAGE, Outcome.DUPLICATE, Outcome.CONTEXT})
"""Outcomes without a reject."""
