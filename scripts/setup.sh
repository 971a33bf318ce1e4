#!/usr/bin/env bash
# Sees to it that a machine can build and run connmapperl (`setup.sh run`) or also test it (`setup.sh test`).
# Looks for the things themselves, not for packages, so that it says nothing where all is there. What is missing
# is named; on Debian and Ubuntu it is also installed, after a question where a person sits at the terminal.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-run}
case $purpose in
    run | test) ;;
    *) echo "usage: scripts/setup.sh [run|test]" >&2; exit 2 ;;
esac

stop() { printf '%s\n' "$@" >&2; exit 1; }

# ---- cargo ---------------------------------------------------------------------------------------------------

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_rust() {
    local program version mend
    for program in cargo rustc; do
        command -v "$program" >/dev/null ||
            stop "connmapperl needs $program $wanted or newer, and there is none. Install rustup (https://rustup.rs), then run this again."
        # A rustup without a toolchain prints no version.
        version=$("$program" --version 2>/dev/null | awk '{ print $2 }') || version=
        at_least "${version:-0}" "$wanted" && continue
        if command -v rustup >/dev/null; then
            mend='rustup update stable && rustup default stable'
        else
            mend='install rustup (https://rustup.rs); this one is not from there and cannot update itself'
        fi
        stop "connmapperl needs $program $wanted or newer, and $(command -v "$program") is ${version:-without a toolchain}. This mends it: $mend"
    done
}

# ---- what the system brings ----------------------------------------------------------------------------------

# Name of a check, then the package that brings it: Debian and Ubuntu, Fedora, Arch, openSUSE.
needs_run='
linker                  gcc+libc6-dev         gcc                  gcc                gcc
libvulkan.so.1          libvulkan1            vulkan-loader        vulkan-icd-loader  libvulkan1
vulkan-driver           mesa-vulkan-drivers   mesa-vulkan-drivers  vulkan-swrast      libvulkan_lvp
libxkbcommon.so.0       libxkbcommon0         libxkbcommon         libxkbcommon       libxkbcommon0
libxkbcommon-x11.so.0   libxkbcommon-x11-0    libxkbcommon-x11     libxkbcommon-x11   libxkbcommon-x11-0
libX11.so.6             libx11-6              libX11               libx11             libX11-6
libX11-xcb.so.1         libx11-xcb1           libX11-xcb           libx11             libX11-xcb1
libXcursor.so.1         libxcursor1           libXcursor           libxcursor         libXcursor1
libXi.so.6              libxi6                libXi                libxi              libXi6
libwayland-client.so.0  libwayland-client0    libwayland-client    wayland            libwayland-client0
'
needs_test='
software-vulkan         mesa-vulkan-drivers   mesa-vulkan-drivers  vulkan-swrast      libvulkan_lvp
Xvfb                    xvfb                  xorg-x11-server-Xvfb xorg-server-xvfb   xorg-x11-server-Xvfb
xdotool                 xdotool               xdotool              xdotool            xdotool
openbox                 openbox               openbox              openbox            openbox
xclip                   xclip                 xclip                xclip              xclip
ip                      iproute2              iproute              iproute2           iproute2
import                  imagemagick           ImageMagick          imagemagick        ImageMagick
xprop                   x11-utils             xprop                xorg-xprop         xprop
'
# Tests of these print `skipped` where they are missing; they come along when others are installed.
wishes_test='weston sway fish man-db appstream desktop-file-utils'

needs=$needs_run
[ "$purpose" = test ] && needs+=$needs_test

# Programs of the system's administrator are not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin

libraries=
read_libraries() { libraries=$(ldconfig -p 2>/dev/null || true); }

vulkan_driver() {
    [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] ||
        compgen -G "/usr/share/vulkan/icd.d/$1" >/dev/null ||
        compgen -G "/usr/local/share/vulkan/icd.d/$1" >/dev/null ||
        compgen -G "/etc/vulkan/icd.d/$1" >/dev/null
}

is_there() {
    case $1 in
        linker) echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null ;;
        vulkan-driver) vulkan_driver '*.json' ;;
        software-vulkan) vulkan_driver 'lvp_icd*.json' ;;
        # Where the linker keeps no list of libraries, the program itself says what it misses.
        *.so.*) [ -z "$libraries" ] || grep -qF "	$1 " <<<"$libraries" ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# Prints the lines of $needs whose thing is missing.
missing() {
    local name packages
    read_libraries
    while read -r name packages; do
        [ -z "$name" ] || is_there "$name" || printf '%s %s\n' "$name" "$packages"
    done <<<"$needs"
}

# The packages of column $1 in the lines on standard input, each once, in one line.
packages_of() { awk -v column="$1" '{ print $column }' | tr '+' '\n' | awk '!seen[$0]++' | paste -sd ' '; }

install_with_apt() {
    local as_root=() packages
    packages=$(packages_of 2 <<<"$1")
    echo "connmapperl needs these system packages, which are missing: $packages"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || stop "Install them as root: apt-get install $packages"
        as_root=(sudo)
        if [ ! -t 0 ]; then
            sudo -n true 2>/dev/null || stop "Install them: sudo apt-get install $packages"
            as_root=(sudo -n)
        fi
    fi
    if [ -t 0 ]; then
        local answer
        read -r -p 'Install them now? [Y/n] ' answer || answer=n
        case $answer in
            '' | [yYjJ]*) ;;
            *) stop "Nothing was installed. To do it yourself: sudo apt-get install $packages" ;;
        esac
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
    # Package lists may be missing or old; then the first try fails.
    # shellcheck disable=SC2086 # one word a package
    "${apt[@]}" install -y --no-install-recommends $packages </dev/null ||
        { "${apt[@]}" update </dev/null && "${apt[@]}" install -y --no-install-recommends $packages </dev/null; } ||
        stop "apt-get could not install them; what it says stands above."
    if [ "$purpose" = test ]; then
        # shellcheck disable=SC2086
        "${apt[@]}" install -y --no-install-recommends $wishes_test </dev/null ||
            echo "Without $wishes_test some tests are skipped."
    fi
}

check_system() {
    local lines column=0 install=
    lines=$(missing)
    [ -n "$lines" ] || return 0
    if command -v apt-get >/dev/null; then
        install_with_apt "$lines"
        lines=$(missing)
        [ -z "$lines" ] || stop "Still missing after the installation: $(awk '{ print $1 }' <<<"$lines" | paste -sd ' ')"
        return 0
    fi
    if command -v dnf >/dev/null; then column=3 install='sudo dnf install'
    elif command -v pacman >/dev/null; then column=4 install='sudo pacman -S'
    elif command -v zypper >/dev/null; then column=5 install='sudo zypper install'
    fi
    echo "connmapperl needs, and does not find: $(awk '{ print $1 }' <<<"$lines" | paste -sd ' ')" >&2
    if [ "$column" -gt 0 ]; then
        stop "Packages that bring it: $install $(packages_of "$column" <<<"$lines")"
    fi
    stop "On Debian these packages bring it; yours may be called alike: $(packages_of 2 <<<"$lines")"
}

check_rust
check_system
