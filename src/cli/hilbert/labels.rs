//! What is written on the picture: at the top left of each block of the grid its octets, and below them what it is.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use anyhow::Context;
use image::{Rgb, RgbImage};

use crate::hilbert::{
    Prefix,
    blocks::{SPECIAL, octet_label},
    paint::View,
};

const NUMBERS: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");
const WORDS: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
/// Of a block's edge: height of its number, and of the words below it.
const NUMBER_SHARE: f32 = 0.17;
const WORD_SHARE: f32 = 0.095;
/// No letters are larger, in pixels, and none smaller: those nobody reads.
const LARGEST: f32 = 40.0;
const SMALLEST: f32 = 9.0;
/// From the corner of the block, of its edge.
const INSET: f32 = 0.04;
/// White, so much of it.
const NUMBER_SHINE: f32 = 0.62;
const WORD_SHINE: f32 = 0.42;

/// Writes on a picture of the view, whose grid parts blocks of so many bits.
///
/// # Errors
/// When the fonts of this program cannot be read.
pub fn write(picture: &mut RgbImage, view: View, whole: Prefix, length: u8) -> anyhow::Result<()> {
    let [numbers, words] =
        [NUMBERS, WORDS].map(|font| FontRef::try_from_slice(font).context("a font is damaged"));
    let (numbers, words) = (numbers?, words?);
    let step = Prefix::of(0, length).keys();
    for at in 0..whole.keys() / step {
        let block = Prefix::of((u64::from(whole.first()) + at * step) as u32, length);
        let Some(area) = view.area_px(block).map(|area| area.map(|px| px as f32)) else {
            continue;
        };
        let [left, top, width, height] = area;
        let edge = width.min(height);
        let inset = edge * INSET;
        let room = width - 2.0 * inset;
        let size = (edge * NUMBER_SHARE).min(LARGEST);
        if size < SMALLEST {
            continue;
        }
        let text = Text { font: &numbers, size, shine: NUMBER_SHINE, room };
        text.write(picture, [left + inset, top + inset], &octets(block));
        let word_size = (edge * WORD_SHARE).min(LARGEST);
        if let Some(word) = word_of(block).filter(|_| word_size >= SMALLEST) {
            let below = top + inset + size * 1.2;
            let text = Text { font: &words, size: word_size, shine: WORD_SHINE, room };
            text.write(picture, [left + inset, below], &word);
        }
    }
    Ok(())
}

/// As many octets as the length has.
fn octets(block: Prefix) -> String {
    let octets = block.ipv4().octets();
    let written = octets[..usize::from(block.length().div_ceil(8)).clamp(1, 4)].iter().map(u8::to_string);
    written.collect::<Vec<_>>().join(".")
}

fn word_of(block: Prefix) -> Option<String> {
    if block.length() == 8 {
        return Some(octet_label(block.ipv4().octets()[0]));
    }
    SPECIAL.iter().find(|special| special.block.holds(block)).map(|special| special.label.to_owned())
}

struct Text<'a> {
    font: &'a FontRef<'a>,
    /// Of the letters, pixels.
    size: f32,
    shine: f32,
    /// Pixels; what is longer ends with an ellipsis.
    room: f32,
}

impl Text<'_> {
    /// From a top left.
    fn write(&self, picture: &mut RgbImage, [left, top]: [f32; 2], text: &str) {
        let font = self.font.as_scaled(PxScale::from(self.size));
        let baseline = top + font.ascent();
        let mut at = left;
        for letter in self.cut(text).chars() {
            let glyph = font.scaled_glyph(letter);
            let advance = font.h_advance(glyph.id);
            let mut glyph = glyph;
            glyph.position = point(at, baseline);
            at += advance;
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let bounds = outline.px_bounds();
            outline.draw(|x, y, cover| {
                let [x, y] = [bounds.min.x + x as f32, bounds.min.y + y as f32];
                if x >= 0.0
                    && y >= 0.0
                    && let Some(Rgb(pixel)) = picture.get_pixel_mut_checked(x as u32, y as u32)
                {
                    let share = (cover * self.shine).clamp(0.0, 1.0);
                    *pixel = pixel.map(|part| (f32::from(part) + (255.0 - f32::from(part)) * share) as u8);
                }
            });
        }
    }

    fn cut(&self, text: &str) -> String {
        let font = self.font.as_scaled(PxScale::from(self.size));
        let width = |letter: char| font.h_advance(font.glyph_id(letter));
        if text.chars().map(width).sum::<f32>() <= self.room {
            return text.to_owned();
        }
        const ELLIPSIS: char = '\u{2026}';
        let mut left = self.room - width(ELLIPSIS);
        let kept = text.chars().take_while(|letter| {
            left -= width(*letter);
            left >= 0.0
        });
        kept.chain([ELLIPSIS]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hilbert::Orientation;

    #[test]
    fn letters_stand_in_their_blocks_and_none_where_nobody_could_read_them() {
        let black = |side| RgbImage::from_pixel(side, side, Rgb([0; 3]));
        let lit = |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0[0] > 60).count();
        let view = |side| View::new(Prefix::ALL, side, Orientation::Usual).unwrap();
        let mut large = black(2048);
        write(&mut large, view(2048), Prefix::ALL, 8).unwrap();
        assert!(lit(&large) > 5_000);
        let mut small = black(512);
        write(&mut small, view(512), Prefix::ALL, 8).unwrap();
        assert_eq!(lit(&small), 0);
        assert_eq!(octets("10.20.0.0/16".parse().unwrap()), "10.20");
        assert_eq!(word_of("17.0.0.0/8".parse().unwrap()).as_deref(), Some("Apple Computer Inc."));
    }

    #[test]
    fn what_has_no_room_is_cut() {
        let font = FontRef::try_from_slice(WORDS).unwrap();
        let text = Text { font: &font, size: 14.0, shine: 1.0, room: 60.0 };
        let cut = text.cut("Defense Information Systems Agency");
        assert!(cut.ends_with('\u{2026}') && cut.chars().count() < 12, "{cut}");
        assert_eq!(text.cut("ARIN"), "ARIN");
    }
}
