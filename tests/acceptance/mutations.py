"""Seeded damage: what happens to files on bad disks, in bad downloads and in bad hands."""

import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random], bytes]


def flip_bits(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_off(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def edit_header(data: bytes, rng: Random) -> bytes:
    """Bytes among the first 64, where formats, sizes and modes stand."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        changed[rng.randrange(min(64, len(changed)))] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
    return bytes(changed)


def swap_chunks(data: bytes, rng: Random) -> bytes:
    """Two pieces of a file in each other's place: PNG chunks, JPEG segments and zip members, where it has such."""
    marks = [at.start() for at in re.finditer(rb"IHDR|IDAT|PLTE|IEND|\xff[\xc0-\xfe]|PK\x01\x02|PK\x03\x04|RIFF", data)]
    if len(marks) < 3:
        marks = [rng.randrange(len(data)) for _ in range(3)]
    first, second, third = sorted(rng.sample(marks, 3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def drop_a_piece(data: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 200) :]


def append_garbage(data: bytes, rng: Random) -> bytes:
    return data + rng.randbytes(rng.randint(1, 5000))


def put_garbage_first(data: bytes, rng: Random) -> bytes:
    return rng.randbytes(rng.randint(1, 100)) + data


def zero_a_block(data: bytes, rng: Random) -> bytes:
    start, size = rng.randrange(len(data)), rng.randint(16, 512)
    return data[:start] + bytes(len(data[start : start + size])) + data[start + size :]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    cut_off,
    edit_header,
    swap_chunks,
    drop_a_piece,
    append_garbage,
    put_garbage_first,
    zero_a_block,
)


def mutated(data: bytes, seed: int) -> bytes:
    """The data after one or two mutations; the kinds take turns by seed, all else is drawn from it."""
    rng = Random(seed)
    damaged = MUTATIONS[seed % len(MUTATIONS)](data, rng)
    return rng.choice(MUTATIONS)(damaged, rng) if damaged and rng.random() < 0.25 else damaged
