//! What is known of an address, a range, an AS number or a name: out of what was imported ([`crate::whois`]) and the built-in
//! tables, for the program `ip2asn` and for the cards of the map alike. How it is written as text stands in `text`.

pub mod text;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use serde::Serialize;
use thiserror::Error;

use crate::{
    geo::{
        GeoSource, Geography, SourceInfo,
        date::{Date, age_notice},
        embedded::{CarefulGeo, EmbeddedError},
        special::effective_address,
    },
    model::{Asn, NoPlace, Place},
    whois::{
        Whois, answer,
        answer::{Answer, Found, Object},
        keys::{Range, parse_asn, parse_range, single, words},
        lookup::Depth,
    },
};

/// The table of the built-in ones that tells of AS numbers.
const ASN_SOURCE: &str = "Route Views ASN (embedded)";

/// What is to be written of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The neighbours that an autonomous system names in its policy, in place of the policy.
    pub peers: bool,
    /// Which source of which date says what.
    pub explain: bool,
    /// All lines, however many there are.
    pub all: bool,
}

#[derive(Debug, Error)]
pub enum AskError {
    #[error("{0:?} is no AS number: they go up to {max}", max = u32::MAX)]
    NoAsn(String),
    #[error("{query:?} is no IP address, range, network or AS number: {reason}")]
    NoQuery { query: String, reason: &'static str },
    #[error("{0:?} has no word to look for")]
    NoWord(String),
    #[error("the built-in geographic tables cannot be opened: {0}")]
    NotOpened(EmbeddedError),
    #[error("the built-in geographic tables are damaged and cannot be made anew: {0}")]
    Damaged(String),
}

impl AskError {
    /// Whether it is for whoever asked to ask otherwise.
    pub const fn is_of_query(&self) -> bool {
        matches!(self, Self::NoAsn(_) | Self::NoQuery { .. } | Self::NoWord(_))
    }
}

/// What is known for one query; unknown fields are null.
#[derive(Debug, Serialize)]
pub struct Reply {
    pub query: String,
    pub address: Option<IpAddr>,
    pub asn: Option<Asn>,
    pub asn_source: Option<Source>,
    pub place: Option<Place>,
    pub place_source: Option<Source>,
    pub no_place: Option<NoPlace>,
    /// What was imported says so; null where nothing is imported.
    pub whois: Option<Answer>,
}

/// Which table says so.
#[derive(Debug, Serialize)]
pub struct Source {
    pub name: String,
    pub date: Option<String>,
}

impl From<&SourceInfo> for Source {
    fn from(info: &SourceInfo) -> Self {
        Self { name: info.name.clone(), date: info.date.clone() }
    }
}

impl Reply {
    pub fn is_known(&self) -> bool {
        self.asn.is_some()
            || self.place.is_some()
            || self.no_place.is_some_and(|reason| reason != NoPlace::NoEntry)
            || self.whois.as_ref().is_some_and(|answer| !answer.is_empty())
    }
}

/// The built-in tables, and the questions of addresses that they answer.
struct BuiltIn {
    embedded: Arc<CarefulGeo>,
    geography: Geography,
}

impl BuiltIn {
    fn open() -> Result<Self, AskError> {
        let embedded = CarefulGeo::open(None).map_err(AskError::NotOpened)?;
        let embedded = Arc::new(embedded);
        let geography = Geography::new(vec![Arc::<CarefulGeo>::clone(&embedded)]);
        Ok(Self { embedded, geography })
    }

    fn age_notice(&self) -> Option<String> {
        let date = self.embedded.info().date.as_deref();
        date.and_then(|date| age_notice(date, Date::from_system_time(SystemTime::now())))
    }

    fn names(&self, name: &str, most: usize) -> Result<(Vec<Found>, bool), AskError> {
        let wanted: Vec<_> = words(name).collect();
        let source = answer::Source {
            name: ASN_SOURCE.to_owned(),
            date: Some(self.embedded.asn_date().to_owned()),
            file: String::new(),
        };
        let source = Arc::new(source);
        let has = |asn: &Asn| {
            let has: Vec<_> = words(&asn.organisation).collect();
            wanted.iter().all(|word| has.iter().any(|other| other.starts_with(word.as_str())))
        };
        let found = |asn: Asn| Found {
            name: asn.organisation.to_string(),
            id: format!("AS{}", asn.number),
            country_code: None,
            asns: vec![asn.number],
            source: Arc::clone(&source),
        };
        let whole = self.embedded.whole().map_err(damaged)?;
        let mut all = whole.systems().filter(has).map(found);
        Ok((all.by_ref().take(most).collect(), all.next().is_some()))
    }

