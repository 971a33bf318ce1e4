#!/bin/sh
# Installs what packaging/files lists (`install.sh install PROGRAM...`) below $DESTDIR$PREFIX, or takes it away again
# (`install.sh uninstall PROGRAM...`). Builds nothing: build/ is made by `make build`. What the programs have written
# since, configuration, history and data, is in their users' homes and in /etc/connmapperl, and stays.
set -eu
umask 022
cd "$(dirname "$0")/.."

usage() { echo 'usage: [PREFIX=/usr/local] [DESTDIR=] scripts/install.sh install|uninstall PROGRAM...' >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1
shift
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
# What is unpacked anywhere later has no place yet; systemd looks for it then.
programs_in=$prefix/bin/
[ "$prefix" != / ] || programs_in=
# Where the programs are.
built=${BUILT:-build}

# Calls `$1 SOURCE TARGET` for each file of the program $2.
for_each_file() {
    while read -r program sources place; do
        [ "$program" = "$2" ] || continue
        # A pattern stands for several.
        for source in $sources; do
            case $place in
                */) "$1" "$source" "$root/$place${source##*/}" ;;
                *) "$1" "$source" "$root/$place" ;;
            esac
        done
    done <packaging/files
}

put() {
    case $1 in
        build/*.licences) install -D -m 644 "$built/${1#build/}" "$2" ;;
        build/*) install -D -m 755 "$built/${1#build/}" "$2" ;;
        # The unit starts the program that was installed with it, whichever others there are.
        *.service)
            install -D -m 644 "$1" "$2"
            sed "s|^ExecStart=|ExecStart=$programs_in|" "$1" >"$2"
            ;;
        *) install -D -m 644 "$1" "$2" ;;
    esac
}

take_away() { rm -f "$2"; }

# GTK reads the list of icons, where there is one, and not the folders.
renew_icon_list() {
    list=$root/share/icons/hicolor
    [ ! -f "$list/icon-theme.cache" ] || gtk-update-icon-cache -q -t -f "$list" || true
}

for program; do
    grep -q "^$program " packaging/files || { echo "There is no program $program in packaging/files." >&2; exit 2; }
    case $action in
        install)
            for file in "$built/$program" "$built/$program.licences"; do
                [ -f "$file" ] || { echo "$file is not there: first run make build" >&2; exit 1; }
            done
            for_each_file put "$program"
            ;;
        uninstall)
            for_each_file take_away "$program"
            # No other has anything there.
            find "$root/share/doc/$program" -type d -empty -delete 2>/dev/null || true
            ;;
        *) usage ;;
    esac
    renew_icon_list
done
