//! What is known of the block under the pointer.

use std::net::{Ipv4Addr, Ipv6Addr};

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
        hilbert_view::HilbertView,
        space_tables::{BlockFacts, Owner},
        theme::{Theme, size},
    },
    hilbert::{
        Family, Prefix,
        blocks::{SPECIAL, ipv4_holder, ipv4_status, ipv6_blocks},
        heat::Seen,
        ipv6_net,
    },
    world::country_name,
};

/// Of the smallest block that is pointed at, in points: a smaller one nobody hits.
const SMALLEST: f32 = 24.0;

/// The block of the grid that is pointed at.
pub(super) fn block(space: &HilbertView, key: u32) -> Prefix {
    Prefix::of(key, space.prefix_of_side(SMALLEST))
}

/// `known` is what the tables say, how many of the connections on the map lie in it, and what was ever heard of it.
pub(super) fn show(
    ui: &mut Ui,
    space: &HilbertView,
    block: Prefix,
    (facts, connections, heard): (Option<&BlockFacts>, usize, Option<Seen>),
    theme: &Theme,
) {
    let (network, range) = names(space.family, block);
    let second = theme.colours.text_second.egui();
    ui.label(RichText::new(network).font(mono(size::TEXT_LARGE)));
    ui.label(RichText::new(range).font(mono(size::TEXT_SMALL)).color(second));
    for fact in of_blocks(space.family, block).into_iter().chain(facts.into_iter().flat_map(of_tables)) {
        ui.label(RichText::new(fact).font(sans(size::TEXT)));
    }
    let mut figure = |words: &str, figure: usize, colour| {
        let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
        row::text(ui, line.left_center(), Align2::LEFT_CENTER, words, sans(size::TEXT), colour);
        row::figure(ui, line, figure, colour);
    };
    figure("connections", connections, theme.colours.text.egui());
    if let Some(heard) = heard.filter(|heard| heard.count > 0) {
        figure("heard of", heard.count as usize, second);
        if block.keys() > 1 {
            figure("addresses of these", heard.addresses as usize, second);
        }
    }
}

/// Whose it is, as the tables say.
fn of_tables(facts: &BlockFacts) -> Vec<String> {
    let system = match &facts.system {
        Owner::Nobody => None,
        Owner::One(system) => Some(format!("AS{} {}", system.number, system.organisation)),
        Owner::Several => Some("several autonomous systems".to_owned()),
    };
    let country = match &facts.country {
        Owner::Nobody => None,
        Owner::One(code) => Some(country_name(*code).to_owned()),
        Owner::Several => Some("several countries".to_owned()),
    };
    system.into_iter().chain(country).collect()
}

/// The network, and its first and last address where they differ.
pub(super) fn names(family: Family, block: Prefix) -> (String, String) {
    match family {
        Family::V4 if block.keys() == 1 => (block.ipv4().to_string(), "one address".to_owned()),
        Family::V4 => {
            let last = Ipv4Addr::from_bits(block.last());
            (block.to_string(), format!("{} – {last}", block.ipv4()))
        }
        Family::V6 => {
            let (first, length) = ipv6_net(block);
            let last = Ipv6Addr::from_bits(first.to_bits() | u128::MAX >> length);
            (format!("{first}/{length}"), format!("{first} – {last}"))
        }
    }
}

/// Who looks after it, who holds it, and what it is set apart for.
fn of_blocks(family: Family, block: Prefix) -> Vec<String> {
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
    use crate::hilbert::ipv6_key;

    fn facts_of(network: &str) -> String {
        of_blocks(Family::V4, network.parse().unwrap()).join(", ")
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
        let ripe = Prefix::of(ipv6_key("2a00::".parse().unwrap()).unwrap(), 9);
        assert_eq!(
            names(Family::V6, ripe),
            ("2a00::/12".to_owned(), "2a00:: – 2a0f:ffff:ffff:ffff:ffff:ffff:ffff:ffff".to_owned())
        );
    }
}
