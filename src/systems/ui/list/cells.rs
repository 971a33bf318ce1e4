//! What stands in the cells of a list: the columns, their text, by what they sort, and the same as CSV and JSON.

use std::{cmp::Ordering, sync::Arc};

use crate::{
    components::{action::ListKind, cards::CardConnection, connection::Agents, rule_book::RuleBook},
    hilbert::{Family, Prefix, ipv6_net},
    model::AgentId,
    systems::ui::{amounts, status, words},
};

use super::rows::ListRow;

pub(super) struct ListColumn {
    pub(super) name: &'static str,
    /// Points.
    pub(super) width: f32,
    /// Figures and addresses stand below each other.
    pub(super) is_figure: bool,
}

const fn text(name: &'static str, width: f32) -> ListColumn {
    ListColumn { name, width, is_figure: false }
}

const fn figure(name: &'static str, width: f32) -> ListColumn {
    ListColumn { name, width, is_figure: true }
}

pub(super) const COLUMNS: [ListColumn; 12] = [
    text("program", 96.0),
    figure("peer", 190.0),
    text("agent", 80.0),
    figure("local port", 62.0),
    text("rule", 88.0),
    text("place", 126.0),
    figure("ASN", 66.0),
    figure("since", 42.0),
    figure("sent", 60.0),
    figure("received", 60.0),
    figure("RTT", 48.0),
    text("organisation", 100.0),
];

/// Indices of columns by which lists are sorted from the start.
pub(super) const PEER: usize = 1;
pub(super) const OPENED: usize = 7;

/// Names of what rows know by number.
pub(super) struct Names<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) agents: &'a Agents,
}

impl Names<'_> {
    /// `of_addresses`: it is of what lies near in the address space.
    pub(super) fn title(&self, kind: ListKind, rows: &[ListRow], of_addresses: bool) -> String {
        match kind {
            ListKind::All => "All sockets".into(),
            ListKind::OnMap => "On the map".into(),
            ListKind::Hidden => "Hidden".into(),
            ListKind::WithoutPlace(reason) => format!("Without place, {}", reason.label()),
            ListKind::WithoutAnyPlace => "Without place".into(),
            ListKind::BeyondEdge => "Beyond the edge".into(),
            ListKind::UnknownProgram => "Of unknown program".into(),
            ListKind::Agent(agent) => self.agent(agent).to_owned(),
            ListKind::Label(label) => self.label(label).to_owned(),
            ListKind::Near(_) if of_addresses => network(rows),
            ListKind::Near(_) => near(rows),
        }
    }

    fn label(&self, label: usize) -> &str {
        self.book.rules.labels().get(label).map_or("no rule", |label| &label.text)
    }

    fn agent(&self, agent: AgentId) -> &str {
        self.agents.0.iter().find(|known| known.agent == agent).map_or("", |known| &known.name)
    }

    /// As its card begins.
    pub(super) fn card(&self, row: &ListRow) -> CardConnection {
        CardConnection {
            connection: Arc::clone(&row.connection),
            rule: self.book.rule_of(&row.connection.observation),
            is_closed: row.is_closed || row.is_recorded,
            ended_unix_millis: None,
        }
    }

    pub(super) fn cells(&self, row: &ListRow) -> [String; COLUMNS.len()] {
        let (connection, observation) = (&row.connection, &row.connection.observation);
        let (asn, organisation) = connection
            .asn
            .as_ref()
            .map_or_else(Default::default, |asn| (format!("AS{}", asn.number), asn.organisation.to_string()));
        let (date, time) = status::date_and_time(connection.opened_unix_millis);
        let since = match (row.is_closed, row.is_recorded) {
            (true, _) => "closed".to_owned(),
            (false, false) => time,
            (false, true) => format!("{} {time}", date.rsplit_once(' ').map_or("", |(day, _)| day)),
        };
        [
            words::program(&observation.owner).into_owned(),
            observation.peer.to_string(),
            self.agent(connection.key.agent).to_owned(),
            observation.local.port().to_string(),
            self.label(row.label).to_owned(),
            place(row),
            asn,
            since,
            amount(observation.traffic.sent_bytes),
            amount(observation.traffic.received_bytes),
            observation.traffic.rtt_micros.map_or_else(String::new, |rtt| format!("{} ms", rtt / 1_000)),
            organisation,
        ]
    }

    /// By a column; what is the same there, by age.
    pub(super) fn compare(&self, column: usize, a: &ListRow, b: &ListRow) -> Ordering {
        let (of_a, of_b) = (&*a.connection, &*b.connection);
        let (seen_a, seen_b) = (&of_a.observation, &of_b.observation);
        let by_age = || (of_a.opened_unix_millis, of_a.key).cmp(&(of_b.opened_unix_millis, of_b.key));
        let order = match COLUMNS.get(column).map_or("", |column| column.name) {
            "program" => by_name(&words::program(&seen_a.owner), &words::program(&seen_b.owner)),
            "peer" => (seen_a.peer.ip(), seen_a.peer.port()).cmp(&(seen_b.peer.ip(), seen_b.peer.port())),
            "agent" => by_name(self.agent(of_a.key.agent), self.agent(of_b.key.agent)),
            "local port" => seen_a.local.port().cmp(&seen_b.local.port()),
            // As the file has them.
            "rule" => a.label.cmp(&b.label),
            "place" => {
                let (place_a, place_b) = (of_a.place.as_ref(), of_b.place.as_ref());
                match (place_a, place_b) {
                    (Ok(a), Ok(b)) => by_name(&a.city, &b.city).then_with(|| a.country.cmp(&b.country)),
                    // Those without one come last.
                    _ => place_a.is_err().cmp(&place_b.is_err()),
                }
            }
            "ASN" => {
                let number = |row: &ListRow| row.connection.asn.as_ref().map(|asn| asn.number);
                number(a).cmp(&number(b))
            }
            "sent" => seen_a.traffic.sent_bytes.cmp(&seen_b.traffic.sent_bytes),
            "received" => seen_a.traffic.received_bytes.cmp(&seen_b.traffic.received_bytes),
            "RTT" => seen_a.traffic.rtt_micros.cmp(&seen_b.traffic.rtt_micros),
            "organisation" => {
                let name = |row: &'_ ListRow| row.connection.asn.as_ref().map(|asn| asn.organisation.clone());
                by_name(&name(a).unwrap_or_default(), &name(b).unwrap_or_default())
            }
            _ => Ordering::Equal,
        };
        order.then_with(by_age)
    }
}

