"""Ctrl-C within the process; what it does to a whole run is in test_process."""

import signal

import pytest

from streams.cli.interrupt import Interrupt
from streams.recordings.errors import Interrupted


def test_the_first_is_noted_and_the_second_ends_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt()
    try:
        with interrupt.listen():
            assert not interrupt.asked
            signal.raise_signal(signal.SIGINT)
            assert interrupt.asked
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL  # a third kills
    finally:
        signal.signal(signal.SIGINT, before)


def test_waiting_ends_when_it_comes_and_does_not_begin_afterwards() -> None:
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT)
    with interrupt.listen():
        with interrupt:
            pass
        with pytest.raises(Interrupted), interrupt:
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted), interrupt:
            pytest.fail("entered")
    assert signal.getsignal(signal.SIGINT) is before
