#!/usr/bin/env bash
# Tries the Debian packages of what is in build/ on a fresh Debian that has nothing else: installs, starts, upgrades,
# removes and purges each, and looks at what is there and what is left. The display draws there with Mesa's software
# renderer: a picture, and a window on this machine's Xvfb. As root, on Debian or Ubuntu, with cargo-deb and debootstrap;
# where something is missing it prints `skipped: why`. Programs that were not built are left out: build/ may also hold one
# that was built elsewhere. The fresh Debian is fetched once, and kept in the user's cache.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "skipped: $*"; exit 0; }
fail() { echo "failed: $*" >&2; exit 1; }

programs=()
for program in connmapperl ip2asn connmapperl-client; do
    if [ -f "build/$program" ]; then programs+=("$program"); else echo "skipped: build/$program was not built"; fi
done
[ ${#programs[@]} -gt 0 ] || skip 'nothing was built: make build'
[ "$(id -u)" -eq 0 ] || skip 'needs root'
command -v dpkg-deb >/dev/null || skip 'needs dpkg-deb: this is no Debian'
command -v debootstrap >/dev/null || skip 'needs debootstrap'
cargo deb --version >/dev/null 2>&1 || skip 'needs cargo-deb'

work=$(mktemp -d)
root=$work/root
started=()
end() {
    [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
    umount -q "$root/tmp/.X11-unix" "$root/proc" "$root/dev" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap end EXIT

# ---- a fresh Debian ------------------------------------------------------------------------------------------

suite=${SUITE:-bookworm}
fresh=${XDG_CACHE_HOME:-$HOME/.cache}/connmapperl/debian-$suite.tar
if [ ! -f "$fresh" ]; then
    debootstrap --variant=minbase "$suite" "$work/fresh" >"$work/log" 2>&1 ||
        skip "debootstrap could not make a $suite: $(tail -n 1 "$work/log")"
    install -d "${fresh%/*}"
    tar -C "$work/fresh" -cf "$fresh.part" . && mv "$fresh.part" "$fresh"
fi
install -d "$root"
tar -C "$root" -xf "$fresh"
mount -t proc proc "$root/proc" || skip 'needs leave to mount'
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"

# Of whoever is root in there.
home=/root
clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
inside() { chroot "$root" "${clean[@]}" "$@"; }

# All files but people's own, those that dpkg keeps about packages, and what logs and lists hold.
files() {
    (cd "$root" && find usr etc opt srv var/lib var/cache -xdev ! -type d |
        grep -vE '^var/(lib/(dpkg|apt)/|cache/(apt|debconf|man|ldconfig)/|lib/systemd/deb-systemd-helper)' | LC_ALL=C sort)
}

# ---- the packages, and the same a revision later -------------------------------------------------------------

make --no-print-directory deb PROGRAMS="${programs[*]}"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
install -d "$root/packages"

processor=$(dpkg --print-architecture)
package_of() { echo "build/$1_$version-1_$processor.deb"; }

for program in "${programs[@]}"; do
    package=$(package_of "$program")
    cp "$package" "$root/packages/$program.deb"
    dpkg-deb --raw-extract "$package" "$work/later"
    sed -i 's/^Version: .*/&+later/' "$work/later/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/later" "$root/packages/$program-later.deb" >/dev/null
    rm -rf "$work/later"
    if command -v lintian >/dev/null; then
        # No distribution's: there is no bug to close, and the agent is static by design.
        said=$(lintian --fail-on none --suppress-tags initial-upload-closes-no-bugs,statically-linked-binary,shared-library-lacks-prerequisites,bogus-mail-host \
            --tag-display-limit 0 "$package" 2>/dev/null | grep -E '^[EW]:' || true)
        [ -z "$said" ] || fail "lintian of $package: $said"
    else
        echo 'skipped: lintian is not installed'
    fi
    # The package and `make install` have the same files, but for Debian's own places and notices.
    rm -rf "$work/made"
    DESTDIR=$work/made PREFIX=/usr scripts/install.sh install "$program"
    same() { grep -vE '^/usr/share/doc/[^/]*/(LICENSE|NOTICE|DATA-LICENSES|.*OFL|CHANGELOG|copyright|changelog)' | sed 's/\.gz$//; s|zsh/vendor-completions|zsh/site-functions|' | LC_ALL=C sort; }
    diff <(cd "$work/made" && find usr ! -type d | sed 's|^|/|' | same) \
        <(dpkg-deb --fsys-tarfile "$package" | tar -t | grep -v '/$' | sed 's|^\./|/|; s|^usr|/usr|' | same) ||
        fail "$package has other files than make install"
done

# ---- what people have, which no package may touch ------------------------------------------------------------

for file in root/.config/connmapperl/{connmapperlrc,settings.toml} root/.local/share/connmapperl/whois/ripe.idx \
    etc/connmapperl/{server,token} etc/systemd/system/connmapperl-client.service.d/names.conf; do
    install -d "$root/${file%/*}"
    echo "# mine: $file" >"$root/$file"
done

# Theirs, and what the programs have written for them since; caches say what they are.
theirs() {
    (cd "$root" && find root home etc/connmapperl etc/systemd/system/connmapperl-client.service.d -type f ! -path '*/.cache/*' \
        -exec sha256sum {} + | LC_ALL=C sort -k 2)
}

# Runs a command inside that changes packages.
changes() {
    local had
    had=$(theirs)
    inside "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }
    diff <(echo "$had") <(theirs) >&2 || fail "$* has touched what is people's"
}
apt() { changes apt-get -qq -o=Dpkg::Use-Pty=0 "$@"; }

# ---- one program after the other -----------------------------------------------------------------------------

# What is linked into it has its licences beside it, and what it carries.
licences_of() {
    local unknown copyright=$root/usr/share/doc/$1/copyright
    grep -q 'Permission is hereby granted' "$copyright" || fail "the copyright of $1 has no text of its licence"
    [ "$1" = connmapperl-client ] || grep -q 'Geolocation by DB-IP' "$copyright" || fail "the copyright of $1 does not name its data"
    [ "$1" != connmapperl ] || grep -q 'SIL OPEN FONT LICENSE' "$copyright" || fail "the copyright of $1 does not name its fonts"
    grep -aoE '/registry/src/[^/]+/[A-Za-z0-9_.+-]+/' "$root/usr/bin/$1" | cut -d / -f 5 | LC_ALL=C sort -u >"$work/linked"
    [ "$(wc -l <"$work/linked")" -gt 5 ] || fail "$1 names no sources"
    sed '/^The standard library/,$d; s/: .*//; s/ /-/' "$root/usr/share/doc/$1/LIBRARY-LICENSES" | LC_ALL=C sort >"$work/known"
    unknown=$(LC_ALL=C comm -23 "$work/linked" "$work/known")
    [ -z "$unknown" ] || fail "the licences of $1 do not know $unknown"
}

# What it opens while it runs is there by its dependencies alone, and is what scripts/setup.sh looks for.
libraries_of_the_display() {
    local library
    while read -r library; do
        inside ldconfig -p | grep -F "	$library " >/dev/null || fail "$library is missing: nothing depends on it"
    done < <(sed -n "/^needs_run='/,/^'/p" scripts/setup.sh | grep -o '^lib[^ ]*')
}

# Runs a command twice a second until it succeeds; 1 where it has not within two minutes.
until_it() {
    local tries
    for ((tries = 0; tries < 240; tries++)); do
        "$@" && return
        sleep 0.5
    done
    return 1
}

colours() { DISPLAY=$display import -silent -window root png:- | identify -format %k -; }
# A map in the window has hundreds of colours, an empty screen or window few.
draws() { kill -0 "$window" 2>/dev/null || fail "the window has gone: $(cat "$work/log")"; [ "$(colours)" -gt 100 ]; }

# Opens the window, and asks it to end once there is a map in it. The history tells whether that was its own end.
window() {
    local code=0 asked
    echo '# mine, too' >>"$root$home/.config/connmapperl/settings.toml"
    chroot "$root" "${clean[@]}" DISPLAY="$display" connmapperl >"$work/log" 2>&1 &
    window=$!
    started+=("$window")
    until_it draws || fail "the window shows no map: $(cat "$work/log")"
    kill -TERM "$window"
    wait "$window" || code=$?
    [ "$code" -eq 0 ] || fail "the window has ended with $code: $(cat "$work/log")"
    asked=$(inside connmapperl query --csv 'SELECT count(*), sum(ended_by_itself) FROM recordings' | tail -n 1)
    [ "$asked" = "$1,$1" ] || fail "the history knows of other than $1 recordings that ended by themselves: $asked"
}

display=
for tool in Xvfb import identify; do
    command -v "$tool" >/dev/null || { echo "skipped: the window: $tool is not installed"; display=none; }
done
x_server() {
    install -d -m 1777 /tmp/.X11-unix "$root/tmp/.X11-unix"
    mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
    : >"$work/display"
    Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp 3>"$work/display" 2>"$work/x.log" &
    started+=("$!")
    until_it test -s "$work/display" || fail "Xvfb does not start: $(cat "$work/x.log")"
    display=:$(cat "$work/display")
}

# `start PROGRAM TIME`: does what it does for people, for the first or second time.
start() {
    case $1 in
        connmapperl)
            inside connmapperl --version | grep ', data of ' >/dev/null || fail 'connmapperl --version'
            inside connmapperl list --demo world --csv | grep , >/dev/null || fail 'connmapperl list'
            # A fresh Debian has no driver of Vulkan; the package recommends one.
            apt install -y --no-install-recommends mesa-vulkan-drivers
            inside connmapperl snapshot --demo world --size 640x360 -o /tmp/map.png 2>"$work/log" ||
                fail "connmapperl snapshot: $(cat "$work/log")"
            [ -n "$display" ] || x_server
            if [ "$display" != none ]; then
                [ "$(identify -format %k "$root/tmp/map.png")" -gt 100 ] || fail 'connmapperl snapshot has drawn no map'
                window "$2"
            fi
            ;;
        ip2asn)
            inside ip2asn --version | grep ', data of ' >/dev/null || fail 'ip2asn --version'
            inside ip2asn 193.0.6.139 2>"$work/log" | grep AS3333 >/dev/null || fail 'ip2asn does not know 193.0.6.139'
            ;;
        connmapperl-client)
            inside connmapperl-client --once --json | grep '^\[' >/dev/null || fail 'connmapperl-client --once'
            [ ! -e "$root/etc/systemd/system/multi-user.target.wants/connmapperl-client.service" ] ||
                fail 'the service was enabled before it was told its display'
            ;;
    esac
    # The day of its source, where that was known.
    inside "$1" --version >"$work/said"
    sed 1q "$work/said" | grep -Ex "$1 $version( \([0-9-]{10}\))?" >/dev/null || fail "$1 --version: $(cat "$work/said")"
}

# Only the display needs more than a fresh Debian has; with it come packages of Debian's.
[ ! -f "$root/packages/connmapperl.deb" ] || apt update

for program in "${programs[@]}"; do
    before=$(files)
    apt install -y --no-install-recommends "/packages/$program.deb"
    inside dpkg -V "$program" | grep . && fail "$program is not what the package has"
    [ "$program" != connmapperl ] || libraries_of_the_display
    licences_of "$program"
    start "$program" 1
    apt install -y --no-install-recommends "/packages/$program-later.deb"
    inside dpkg-query -W "$program" | grep later >/dev/null || fail "$program was not upgraded"
    start "$program" 2
    apt remove -y "$program"
    inside sh -c "command -v $program" && fail "$program is still there"
    changes dpkg --purge "$program"
    [ "$program" != connmapperl ] || { apt purge -y mesa-vulkan-drivers; apt autoremove -y --purge; }
    left=$(diff <(echo "$before") <(files) | grep '^[<>]' || true)
    [ -z "$left" ] || fail "after $program was purged: $left"
    echo "held: $program ($(du -h "$(package_of "$program")" | cut -f 1)) installed, started, upgraded, removed, purged"
done
