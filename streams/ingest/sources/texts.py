"""Texts: what a live source sends as a whole (a request, an MQTT message), as lines for the Decoder.

A line is judged by its length and counted for itself. So an envelope of many messages becomes a line for each
message, as in recordings; sentences and other text keep their lines.
"""

from streams.recordings.formats.json_text import object_lines


def lines_of(text: bytes) -> bytes:
    """The lines of a text, each with a line feed; nothing of an empty one."""
    return b"".join(object_lines(iter([text]))) if text.strip() else b""
