"""The schedule: which revisions become alerts, what waits, and that a crash at any point loses nothing."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.event import Event, Level, Status
from models.time import DAY, HOUR, MINUTE, from_text
from streams.alerts.alert import Held, Revision
from streams.alerts.rules import Rule
from streams.alerts.schedule import (
    DIGEST,
    FOLLOWED,
    REFUSED,
    WAITING,
    PendingMessage,
    Schedule,
    State,
)
from tests.streams.alerts.factories import (
    NIGHT,
    StoredState,
    entry,
    event,
    rule,
    sent,
    sent_ids,
)

NOON = from_text("2026-03-02T12:00:00Z")
EVENING = from_text("2026-03-02T23:00:00Z")
MORNING = from_text("2026-03-03T07:00:00Z")
LIFE = [
    event(1, 1),
    event(1, 2),
    event(1, 3, level=Level.PROBABLE),
    event(1, 4, level=Level.POSSIBLE),
    event(1, 5, level=Level.PROBABLE),
    event(1, 6, level=Level.PROBABLE, status=Status.CLOSED),
    event(1, 7, level=Level.PROBABLE, status=Status.RETRACTED),
]


def new(**given: Any) -> Schedule:
    return Schedule(rule(**given), State())


def take(schedule: Schedule, *events: Event, now: int = NOON) -> list[tuple[int, str]]:
    """Revision and kind of the alerts that these make."""
    alerts = [schedule.take(entry(number, one), one, now) for number, one in enumerate(events, 1)]
    return [(alert.revision, alert.kind) for alert in alerts if alert]


# --- which revisions


def test_by_default_new_events_higher_levels_and_retractions_are_sent() -> None:
    assert take(new(), *LIFE) == [(1, "new"), (3, "raised"), (7, "retracted")]


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        (["closed"], [(6, "closed")]),
        (["raised"], [(3, "raised")]),
        (["retracted"], [(7, "retracted")]),
        (["new", "updated"], [(1, "new"), *((n, "updated") for n in range(2, 8))]),
        (
            list(Revision),
            [
                (1, "new"), (2, "updated"), (3, "raised"), (4, "updated"), (5, "updated"), (6, "closed"),
                (7, "retracted"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_rule_can_choose_its_revisions(revisions: list[str], expected: list[tuple[int, str]]) -> None:
    assert take(new(revisions=revisions), *LIFE) == expected


def test_an_event_is_new_with_the_first_revision_that_meets_the_filter() -> None:
    schedule = new(filter={"level": "probable"})
    assert take(schedule, *LIFE) == [(3, "new"), (7, "retracted")]


def test_a_known_event_is_followed_to_its_end_even_if_it_no_longer_meets_the_filter() -> None:
    schedule = new(filter={"min_score": 0.5, "status": "open"}, revisions=["new", "raised", "retracted"])
    weak: dict[str, Any] = {"score": 0.1, "level": Level.PROBABLE}
    events = [event(1, 1), event(1, 2, **weak), event(1, 3, status=Status.RETRACTED, **weak)]
    assert take(schedule, *events) == [(1, "new"), (2, "raised"), (3, "retracted")]


def test_neither_a_known_revision_nor_the_retraction_of_what_was_never_sent_makes_an_alert() -> None:
    assert take(new(), event(1, 2, status=Status.RETRACTED)) == []
    schedule = new(revisions=["new", "updated"])
    assert take(schedule, event(1, 2), event(1, 1), event(1, 2), event(1, 3)) == [(2, "new"), (3, "updated")]


def test_what_is_withheld_counts_as_not_told_also_after_a_restart() -> None:
    stored, kinds = StoredState(), list[tuple[int, str]]()
    life = [
        (event(1, 1, level=Level.PROBABLE), True),
        (event(1, 2), True),
        (event(1, 3), False),
        (event(1, 4, level=Level.PROBABLE), True),
        (event(1, 5, level=Level.PROBABLE), False),
        (event(1, 6, status=Status.RETRACTED), False),
        (event(2, 1), True),
        (event(2, 2, status=Status.RETRACTED), False),
    ]
    for number, (one, withheld) in enumerate(life, 1):
        schedule = stored.schedule(rule())
        alert = schedule.take(entry(number, one), one, NOON)
        if alert:
            kinds.append((alert.revision, alert.kind))
        if withheld:
            assert alert
            assert alert.repeats == (one.revision == 2)
            assert schedule.drop([alert.id]) == [alert]
        sent_ids(schedule, NOON)
        stored.commit(schedule)
    assert kinds == [
        (1, "new"),
        (2, "new"),
        (3, "new"),
        (4, "raised"),
        (5, "raised"),
        (6, "retracted"),
        (1, "new"),
    ]


@pytest.mark.parametrize("taken", [True, False])
def test_a_retraction_is_sent_if_a_later_alert_went_ahead_of_a_dropped_one(taken: bool) -> None:
    schedule = new(quiet=NIGHT | {"probable_breaks_through": True})
    take(schedule, event(1), event(1, 2, level=Level.PROBABLE), now=EVENING)
    if taken:
        assert sent_ids(schedule, EVENING) == [[event(1).id + ":2"]]
    else:  # but the receiver may have it
        schedule.try_out(parcel_at(schedule, EVENING))
    assert schedule.drop([event(1).id + ":1", event(1).id + ":2"])
    assert take(schedule, event(1, 3, status=Status.RETRACTED), now=EVENING) == [(3, "retracted")]


def test_a_message_is_dropped_with_its_alert_and_a_digest_only_as_a_whole() -> None:
    schedule = new(quiet=NIGHT)
    take(schedule, event(1), event(2), now=EVENING)
    assert schedule.next(EVENING) == MORNING
    digest = parcel_at(schedule, MORNING)
    schedule.take(entry(3, event(3)), event(3), MORNING)
    schedule.refused(digest, MORNING + HOUR)
    single = schedule.refused(parcel_at(schedule, MORNING), MORNING + HOUR)
    one, two, three = (event(number).id + ":1" for number in (1, 2, 3))
    assert schedule.next(MORNING + HOUR, back={one, two}) == single
    assert schedule.next(MORNING + HOUR, back={one, two, three}) is None
    assert [alert.id for alert in schedule.drop({one, three})] == [three]
    assert list(schedule.state.parcels) == [digest.id]
    assert len(schedule.drop({one, two})) == 2
    assert not schedule.state.parcels


def test_an_event_is_forgotten_long_after_its_last_revision() -> None:
    schedule = new()
    schedule.take(entry(1, event(1), time=NOON), event(1), NOON)
    schedule.forget(NOON + FOLLOWED)
    assert schedule.state.followed
    schedule.forget(NOON + FOLLOWED + 1)
    assert not schedule.state.followed


# --- quiet hours


def test_alerts_of_quiet_hours_come_as_a_digest_at_their_end() -> None:
    schedule = new(quiet=NIGHT)
    take(schedule, event(1), event(2), now=EVENING)
    assert schedule.next(EVENING) == MORNING
    assert schedule.next(MORNING - 1) == MORNING
    assert sent_ids(schedule, MORNING) == [[event(1).id + ":1", event(2).id + ":1"]]
    assert schedule.next(MORNING) is None
    take(schedule, event(3), event(4), now=MORNING)
    assert sent_ids(schedule, MORNING) == [[event(3).id + ":1"], [event(4).id + ":1"]]


def test_probable_events_can_be_exempt_from_quiet_hours() -> None:
    schedule = new(quiet=NIGHT | {"probable_breaks_through": True})
    take(schedule, event(1), event(2, level=Level.PROBABLE), now=EVENING)
    assert sent_ids(schedule, EVENING) == [[event(2).id + ":1"]]
    assert schedule.next(EVENING) == MORNING
    assert sent_ids(schedule, MORNING) == [[event(1).id + ":1"]]


def test_a_message_refused_in_the_evening_waits_for_the_morning() -> None:
    schedule = new(quiet=NIGHT)
    evening = from_text("2026-03-02T21:59:00Z")
    take(schedule, event(1), now=evening)
    parcel = schedule.next(evening)
    assert isinstance(parcel, PendingMessage)
    again = schedule.refused(parcel, evening + 2 * MINUTE)
    assert schedule.next(evening + 5 * MINUTE) == MORNING
    assert schedule.next(MORNING) == again


# --- at most so many an hour


def test_alerts_above_the_limit_come_as_a_digest_once_there_is_room() -> None:
    schedule = new(max_per_hour=2)
    take(schedule, *(event(n) for n in range(5)))
    assert [len(ids) for ids in sent_ids(schedule, NOON)] == [1, 1]
    assert schedule.next(NOON) == NOON + HOUR
    take(schedule, event(5), now=NOON + MINUTE)
    assert sent_ids(schedule, NOON + HOUR - 1) == []
    assert sent_ids(schedule, NOON + HOUR) == [[event(n).id + ":1" for n in (2, 3, 4, 5)]]
    assert schedule.take_held() == 4


def test_the_limit_holds_for_any_sixty_minutes() -> None:
    schedule = new(max_per_hour=2)
    times = []
    for minute in range(0, 240, 7):
        now = NOON + minute * MINUTE
        schedule.take(entry(minute + 1, event(minute)), event(minute), now)
        times += [now for _ in sent(schedule, now)]
    assert len(times) >= 6
    assert all(third - first >= HOUR for first, third in zip(times, times[2:], strict=False))


def test_a_digest_has_a_limit_and_the_next_one_has_the_rest() -> None:
    schedule = new(max_per_hour=1)
    take(schedule, *(event(n) for n in range(DIGEST + 2)))
    sizes = [len(ids) for hour in range(4) for ids in sent_ids(schedule, NOON + hour * HOUR)]
    assert sizes == [1, DIGEST, 1]


# --- receivers that do not take it


def parcel_at(schedule: Schedule, now: int) -> PendingMessage:
    found = schedule.next(now)
    assert isinstance(found, PendingMessage)
    return found


def test_while_a_receiver_is_away_only_the_first_message_is_tried() -> None:
    schedule = new()
    take(schedule, event(1), event(2), now=NOON)
    first = parcel_at(schedule, NOON)
    for minute in range(5):
        assert schedule.next(NOON + minute * MINUTE) == first
    assert len(schedule.state.parcels) == 1


def test_a_message_that_is_refused_lets_others_pass_and_comes_again() -> None:
    schedule = new()
    take(schedule, event(1), event(2), now=NOON)
    first = parcel_at(schedule, NOON)
    again = schedule.refused(first, NOON + MINUTE)
    assert sent_ids(schedule, NOON) == [[event(2).id + ":1"]]
    assert schedule.next(NOON) == NOON + MINUTE
    assert (again.id, again.alerts, again.refusals) == (first.id, first.alerts, 1)
    assert schedule.next(NOON + MINUTE) == again


def test_no_more_messages_are_made_while_too_many_are_refused() -> None:
    schedule = new()
    take(schedule, *(event(n) for n in range(REFUSED + 5)))
    for _ in range(REFUSED):
        schedule.refused(parcel_at(schedule, NOON), NOON + HOUR)
    assert schedule.next(NOON) == NOON + HOUR
    assert len(schedule.state.waiting) == 5


def test_the_oldest_alerts_are_given_up_if_too_many_wait() -> None:
    schedule = new()
    take(schedule, *(event(n) for n in range(WAITING + 2)))
    assert [alert.event for alert in schedule.overflow()] == [event(0).id, event(1).id]
    assert schedule.overflow() == []
    assert len(schedule.state.waiting) == WAITING


def test_missing_entries_are_reported_in_a_message_and_reading_goes_on() -> None:
    schedule = new()
    schedule.start("5-0")
    schedule.missed("9-0", NOON)
    gap = parcel_at(schedule, NOON)
    assert (gap.alerts, gap.gap) == ((), ("5-0", "9-0"))
    assert schedule.position == f"8-{2**64 - 1}"
    schedule.missed("9-3", NOON)
    assert schedule.position == "9-2"


# --- whatever happens, whenever it crashes

revisions = st.fixed_dictionaries(
    {"level": st.sampled_from(Level), "status": st.sampled_from((Status.OPEN, Status.OPEN, Status.CLOSED))}
)
ANSWERS = ("delivered", "refused", "away", "answer lost", "crash")
steps = st.one_of(
    st.tuples(st.just("event"), st.integers(1, 4), revisions),
    st.tuples(st.just("pass"), st.sampled_from((MINUTE, 17 * MINUTE, HOUR, 9 * HOUR)), st.none()),
    st.tuples(
        st.just("attempt"),
        st.sampled_from(("delivered", "refused", "away", "answer lost", "crash")),
        st.none(),
    ),
    st.tuples(st.just("crash"), st.none(), st.none()),
)
rules = st.builds(
    lambda more, limit, breaks: rule(
        revisions=["new", "raised", "closed", "retracted"],
        **({"max_per_hour": limit} if limit else {}),
        **({"quiet": NIGHT | {"probable_breaks_through": breaks}} if more else {}),
    ),
    st.booleans(),
    st.sampled_from((None, 1, 3)),
    st.booleans(),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rules, st.lists(steps, min_size=5, max_size=60))
def test_every_alert_is_sent_once_and_again_only_if_the_answer_was_lost(
    given: Rule, script: list[tuple[str, Any, Any]]
) -> None:
    redis, now, log = StoredState(), NOON, list[Event]()
    wanted: list[str] = []
    reference = Schedule(given, State())  # takes in the same, never crashes, sends nothing
    schedule = redis.schedule(given)
    schedule.start("0-0")
    redis.commit(schedule)
    sent_at: list[int] = []
    wait_for_requests: Counter[str] = Counter()
    lost: set[str] = set()
    bodies: dict[str, list[str]] = {}

    def read() -> None:
        assert schedule.position is not None
        for number in range(int(schedule.position.partition("-")[2]), len(log)):
            schedule.take(entry(number + 1, log[number]), log[number], now)
        redis.commit(schedule)

    def attempt(how: str) -> bool:
        nonlocal schedule
        read()
        found = schedule.next(now)
        redis.commit(schedule)
        if not isinstance(found, PendingMessage):
            return False
        ids = [alert.id for alert in found.alerts]
        assert bodies.setdefault(found.id, ids) == ids  # the same at every attempt
        if given.quiet and given.quiet.until(now):
            breaks = given.quiet.probable_breaks_through
            assert breaks
            assert all(alert.level is Level.PROBABLE for alert in found.alerts)
        if len(ids) > 1:
            assert all(alert.held in (Held.QUIET, Held.LIMIT) for alert in found.alerts)
        if how in ("delivered", "answer lost"):
            wait_for_requests.update(ids)
            sent_at.append(now)
        if how == "delivered":
            schedule.delivered(found, now)
        elif how == "refused":
            schedule.refused(found, now + 5 * MINUTE)
        elif how in ("answer lost", "crash"):
            lost.update(ids if how == "answer lost" else ())
            schedule = redis.schedule(given)
            if how == "answer lost":
                sent_at.pop()
            return True
        redis.commit(schedule)
        return True

    for what, value, more in script:
        if what == "event":
            known = [one for one in log if one.id == event(value).id]
            one = event(value, len(known) + 1, **more)
            log.append(one)
            if alert := reference.take(entry(len(log), one), one, now):
                wanted.append(alert.id)
        elif what == "pass":
            now += value
        elif what == "crash":
            schedule = redis.schedule(given)
        else:
            attempt(value)
    end = now + 30 * DAY
    while now < end and (len(wait_for_requests) < len(wanted) or schedule.state.parcels):
        if not attempt("delivered"):
            now += 10 * MINUTE
    assert set(wait_for_requests) == set(wanted)
    assert {id for id, times in wait_for_requests.items() if times > 1} <= lost
    limit = given.max_per_hour
    if limit:
        assert all(b - a >= HOUR for a, b in zip(sent_at, sent_at[limit:], strict=False))
    assert not schedule.state.waiting
