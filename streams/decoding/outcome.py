"""What becomes of a line: exactly one outcome each, so that they sum to the lines read."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """Every name a line can be counted under."""

    MESSAGE = "message"  # a sentence of a decoded message: each part counts
    DUPLICATE = "duplicate"  # of a message that is kept with all its stations
    CONTEXT = "context"  # time line, bare tag block, comment, blank line
    # Good sentences that became no message
    LATE = "late"
    IMPLAUSIBLE = "implausible"
    NO_TIME = "no_time"
    PART_TIMED_OUT = "part_timed_out"
    PART_SUPERSEDED = "part_superseded"
    PART_WAITING = "part_waiting"
    PART_ORPHAN = "part_orphan"
    # Lines rejected for what they hold
    MALFORMED = "malformed"
    NOT_AIS = "not_ais"
    NO_CHECKSUM = "no_checksum"
    BAD_CHECKSUM = "bad_checksum"
    BAD_TAG_BLOCK = "bad_tag_block"
    BAD_PAYLOAD = "bad_payload"
    BAD_LENGTH = "bad_length"
    UNKNOWN_TYPE = "unknown_type"
    UNDECODABLE = "undecodable"
    TOO_LONG = "too_long"


REASONS: Final[dict[Outcome, str]] = {
    Outcome.LATE: "older than the watermark of its source",
    Outcome.IMPLAUSIBLE: "its time lies too far from that of its source, and no other line agrees with it",
    Outcome.NO_TIME: "no time is known for it; give --base-time",
    Outcome.PART_TIMED_OUT: "the rest of the message did not come in time",
    Outcome.PART_SUPERSEDED: "the same sequence was started again before the message was complete",
    Outcome.PART_WAITING: "the source ended before the message was complete",
    Outcome.PART_ORPHAN: "a part whose first part is missing, or that was there already",
    Outcome.MALFORMED: "no NMEA 0183 sentence, or not its fields",
    Outcome.NOT_AIS: "an NMEA sentence other than VDM and VDO",
    Outcome.NO_CHECKSUM: "the sentence carries no checksum",
    Outcome.BAD_CHECKSUM: "the checksum does not match the sentence",
    Outcome.BAD_TAG_BLOCK: "the checksum does not match the tag block",
    Outcome.BAD_PAYLOAD: "payload is empty, or holds characters or fill bits outside six-bit armour",
    Outcome.BAD_LENGTH: "the payload's length does not fit its message type",
    Outcome.UNKNOWN_TYPE: "message type 0 or above 27",
    Outcome.UNDECODABLE: "the payload contradicts its message type",
    Outcome.TOO_LONG: "longer than a line may be; cut",
}
"""Why, in words: for every outcome that a reject is written for."""

ACCEPTED: Final = frozenset({Outcome.MESSAGE, Outcome.DUPLICATE, Outcome.CONTEXT})
"""Outcomes without a reject."""
