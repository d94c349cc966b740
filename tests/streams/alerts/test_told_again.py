"""What a receiver may have, and what is dropped before it has confirmed it: better told twice than never."""

from models.event import Level, Status
from models.time import HOUR
from streams.alerts.schedule import PendingMessage
from tests.streams.alerts.factories import StoredState, entry, event, rule, sent
from tests.streams.alerts.test_limits import BACK, FOUND, revised, told, watching
from tests.streams.alerts.test_schedule import NOON, new, parcel_at, take


def test_what_a_receiver_may_have_is_told_again_and_taken_back_also_after_a_restart() -> None:
    level = {"filter": {"level": ["probable"]}}
    for life, kinds in (
        ([event(1, 2, level=Level.PROBABLE)], ["new"]),
        ([event(1, 2, status=Status.RETRACTED)], ["retracted"]),  # although it no longer meets the filter
        (
            [event(1, 2), event(1, 3, level=Level.PROBABLE), event(1, 4, status=Status.RETRACTED)],
            ["new", "retracted"],
        ),
    ):
        stored = StoredState()
        schedule = stored.schedule(rule(**level))
        first = event(1, level=Level.PROBABLE)
        take(schedule, first)
        schedule.try_out(parcel_at(schedule, NOON))
        assert len(schedule.drop([first.id + ":1"])) == 1
        stored.commit(schedule)
        schedule = stored.schedule(rule(**level))
        assert [kind for _, kind in take(schedule, *life)] == kinds
    schedule = new()
    take(schedule, event(1))
    sent(schedule, NOON)
    for number in (2, 3):  # a rise that may have been told is told again
        one = event(1, number, level=Level.PROBABLE)
        assert take(schedule, one) == [(number, "raised")]
        schedule.try_out(parcel_at(schedule, NOON))
        assert len(schedule.drop([f"{one.id}:{number}"])) == 1


def test_a_limit_whose_message_may_have_arrived_is_told_again_and_taken_back() -> None:
    watch = watching(24)
    watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
    for hours in (8, 9):
        assert told(watch, hours) == [24]
        parcel = watch.next(FOUND + hours * HOUR)
        assert isinstance(parcel, PendingMessage)
        watch.try_out(parcel)
        assert len(watch.drop([alert.id for alert in parcel.alerts])) == 1
    assert [one.kind for one in [watch.take(entry(2, BACK), BACK, FOUND)] if one] == ["retracted"]
