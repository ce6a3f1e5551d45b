#!/bin/sh
# Installs Debian packages, as they were on the day of the image where it names its snapshot.
#
#     sh system-packages.sh PACKAGE...
#
# What apt-get reads is beside this file: an engine may show files of the machine at /etc.
set -e
if ! command -v apt-get >/dev/null; then
    echo "system-packages: no apt-get in this image; name one of Debian or Ubuntu" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)/apt
mkdir -p "$here/sources" "$here/lists/partial"
# Debian's images name their snapshot in a comment above each address.
for file in /etc/apt/sources.list.d/*; do
    if [ -f "$file" ]; then
        sed -E '/^# *https?:\/\/snapshot\./{N;s/^# *([^[:space:]]+)\nURIs:.*/URIs: \1/;}' \
            "$file" >"$here/sources/$(basename "$file")"
    fi
done
# Images clear the cache behind each command; here it is a volume, and kept.
cat >"$here/config" <<END
#clear APT::Update::Post-Invoke;
#clear DPkg::Post-Invoke;
APT::Keep-Downloaded-Packages "true";
Acquire::Check-Valid-Until "false";
Dir::Etc::SourceParts "$here/sources";
Dir::State::Lists "$here/lists";
END
apt-get --config-file="$here/config" --quiet=2 update
apt-get --config-file="$here/config" --quiet=2 install --yes --no-install-recommends "$@"
rm -rf "$here"
