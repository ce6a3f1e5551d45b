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
# The interpreter is that of the image, and runs nothing of the environment. What it does not compile
# is compiled by whoever imports it.
python=$(readlink -f /opt/venv/bin/python)
programs=${0%/*}
case $python in
"" | /opt/venv/*) ;;
*) "$python" -I -S "$programs/compiled.py" "$programs/imported.json" /opt/venv/lib/*/site-packages ;;
esac
# An engine with one user of its own gives nothing to others, and needs not.
chown "$owner" /opt/venv 2>/dev/null || exit 0
# To give a file of a lower layer copies it, also to whom it belongs.
find /opt/venv ! -user "${owner%:*}" -exec chown -h "$owner" {} +
