"""Pictures of performers from elsewhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from apps.library.models import PerformerImage
from apps.stashbox.models import StashBox
from apps.stashbox.schema import RemoteImage
from apps.stashbox.services import pictures
from apps.stashbox.services.pictures import (
    PictureBroken,
    choose_picture,
    fetch_known,
    fetch_pictures,
    written_anew,
)
from tests.factories import make_performer
from tests.stashbox.factories import make_link
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db


def picture(form: str = "PNG", size: tuple[int, int] = (60, 80), **how: Any) -> bytes:
    written = BytesIO()
    Image.new(how.pop("mode", "RGB"), size, how.pop("color", "teal")).save(written, form, **how)
    return written.getvalue()


class Pictures:
    """A server of pictures; ``asked`` are the paths that were."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.url = ""

    def add(self, path: str, content: bytes, kind: str = "image/png") -> RemoteImage:
        self.files[path] = kind, content
        return RemoteImage(url=self.url + path)


@pytest.fixture
def server() -> Iterator[Pictures]:
    offered = Pictures()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            offered.asked.append(self.path)
            kind, content = offered.files[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except ConnectionError:  # who asked has had enough
                return

        def log_message(self, *_args: Any) -> None:
            """Nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    offered.url = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, args=(0.05,))
    thread.start()
    yield offered
    running.shutdown()
    thread.join()
    running.server_close()


def test_are_kept_once_behind_those_that_are_there(server: Pictures) -> None:
    jane = make_performer()
    there = PerformerImage.objects.create(performer=jane, image="own.jpg", position=3)
    images = [server.add("/a", picture()), server.add("/b", picture())]

    first = fetch_pictures(jane, images, private_at=images[0].url)
    again = fetch_pictures(jane, images, private_at=images[0].url)

    assert ([p.position for p in first.kept], first.failed) == ([4, 5], {})
    assert (again.kept, server.asked) == ([], ["/a", "/b"])
    assert list(jane.images.order_by("position")) == [there, *first.kept]
    with first.kept[0].image.open() as file, Image.open(file) as kept:
        assert (kept.format, kept.size) == ("JPEG", (60, 80))


def test_what_cannot_be_had_is_told_and_the_others_are_kept(server: Pictures) -> None:
    images = [
        server.add("/page", b"<html>", "text/html"),
        server.add("/broken", b"\x89PNG no"),
        server.add("/huge", b"\0" * (pictures.MOST_BYTES + 1)),
        server.add("/fine", picture()),
    ]

    outcome = fetch_pictures(make_performer(), images, private_at=images[0].url)

    assert set(outcome.failed) == {image.url for image in images[:3]}
    assert len(outcome.kept) == 1


def test_are_not_fetched_from_private_networks_unless_allowed(server: Pictures) -> None:
    image = server.add("/a", picture())

    outcome = fetch_pictures(make_performer(), [image])

    assert list(outcome.failed) == [image.url]
    assert server.asked == []


def test_at_most_some_are_fetched_and_kept(server: Pictures, monkeypatch: Any) -> None:
    monkeypatch.setattr(pictures, "MOST_KEPT", 2)
    jane = make_performer()
    images = [server.add(f"/{n}", picture()) for n in range(4)]

    fetch_pictures(jane, images, most=3, private_at=images[0].url)

    assert (len(server.asked), jane.images.count()) == (3, 2)


def test_one_is_chosen(server: Pictures) -> None:
    jane = make_performer()
    images = [server.add(f"/{n}", picture()) for n in range(3)]
    one, two, three = fetch_pictures(jane, images, private_at=images[0].url).kept

    choose_picture(three)

    assert list(jane.images.order_by("position")) == [three, one, two]


def test_of_a_linked_performer_are_asked_for(
    server: Pictures, box: StashBox, standin: StandIn
) -> None:
    image = server.add("/a", picture())
    shown = {"id": "00000000-0000-4000-8000-000000000001", "url": image.url, "width": 60,
             "height": 80}  # fmt: skip
    there = standin.data.add_performer("Jane", images=[shown])
    jane = make_performer("Jane")
    make_link(box, jane, there)

    outcome = fetch_known(jane)

    assert (len(outcome.kept), outcome.failed) == (1, {})


class TestWrittenAnew:
    def test_is_smaller_upright_and_says_nothing_else(self) -> None:
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "a secret"  # to be turned by a quarter; a description
        wide = picture("JPEG", (3_000, 1_000), exif=exif.tobytes(), comment=b"a secret")

        written = written_anew(wide)

        assert b"secret" not in written
        with Image.open(BytesIO(written)) as new:
            assert new.height == 2_000
            assert 650 < new.width < 680
            assert not new.getexif()

    def test_takes_pictures_that_can_be_seen_through_and_of_few_colours(self) -> None:
        note = PngInfo()
        note.add_text("note", "a secret")
        clear = picture(mode="RGBA", color=(0, 0, 0, 0), pnginfo=note)

        with Image.open(BytesIO(written_anew(clear))) as new:
            assert new.getpixel((0, 0)) == (255, 255, 255)
        for mode in ("L", "P", "1", "LA"):
            assert written_anew(picture(mode=mode, color=0))
        assert written_anew(picture("WEBP"))

    def test_looks_at_the_size_before_it_decodes(self) -> None:
        bomb = picture(size=(8_000, 5_001), mode="1", color=0)
        assert len(bomb) < 10_000

        with pytest.raises(PictureBroken, match="megapixels"):
            written_anew(bomb)

    @pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "ICO"])
    def test_refuses_other_formats(self, form: str) -> None:
        with pytest.raises(PictureBroken):
            written_anew(picture(form))

    def test_refuses_what_breaks_off(self) -> None:
        whole = picture(size=(300, 300))

        for content in (b"", whole[:20], whole[: len(whole) // 2], whole[:-30]):
            with pytest.raises(PictureBroken):
                written_anew(content)
