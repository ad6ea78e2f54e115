#!/usr/bin/env bash
# Installs what `make test` needs beyond git, make, Go, Node and npm: as root with
# apt-get, otherwise it names the packages.
set -euo pipefail

packages=()
for command in redis-server chromium gcc ffmpeg; do
	command -v "$command" >/dev/null || packages+=("$command")
done
# The race detector links against libc; pages need letters with Vietnamese marks.
[ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
[ -n "$(find /usr/share/fonts -iname '*noto*sans*' -print -quit 2>/dev/null)" ] || packages+=(fonts-noto-core)

[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "The tests need these packages; install them with: sudo apt-get install ${packages[*]}" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
