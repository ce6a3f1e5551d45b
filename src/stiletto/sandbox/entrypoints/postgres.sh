#!/bin/sh
# Makes a database cluster as the official image's variables ask, and becomes the server.
set -eu

say() { echo "entrypoint: $*" >&2; }
root=${0%/opt/stiletto/server/entrypoint} # "" in a container, the working tree without one

case ${1:-} in
'' | -*) set -- postgres "$@" ;;
esac
[ "$1" = postgres ] || exec "$@"

# The server refuses to be root. Where root is real, become nobody, and keep only the right to
# enter directories that are root's: programs and data may lie beneath one.
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA"
	chown -R 65534:65534 "$PGDATA"
	exec setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=+dac_override --ambient-caps=+dac_override -- "$0" "$@"
fi

# `VAR_FILE` is the place of the value, for secrets that are mounted.
value() {
	eval "given=\${$1:-} file=\${$1_FILE:-}"
	if [ -n "$file" ]; then given=$(cat "$file"); fi
	printf %s "$given"
}

fresh=
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	if [ -n "$(ls "$root/docker-entrypoint-initdb.d" 2>/dev/null)" ]; then
		say "scripts in /docker-entrypoint-initdb.d are not run here: run them as a client"
		exit 1
	fi
	user=$(value POSTGRES_USER)
	user=${user:-postgres}
	database=$(value POSTGRES_DB)
	database=${database:-$user}
	password=$(value POSTGRES_PASSWORD)
	method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
	if [ -z "$password" ] && [ "$method" != trust ]; then
		say "no superuser password: set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust"
		exit 1
	fi
	set -- "$@" # the server's words; initdb's are put before them and taken away again
	words=$#
	set -- --pgdata="$PGDATA" --username="$user" --encoding=UTF8 --locale="$LANG" --no-sync \
		--auth-local=trust --auth-host="$method" "$@"
	if [ -n "$password" ]; then
		set -- --pwfile=/dev/stdin "$@"
	fi
	init=initdb
	for word in ${POSTGRES_INITDB_ARGS:-}; do
		set -- "$word" "$@"
	done
	count=$(($# - words)) index=0
	while [ "$index" -lt "$count" ]; do
		init="$init '$(printf %s "$1" | sed "s/'/'\\\\''/g")'"
		shift
		index=$((index + 1))
	done
	printf '%s\n' "$password" | eval "$init" >/dev/null
	echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
	if [ "$database" != postgres ]; then
		# The single-user server needs no port, so nobody connects before all is done.
		quoted=$(printf %s "$database" | sed 's/"/""/g')
		printf 'CREATE DATABASE "%s"\n' "$quoted" |
			postgres --single -F -D "$PGDATA" postgres >/dev/null
	fi
	fresh=yes
fi

set -- "$@" -c listen_addresses="${STILETTO_SERVICE_ADDRESS:-*}"
if [ -z "$root" ]; then
	set -- "$@" -c unix_socket_directories=/run/postgresql,/tmp
else
	# The machine's own socket directory is not ours to use.
	set -- "$@" -c unix_socket_directories=
fi
if [ -n "$fresh" ]; then
	# Nothing of it outlives the machine.
	set -- "$@" -c fsync=off -c synchronous_commit=off -c full_page_writes=off
fi
unset POSTGRES_PASSWORD
exec "$@"
