"""Files that mean harm or came to harm, and names that nobody should give."""

import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

_NAMES = [
    b"-i.mp4", b"--help.mkv", b"new\nline.mp4", b"tab\t.mp4", b"carriage\r.mp4", b"bell\x07.mp4",
    b" leading space.mp4", b"trailing space .mp4", b".hidden.mp4", b"..two dots.mp4",
    b"latin1 \xe9\xff.mp4", b"cut utf8 \xe6\x97.mp4", b"surrogate \xed\xa0\x80.mp4",
    b"$(touch x).mp4", b"`id`.mp4", b"; rm -rf ~ .mp4", b"a|b>c<d&e.mp4", b"quote'\".mp4",
    b"back\\slash.mp4", b"%s%n%d.mp4", b"frame%03d.mp4", b"*?[a-z].mp4", b"{a,b}.mp4",
    b"concat:a|b.mp4", b"http:x.mp4", b"file:y.mp4", b"pipe:0.mp4", b"data:,x.mp4", b"a:b.mp4",
    b"<script>alert(1)<script>.mp4", b"'; DROP TABLE library_file; --.mp4",
    b"\\N.mp4", b"\\x00.mp4",
    "日本語 🎬.mp4".encode(), "é.mp4".encode(), "e\u0301.mp4".encode(), "\u202egnp.mp4".encode(),
    "ﬁ ligature.mp4".encode(), "zero\u200bwidth.mp4".encode(), "İstanbul.MP4".encode(),
    b"UPPER.MP4", b"double.mp4.mkv", b"no extension", b".mp4", b"x.mp4~", b"x.mp4.part",
    b"a" * 251 + b".mp4", "ä".encode() * 125 + b".mp4",
]  # fmt: skip

_TEXTS = {
    "playlist-http.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
    "playlist-file.mkv": "#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "playlist-hls.ts": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n",
    "concat.mp4": "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "dash.mp4": '<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet/></Period></MPD>',
    "reference.mp4": "[Reference]\nRef1=http://127.0.0.1:9/x\n",
    "playlist.wmv": "[playlist]\nFile1=http://127.0.0.1:9/x.mp3\nNumberOfEntries=1\n",
    "windows.wmv": '<asx version="3.0"><entry><ref href="http://127.0.0.1:9/"/></entry></asx>',
    "subtitles.mp4": "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 20,
    "metadata.mkv": ";FFMETADATA1\ntitle=x\n" * 10,
    "page.mp4": "<!DOCTYPE html><html><body>404 not found</body></html>" * 20,
    "text.avi": "This is not a film. " * 200,
    "script.mp4": "#!/bin/sh\nrm -rf /\n" * 10,
}


def write_hostile(root: Path, samples: list[Path], *, seed: int = 1) -> None:
    """Fill a folder; ``samples`` are whole media files to harm."""
    chance = random.Random(seed)
    for make in (_damaged, _lying, _malformed, _huge, _named, _linked, _beside):
        folder = root / make.__name__[1:]
        folder.mkdir(parents=True)
        make(folder, samples, chance)


