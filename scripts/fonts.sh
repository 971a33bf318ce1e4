#!/bin/sh
# Makes the subsets in assets/fonts from the Debian packages fonts-inter and fonts-jetbrains-mono.
# Needs pyftsubset (fonttools). Run at the root of the repository; set FONT_DIR where the fonts lie elsewhere.
set -eu

fonts=${FONT_DIR:-/usr/share/fonts}
out=assets/fonts

# Latin to Extended-B, spacing modifiers and accents, Greek, Cyrillic, Vietnamese; then punctuation, super- and
# subscripts, currency, letterlike signs, fractions, arrows, mathematics, keys, box drawing, shapes and check marks.
# What a font lacks is left out.
characters='U+0020-007E,U+00A0-024F,U+0259,U+02B9-02DD,U+0300-0304,U+0306-030C,U+031B,U+0323,U+0327-0328'
characters="$characters,U+0370-03FF,U+0400-045F,U+0490-0493,U+04D8-04D9,U+1E80-1E85,U+1E9E,U+1EA0-1EF9"
characters="$characters,U+2010-2027,U+202F-203A,U+2044,U+2070-2079,U+2080-2089,U+20A0-20BF,U+2113,U+2116,U+2122"
characters="$characters,U+2150-215F,U+2190-2199,U+21A9-21AA,U+21B5,U+21E7,U+2202-2265,U+2303-2327,U+23CE,U+23F4-23FA"
characters="$characters,U+2500-257F,U+2588-2593,U+25A0-25FF,U+2605-2606,U+2630,U+26A0,U+2713-2717,U+2B24,U+FFFD"

subset() {
    # Kerning and composed accents stay; alternates that only a feature switch would show do not.
    pyftsubset "$1" --output-file="$out/$2" --unicodes="$characters" --layout-features=kern,mark,mkmk,ccmp,locl \
        --name-IDs='*' --notdef-outline --no-hinting --desubroutinize
    printf '%s %s bytes\n' "$2" "$(wc -c < "$out/$2")"
}

mkdir -p "$out"
subset "$fonts/opentype/inter/Inter-Regular.otf" Inter-Regular.otf
subset "$fonts/opentype/inter/Inter-Medium.otf" Inter-Medium.otf
subset "$fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf" JetBrainsMono-Regular.ttf
