"""Streams of server-sent events, however they are cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.tail.sse_client import SseMessage, SseParser

STREAM = (
    ": hello\n\nretry: 2000\n\n"
    'event: revision\nid: 5-1\ndata: {"name":"A\u2028B\x85C\x0bD"}\n\n'
    "event: heartbeat\ndata: 1\ndata:2\n\n"
    "id: 5-2\n\n"
    "data\n\n"
    "event: cut off\ndata: 3\n"
)
EXPECTED = [
    SseMessage("revision", '{"name":"A\u2028B\x85C\x0bD"}', "5-1"),
    SseMessage("heartbeat", "1\n2", "5-1"),
    SseMessage("message", "", "5-2"),
]


@given(st.sampled_from(("\n", "\r\n", "\r")), st.lists(st.integers(0, 400)))
def test_events_are_whole_however_the_bytes_come(end: str, cuts: list[int]) -> None:
    data = STREAM.replace("\n", end).encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    parser = SseParser()
    found = [message for start, stop in pairwise(places) for message in parser.feed(data[start:stop])]
    assert found == EXPECTED
