import os
from collections.abc import Callable
from pathlib import Path

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from apps.ffmpeg import hashing

_BLOCK = 65_536
Hash = Callable[[hashing.Ends], str]


def _hash(data: bytes, tmp_path: Path, by: Hash) -> str:
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as file:
        return by(hashing.Ends(file.fileno(), len(data)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"hello", ""),
        (b"12345678", ""),
        (b"this is a test" * 2**15, "6a0eba04654d0b9b"),
        (b"hello world", "d3e392dee38cd4df"),
        (bytes(_BLOCK) + b"this is dumb".rjust(_BLOCK, b"\0"), "d5d6ddd820756920"),
        (bytes(_BLOCK) + b"dumb is this".rjust(_BLOCK, b"\0"), "d5d6ddd820756920"),
    ],
    ids=["empty", "5 bytes", "8 bytes", "large", "11 bytes", "dumb", "dumb turned around"],
)
def test_oshash_is_that_of_stash(data: bytes, expected: str, tmp_path: Path) -> None:
    assert _hash(data, tmp_path, hashing.oshash) == expected


@given(st.binary(min_size=9, max_size=300), st.integers(0, 3))
def test_oshash_is_the_sum_of_size_and_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, times: int
) -> None:
    data *= 1 + times * 500
    length = min(len(data), _BLOCK) // 8 * 8
    head, tail = data[: min(len(data), _BLOCK)][:length], data[-length:]
    if len(data) <= _BLOCK:
        tail = data[len(data) - length :]
    words = [
        int.from_bytes(end[at : at + 8], "little")
        for end in (head, tail)
        for at in range(0, length, 8)
    ]
    expected = f"{(len(data) + sum(words)) % 2**64:016x}"

    assert _hash(data, tmp_path_factory.mktemp("oshash"), hashing.oshash) == expected


def test_a_small_file_is_fingerprinted_whole(tmp_path: Path) -> None:
    data = os.urandom(200_000)

    expected = xxhash.xxh3_128_hexdigest(len(data).to_bytes(8, "little") + data)

    assert _hash(data, tmp_path, hashing.content_fingerprint) == expected


def test_the_fingerprint_of_a_large_file_can_be_reproduced_from_its_description(
    tmp_path: Path,
) -> None:
    data = os.urandom(1_000_003)
    size = len(data)
    samples = b"".join(data[size * k // 9 :][:16_384] for k in range(1, 9))
    described = size.to_bytes(8, "little") + data[:_BLOCK] + samples + data[-_BLOCK:]

    assert _hash(data, tmp_path, hashing.content_fingerprint) == xxhash.xxh3_128_hexdigest(
        described
    )


def test_files_that_differ_in_size_or_at_the_ends_or_in_a_sample_differ(tmp_path: Path) -> None:
    data = bytes(1_000_000)
    places = (0, 999_999, 111_111, 444_444)
    changed = [data, data + b"\0"]
    changed += [data[:at] + b"\1" + data[at + 1 :] for at in places]

    found = {_hash(one, tmp_path, hashing.content_fingerprint) for one in changed}

    assert len(found) == len(changed)