    fn asn_source(&self) -> Source {
        Source { name: ASN_SOURCE.to_owned(), date: Some(self.embedded.asn_date().to_owned()) }
    }
}

fn damaged(error: &EmbeddedError) -> AskError {
    AskError::Damaged(error.to_string())
}

/// Where questions are asked: what was imported, and the built-in tables.
pub struct Desk {
    pub whois: Whois,
    /// Opened when first asked: many questions do without.
    built_in: Option<BuiltIn>,
}

impl Desk {
    /// Opens what was imported into a folder; [`Whois::problems`] are what is broken in it.
    pub fn open(folder: &Path) -> Self {
        Self { whois: Whois::open(folder), built_in: None }
    }

    /// What became of the built-in tables while they were asked.
    ///
    /// # Errors
    /// When they are damaged: answers may lack what they know.
    pub fn check(&self) -> Result<(), AskError> {
        let problem = self.built_in.as_ref().and_then(|built_in| built_in.embedded.problem());
        problem.map_or(Ok(()), |problem| Err(damaged(problem)))
    }

    /// That the built-in tables are old, where they were asked and are.
    pub fn age_notice(&self) -> Option<String> {
        self.built_in.as_ref().and_then(BuiltIn::age_notice)
    }

    fn built_in(&mut self) -> Result<&BuiltIn, AskError> {
        match &mut self.built_in {
            Some(built_in) => Ok(built_in),
            none => Ok(none.insert(BuiltIn::open()?)),
        }
    }

    /// Answers for an address, a range, a network or an AS number.
    ///
    /// # Errors
    /// When the text is none of them, or the built-in tables cannot be read.
    pub fn reply(&mut self, text: &str, depth: Depth) -> Result<Reply, AskError> {
        let is_asn = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("as"));
        match (parse_asn(text).filter(|_| is_asn), parse_range(text)) {
            (Some(number), _) => self.system(number, text, depth),
            (None, Ok(range)) => self.addresses(range, text, depth),
            (None, Err(_))
                if is_asn && text.len() > 2 && text[2..].bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Err(AskError::NoAsn(text.to_owned()))
            }
            (None, Err(reason)) => Err(AskError::NoQuery { query: text.to_owned(), reason }),
        }
    }

    fn addresses(&mut self, range: Range, query: &str, depth: Depth) -> Result<Reply, AskError> {
        let written = query.parse::<IpAddr>().ok();
        let first = written.unwrap_or(match range {
            Range::V4(first, _) => Ipv4Addr::from(first).into(),
            Range::V6(first, _) => Ipv6Addr::from(first).into(),
            // A query of addresses is no range of AS numbers.
            Range::Asn(..) => Ipv4Addr::UNSPECIFIED.into(),
        });
        let geography = &self.built_in()?.geography;
        let (asn, asn_source) = geography.asn_with_source(first).unzip();
        let place = geography.locate_with_source(first);
        let no_place = place.as_ref().err().copied();
        let (place, place_source) = place.ok().unzip();
        let (asn_source, place_source) = (asn_source.map(Source::from), place_source.map(Source::from));
        // What carries an IPv4 address is answered as that.
        let range = if written.is_some() { single(effective_address(first)) } else { range };
        let announced_by = asn.as_ref().map(|asn| asn.number);
        let whois = (!self.whois.is_empty()).then(|| self.whois.addresses(range, announced_by, depth));
        let (query, address) = (query.to_owned(), written);
        Ok(Reply { query, address, asn, asn_source, place, place_source, no_place, whois })
    }

    fn system(&mut self, number: u32, query: &str, depth: Depth) -> Result<Reply, AskError> {
        let whois = (!self.whois.is_empty()).then(|| self.whois.system(number, depth));
        let is_named = whois.as_ref().is_some_and(|answer| {
            !(answer.systems.is_empty() && answer.organisations.is_empty() && answer.aut_nums.is_empty())
        });
        // What was imported knows its name better.
        let (asn, asn_source) = if is_named {
            (None, None)
        } else {
            let built_in = self.built_in()?;
            let asn = built_in.embedded.system(number);
            let source = asn.as_ref().map(|_| built_in.asn_source());
            (asn, source)
        };
        let (query, address) = (query.to_owned(), None);
        Ok(Reply { query, address, asn, asn_source, place: None, place_source: None, no_place: None, whois })
    }

    /// Organisations and autonomous systems in whose name each of these words begins a word, and whether there are more
    /// than an answer may have.
    ///
    /// # Errors
    /// When there is no word, or the built-in tables cannot be read.
    pub fn names(&mut self, name: &str) -> Result<(Vec<Found>, bool), AskError> {
        if words(name).next().is_none() {
            return Err(AskError::NoWord(name.to_owned()));
        }
        let most = self.whois.limits().names;
        let found = self.whois.by_name(name, most);
        // What was imported knows names better, where it knows any: a registry's delegations have none.
        if found.0.is_empty() { self.built_in()?.names(name, most) } else { Ok(found) }
    }

    /// Objects of routing registries with this key.
    pub fn objects(&self, key: &str) -> Vec<Object> {
        self.whois.objects(key.trim())
    }
}
