"""When a source was last heard: by the clock of its ingest, the same after a restart."""

from streams.deployment.heartbeat import SourceBeat, most
from streams.deployment.topics import Topics
from streams.deployment.wire import VERSION, RawFrame, decode, encode
from streams.pipeline.dead_sources import end_frame
from streams.pipeline.operators import DecoderOperator
from streams.stages.settings import Settings

NOW = 1_772_000_000_000


def restarted(operator: DecoderOperator, pieces: dict[str, bytes]) -> DecoderOperator:
    pieces |= {name: piece for name, piece in operator.changes().items() if piece is not None}
    made = DecoderOperator(0, 1, Settings(), Topics())
    made.load(pieces)
    return made


def test_an_idle_source_is_told_from_a_heard_one_and_a_lost_one() -> None:
    operator, pieces = DecoderOperator(0, 1, Settings(), Topics()), dict[str, bytes]()

    def take(offset: int, kind: str, received: list[int] | None, data: bytes = b"") -> SourceBeat:
        nonlocal operator
        operator.process(encode(RawFrame(VERSION, "roof", kind, 0, data=data, received=received)), offset)
        operator = restarted(operator, pieces)
        return operator.stats().sources["roof"]

    assert take(0, "idle", None) == SourceBeat()
    heard = take(1, "lines", [NOW, NOW + 5], b"one\ntwo\n")
    assert (heard.heard, heard.frame) == (NOW + 5, NOW + 5)
    idle = take(2, "idle", [NOW + 60_000])
    assert (idle.heard, idle.frame, idle.ended) == (NOW + 5, NOW + 60_000, False)
    operator.process(end_frame("roof", 0, NOW + 130_000), 3)
    operator = restarted(operator, pieces)
    lost = operator.stats().sources["roof"]
    assert (lost.frame, lost.ended, lost.lost) == (NOW + 60_000, True, True)
    assert lost.lost_at == NOW + 130_000
    back = take(4, "idle", [NOW + 200_000])
    assert (back.ended, back.lost) == (False, False)
    own = take(5, "end", None)
    assert (own.ended, own.lost) == (True, False)
    assert decode(end_frame("roof", 0, NOW), RawFrame).kind == "end"


def test_a_heartbeat_keeps_the_sources_that_have_not_ended() -> None:
    many = {f"file {n}": SourceBeat(newest=n, ended=True) for n in range(500)} | {"roof": SourceBeat()}
    kept = most(many)
    assert len(kept) == 200
    assert "roof" in kept
    assert "file 499" in kept
    assert "file 0" not in kept