/// As people sort names, without making any.
fn by_name(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

/// The smallest network that all their addresses are in, if it is one worth the name.
fn network(rows: &[ListRow]) -> String {
    const SHORTEST: u8 = 8;
    let keys = || rows.iter().filter_map(|row| Family::key_of(row.connection.observation.peer.ip()));
    let (Some(first), Some(last)) = (keys().min_by_key(|(_, key)| *key), keys().max_by_key(|(_, key)| *key))
    else {
        return "Here".to_owned();
    };
    let block = Prefix::of(first.1, (first.1 ^ last.1).leading_zeros() as u8);
    match first.0 {
        _ if block.length() < SHORTEST => "Here".to_owned(),
        Family::V4 if block.keys() == 1 => block.ipv4().to_string(),
        Family::V4 => format!("In {block}"),
        Family::V6 => {
            let (address, length) = ipv6_net(block);
            format!("In {address}/{length}")
        }
    }
}

/// The city that most of them are in.
fn near(rows: &[ListRow]) -> String {
    let mut cities: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.connection.place.as_ref().ok().map(|place| &*place.city))
        .filter(|city| !city.is_empty())
        .collect();
    cities.sort_unstable();
    let most = cities.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    most.map_or_else(|| "Here".to_owned(), |same| format!("Near {}", same[0]))
}

fn place(row: &ListRow) -> String {
    match &row.connection.place {
        Ok(place) => words::place(place),
        Err(reason) => reason.label().to_owned(),
    }
}

/// Nothing where it is not known.
fn amount(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, amounts::bytes)
}

/// As they are shown, with the columns' names.
pub(super) fn csv(rows: &[ListRow], names: &Names<'_>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let lines = std::iter::once(COLUMNS.map(|column| column.name.to_owned()))
        .chain(rows.iter().map(|row| names.cells(row)));
    // Memory takes all.
    lines.for_each(|line| drop(writer.write_record(line)));
    writer.into_inner().map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// An array with an object a row, all that is known of it.
pub(super) fn json(rows: &[ListRow], names: &Names<'_>) -> String {
    let objects: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "agent": names.agent(row.connection.key.agent),
                "rule": names.label(row.label),
                "is_closed": row.is_closed,
                "is_recorded": row.is_recorded,
                "connection": &*row.connection,
            })
        })
        .collect();
    serde_json::to_string_pretty(&objects).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::inspect::COLUMN_NAMES;

    #[test]
    fn columns_have_the_names_by_which_they_are_hidden() {
        assert_eq!(COLUMNS.map(|column| column.name), COLUMN_NAMES);
        assert_eq!((COLUMN_NAMES[PEER], COLUMN_NAMES[OPENED]), ("peer", "since"));
    }
}
