#!/bin/sh
# Runs a command that installs, compiles what it added to the environment, and gives it to an owner.
#
#     sh install.sh OWNER -- COMMAND...
#
# In one step: another step that changes owners copies every file once more.
owner=$1
shift 2
"$@" || exit
# An engine without containers has the environment at another place. There is one owner for all.
[ "$UV_PROJECT_ENVIRONMENT" = /opt/venv ] || exit 0
# The environment may bring a `find` of its own, and comes first.
PATH=/usr/bin:/bin
# Otherwise each run of the tests compiles what it imports, and keeps that for itself. Of what is large
# little is imported. The interpreter is that of the image, and runs nothing of the environment.
python=$(readlink -f /opt/venv/bin/python)
case $python in
"" | /opt/venv/*) ;;
*)
    "$python" -I -S - /opt/venv/lib/*/site-packages <<'END' || exit
import compileall
import importlib.util
import os
import py_compile
import sys

WHOLE_MAX, TOP_MAX = 200, 100
# A time and a length do not show that a file was replaced by one of another version.
CHECKED = py_compile.PycInvalidationMode.CHECKED_HASH
HEAD = importlib.util.MAGIC_NUMBER + b"\3\0\0\0"


def sources(place):
    if os.path.isfile(place):
        return [place] if place.endswith(".py") else []
    found = []
    for at, _, names in os.walk(place):
        # A link could lead out of the environment.
        if not os.path.islink(f"{at}/__pycache__"):
            found += [f"{at}/{name}" for name in names if name.endswith(".py")]
    if len(found) <= WHOLE_MAX:
        return found
    top = [each for each in found if os.path.dirname(each) == place]
    return top if len(top) <= TOP_MAX else []


def is_compiled(source):
    try:
        with open(importlib.util.cache_from_source(source), "rb") as file:
            head = file.read(16)
        with open(source, "rb") as file:
            return head == HEAD + importlib.util.source_hash(file.read())
    except OSError:
        return False


for directory in sys.argv[1:]:
    if os.path.islink(f"{directory}/__pycache__"):
        continue
    for name in os.listdir(directory):
        place = f"{directory}/{name}"
        for source in [] if os.path.islink(place) else sources(place):
            if not os.path.islink(source) and not is_compiled(source):
                compileall.compile_file(source, quiet=2, invalidation_mode=CHECKED)
END
    ;;
esac
# An engine with one user of its own gives nothing to others, and needs not.
chown "$owner" /opt/venv 2>/dev/null || exit 0
# To give a file of a lower layer copies it, also to whom it belongs.
find /opt/venv ! -user "${owner%:*}" -exec chown -h "$owner" {} +
