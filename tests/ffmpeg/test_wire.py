import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ffmpeg import wire

_MESSAGES = st.lists(st.dictionaries(st.text(), st.integers() | st.text()), max_size=5)


@given(_MESSAGES, st.integers(1, 50))
def test_frames_arrive_whole_however_they_are_cut(messages: list[object], step: int) -> None:
    data = b"".join(wire.encode(message) for message in messages)
    buffer, arrived = bytearray(), []

    for at in range(0, len(data), step):
        buffer += data[at : at + step]
        arrived += wire.decode_all(buffer)

    assert arrived == messages
    assert not buffer


@pytest.mark.parametrize("nonsense", [b"\xff\xff\xff\xff", b"\0\0\0\x02{{", b"\0\0\0\x01\xff"])
def test_nonsense_breaks_the_wire(nonsense: bytes) -> None:
    with pytest.raises(wire.WireBroken):
        wire.decode_all(bytearray(nonsense))


def test_the_end_is_not_a_frame_and_half_a_frame_is_broken() -> None:
    for sent, broken in [(b"", False), (b"\0\0", True), (b"\0\0\0\x09half", True)]:
        reader, writer = os.pipe()
        os.write(writer, sent)
        os.close(writer)
        try:
            if broken:
                with pytest.raises(wire.WireBroken):
                    wire.read_frame(reader)
            else:
                assert wire.read_frame(reader) is None
        finally:
            os.close(reader)


def test_writing_to_nobody_breaks_the_wire() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with pytest.raises(wire.WireBroken):
            wire.write_all(writer, wire.encode("hello"))
    finally:
        os.close(writer)
