#!/bin/sh
# Stands in for apt-get: the machine's programs are those of the image, and nothing is installed.
#
# A package counts as installed where Debian keeps its documentation, which every package has, or
# where its programs are on PATH.
refuse() {
    echo "apt-get: $1 run the same command with \`dagger\` instead of \`stiletto\`" >&2
    exit 100
}

programs_of() {
    case $1 in
        bubblewrap) echo bwrap ;;
        build-essential) echo gcc g++ make ;;
        default-jre | default-jre-headless) echo java ;;
        graphviz) echo dot ;;
        imagemagick) echo convert ;;
        libpq-dev) echo pg_config ;;
        libxml2-utils) echo xmllint ;;
        locales | locales-all) echo localedef ;;
        mercurial) echo hg ;;
        nodejs) echo node ;;
        openssh-client) echo ssh ;;
        passt) echo pasta ;;
        postgresql-client) echo psql ;;
        python3) echo python3 ;;
        subversion) echo svn ;;
        xz-utils) echo xz ;;
        *) echo "$1" ;;
    esac
}

is_here() {
    [ -d "/usr/share/doc/$1" ] && return 0
    for program in $(programs_of "$1"); do
        command -v "$program" >/dev/null || return 1
    done
}

command=
names=
while [ $# -gt 0 ]; do
    case $1 in
        -o | -c | -t | --option | --config-file | --target-release) shift ;;
        -*) ;;
        *) if [ -n "$command" ]; then names="$names $1"; else command=$1; fi ;;
    esac
    shift
done
case $command in
    update | clean | autoclean | autoremove) exit 0 ;;
    install) ;;
    *) refuse "stiletto has no command \"$command\" of apt-get;" ;;
esac
missing=
for name in $names; do
    case $name in
        */* | *=*) refuse "stiletto installs no packages, and cannot compare $name;" ;;
    esac
    is_here "${name%%:*}" || missing="$missing ${name%%:*}"
done
[ -z "$missing" ] || refuse "this machine lacks$missing: install it here, or"
