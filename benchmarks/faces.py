"""Faces: found, compared, grouped and named on pictures; in videos; a million of them."""

from importlib.util import find_spec

from benchmarks.report import Report


def run(report: Report) -> None:
    """``FACES`` is another folder of pictures (``faces_images``)."""
    from benchmarks import faces_images

    faces_images.measure(report)
    if find_spec("benchmarks.faces_videos"):
        from benchmarks import faces_videos

        faces_videos.measure(report)
    if find_spec("benchmarks.faces_grouping"):
        from benchmarks import faces_grouping

        faces_grouping.measure(report)
