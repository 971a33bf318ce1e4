//! What is known of the block under the pointer.

use bevy_egui::egui::{Align2, RichText, Ui};

use super::{
    super::{
        row,
        style::{mono, sans},
    },
    WIDTH,
};
use crate::{
    components::{
        hilbert_view::{Family, HilbertView},
        theme::{Theme, size},
    },
    hilbert::{
        Prefix,
        blocks::{SPECIAL, ipv4_holder, ipv4_status, ipv6_blocks},
        ipv6_net,
    },
};

/// Of the smallest block that is pointed at, in points: a smaller one nobody hits.
const SMALLEST: f32 = 24.0;

/// The block of the grid that is pointed at.
pub(super) fn block(space: &HilbertView, key: u32) -> Prefix {
    Prefix::of(key, space.prefix_of_side(SMALLEST))
}

pub(super) fn show(ui: &mut Ui, space: &HilbertView, block: Prefix, connections: usize, theme: &Theme) {
    let (network, range) = names(space.family, block);
    ui.label(RichText::new(network).font(mono(size::TEXT_LARGE)));
    ui.label(RichText::new(range).font(mono(size::TEXT_SMALL)).color(theme.colours.text_second.egui()));
    for fact in facts(space.family, block) {
        ui.label(RichText::new(fact).font(sans(size::TEXT)));
    }
    let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    let colour = theme.colours.text.egui();
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, "connections", sans(size::TEXT), colour);
    row::figure(ui, line, connections, colour);
}

/// The network, and its first and last address where they differ.
fn names(family: Family, block: Prefix) -> (String, String) {
    match family {
        Family::V4 if block.keys() == 1 => (block.ipv4().to_string(), "one address".to_owned()),
        Family::V4 => {
            let last = std::net::Ipv4Addr::from_bits(block.last());
            (block.to_string(), format!("{} – {last}", block.ipv4()))
        }
        Family::V6 => {
            let (first, length) = ipv6_net(block);
            (format!("{first}/{length}"), "2000::/3, 32 bits after the first three".to_owned())
        }
    }
}

/// Who looks after it, who holds it, and what it is set apart for.
fn facts(family: Family, block: Prefix) -> Vec<String> {
    match family {
        Family::V4 => {
            if let Some(special) = SPECIAL.iter().rfind(|special| special.block.holds(block)) {
                return vec![special.label.to_owned()];
            }
            if block.length() < 8 {
                return Vec::new();
            }
            let octet = (block.first() >> 24) as u8;
            let holder = ipv4_holder(octet).map(str::to_owned);
            std::iter::once(ipv4_status(octet).to_string()).chain(holder).collect()
        }
        Family::V6 => {
            let whole = ipv6_blocks().iter().rfind(|known| known.block.holds(block));
            let is_in_part = || ipv6_blocks().iter().any(|known| block.holds(known.block));
            vec![match whole {
                Some(known) => known.label.to_owned(),
                None if is_in_part() => "given out in part".to_owned(),
                None => "not given out".to_owned(),
            }]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts_of(network: &str) -> String {
        facts(Family::V4, network.parse().unwrap()).join(", ")
    }

    #[test]
    fn a_block_is_told_by_who_has_it_or_what_it_is_for() {
        assert_eq!(facts_of("17.0.0.0/8"), "ARIN (legacy), Apple Computer Inc.");
        assert_eq!(facts_of("10.20.0.0/16"), "private");
        assert_eq!(facts_of("192.168.0.0/16"), "private");
        assert_eq!(facts_of("192.0.0.0/8"), "ARIN (legacy)", "only a part of it is set apart");
        assert_eq!(facts_of("0.0.0.0/1"), "");
        assert_eq!(
            names(Family::V4, "9.0.0.0/8".parse().unwrap()),
            ("9.0.0.0/8".to_owned(), "9.0.0.0 – 9.255.255.255".to_owned())
        );
    }
}
