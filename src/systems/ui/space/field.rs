//! The field in which an address or a network is typed to fly there.

use std::net::Ipv6Addr;

use bevy_egui::egui::{self, FontSelection, Key, RichText, TextEdit, Ui};

use super::{
    super::style::{mono, sans},
    WIDTH,
};
use crate::{
    components::{
        hilbert_view::HilbertView,
        theme::{Theme, size},
    },
    hilbert::{Family, Prefix, ipv6_key},
};

/// What is typed to fly to.
#[derive(Default)]
pub(in crate::systems::ui) struct Draft {
    text: String,
    /// Why it leads nowhere.
    problem: Option<&'static str>,
}

/// Returns the block that is to be shown, and of which family it is.
pub(super) fn show(
    ui: &mut Ui,
    space: &HilbertView,
    draft: &mut Draft,
    theme: &Theme,
) -> Option<(Family, Prefix)> {
    let hint = match space.family {
        Family::V4 => "fly to 198.51.100.0/24",
        Family::V6 => "fly to 2001:db8::",
    };
    let field = TextEdit::singleline(&mut draft.text)
        .font(FontSelection::FontId(mono(size::TEXT_SMALL)))
        .hint_text(RichText::new(hint).font(mono(size::TEXT_SMALL)))
        .desired_width(WIDTH)
        .margin(egui::Margin::symmetric(6, 4));
    let field = if draft.problem.is_some() { field.text_color(theme.colours.error.egui()) } else { field };
    let response = ui.add(field);
    if response.changed() {
        draft.problem = None;
    }
    if let Some(problem) = draft.problem {
        let problem = RichText::new(problem).font(sans(size::TEXT_SMALL));
        ui.label(problem.color(theme.colours.error.egui()));
    }
    if !response.lost_focus() || !ui.input(|input| input.key_pressed(Key::Enter)) {
        return None;
    }
    let found = [Family::V4, Family::V6]
        .into_iter()
        .find_map(|family| Some((family, block_of(&draft.text, family)?)));
    draft.problem = found.is_none().then(|| problem_of(&draft.text));
    found
}

fn problem_of(text: &str) -> &'static str {
    let address = text.trim().split('/').next().unwrap_or_default();
    match address.parse::<Ipv6Addr>() {
        Ok(address) if ipv6_key(address).is_none() => "outside 2000::/3: it has no place here",
        _ => "no address, and no network such as 10.0.0.0/8",
    }
}

/// Of an address or a network of a family.
fn block_of(text: &str, family: Family) -> Option<Prefix> {
    let text = text.trim();
    match family {
        Family::V4 => text.parse().ok(),
        Family::V6 => {
            const BITS_BEFORE: u8 = 3;
            const LONGEST: u8 = 35;
            let (address, length) = text.split_once('/').unwrap_or((text, "35"));
            let length: u8 = length.parse().ok().filter(|length| (BITS_BEFORE..=128).contains(length))?;
            Some(Prefix::of(ipv6_key(address.parse().ok()?)?, length.min(LONGEST) - BITS_BEFORE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_flown_to() {
        assert_eq!(block_of(" 10.1.2.3 ", Family::V4), Some(Prefix::of(0x0a01_0203, 32)));
        assert_eq!(block_of("10.0.0.0/8", Family::V4), Some(Prefix::of(0x0a00_0000, 8)));
        assert_eq!(block_of("2001:db8::/32", Family::V4), None);
        let block = block_of("2001:db8::/32", Family::V6).unwrap();
        assert_eq!(
            (block.length(), block.contains(ipv6_key("2001:db8::1".parse().unwrap()).unwrap())),
            (29, true)
        );
        for wrong in ["fe80::1", "2001:db8::/2", "10.0.0.1", "x"] {
            assert_eq!(block_of(wrong, Family::V6), None, "{wrong}");
        }
    }
}
