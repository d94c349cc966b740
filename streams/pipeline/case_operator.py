"""The last operator: what all stages found becomes the events that are published, with their chains."""

import msgspec

from models.event import Event, to_json
from models.time import BEGINNING, Millis
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import FactsFrame, Origin
from streams.pipeline.operator import OperatorStats, OutgoingRecord, Taken
from streams.stages.case_stage import CaseStage
from streams.stages.rules import Rules


class _CaseState(msgspec.Struct):
    done: Millis
    taken: dict[str, Origin]


class CaseOperator:
    """CaseStage over the events of all stages before it. It publishes events in the order of a replay.

    A large instant comes in several frames. Only the last says that it is complete.
    """

    def __init__(self, rules: Rules, topics: Topics) -> None:
        self._topics = topics
        self._stage = CaseStage(rules)
        self._done = BEGINNING
        self._taken = Taken()

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        frame = wire.decode(value, FactsFrame)
        stream = f"{frame.stage}/{frame.origin.partition}"
        if self._taken.again(stream, frame.origin):
            return []
        self._stage.feed(frame.events)
        self._done = max(self._done, frame.done)
        return [self._event(event) for event in self._stage.advance(self._done)]

    def _event(self, event: Event) -> OutgoingRecord:
        """CloudEvents in binary mode: the attributes are headers, the value is the event itself."""
        return OutgoingRecord(
            self._topics.events,
            to_json(event),
            key=event.id.encode(),
            headers={
                "ce_specversion": b"1.0",
                "ce_id": f"{event.id}:{event.revision}".encode(),
                "ce_source": b"tankerwatch",
                "ce_type": f"tankerwatch.{event.type}".encode(),
                "ce_time": event.detected.encode(),
                "ce_subject": ",".join(each.ssvid for each in event.vessels or (event.vessel,)).encode(),
                "content-type": b"application/json",
            },
        )

    def changes(self) -> dict[str, bytes | None]:
        state = _CaseState(self._done, self._taken.highest)
        return {**self._stage.changes(), "host": msgspec.msgpack.encode(state)}

    def stats(self) -> OperatorStats:
        return OperatorStats(self._done, self._done)

    def load(self, pieces: dict[str, bytes]) -> None:
        kept = msgspec.msgpack.decode(pieces.pop("host"), type=_CaseState)
        self._stage.load(pieces)
        self._done, self._taken.highest = kept.done, kept.taken
