"""Silence is believed after a minute of looks at which a source had a chance to speak, and no earlier."""

from streams.silence import LOOK, Silence

MINUTE = 60.0


def test_a_source_from_which_nothing_comes_is_ended_after_a_minute() -> None:
    silence = Silence(MINUTE)
    looks = int(MINUTE / LOOK)
    for number in range(looks):
        assert silence.look(number * LOOK, {"dead": 7, "alive": number}) == []
    assert silence.look(MINUTE, {"dead": 7, "alive": looks}) == ["dead"]


def test_one_frame_begins_the_minute_anew() -> None:
    silence = Silence(MINUTE)
    silence.look(0, {"a": 1})
    for number in range(1, 24):
        assert silence.look(number * LOOK, {"a": 1 if number < 12 else 2}) == []
    assert silence.look(24 * LOOK, {"a": 2}) == ["a"]


def test_what_is_still_to_be_read_is_no_silence() -> None:
    """Nothing is told of sources in a partition that has more for us: theirs may be in it."""
    silence = Silence(MINUTE)
    for number in range(100):
        assert silence.look(number * LOOK, {} if number % 8 == 7 else {"a": 1}) == []


def test_time_that_nobody_had_is_no_silence() -> None:
    silence = Silence(MINUTE)
    silence.look(0, {"a": 1})
    assert silence.look(1000, {"a": 1}) == [], "this process stood still, perhaps the ingest did too"
    silence.look(1000 + LOOK, {"a": 1})
    silence.forget()  # Kafka was away
    for number in range(12):
        assert silence.look(2000 + number * LOOK, {"a": 1}) == []
    assert silence.look(2000 + 12 * LOOK, {"a": 1}) == ["a"]
