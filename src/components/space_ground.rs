//! The ground of the address space: for each cell a number, and for each number a colour. What is made of blocks and tables
//! comes from whoever has those ([`super::space_tables`]).

use bevy::prelude::Resource;

use super::{hilbert_view::SpaceColour, palette::Palette, rule_book::RuleBook, theme::Theme};
use crate::hilbert::{
    Family, Last,
    blocks::Registry,
    ground::{Ground, NUMBERS, PLAIN},
    paint::tint,
};

#[derive(Resource, Default)]
pub struct SpaceGround {
    /// `None` until the space is looked at.
    ground: Option<Ground>,
    /// sRGB, by number.
    palette: Vec<[u8; 3]>,
    /// What the ground and its colours stand for.
    shows: Option<(Family, SpaceColour)>,
    /// Counts the grounds that were put in place of one another.
    changes: u64,
    palette_changes: u64,
}

impl SpaceGround {
    pub const fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    pub const fn ground_mut(&mut self) -> Option<&mut Ground> {
        self.ground.as_mut()
    }

    /// sRGB, by number; that of [`PLAIN`] is for what was heard there.
    pub fn palette(&self) -> &[[u8; 3]] {
        &self.palette
    }

    /// Of the network of a key.
    pub fn colour_of(&self, key: u32) -> [u8; 3] {
        let number = self.ground.as_ref().map_or(PLAIN, |ground| ground.number(key));
        self.palette.get(usize::from(number)).copied().unwrap_or_default()
    }

    pub const fn changes(&self) -> u64 {
        self.changes
    }

    pub const fn palette_changes(&self) -> u64 {
        self.palette_changes
    }

    pub fn put(&mut self, mut ground: Ground) {
        ground.forget_touched();
        self.ground = Some(ground);
        self.changes += 1;
    }

    /// Whether the picture shows these colours of this family already.
    pub fn shows(&self, family: Family, colour: SpaceColour) -> bool {
        self.shows == Some((family, colour))
    }

    pub fn set_palette(&mut self, shows: (Family, SpaceColour), palette: Vec<[u8; 3]>) {
        self.shows = Some(shows);
        if self.palette != palette {
            self.palette = palette;
            self.palette_changes += 1;
        }
    }
}

/// The colours of all numbers.
pub fn palette(colour: SpaceColour, theme: &Theme, book: &RuleBook, rules: &Palette) -> Vec<[u8; 3]> {
    let plain = theme.colours.accent.bytes();
    let mut colours = vec![plain; NUMBERS];
    let mut put = |number: u8, colour: [u8; 3]| colours[usize::from(number)] = colour;
    match colour {
        SpaceColour::FirstOctet | SpaceColour::Country | SpaceColour::Asn => {
            (1..u8::MAX).for_each(|number| put(number, tint::hue(number)));
        }
        SpaceColour::Registry => {
            Registry::ALL.iter().for_each(|it| put(tint::registry_number(*it), tint::of_registry(*it)));
        }
        SpaceColour::Rule => {
            for label in 0..=book.rules.labels().len() {
                put(rule_number(label), rule_colour(label, theme, book, rules));
            }
        }
        SpaceColour::Age => {
            for (class, (_, colour, _)) in tint::AGES.iter().enumerate() {
                put(age_number(class), *colour);
            }
        }
    }
    colours
}

/// Of a label, or of the row behind the last, which stands for no rule.
pub fn rule_colour(label: usize, theme: &Theme, book: &RuleBook, rules: &Palette) -> [u8; 3] {
    let [r, g, b, _] = match book.rules.labels().get(label) {
        Some(row) => rules.bytes(label, row.color.to_array()),
        None => rules.no_rule_bytes(theme),
    };
    [r, g, b]
}

/// Of a label. More of them than there are numbers share the last.
pub fn rule_number(label: usize) -> u8 {
    u8::try_from(label + 1).unwrap_or(u8::MAX).min(u8::MAX - 1)
}

/// Of a class of [`tint::AGES`].
pub const fn age_number(class: usize) -> u8 {
    class as u8 + 1
}

/// Of what opened then, as old as it is at a moment in Unix milliseconds.
pub fn age_number_at(last: Last, now_ms: i64) -> u8 {
    let age_secs = (now_ms / 1_000 - i64::from(last.opened_secs)).max(0);
    age_number(tint::age_class(u32::try_from(age_secs).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_octets_can_be_told_apart() {
        let far = |a: [u8; 3], b: [u8; 3]| (0..3).map(|i| u32::from(a[i].abs_diff(b[i]))).sum::<u32>();
        let tints: Vec<_> = (1..=223).map(|octet| tint::hue(tint::number(octet))).collect();
        assert!(tints.windows(2).all(|pair| far(pair[0], pair[1]) > 60));
    }
}
