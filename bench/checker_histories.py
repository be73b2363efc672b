"""Large correct histories in columns, made piece by piece, to measure the checker on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reports.checkers.kafka.columns import FUNCTION, INVOKE, OK, SEND, UNKNOWN, Array, Batch, Names, Reset, join

KEYS, PRODUCERS, PER_POLL = 16, 32, 50
MARKER_EVERY = 50  # an offset in so many is a transaction marker
PIECE = 400_000  # messages at a time
MESSAGE_NS = 1_000  # one message is sent per microsecond, and each is in flight for up to PRODUCERS of them


def messages_for(records: int) -> int:
    """Messages of a history with about so many records: each is sent once and polled twice."""
    return max(KEYS * PER_POLL, records // 3 // (KEYS * PER_POLL) * (KEYS * PER_POLL))


def made(names: Names, records: int) -> Iterator[Batch]:
    """A history in which nothing is wrong: `PRODUCERS` at once send one record per operation to `KEYS` keys, a consumer
    per key follows, and in the end a fresh process reads every key from its beginning."""
    keys = np.array([names.key(f"bench/{i}") for i in range(KEYS)], "i4")
    senders = np.array([names.process(i) for i in range(PRODUCERS)], "i4")
    followers = np.array([names.process(PRODUCERS + i) for i in range(KEYS)], "i4")
    reader = names.process(PRODUCERS + KEYS)
    messages, index = messages_for(records), 0
    rng = np.random.default_rng(1)
    for start in range(0, messages, PIECE):
        message = np.arange(start, min(messages, start + PIECE))
        begun = (message + start) * MESSAGE_NS + rng.integers(0, MESSAGE_NS, len(message))  # a pause between pieces
        flight = rng.integers(MESSAGE_NS, (PRODUCERS - 2) * MESSAGE_NS, len(message))
        sends = _events(begun, begun + flight, senders[message % PRODUCERS], "send", np.ones(len(message), int),
                        keys[message % KEYS], _offset(message // KEYS), message)  # fmt: skip
        end = (int(message[-1]) + start + 2 * PRODUCERS) * MESSAGE_NS
        polls = _polls(message, keys, followers, end, MESSAGE_NS)
        piece = _in_order([sends, polls], index)
        index += len(piece)
        yield piece
    time = 3 * messages * MESSAGE_NS + 1_000_000_000
    yield _assign(names, reader, index, time)
    index += 2
    for start in range(0, messages, PIECE):
        message = np.arange(start, min(messages, start + PIECE))
        polls = _polls(message, keys, np.full(KEYS, reader, "i4"), time + start * MESSAGE_NS + 1, MESSAGE_NS)
        piece = _in_order([polls], index)
        index += len(piece)
        yield piece


def _offset(place: Array) -> Array:
    return place + place // (MARKER_EVERY - 1)


def _events(
    begun: Array, ended: Array, process: Array, f: str, sizes: Array, key: Array, offset: Array, value: Array
) -> Batch:
    """Invocations, then their answers; sends name their records in both, polls in the answer."""
    count, asks = len(begun), f == "send"
    flags = np.full(len(value), SEND if asks else 0, "u1")
    unknown = np.full(len(value), UNKNOWN)
    twice = (lambda asked, answered: np.concatenate([asked, answered])) if asks else (lambda _, answered: answered)
    return Batch(
        index=np.zeros(2 * count, "i8"), time=np.concatenate([begun, ended]),
        process=np.concatenate([process, process]),
        type=np.repeat(np.array([INVOKE, OK], "u1"), count), f=np.full(2 * count, FUNCTION[f], "u1"),
        bare=np.zeros(2 * count, "?"), file=np.zeros(2 * count, "i2"), line=np.zeros(2 * count, "i4"),
        first=np.concatenate(([0], np.cumsum(np.concatenate([sizes if asks else 0 * sizes, sizes])))),
        flags=twice(flags, flags), key=twice(key, key), offset=twice(unknown, offset), value=twice(value, value),
    )  # fmt: skip


def _polls(message: Array, keys: Array, process: Array, start: int, step: int) -> Batch:
    """Each key's messages in polls of `PER_POLL`, key after key in turn, so that a process polls one at a time."""
    table = message.reshape(-1, KEYS).T  # row: key; column: place
    place = table // KEYS
    polls = table.shape[1] // PER_POLL
    turn = np.arange(polls * KEYS)
    rows = turn % KEYS
    order = (table.reshape(KEYS, polls, PER_POLL).transpose(1, 0, 2)).ravel()
    offset = _offset(place).reshape(KEYS, polls, PER_POLL).transpose(1, 0, 2).ravel()
    begun = start + turn * step
    return _events(begun, begun + step // 2, process[rows], "poll", np.full(len(turn), PER_POLL),
                   np.repeat(keys[rows], PER_POLL), offset, order)  # fmt: skip


def _in_order(parts: list[Batch], index: int) -> Batch:
    whole = join(parts)
    whole = whole.select(np.argsort(whole.time, kind="stable"))
    whole.index = np.arange(index, index + len(whole))
    return whole


def _assign(names: Names, reader: int, index: int, time: int) -> Batch:
    nothing = np.empty(0)
    batch = _events(np.array([time]), np.array([time]), np.array([reader], "i4"), "assign", np.zeros(1, int),
                    nothing.astype("i4"), nothing.astype("i8"), nothing.astype("i8"))  # fmt: skip
    batch.index = np.array([index, index + 1])
    batch.resets = {at: Reset("assign", tuple(names.keys), seek_to_beginning=True) for at in range(2)}
    return batch
