"""The owner of a session: a thread that has made what players want, until they want no more."""

import atexit
import logging
import threading
import time
from contextlib import suppress

from apps.core.process import ProcessFailed
from apps.playback.services.hls.encoder import Encoder, Order
from apps.playback.services.hls.place import Lock, Place, Wanted
from apps.playback.services.hls.slots import end

_log = logging.getLogger(__name__)
_TURN_S = 0.01
_REACH = 2  # segments that are waited for rather than begun at
_FAREWELL_S = 3.0
_ENDS_EARLY = "The file ends before this part, or is damaged there."

_running: set["Session"] = set()


class Session(threading.Thread):
    """Encodes up to ``ahead`` segments beyond the wanted one; keeps as many behind.

    Ends, with the folder, when nothing was wanted for ``idle_s``, or when asked to.
    """

    def __init__(self, place: Place, lock: Lock, *, ahead: int, idle_s: float) -> None:
        super().__init__(name=f"hls-{place.key}", daemon=True)
        self._place, self._lock = place, lock
        self._ahead, self._idle_s = ahead, idle_s
        self._encoder: Encoder | None = None
        self._order: Order | None = None
        self._stream = ""
        self._given_up: Wanted | None = None
        self._kept_for: tuple[int, int] | None = None
        self.leaving = threading.Event()

    def run(self) -> None:
        _running.add(self)
        try:
            while not self._is_over():
                self._turn()
        except Exception:  # noqa: BLE001 - the thread's outermost: nobody else would hear of it
            _log.exception("A stream ended by a fault of ours.")
        finally:
            self._stop_encoder()
            end(self._place, self._lock)
            _running.discard(self)

    def _is_over(self) -> bool:
        return (
            self.leaving.is_set()
            or not self._lock.holds()
            or self._place.is_asked_to_end()
            or self._place.quiet_s() > self._idle_s
        )

    def _turn(self) -> None:
        wanted = self._place.wanted()
        if wanted is not None and wanted != self._given_up:
            with suppress(FileNotFoundError):  # dropped while it was asked for: they ask again
                self._steer(wanted)
        encoder = self._encoder
        if encoder is None or encoder.ended or wanted is None:
            time.sleep(_TURN_S)
            return
        reading = encoder.position <= wanted.number + self._ahead
        encoder.work(timeout_s=_TURN_S, reading=reading)
        if self._kept_for != (wanted.number, encoder.position):
            self._kept_for = (wanted.number, encoder.position)
            around = range(wanted.number - self._ahead, wanted.number + 2 * self._ahead + 1)
            self._place.keep_only(self._stream, around)

    def _steer(self, wanted: Wanted) -> None:
        """See to it that an encoder makes what is wanted, or what will be next."""
        if wanted.stream != self._stream or self._order is None:
            order = Order.from_json(self._place.order(wanted.stream))
            self._stop_encoder()
            if self._stream:
                self._place.drop(self._stream)
            self._stream, self._order = wanted.stream, order
        missing = self._first_missing(wanted)
        if missing is None or self._is_coming(missing):
            return
        last = self._encoder
        self._stop_encoder()
        nothing_came = last and last.has_ended_by_itself and last.first == last.position == missing
        if last and (nothing_came or missing in last.skipped):
            self._give_up(wanted, last.reason or _ENDS_EARLY)
            return
        try:
            self._encoder = Encoder(self._place, self._stream, self._order, first=missing)
        except ProcessFailed as error:
            self._give_up(wanted, str(error))

    def _give_up(self, wanted: Wanted, reason: str) -> None:
        """Until somebody asks anew."""
        self._given_up = wanted
        self._place.fail(reason)

    def _first_missing(self, wanted: Wanted) -> int | None:
        """The first segment from the wanted one on that isn't there."""
        assert self._order is not None
        end = min(wanted.number + self._ahead, len(self._order.starts_s))
        for number in range(wanted.number, end):
            if not self._place.path(self._stream, number).exists():
                return number
        return None

    def _is_coming(self, number: int) -> bool:
        encoder = self._encoder
        if encoder is None or encoder.ended:
            return False
        return encoder.position <= number <= encoder.position + _REACH

    def _stop_encoder(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None


@atexit.register
def end_all() -> None:
    """End the sessions of this process; their folders go with them."""
    leaving = list(_running)
    for session in leaving:
        session.leaving.set()
    deadline = time.monotonic() + _FAREWELL_S
    for session in leaving:
        session.join(max(deadline - time.monotonic(), 0))
