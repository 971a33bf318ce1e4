//! What a card says of its connection: names and values, all of which can be selected.

use bevy_egui::egui::{Grid, Label, RichText, Ui};

use super::super::{
    amounts, status,
    style::{mono, sans},
};
use crate::{
    components::{
        cards::CardConnection,
        connection::Agents,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::{Direction, Place, Protocol},
    world::country_name,
};

/// Names of what a connection knows by number, and what time it is.
pub(super) struct FactNames<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) agents: &'a Agents,
    pub(super) now_unix_millis: i64,
}

impl FactNames<'_> {
    pub(super) fn facts(&self, known: &CardConnection) -> Vec<(&'static str, String)> {
        let (connection, seen) = (&known.connection, &known.connection.observation);
        let (protocol, arrow) = (
            if seen.protocol == Protocol::Tcp { "TCP" } else { "UDP" },
            if seen.direction == Direction::Inbound { "from the peer" } else { "to the peer" },
        );
        let agent = self.agents.0.iter().find(|agent| agent.agent == connection.key.agent);
        let rule = self.book.rules.labels().get(self.book.label_of(known.rule));
        let amount = |bytes: Option<u64>| bytes.map_or_else(|| "not known".to_owned(), amounts::bytes);
        let mut facts = vec![
            ("peer", seen.peer.to_string()),
            ("here", format!("{}  ·  {protocol}, opened {arrow}", seen.local)),
            ("agent", agent.map_or_else(String::new, |agent| agent.name.to_string())),
            ("rule", rule.map_or("no rule", |rule| &rule.text).to_owned()),
            ("since", self.since(known)),
            ("sent", amount(seen.traffic.sent_bytes)),
            ("received", amount(seen.traffic.received_bytes)),
        ];
        if let Some(rtt) = seen.traffic.rtt_micros {
            facts.push(("round trip", format!("{:.1} ms", f64::from(rtt) / 1e3)));
        }
        if let Some(asn) = &connection.asn {
            facts.push(("network", format!("AS{}  {}", asn.number, asn.organisation)));
        }
        facts.push(match &connection.place {
            Ok(place) => ("place", place_words(place)),
            Err(reason) => ("place", format!("none: {}", reason.label())),
        });
        facts
    }

    /// And how long it lasts, or lasted where its end was seen.
    fn since(&self, known: &CardConnection) -> String {
        let opened = known.connection.opened_unix_millis;
        let (date, time) = status::date_and_time(opened);
        let until = if known.is_closed { known.ended_unix_millis } else { Some(self.now_unix_millis) };
        match until {
            Some(until) => {
                let secs = u64::try_from(until - opened).unwrap_or(0) / 1_000;
                format!("{date} {time}  ·  {}", lasted(secs))
            }
            None => format!("{date} {time}"),
        }
    }
}

/// To the minute, as the card is not drawn anew for seconds.
fn lasted(secs: u64) -> String {
    let minutes = secs / 60;
    match (minutes / 60 / 24, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn place_words(place: &Place) -> String {
    let country = place.country.map_or("", country_name);
    let names = [&*place.city, &*place.region, country].into_iter().filter(|name| !name.is_empty());
    let names = names.collect::<Vec<_>>().join(", ");
    let figures = format!("{:.2}, {:.2}", place.lat, place.lon);
    if names.is_empty() { figures } else { format!("{names}  ·  {figures}") }
}

pub(super) fn show(ui: &mut Ui, facts: &[(&'static str, String)], card: u32, theme: &Theme) {
    Grid::new(("card facts", card)).num_columns(2).spacing([size::GRID * 1.5, 3.0]).show(ui, |ui| {
        for (name, value) in facts {
            let name_text = RichText::new(*name).font(sans(size::TEXT_SMALL));
            ui.label(name_text.color(theme.colours.text_second.egui()));
            let font =
                if matches!(*name, "peer" | "here") { mono(size::TEXT_SMALL) } else { sans(size::TEXT) };
            ui.add(Label::new(RichText::new(value).font(font)).selectable(true).wrap());
            ui.end_row();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_minute() {
        assert_eq!(lasted(59), "less than a minute");
        assert_eq!(lasted(3_599), "59 min");
        assert_eq!(lasted(7_260), "2 h 1 min");
        assert_eq!(lasted(90_000), "1 d 1 h");
    }
}
