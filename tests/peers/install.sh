#!/bin/sh
# Installs the FTP servers and clients that tests/peers runs, and the proxies of tests/netns, on Debian
# and as root: only what is missing.  vsftpd, Pure-FTPd and ProFTPD exclude each other as packages;
# ProFTPD is installed, the other two are only unpacked, under /opt/peers, with no service that would
# start by itself.
set -eu

if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ]; then
    echo "tests/peers: not root on Debian, nothing installed; tests skip the peers that are missing"
    exit 0
fi

packages=
want() {  # program package
    command -v "$1" >/dev/null 2>&1 || packages="$packages $2"
}
want curl curl
want lftp lftp
perl -MNet::FTP -e 1 2>/dev/null || packages="$packages perl"
want tnftp tnftp
want ncftp ncftp
want inetutils-ftp inetutils-ftp
want proftpd proftpd-core
# TLS for ProFTPD comes as a package of its own
[ -e /usr/lib/proftpd/mod_tls.so ] || packages="$packages proftpd-mod-crypto"
want nft nftables
want ip iproute2
want danted dante-server
want microsocks microsocks
want tinyproxy tinyproxy
want squid squid
want haproxy haproxy

archives=
[ -x /opt/peers/usr/sbin/vsftpd ] || archives="$archives vsftpd"
[ -x /opt/peers/usr/sbin/pure-ftpd ] && [ -x /opt/peers/usr/bin/pure-pw ] ||
    archives="$archives pure-ftpd pure-ftpd-common"

if [ -z "$packages$archives" ]; then
    echo "tests/peers: every peer is there"
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
ours=
cleanup() {
    rm -rf "$scratch"
    [ -z "$ours" ] || rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
chmod 755 "$scratch"  # apt downloads as a user of its own

apt-get update -q >/dev/null
if [ -n "$packages" ]; then
    # a package's service must not start here, least of all on port 21
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    # shellcheck disable=SC2086 # a list of words
    apt-get install -y -q --no-install-recommends $packages >/dev/null
fi
if [ -n "$archives" ]; then
    mkdir -p /opt/peers
    # shellcheck disable=SC2086
    (cd "$scratch" && apt-get download -q $archives >/dev/null)
    for archive in "$scratch"/*.deb; do
        dpkg -x "$archive" /opt/peers
    done
fi
echo "tests/peers: installed$packages$archives"