def _damaged(folder: Path, samples: list[Path], chance: random.Random) -> None:
    for path in samples:
        content = path.read_bytes()
        for percent in (1, 20, 60, 97):
            cut = content[: len(content) * percent // 100]
            (folder / f"cut at {percent} {path.name}").write_bytes(cut)
        for part, rate in (("everywhere", 2_000), ("rarely", 50_000)):
            harmed = bytearray(content)
            for _ in range(1 + len(content) // rate):
                harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
            (folder / f"flipped {part} {path.name}").write_bytes(harmed)
        (folder / f"no head {path.name}").write_bytes(bytes(4_096) + content[4_096:])
        (folder / f"no tail {path.name}").write_bytes(content[:-4_096] + bytes(4_096))
        (folder / f"headless {path.name}").write_bytes(content[len(content) // 3 :])
    for size in (0, 1, 63, 64, 65_536):
        for suffix in ("mp4", "mkv", "avi", "mp3", "ts"):
            (folder / f"noise {size}.{suffix}").write_bytes(chance.randbytes(size))
            (folder / f"nought {size}.{suffix}").write_bytes(bytes(size))


def _lying(folder: Path, samples: list[Path], _chance: random.Random) -> None:
    for name, text in _TEXTS.items():
        (folder / name).write_text(text)
    for number, path in enumerate(samples):
        other = samples[(number + 1) % len(samples)].suffix
        (folder / f"really {path.suffix[1:]} {number}{other}").write_bytes(path.read_bytes())
    (folder / "archive.mp4").write_bytes(b"PK\x03\x04" + bytes(2_000))
    (folder / "image.mp4").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(2_000))
    (folder / "program.mkv").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(2_000))
    (folder / "two.mp4").write_bytes(samples[0].read_bytes() * 2)


def _malformed(folder: Path, samples: list[Path], _chance: random.Random) -> None:
    for name, content in _boxes():
        (folder / f"{name}.mp4").write_bytes(content)
    ebml = bytes.fromhex("1a45dfa3")
    (folder / "endless.mkv").write_bytes(ebml + b"\x01" + b"\xff" * 7 + bytes(4_000))
    (folder / "deep.mkv").write_bytes(ebml + b"\x80" + bytes.fromhex("18538067") * 4_000)
    (folder / "no rate.wav").write_bytes(_wave(channels=2, rate=0))
    (folder / "many channels.wav").write_bytes(_wave(channels=65_535, rate=8_000))
    (folder / "fast.wav").write_bytes(_wave(channels=1, rate=0xFFFF_FFFF))
    (folder / "tag.mp3").write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(8_000))
    (folder / "nulls.ts").write_bytes((b"\x47\x1f\xff\x10" + b"\xff" * 184) * 500)
    (folder / "script.flv").write_bytes(
        b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"\x12\xff\xff\xff" * 900
    )
    (folder / "pages.ogg").write_bytes(b"OggS\x00\x02" + b"\xff" * 3_000)


def _boxes() -> Iterator[tuple[str, bytes]]:
    start = b"\0\0\0\x10ftypisom\0\0\0\0"
    nest: Callable[[bytes, int], bytes] = lambda kind, n: b"".join(  # noqa: E731
        (8 * (n - i)).to_bytes(4, "big") + kind for i in range(n)
    )
    yield "deep", start + nest(b"moov", 4_000)
    yield "tracks", start + b"\0\0\x3e\x88moov" + b"\0\0\0\x08trak" * 2_000
    yield "endless box", start + b"\0\0\0\x01mdat" + b"\x7f" + b"\xff" * 7 + bytes(500)
    yield "box of nothing", start + b"\0\0\0\0moov" + bytes(500)
    yield "box too small", start + b"\0\0\0\x03moov" + bytes(500)
    head = b"\0\0\0\x6cmvhd" + bytes(12) + b"\0\0\0\0" + b"\xff" * 4 + bytes(80)
    yield "no clock", start + b"\0\0\0\x74moov" + head
    table = b"\x7f\xff\xff\xffstco\0\0\0\0" + b"\xff\xff\xff\xff" * 50
    yield "huge table", start + b"\0\x01\0\0moov\0\0\x80\0trak\0\0\x40\0mdia\0\0\x20\0minf" + table


def _wave(*, channels: int, rate: int) -> bytes:
    form = b"".join(
        value.to_bytes(size, "little")
        for value, size in ((1, 2), (channels, 2), (rate, 4), (rate, 4), (2, 2), (16, 2))
    )
    return b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + form + b"data\xff\xff\xff\xff" + bytes(4_000)


def _huge(folder: Path, samples: list[Path], _chance: random.Random) -> None:
    """Sparse: they hardly take room on disk."""
    whole = next(path for path in samples if path.suffix == ".mp4").read_bytes()
    for name, size in (("5 GiB.mp4", 5 << 30), ("1 TiB.mp4", 1 << 40)):
        with open(folder / name, "wb") as file:  # the media, and then one box of nothing
            file.write(whole + b"\0\0\0\x01free" + (size - len(whole)).to_bytes(8, "big"))
            file.truncate(size)
    with open(folder / "nothing 3 GiB.mkv", "wb") as file:
        file.truncate(3 << 30)


def _named(folder: Path, samples: list[Path], _chance: random.Random) -> None:
    whole = next(path for path in samples if path.suffix == ".mp4").read_bytes()
    for number, name in enumerate(_NAMES):
        free = len(b"%d" % number).to_bytes(1, "big")
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(whole + b"\0\0\0" + (8 + free[0]).to_bytes(1, "big") + b"free%d" % number)
    deep = os.fsencode(folder)
    for level in range(20):
        deep = os.path.join(deep, b"level \xff %d" % level)
        os.mkdir(deep)
        with open(os.path.join(deep, b"\xfe.mp4"), "wb") as file:
            file.write(whole + b"\0\0\0\x0bfree%03d" % level)


def _linked(folder: Path, samples: list[Path], _chance: random.Random) -> None:
    first = folder / "first.mp4"
    first.write_bytes(samples[0].read_bytes())
    for number in range(3):
        (folder / f"hard {number}.mp4").hardlink_to(first)
    (folder / "soft.mp4").symlink_to(first)
    (folder / "relative.mp4").symlink_to("first.mp4")
    (folder / "dangling.mp4").symlink_to("nowhere.mp4")
    (folder / "itself.mp4").symlink_to("itself.mp4")
    (folder / "device.mp4").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("..")
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as listener:  # an address may be 107 bytes long
        before = Path.cwd()
        os.chdir(folder)
        try:
            listener.bind("socket.mp4")
        finally:
            os.chdir(before)


def _beside(folder: Path, _samples: list[Path], _chance: random.Random) -> None:
    """What lies beside films and is none of our business."""
    for name in ("film.nfo", "film.srt", "poster.jpg", "Thumbs.db", ".DS_Store", "film.iso"):
        (folder / name).write_bytes(b"beside")
    for name in ("empty", "folder.mp4", "@eaDir", "lost+found"):
        (folder / name).mkdir()
