#!/bin/sh
# Runs a command that installs, and gives what it added to the environment to an owner.
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
# An engine with one user of its own gives nothing to others, and needs not.
chown "$owner" /opt/venv 2>/dev/null || exit 0
# To give a file of a lower layer copies it, also to whom it belongs.
find /opt/venv ! -user "${owner%:*}" -exec chown -h "$owner" {} +
