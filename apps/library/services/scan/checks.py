"""Reading fingerprints of single files, beside what a scan probes anyway."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.ffmpeg.pool import MediaPool
from apps.library.models import File, Library
from apps.library.services.scan.compare import Difference


@dataclass(frozen=True, slots=True)
class Checks:
    """Fingerprints, read in a child process. What can't be read has none.

    ``waiting`` is called meanwhile and may raise.
    """

    pool: MediaPool
    waiting: Callable[[], None]

    def read(self, file: Difference, library: Library, *, md5: bool) -> ProbeResult:
        return self._read(os.path.join(library.root_bytes, file.path), library, md5=md5)

    def read_row(self, row: File, *, md5: bool = False) -> ProbeResult:
        """Of what is at a row's path now; compare ``stat`` with the row's to know what it is of."""
        return self._read(row.location, row.library, md5=md5)

    def _read(self, path: bytes, library: Library, *, md5: bool) -> ProbeResult:
        request = ProbeRequest(
            key=0, path=path, want_md5=md5, want_facts=False,
            bytes_per_second=library.bytes_per_second,
        )  # fmt: skip
        (result,) = self.pool.run([request], beat=self.waiting)
        return cast("ProbeResult", result)
