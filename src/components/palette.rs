//! Which colour a rule is drawn in: the user's own, or one that colour-blind people tell apart.

use bevy::prelude::Resource;

use super::theme::{OKABE_ITO, Theme, linear_from_srgb};
use crate::rules;

/// Where rule colours come from.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// As `connmapperlrc` says.
    #[default]
    Rules,
    /// Okabe and Ito's colours, by label.
    ColourBlindSafe,
}

impl Palette {
    pub const fn other(self) -> Self {
        match self {
            Self::Rules => Self::ColourBlindSafe,
            Self::ColourBlindSafe => Self::Rules,
        }
    }

    /// sRGB bytes with straight alpha of a label; `own` is what the rules file says.
    pub fn bytes(self, label: usize, own: [f32; 4]) -> [u8; 4] {
        match self {
            Self::Rules => own.map(|share| (share.clamp(0.0, 1.0) * 255.0).round() as u8),
            Self::ColourBlindSafe => {
                let [r, g, b] = OKABE_ITO[label % OKABE_ITO.len()].bytes();
                [r, g, b, (own[3].clamp(0.0, 1.0) * 255.0).round() as u8]
            }
        }
    }

    /// The same as the graphics card gets it: linear light, straight alpha, 65,535 for one.
    pub fn linear(self, label: usize, own: [f32; 4]) -> [u16; 4] {
        let [r, g, b, a] = self.bytes(label, own).map(|byte| f32::from(byte) / 255.0);
        unorm([linear_from_srgb(r), linear_from_srgb(g), linear_from_srgb(b), a])
    }

    /// The same, for what no rule matched too.
    pub fn rgba(self, label: usize, own: Option<rules::Rgba>, theme: &Theme) -> [u16; 4] {
        match own {
            Some(own) => self.linear(label, own.to_array()),
            None => self.no_rule_linear(theme),
        }
    }

    pub fn no_rule_linear(self, theme: &Theme) -> [u16; 4] {
        unorm(theme.colours.no_rule.linear())
    }

    pub fn no_rule_bytes(self, theme: &Theme) -> [u8; 4] {
        let colour = theme.colours.no_rule;
        let [r, g, b] = colour.bytes();
        [r, g, b, (colour.alpha * 255.0).round() as u8]
    }
}

fn unorm(rgba: [f32; 4]) -> [u16; 4] {
    rgba.map(|share| (share * f32::from(u16::MAX)).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn no_two_of_the_shipped_labels_share_a_colour() {
        assert!(Rules::built_in().labels().len() <= OKABE_ITO.len());
    }
}
