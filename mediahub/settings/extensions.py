"""The one list of the file name extensions that a new library takes in."""

_VIDEO = (
    "3g2 3gp asf avi divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv rm rmvb ts vob"
    " webm wmv"
)
_AUDIO = "aac flac m4a mka mp3 oga ogg opus wav wma"
MEDIA_EXTENSIONS = [*_VIDEO.split(), *_AUDIO.split()]

# Left out of every library: what other programs haven't finished, bins, and what is no media of
# the user's though it bears such a name. Patterns as in .gitignore.
IGNORED_NAMES = [
    *("*.part", "*.part.*", "*.partial", "*.crdownload", "*.download", "*.tmp", "*.temp", "*.!qB"),
    *("*.!ut", "*.bc!", "*.aria2", "*.ytdl", "*.mh-part", "*.mh-part.*", ".syncthing.*", "~*"),
    *("._*", ".~*", ".Trash*/", ".trash/", ".recycle/", "#recycle/", "[$]RECYCLE.BIN/"),
    *("System Volume Information/", "lost+found/", "@eaDir/", ".AppleDouble/", ".snapshot/"),
    *(".zfs/", ".stversions/"),
]
