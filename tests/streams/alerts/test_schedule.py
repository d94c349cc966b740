"""The desk: which revisions become alerts, what waits, and that a crash at any point loses nothing."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.event import Event, Level, Status
from models.time import DAY, HOUR, MINUTE, from_text
from streams.alerts.alert import Held, Kind
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
    Redis,
    entry,
    event,
    rule,
    sent,
    told,
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


def take(desk: Schedule, *events: Event, now: int = NOON) -> list[tuple[int, str]]:
    """Revision and kind of the alerts that these make."""
    alerts = [desk.take(entry(number, one), one, now) for number, one in enumerate(events, 1)]
    return [(alert.revision, alert.kind) for alert in alerts if alert]


# --- which revisions


def test_by_default_first_sight_a_higher_level_and_retraction_are_told() -> None:
    assert take(new(), *LIFE) == [(1, "new"), (3, "raised"), (7, "retracted")]


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        (["closed"], [(6, "closed")]),
        (["raised"], [(3, "raised")]),
        (["retracted"], [(7, "retracted")]),
        (["new", "updated"], [(1, "new"), *((n, "updated") for n in range(2, 8))]),
        (
            list(Kind),
            [
                (1, "new"), (2, "updated"), (3, "raised"), (4, "updated"), (5, "updated"), (6, "closed"),
                (7, "retracted"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_rule_says_which_revisions_it_wants(revisions: list[str], expected: list[tuple[int, str]]) -> None:
    assert take(new(revisions=revisions), *LIFE) == expected


def test_first_sight_is_the_first_revision_that_meets_the_filter() -> None:
    desk = new(filter={"level": "probable"})
    assert take(desk, *LIFE) == [(3, "new"), (7, "retracted")]


def test_what_was_told_is_told_to_its_end_although_the_filter_is_met_no_more() -> None:
    desk = new(filter={"min_score": 0.5, "status": "open"}, revisions=["new", "raised", "retracted"])
    weak: dict[str, Any] = {"score": 0.1, "level": Level.PROBABLE}
    events = [event(1, 1), event(1, 2, **weak), event(1, 3, status=Status.RETRACTED, **weak)]
    assert take(desk, *events) == [(1, "new"), (2, "raised"), (3, "retracted")]


def test_the_retraction_of_what_was_never_told_is_not_told() -> None:
    assert take(new(), event(1, 2, status=Status.RETRACTED)) == []


def test_a_revision_that_is_known_makes_no_alert() -> None:
    desk = new(revisions=["new", "updated"])
    assert take(desk, event(1, 2), event(1, 1), event(1, 2), event(1, 3)) == [(2, "new"), (3, "updated")]


def test_an_event_is_forgotten_when_nothing_is_heard_of_it() -> None:
    desk = new()
    desk.take(entry(1, event(1), time=NOON), event(1), NOON)
    desk.forget(NOON + FOLLOWED)
    assert desk.state.followed
    desk.forget(NOON + FOLLOWED + 1)
    assert not desk.state.followed


# --- quiet hours


def test_what_falls_in_quiet_hours_comes_as_a_digest_at_their_end() -> None:
    desk = new(quiet=NIGHT)
    take(desk, event(1), event(2), now=EVENING)
    assert desk.next(EVENING) == MORNING
    assert desk.next(MORNING - 1) == MORNING
    assert told(desk, MORNING) == [[event(1).id + ":1", event(2).id + ":1"]]
    assert desk.next(MORNING) is None
    take(desk, event(3), event(4), now=MORNING)
    assert told(desk, MORNING) == [[event(3).id + ":1"], [event(4).id + ":1"]]


def test_probable_may_break_through() -> None:
    desk = new(quiet=NIGHT | {"probable_breaks_through": True})
    take(desk, event(1), event(2, level=Level.PROBABLE), now=EVENING)
    assert told(desk, EVENING) == [[event(2).id + ":1"]]
    assert desk.next(EVENING) == MORNING
    assert told(desk, MORNING) == [[event(1).id + ":1"]]


def test_a_message_that_was_refused_in_the_evening_waits_for_the_morning_too() -> None:
    desk = new(quiet=NIGHT)
    evening = from_text("2026-03-02T21:59:00Z")
    take(desk, event(1), now=evening)
    parcel = desk.next(evening)
    assert isinstance(parcel, PendingMessage)
    again = desk.refused(parcel, evening + 2 * MINUTE)
    assert desk.next(evening + 5 * MINUTE) == MORNING
    assert desk.next(MORNING) == again


# --- at most so many an hour


def test_what_is_too_many_comes_as_a_digest_once_there_is_room() -> None:
    desk = new(max_per_hour=2)
    take(desk, *(event(n) for n in range(5)))
    assert [len(ids) for ids in told(desk, NOON)] == [1, 1]
    assert desk.next(NOON) == NOON + HOUR
    take(desk, event(5), now=NOON + MINUTE)
    assert told(desk, NOON + HOUR - 1) == []
    assert told(desk, NOON + HOUR) == [[event(n).id + ":1" for n in (2, 3, 4, 5)]]
    assert desk.take_held() == 4


def test_the_limit_is_of_any_sixty_minutes() -> None:
    desk = new(max_per_hour=2)
    times = []
    for minute in range(0, 240, 7):
        now = NOON + minute * MINUTE
        desk.take(entry(minute + 1, event(minute)), event(minute), now)
        times += [now for _ in sent(desk, now)]
    assert len(times) >= 6
    assert all(third - first >= HOUR for first, third in zip(times, times[2:], strict=False))


def test_a_digest_has_a_bound_and_the_rest_is_in_the_next() -> None:
    desk = new(max_per_hour=1)
    take(desk, *(event(n) for n in range(DIGEST + 2)))
    sizes = [len(ids) for hour in range(4) for ids in told(desk, NOON + hour * HOUR)]
    assert sizes == [1, DIGEST, 1]


# --- receivers that do not take it


def parcel_at(desk: Schedule, now: int) -> PendingMessage:
    found = desk.next(now)
    assert isinstance(found, PendingMessage)
    return found


def test_while_a_receiver_is_away_the_first_message_is_tried_and_no_other_made() -> None:
    desk = new()
    take(desk, event(1), event(2), now=NOON)
    first = parcel_at(desk, NOON)
    for minute in range(5):
        assert desk.next(NOON + minute * MINUTE) == first
    assert len(desk.state.parcels) == 1


def test_a_message_that_is_refused_lets_others_pass_and_comes_again() -> None:
    desk = new()
    take(desk, event(1), event(2), now=NOON)
    first = parcel_at(desk, NOON)
    again = desk.refused(first, NOON + MINUTE)
    assert told(desk, NOON) == [[event(2).id + ":1"]]
    assert desk.next(NOON) == NOON + MINUTE
    assert (again.id, again.alerts, again.refusals) == (first.id, first.alerts, 1)
    assert desk.next(NOON + MINUTE) == again


def test_where_nearly_all_are_refused_no_more_are_made() -> None:
    desk = new()
    take(desk, *(event(n) for n in range(REFUSED + 5)))
    for _ in range(REFUSED):
        desk.refused(parcel_at(desk, NOON), NOON + HOUR)
    assert desk.next(NOON) == NOON + HOUR
    assert len(desk.state.waiting) == 5


def test_the_oldest_are_given_up_where_too_many_wait() -> None:
    desk = new()
    take(desk, *(event(n) for n in range(WAITING + 2)))
    assert [alert.event for alert in desk.overflow()] == [event(0).id, event(1).id]
    assert desk.overflow() == []
    assert len(desk.state.waiting) == WAITING


def test_a_cut_log_is_said_in_a_message_and_read_on() -> None:
    desk = new()
    desk.start("5-0")
    desk.missed("9-0", NOON)
    gap = parcel_at(desk, NOON)
    assert (gap.alerts, gap.gap) == ((), ("5-0", "9-0"))
    assert desk.position == f"8-{2**64 - 1}"
    desk.missed("9-3", NOON)
    assert desk.position == "9-2"


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
def test_every_alert_is_sent_once_and_again_only_where_the_answer_was_lost(
    given: Rule, script: list[tuple[str, Any, Any]]
) -> None:
    redis, now, log = Redis(), NOON, list[Event]()
    wanted: list[str] = []
    reference = Schedule(given, State())  # takes in the same, never crashes, sends nothing
    desk = redis.desk(given)
    desk.start("0-0")
    redis.commit(desk)
    sent_at: list[int] = []
    got: Counter[str] = Counter()
    lost: set[str] = set()
    bodies: dict[str, list[str]] = {}

    def read() -> None:
        assert desk.position is not None
        for number in range(int(desk.position.partition("-")[2]), len(log)):
            desk.take(entry(number + 1, log[number]), log[number], now)
        redis.commit(desk)

    def attempt(how: str) -> bool:
        nonlocal desk
        read()
        found = desk.next(now)
        redis.commit(desk)
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
            got.update(ids)
            sent_at.append(now)
        if how == "delivered":
            desk.delivered(found, now)
        elif how == "refused":
            desk.refused(found, now + 5 * MINUTE)
        elif how in ("answer lost", "crash"):
            lost.update(ids if how == "answer lost" else ())
            desk = redis.desk(given)
            if how == "answer lost":
                sent_at.pop()
            return True
        redis.commit(desk)
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
            desk = redis.desk(given)
        else:
            attempt(value)
    end = now + 30 * DAY
    while now < end and (len(got) < len(wanted) or desk.state.parcels):
        if not attempt("delivered"):
            now += 10 * MINUTE
    assert set(got) == set(wanted)
    assert {id for id, times in got.items() if times > 1} <= lost
    limit = given.max_per_hour
    if limit:
        assert all(b - a >= HOUR for a, b in zip(sent_at, sent_at[limit:], strict=False))
    assert not desk.state.waiting
