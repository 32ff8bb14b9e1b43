#!/bin/sh
# Unpacks fail2ban, CrowdSec and Prometheus for tests/ops and tests/life, and systemd's tools for tests/units, on
# Debian and as root: only what is missing, under /opt/peers, with no service that would start by itself.  zsh,
# for tests/admin, is installed: it wants its modules where they belong.
set -eu

if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ]; then
    echo "tests/ops: not root on Debian, nothing installed; tests skip the tools that are missing"
    exit 0
fi

if ! command -v zsh >/dev/null 2>&1; then
    apt-get update -q >/dev/null
    apt-get install -y -q --no-install-recommends zsh >/dev/null
fi
archives=
command -v fail2ban-regex >/dev/null 2>&1 || [ -x /opt/peers/usr/bin/fail2ban-regex ] ||
    archives="$archives fail2ban"
command -v crowdsec >/dev/null 2>&1 || [ -x /opt/peers/usr/bin/crowdsec ] ||
    archives="$archives crowdsec"
command -v promtool >/dev/null 2>&1 || [ -x /opt/peers/usr/bin/promtool ] ||
    archives="$archives prometheus"
command -v systemd-analyze >/dev/null 2>&1 || [ -x /opt/peers/usr/bin/systemd-analyze ] ||
    archives="$archives systemd libsystemd-shared libseccomp2"
if [ -z "$archives" ]; then
    echo "tests/ops: every tool is there"
    exit 0
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$scratch"  # apt downloads as a user of its own
apt-get update -q >/dev/null
mkdir -p /opt/peers
# shellcheck disable=SC2086 # a list of words
(cd "$scratch" && apt-get download -q $archives >/dev/null)
for archive in "$scratch"/*.deb; do
    dpkg -x "$archive" /opt/peers
done
echo "tests/ops: unpacked$archives"
