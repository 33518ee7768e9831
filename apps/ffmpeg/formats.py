"""Which container formats are read, which are refused, and what each is called."""

PLAYLISTS = frozenset({
    "applehttp", "avisynth", "concat", "concatf", "dash", "ffmetadata", "hls", "imf", "lavfi",
    "rtp", "rtsp", "sdp", "vapoursynth", "vobsub", "webm_dash_manifest",
})  # fmt: skip
"""Demuxers that open what their content names. They are how a text file becomes a request."""

_READ = (
    "3dostr", "4xm", "aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "apac", "ape", "apng",
    "asf", "au", "av1", "avi", "avs", "avs2", "avs3", "bink", "caf", "cavsvideo", "cdxl",
    "dhav", "dirac", "dnxhd", "dsf", "dts", "dtshd", "dv", "dxa", "ea", "eac3", "evc",
    "film_cpk", "flac", "flic", "flv", "gif", "gxf", "h261", "h263", "h264", "hevc", "iff",
    "ifv", "ivf", "kux", "live_flv", "lmlm4", "loas", "lxf", "m4v", "matroska", "mjpeg",
    "mlp", "mlv", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mpegtsraw", "mpegvideo",
    "msnwctcp", "mtv", "mv", "mxf", "mxg", "nsv", "nut", "nuv", "obu", "ogg", "pmp", "psxstr",
    "pva", "r3d", "rka", "rm", "roq", "rpl", "smk", "smush", "swf", "tak", "thp", "truehd",
    "tta", "ty", "vc1", "vc1test", "vivo", "vvc", "w64", "wav", "wsd", "wtv", "wv", "xa",
    "xmv", "xwma", "yop", "yuv4mpegpipe",
)  # fmt: skip
FORMAT_WHITELIST = ",".join(_READ)
"""For FFmpeg's ``format_whitelist``: containers that hold their streams in the file itself."""

PLAYLIST_BEGINNINGS = (b"#EXTM3U", b"ffconcat", b"v=0\r\n", b"v=0\n", b"<SMIL", b"[playlist]")

PROTOCOL_WHITELIST = "file"

_BRANDS = {"qt": "mov", "M4A": "m4a", "M4B": "m4a", "M4V": "m4v", "F4V": "f4v"}
CONTAINERS = frozenset({*_READ, *_BRANDS.values(), "3gp", "mp4", "webm"})
"""What ``container_name`` may say of a file that is read."""

_WEBM = b"\x42\x82\x84webm"  # EBML DocType, four bytes long, "webm"


def container_name(format_name: str, *, brand: str, head: bytes) -> str:
    """One short name for ffprobe's list of names.

    The mov family is told apart by its ``major_brand`` tag, WebM from Matroska by the document
    type in ``head``, the first bytes of the file (ffprobe names both alike).
    """
    first = format_name.split(",", 1)[0]
    if first == "mov":
        brand = brand.strip()
        return "3gp" if brand.startswith("3g") else _BRANDS.get(brand, "mp4")
    if first == "matroska" and _WEBM in head[:4096]:
        return "webm"
    return first
