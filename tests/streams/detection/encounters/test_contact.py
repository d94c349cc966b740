"""Contacts found sample by sample, with late ones in between: as if all had been there from the beginning."""

import msgspec
import numpy as np

from models.time import MINUTE
from streams.detection.encounters.contact import Contact, Contacts
from streams.detection.encounters.pair_sample import PairSample, VesselSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.silence import HeardAlone

S = EncounterSettings()


def test_late_samples_give_the_same_as_if_they_had_been_in_time() -> None:
    random = np.random.default_rng(7)
    contacts, samples, alone = Contacts(), [_sample(random, 0)], [HeardAlone(0, False, 0.0, 0.0)]
    found = 0
    for minute in range(5, 1500, 5):
        late = random.random() < 0.3
        at = minute - 5 * int(random.integers(0, 30)) if late else minute
        new = _sample(random, max(at, 0))
        samples = sorted([*(each for each in samples if each.time != new.time), new], key=lambda s: s.time)
        if random.random() < 0.2:
            heard = HeardAlone((minute - int(random.integers(0, 60))) * MINUTE, bool(late), 0.0, 0.0)
            alone = sorted([*alone, heard], key=lambda each: (each.time, each.second))
        if random.random() < 0.02:
            samples = samples[1:]
        now, anew = contacts.of(samples, alone, S), Contacts().of(samples, alone, S)
        assert _told(now) == _told(anew), minute
        found += now is not None
    assert found > 200


def _sample(random: np.random.Generator, minute: int) -> PairSample:
    metres = float(random.choice([40.0, 300.0, 700.0, 900.0], p=[0.7, 0.1, 0.1, 0.1]))
    sog, status = float(random.choice([0.2, 3.0, 9.0], p=[0.8, 0.1, 0.1])), int(random.integers(0, 7))
    a, b = (VesselSample(lon, 0.0, sog, 90.0, 90.0, status) for lon in (0.0, metres / 111_195))
    return PairSample(minute * MINUTE, metres, metres / 2, False, a, b)


def _told(contact: Contact | None) -> object:
    columns = None if contact is None else np.concatenate(contact.columns, axis=None).tobytes()
    return contact and {**msgspec.structs.asdict(contact), "table": columns}
