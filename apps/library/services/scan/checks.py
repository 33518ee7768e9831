"""Reading fingerprints of single files, beside what a scan probes anyway."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from apps.disk.reader import Disk
from apps.ffmpeg.messages import ProbeRequest, ProbeResult, answer
from apps.ffmpeg.pool import DiskHangs, MediaPool
from apps.ffmpeg.reasons import Reason
from apps.library.models import File, Library
from apps.library.services.scan.compare import Difference
from apps.library.services.scan.roots import RootOffline, check_root


@dataclass(frozen=True, slots=True)
class Checks:
    """Fingerprints, read in a child process. What can't be read has none.

    ``waiting`` is called meanwhile and may raise. ``disk`` gives that of a library: it is asked
    after a file that took too long, so that a share that hangs is not waited for with each file.
    """

    pool: MediaPool
    waiting: Callable[[], None]
    disk: Callable[[int], Disk]
    _silent: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """Before each scan: what was given up may answer again."""
        self._silent.clear()

    def read(self, file: Difference, library: Library, *, md5: bool) -> ProbeResult:
        """Raises RootOffline and DiskHangs."""
        return self._read(os.path.join(library.root_bytes, file.path), library, md5=md5)

    def read_row(self, row: File, *, own: Library, md5: bool = False) -> ProbeResult:
        """Of what is at a row's path now; compare ``stat`` with the row's to know what it is of.

        Raises RootOffline and DiskHangs for files of ``own``; another library whose root doesn't
        answer is given up.
        """
        library = row.library
        if library.pk == own.pk:
            return self._read(row.location, library, md5=md5)
        if not self.gave_up(library.pk):
            try:
                return self._read(row.location, library, md5=md5)
            except (RootOffline, DiskHangs):
                self._silent.add(library.pk)
        request = ProbeRequest(key=0, path=row.location)
        return cast("ProbeResult", answer(request, error=Reason.TIMED_OUT.value))

    def gave_up(self, library_id: int) -> bool:
        """Whether a library's files aren't read any more, for its disk hangs."""
        return library_id in self._silent

    def _read(self, path: bytes, library: Library, *, md5: bool) -> ProbeResult:
        request = ProbeRequest(
            key=0, path=path, want_md5=md5, want_facts=False,
            bytes_per_second=library.bytes_per_second,
        )  # fmt: skip
        (result,) = self.pool.run([request], beat=self.waiting)
        if result.error == Reason.TIMED_OUT:
            check_root(self.disk(library.pk), library.root_bytes, expect_files=True)
        return cast("ProbeResult", result)
