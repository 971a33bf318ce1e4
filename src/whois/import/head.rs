//! What the first lines of a file say of all of it: whose records it has, and of which day they are. An import names its
//! index by that, and before it tells which of two files is the later one.

use crate::whois::{
    as_org,
    delegated::{self, Line},
    detect::Kind,
};

/// Who makes as-org2info.
const AS_ORG_REGISTRY: &str = "caida";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// In lower case; empty where the first lines do not say.
    pub registry: String,
    /// `YYYY-MM-DD`
    pub date: Option<String>,
}

impl Head {
    pub fn of(kind: Kind, text: &[u8]) -> Self {
        let mut lines = text.split(|&byte| byte == b'\n');
        match kind {
            Kind::Delegated => Self::of_delegated(lines),
            Kind::AsOrg => {
                Self { registry: AS_ORG_REGISTRY.to_owned(), date: lines.find_map(as_org::date_in_comment) }
            }
            // An object says whose it is, and a comment before it means many things.
            Kind::Rpsl => Self::default(),
        }
    }

    /// Where there is no header, the first record names the registry.
    fn of_delegated<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut head = Self::default();
        for line in lines.filter_map(|line| delegated::parse(line).ok().flatten()) {
            match line {
                Line::Header { registry, end_date, .. } => {
                    return Self { registry: registry.to_ascii_lowercase(), date: end_date };
                }
                Line::Record(record) if head.registry.is_empty() => {
                    head.registry = record.registry.to_ascii_lowercase();
                }
                Line::Record(_) | Line::Summary { .. } => {}
            }
        }
        head
    }
}
