#!/usr/bin/env bash
# Installs what `make test` needs beyond git, make, Go, Node and npm: as root with
# apt-get, otherwise it names the packages. `need.sh bench`, `need.sh firefox`: what `make
# bench` and `make firefox` need too (on Ubuntu say where yours is: FIREFOX=/usr/bin/firefox).
set -euo pipefail

# A server that can be asked to wait for its replicas' disks: Redis 7.2 or Valkey.
waits_for_disks() {
	command -v valkey-server >/dev/null && return
	command -v redis-server >/dev/null || return 1
	local version
	version=$(redis-server --version | sed -nE 's/.* v=([0-9]+\.[0-9]+).*/\1/p')
	[ "$(printf '7.2\n%s\n' "$version" | sort -V | head -1)" = 7.2 ]
}

# Debian 12 and Ubuntu 24.04 ship Redis 7.0; Valkey stands beside it, on Debian 12 in the
# backports, which are asked once, at the place the other packages come from.
install_valkey() {
	apt-get install -y -qq --no-install-recommends valkey-server 2>/dev/null && return
	local place codename list
	read -r place codename < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 !~ /-/ && $3 == "main" && $1 ~ /debian/ { print $1, $2; exit }') || return 1
	list=$(mktemp --suffix=.list)
	# shellcheck disable=SC2064 # the name as it is now
	trap "rm -f '$list'" RETURN
	{
		cat /etc/apt/sources.list 2>/dev/null || true
		echo "deb $place $codename-backports main"
	} >"$list"
	chmod 0644 "$list"
	apt-get -o Dir::Etc::sourcelist="$list" update -qq &&
		apt-get -o Dir::Etc::sourcelist="$list" install -y -qq --no-install-recommends -t "$codename-backports" valkey-server
}

packages=()
for command in redis-server chromium gcc ffmpeg; do
	command -v "$command" >/dev/null || packages+=("$command")
done
if [ "${1:-}" = bench ] && ! command -v nginx >/dev/null; then packages+=(nginx-light); fi
if [ "${1:-}" = firefox ] && ! command -v "${FIREFOX:-firefox-esr}" >/dev/null; then packages+=(firefox-esr); fi
# The race detector links against libc; pages need letters with Vietnamese marks.
[ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
[ -n "$(find /usr/share/fonts -iname '*noto*sans*' -print -quit 2>/dev/null)" ] || packages+=(fonts-noto-core)

if [ ${#packages[@]} -gt 0 ]; then
	if [ "$(id -u)" -ne 0 ]; then
		echo "The tests need these packages; install them with: sudo apt-get install ${packages[*]}" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

# Without it the suite still runs: the waiting for disks is then tested as logic only.
if ! waits_for_disks; then
	if [ "$(id -u)" -ne 0 ] || ! DEBIAN_FRONTEND=noninteractive install_valkey; then
		echo "WAITAOF cannot be tested on a real server: install valkey-server, or redis-server 7.2 or newer" >&2
	fi
fi
