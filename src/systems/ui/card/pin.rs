//! A place for the network of a card's connection: what is typed for it, and the line that comes of that.

use std::net::IpAddr;

use bevy_egui::egui::{FontSelection, Grid, RichText, TextEdit, Ui, vec2};

use super::super::{
    style::{mono, sans},
    words::{self, button},
};
use crate::{
    components::{
        cards::Question,
        theme::{Theme, size},
    },
    model::LocatedConnection,
};

const FIELD: [f32; 2] = [240.0, 22.0];
/// What one subscriber or office has, as a rule.
const USUAL_V4: u8 = 24;
const USUAL_V6: u8 = 48;

pub(super) struct Pinning {
    network: String,
    place: String,
    label: String,
}

impl Pinning {
    /// The network that is probably meant, and the place it has now.
    pub(super) fn of(connection: &LocatedConnection) -> Self {
        let place = connection.place.as_ref().ok();
        Self {
            network: network_around(connection.observation.peer.ip()),
            place: place.map_or_else(String::new, |place| format!("{} {}", place.lat, place.lon)),
            label: place.map_or_else(String::new, |place| place.city.to_string()),
        }
    }

    /// Returns what is to be done, once it is complete and wanted.
    pub(super) fn show(&mut self, ui: &mut Ui, theme: &Theme) -> Option<Question> {
        Grid::new("pin").num_columns(2).spacing([size::GRID * 1.5, 4.0]).show(ui, |ui| {
            let fields = [
                ("network", &mut self.network, "192.0.2.0/24"),
                ("latitude, longitude", &mut self.place, "52.52 13.40"),
                ("name", &mut self.label, "office"),
            ];
            for (name, text, hint) in fields {
                let name = RichText::new(name).font(sans(size::TEXT_SMALL));
                ui.label(name.color(theme.colours.text_second.egui()));
                let field = TextEdit::singleline(text)
                    .hint_text(hint)
                    .font(FontSelection::FontId(mono(size::TEXT_SMALL)));
                ui.add_sized(vec2(FIELD[0], FIELD[1]), field);
                ui.end_row();
            }
        });
        let question = self.question();
        let is_wanted = button(ui, "Write it to places.csv", question.is_some());
        question.filter(|_| is_wanted)
    }

    fn question(&self) -> Option<Question> {
        let network = self.network.trim();
        let is_network = network.parse::<ipnet::IpNet>().is_ok() || network.parse::<IpAddr>().is_ok();
        let lat_lon = words::lat_lon(&self.place)?;
        let network = network.to_owned();
        is_network.then(|| Question::Pin { network, lat_lon, label: self.label.trim().to_owned() })
    }
}

fn network_around(ip: IpAddr) -> String {
    let length = if ip.is_ipv4() { USUAL_V4 } else { USUAL_V6 };
    ipnet::IpNet::new(ip, length).map_or_else(|_| ip.to_string(), |network| network.trunc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_and_nothing_else() {
        assert_eq!(network_around("9.9.9.9".parse().unwrap()), "9.9.9.0/24");
        assert_eq!(network_around("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
        let pinning =
            |network: &str| Pinning { network: network.into(), place: "1 2".into(), label: " x ".into() };
        assert!(pinning("9.9.9.0/33").question().is_none());
        let expected = Question::Pin { network: "9.9.9.9".into(), lat_lon: [1.0, 2.0], label: "x".into() };
        assert_eq!(pinning("9.9.9.9").question(), Some(expected));
    }
}
