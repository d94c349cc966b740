"""Repeats: which messages of a batch say again what another one has said."""

from typing import Final

import numpy as np

from models.report import Rows
from models.time import Millis
from streams.decoding.lines.byte_spans import ByteSpans, Int64Array

_SPAN: Final = 1 << 30  # milliseconds that fit beside an MMSI
_CHANNELS: Final = 3
_KINDS: Final = 2 * 64 * _CHANNELS


def in_order(rows: Rows, payloads: ByteSpans) -> Int64Array:
    """The order by (time, mmsi, payload, fill, channel, own, lines)."""
    times = rows["time"]
    base = times.min() if len(times) else 0
    if len(times) and times.max() - base >= _SPAN:
        order = np.lexsort((rows["mmsi"], times))
    else:
        order = np.argsort(times - base << 32 | rows["mmsi"].astype(np.int64), kind="stable")
    moments, senders = times[order], rows["mmsi"][order]
    same = (moments[1:] == moments[:-1]) & (senders[1:] == senders[:-1])
    if not same.any():
        return order
    tied = np.flatnonzero(np.concatenate((same, [False])) | np.concatenate(([False], same)))
    run = np.cumsum(np.concatenate(([True], ~same)))[tied]
    among, texts = rows.take(order[tied]), payloads.take(order[tied])
    last = [among["lines"], among["own"], among["channel"], among["fill"], texts.lengths]
    order[tied] = order[tied][np.lexsort([*last, *reversed(texts.all_words()), run])]
    return order


def originals(rows: Rows, payloads: ByteSpans, window: Millis) -> Int64Array:
    """For each message, in order of time, the index of the one that it repeats: its own if none.

    A message repeats one with the same payload, fill bits and channel class that is at most `window` older
    and repeats none itself.
    """
    result = np.arange(len(rows))
    kinds = (rows["fill"].astype(np.int64) * 2 + rows["own"]) * _CHANNELS + rows["channel"]
    hashes = payloads.hashes() + kinds.astype(np.uint64)
    order = np.argsort(hashes)
    same = hashes[order][1:] == hashes[order][:-1]
    if not same.any():
        return result
    some = np.sort(order[np.concatenate((same, [False])) | np.concatenate(([False], same))])
    said, _ = payloads.take(some).numbered()
    said = said * _KINDS + kinds[some]
    by_content = np.argsort(said, kind="stable")
    left, said = some[by_content], said[by_content]
    times = rows["time"]
    while len(left):
        # The first of each content is an original; those near it repeat it, the rest are looked at again
        first = np.concatenate(([True], said[1:] != said[:-1]))
        original = left[first][np.cumsum(first) - 1]
        near = times[left] - times[original] <= window
        result[left[near]] = original[near]
        left, said = left[~near], said[~near]
    return result
