#!/usr/bin/env bash
# Packs what `make build` has put into build/: `package.sh deb PROGRAM...` as Debian packages, one a program, by cargo-deb;
# `package.sh tar PROGRAM...` as tar archives, one of the agent and one of the others. They hold what packaging/files lists,
# but for the agent's archive, which has what another machine needs, side by side. The same programs give the same bytes
# where SOURCE_DATE_EPOCH is set, as `make` does. AGENT_TARGET says for which machine the agent was built, if for another.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."

usage() { echo 'usage: scripts/package.sh deb|tar PROGRAM...' >&2; exit 2; }
[ $# -ge 2 ] || usage
kind=$1
shift

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
when=${SOURCE_DATE_EPOCH:-$(date +%s)}
stage=build/stage

# Debian has places and rules of its own.
to_debian() {
    local program=$1 tree=$stage/root
    local usr=$tree/usr
    local doc=$usr/share/doc/$program
    if [ -d "$usr/share/zsh" ]; then
        mv "$usr/share/zsh/site-functions" "$usr/share/zsh/vendor-completions"
    fi
    # cargo-deb puts one of its own over a `copyright` in the folder, and goes by the first lines of this.
    {
        printf 'License: MIT OR Apache-2.0\n\n'
        cat LICENSE LICENSE-MIT
        printf '\nThe Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n'
        printf 'The licences of the libraries that are linked into it are in /usr/share/doc/%s/LIBRARY-LICENSES.\n' "$program"
        if [ -f "$doc/NOTICE" ]; then printf '\n\n'; cat NOTICE; printf '\n\n'; cat DATA-LICENSES; fi
        if [ "$program" = connmapperl ]; then printf '\n\n'; cat assets/fonts/*-OFL.txt; fi
    } >"$stage/copyright"
    rm -f "$doc"/{LICENSE*,NOTICE,DATA-LICENSES,*-OFL.txt,CHANGELOG.md}
    cat >"$stage/changelog" <<END
$program ($version-1) unstable; urgency=medium

  * What is new stands in the program's own CHANGELOG.md.

 -- $maintainer  $(date -u -R -d "@$when")
END
}

# The line that `apt search` shows; it goes on from `ip2asn is ...`.
synopsis() {
    case $1 in
        connmapperl) echo 'map of the world with the connections of this machine' ;;
        connmapperl-client) echo 'reports the connections of this machine to a connmapperl' ;;
        ip2asn) echo 'offline whois: who holds an address, and where it is' ;;
    esac
}

# A checkout of links, but for that line: cargo-deb knows one for the whole of Cargo.toml.
checkout_of() {
    local file
    for file in *; do
        case $file in build | target | Cargo.toml) ;; *) ln -s "$PWD/$file" "$stage/$file" ;; esac
    done
    sed "0,/^description = .*/s//description = \"$(synopsis "$1")\"/" Cargo.toml >"$stage/Cargo.toml"
}

deb() {
    local maintainer program for_target
    maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' Cargo.toml)
    cargo deb --version >/dev/null 2>&1 ||
        { echo 'cargo-deb is not installed: cargo install --locked cargo-deb' >&2; exit 1; }
    for program; do
        rm -rf "$stage"
        DESTDIR=$stage/root PREFIX=/usr scripts/install.sh install "$program"
        to_debian "$program"
        checkout_of "$program"
        for_target=()
        [ "$program" != connmapperl-client ] || for_target=(${AGENT_TARGET:+--target "$AGENT_TARGET"})
        (cd "$stage" && cargo deb --quiet --no-build --no-strip --locked --variant "$program" --output ../ "${for_target[@]}") |
            sed "s,^\.\./,build/,"
    done
}

# A folder as it is, its files as root's and of the day of the source.
archive() {
    tar --sort=name --mtime="@$when" --owner=0 --group=0 --numeric-owner -C "$stage" -c "$1" | gzip -9n >"build/$1.tar.gz"
    echo "build/$1.tar.gz"
}

# The agent for other machines: a few files side by side.
tar_of_agent() {
    local target=${AGENT_TARGET:-$(uname -m)}
    local name=connmapperl-client-$version-${target%%-*}
    rm -rf "$stage"
    install -D -t "$stage/$name" build/connmapperl-client
    install -m 644 build/connmapperl-client.licences "$stage/$name/LIBRARY-LICENSES"
    install -m 644 -t "$stage/$name" packaging/connmapperl-client.service packaging/connmapperl-client.service.d/names.conf \
        packaging/man/connmapperl-client.1 packaging/openwrt/connmapperl-client.init LICENSE*
    archive "$name"
}

# The others in one: folders to unpack into /usr/local, or into ~/.local.
tar_of_programs() {
    local name
    name=$1-$version-$(uname -m)
    rm -rf "$stage"
    DESTDIR=$stage/$name PREFIX=/ scripts/install.sh install "$@"
    archive "$name"
}

case $kind in
    deb) deb "$@" ;;
    tar)
        others=()
        for program; do
            if [ "$program" = connmapperl-client ]; then tar_of_agent; else others+=("$program"); fi
        done
        [ ${#others[@]} -eq 0 ] || tar_of_programs "${others[@]}"
        ;;
    *) usage ;;
esac
rm -rf "$stage"
