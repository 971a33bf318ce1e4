#!/usr/bin/env bash
# Prints what has to be passed on with PROGRAM (`licences.sh connmapperl`) beside its own licence: each library that is
# linked into it with the library's licence, and below all texts and notices that their sources bring, each once. Cargo
# has these sources once the program was built. Libraries that only take part in a build, those of macros included, are
# not in the program and not in the list. `make build` puts it into build/, since installing needs no cargo.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

program=${1:-}
target=$(rustc -vV | sed -n 's/^host: //p')
# As the Makefile builds them.
case $program in
    connmapperl) features=gui ;;
    ip2asn) features=whois ;;
    connmapperl-client) features='' target=${AGENT_TARGET:-$target} ;;
    *) echo 'usage: scripts/licences.sh connmapperl|ip2asn|connmapperl-client' >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- which libraries, and where their sources are ------------------------------------------------------------

# `name version licence` a line; (*) stands behind what cargo has named before.
cargo tree --locked --no-default-features --features "$features" --target "$target" --edges normal,no-proc-macro \
    --prefix none --format '{p}|{l}' | sed 's/ (\*)$//; s/ v\([^ |]*\)[^|]*|/ \1 /' | grep -v '^connmapperl ' |
    sort -u >"$work/linked"

# `name version folder` a line, of all that Cargo.lock has for such a machine.
cargo metadata --locked --format-version 1 --filter-platform "$target" |
    grep -oE '"name":"[^"]*","version":"[^"]*","id":|"manifest_path":"[^"]*"' | paste -d ' ' - - |
    sed 's/"name":"\([^"]*\)","version":"\([^"]*\)".*"manifest_path":"\(.*\)\/Cargo.toml"/\1 \2 \3/' >"$work/sources"

# ---- their texts: each in a file named by its words, and beside it whose it is --------------------------------

keep() {
    local words
    words=$(tr -s '[:space:]' ' ' <"$1" | sha256sum)
    [ -f "$work/text-${words%% *}" ] || tr -d '\r' <"$1" >"$work/text-${words%% *}"
    echo "$2" >>"$work/of-${words%% *}"
}

texts_in() {
    find "$1" -maxdepth 5 -type f \( -iname 'licen[cs]e*' -o -iname '*-licen[cs]e*.txt' -o -iname 'unlicense*' \
        -o -iname 'copying*' -o -iname 'copyright*' -o -iname 'notice*' -o -path '*/fonts/*.txt' \) \
        ! -name '*.rs' ! -path '*/tests/*' | sort
}

while read -r name version licence; do
    folder=$(sed -n "s|^$name $version ||p" "$work/sources")
    [ -d "$folder" ] || { echo "$name $version: cargo has no sources of it" >&2; exit 1; }
    has_licence=
    while read -r text; do
        keep "$text" "$name"
        case ${text#"$folder/"} in */* | [Nn][Oo][Tt][Ii][Cc][Ee]*) ;; *) has_licence=yes ;; esac
    done < <(texts_in "$folder")
    [ -n "$has_licence" ] && continue
    # A few say which licence, and bring no text. Apache's has no names in it, and CC0 asks for nothing.
    case $licence in
        *Apache-2.0*) keep LICENSE-APACHE "$name" ;;
        CC0-1.0) ;;
        *) echo "$name $version ($licence) brings no text of its licence" >&2; exit 1 ;;
    esac
done <"$work/linked"

# ---- what comes with the compiler ----------------------------------------------------------------------------

standard_library() {
    local notices
    notices=$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html
    echo "The standard library of Rust is linked too ($(rustc --version)): MIT OR Apache-2.0."
    if [ -f "$notices" ]; then
        echo 'Its notices are the last of this file.'
        sed 's/<[^>]*>//g; s/^[[:space:]]*$//; s/&lt;\|&#60;/</g; s/&gt;\|&#62;/>/g; s/&quot;\|&#34;/"/g; s/&#39;/'\''/g
            s/&amp;\|&#38;/\&/g' "$notices" | cat -s >"$work/standard"
    else
        echo 'This compiler came without its notices; the package that it is from has them.'
    fi
}

# Only the agent is static.
c_library() {
    case $program-$target in
        connmapperl-client-*-gnu*)
            echo 'Parts of the GNU C Library (LGPL-2.1-or-later, https://www.gnu.org/licenses/) and of libgcc (GPL-3.0-or-later'
            echo 'with the GCC Runtime Library Exception) are linked too. To link the program with another C library, build it'
            echo "from its sources: \`make agent\`."
            ;;
        connmapperl-client-*-musl*) echo 'Parts of musl are linked too: MIT, Copyright 2005-2020 Rich Felker, et al.' ;;
    esac
}

# ---- all of it -----------------------------------------------------------------------------------------------

rule() { printf '\n%s\n\n' "$(printf '%.0s-' {1..100})"; }

printf 'Libraries that are linked into %s, each with its licence:\n\n' "$program"
sed 's/^\([^ ]*\) \([^ ]*\) /\1 \2: /' "$work/linked"
echo
standard_library
c_library
for owners in "$work"/of-*; do
    rule
    echo "Of $(sort -u "$owners" | paste -s -d ' ' | sed 's/ /, /g'):" | fold -s -w 100
    echo
    cat "$work/text-${owners##*/of-}"
done
if [ -f "$work/standard" ]; then
    rule
    cat "$work/standard"
fi
