#!/bin/sh
# Installs the FTP servers and clients that tests/peers runs, and the proxies of tests/netns, on Debian
# and as root: only what is missing.  vsftpd, Pure-FTPd, inetutils-ftpd and ProFTPD exclude each other
# as packages; ProFTPD is installed, the others are only unpacked, under /opt/peers, with no service
# that would start by itself.  What cannot be had is named, and its tests skip.
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
want wget wget
want rclone rclone
want aria2c aria2
want ruby ruby
want php php-cli
want javac default-jdk-headless
want node nodejs
want npm npm
[ -e /usr/share/java/commons-net.jar ] || packages="$packages libcommons-net-java"
perl -MIO::Socket::SSL -e 1 2>/dev/null || packages="$packages libio-socket-ssl-perl"

archives=
[ -x /opt/peers/usr/sbin/vsftpd ] || archives="$archives vsftpd"
[ -x /opt/peers/usr/sbin/pure-ftpd ] && [ -x /opt/peers/usr/bin/pure-pw ] ||
    archives="$archives pure-ftpd pure-ftpd-common"
[ -x /opt/peers/usr/sbin/ftpd ] || archives="$archives inetutils-ftpd"

modules=
here=$(cd "$(dirname "$0")" && pwd)
basic_ftp=6.2.6
grep -qs "\"version\": \"$basic_ftp\"" "$here/node_modules/basic-ftp/package.json" ||
    modules=" basic-ftp@$basic_ftp"

if [ -z "$packages$archives$modules" ]; then
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

lacking=
each() {  # command word...: for all words at once; where that fails, for each by itself
    "$@" >/dev/null 2>&1 && return
    command=$1
    shift
    for word in "$@"; do
        "$command" "$word" >/dev/null 2>&1 || lacking="$lacking $word"
    done
}
install() {
    apt-get install -y -q --no-install-recommends "$@"
}
unpack() {
    (cd "$scratch" && apt-get download -q "$@") || return
    for archive in "$scratch"/*.deb; do
        dpkg -x "$archive" /opt/peers && rm "$archive" || return
    done
}
module() {
    npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$here" "$@"
}

[ -z "$packages$archives" ] || apt-get update -q >/dev/null || true
# shellcheck disable=SC2086 # lists of words
if [ -n "$packages" ]; then
    # a package's service must not start here, least of all on port 21
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    each install $packages
fi
# shellcheck disable=SC2086
if [ -n "$archives" ]; then
    mkdir -p /opt/peers
    each unpack $archives
fi
# shellcheck disable=SC2086
[ -z "$modules" ] || each module $modules
echo "tests/peers: wanted$packages$archives$modules"
[ -z "$lacking" ] || echo "tests/peers: cannot be had here:$lacking; their tests skip"
