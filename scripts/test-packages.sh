#!/usr/bin/env bash
# Tries the Debian packages of what is in build/ on a fresh Debian that has nothing else: installs, starts, upgrades,
# removes and purges each, and looks at what is there and what is left. As root, on Debian or Ubuntu, with cargo-deb and
# debootstrap; where one is missing it prints `skipped: why`. Programs that were not built are left out: build/ may also
# hold one that was built elsewhere. The fresh Debian is fetched once, and kept in the user's cache.
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
trap 'umount -q "$root/proc" "$root/dev" || true; rm -rf --one-file-system "$work"' EXIT

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

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

# All files but those that dpkg keeps about packages, and what logs and lists hold.
files() {
    (cd "$root" && find usr etc root home opt srv var/lib var/cache -xdev ! -type d |
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

people='root/.config/connmapperl/connmapperlrc root/.local/share/connmapperl/history.sqlite
    root/.local/share/connmapperl/whois/ripe.idx etc/connmapperl/server etc/connmapperl/token
    etc/systemd/system/connmapperl-client.service.d/names.conf'
for file in $people; do
    install -d "$root/${file%/*}"
    echo "# mine: $file" >"$root/$file"
done
still_there() {
    for file in $people; do
        [ "$(cat "$root/$file")" = "# mine: $file" ] || fail "$1 has touched /$file"
    done
}

# ---- one program after the other -----------------------------------------------------------------------------

# What it does that needs neither a display nor another machine.
start() {
    case $1 in
        connmapperl)
            inside connmapperl --version | grep '^connmapperl ' >/dev/null || fail 'connmapperl --version'
            inside connmapperl list --demo world --csv | grep , >/dev/null || fail 'connmapperl list'
            ;;
        ip2asn) inside ip2asn 193.0.6.139 2>"$work/log" | grep AS3333 >/dev/null || fail 'ip2asn does not know 193.0.6.139' ;;
        connmapperl-client)
            inside connmapperl-client --once --json | grep '^\[' >/dev/null || fail 'connmapperl-client --once'
            [ ! -e "$root/etc/systemd/system/multi-user.target.wants/connmapperl-client.service" ] ||
                fail 'the service was enabled before it was told its display'
            ;;
    esac
}

apt() { inside apt-get -qq -o=Dpkg::Use-Pty=0 "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "apt-get $*"; }; }

# Only the display needs more than a fresh Debian has; with it come packages of Debian's.
[ ! -f "$root/packages/connmapperl.deb" ] || apt update

for program in "${programs[@]}"; do
    before=$(files)
    apt install -y --no-install-recommends "/packages/$program.deb"
    still_there "installing $program"
    inside dpkg -V "$program" | grep . && fail "$program is not what the package has"
    start "$program"
    apt install -y --no-install-recommends "/packages/$program-later.deb"
    inside dpkg-query -W "$program" | grep later >/dev/null || fail "$program was not upgraded"
    still_there "upgrading $program"
    start "$program"
    apt remove -y "$program"
    inside sh -c "command -v $program" && fail "$program is still there"
    still_there "removing $program"
    inside dpkg --purge "$program" >"$work/log" 2>&1 || fail "purging $program: $(cat "$work/log")"
    [ "$program" != connmapperl ] || apt autoremove -y --purge
    still_there "purging $program"
    # What a program has written of its own accord: caches, which say what they are.
    left=$(diff <(echo "$before") <(files) | grep -v '/\.cache/connmapperl/' | grep '^[<>]' || true)
    [ -z "$left" ] || fail "after $program was purged: $left"
    echo "held: $program ($(du -h "$(package_of "$program")" | cut -f 1)) installed, started, upgraded, removed, purged"
done
