//! Reads queries, asks the imported sources and the built-in tables, and hands the answers to be printed.

use std::{
    io::{self, BufRead, BufWriter, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use anyhow::{Context, anyhow};
use connmapperl::{
    geo::{
        GeoSource, Geography, SourceInfo,
        date::{Date, age_notice},
        embedded::{CarefulGeo, EmbeddedError},
        special::{effective_address, special},
    },
    model::{Asn, NoPlace, Place},
    whois::{
        Whois,
        answer::{Answer, Found},
        keys::{Range, parse_asn, parse_range, single, words},
        lookup::Depth,
    },
};
use serde::Serialize;

use crate::{Outcome, options::Options, print};

/// Names that are told: more are nobody's to read, and other words find fewer.
const MOST_NAMES: usize = 1_000;
/// The table of the built-in ones that tells of AS numbers.
const ASN_SOURCE: &str = "Route Views ASN (embedded)";

/// What is known for one query; unknown fields are null.
#[derive(Serialize)]
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

#[derive(Serialize)]
pub struct Source {
    pub name: String,
    pub date: Option<String>,
}

impl From<&SourceInfo> for Source {
    fn from(info: &SourceInfo) -> Self {
        Self { name: info.name.clone(), date: info.date.clone() }
    }
}

pub fn run(folder: &Path, options: &Options) -> anyhow::Result<Outcome> {
    let whois = Whois::open(folder);
    for problem in whois.problems() {
        eprintln!("ip2asn: {problem}");
    }
    let from_input = options.queries.is_empty();
    let is_brief = options.brief || (from_input && !options.full);
    let depth = if is_brief { Depth::Brief } else { Depth::Full };
    let output = BufWriter::new(io::stdout().lock());
    let mut asking = Asking { whois, built_in: None, options, depth, output, outcome: Outcome::Found };
    if let Some(name) = &options.org {
        asking.names(name)?;
    } else if let Some(key) = &options.object {
        asking.objects(key)?;
    } else if from_input {
        asking.lines(io::stdin().lock())?;
    } else {
        options.queries.iter().try_for_each(|text| asking.query(text, ""))?;
    }
    asking.output.flush()?;
    if asking.whois.is_empty() && !options.json {
        eprintln!(
            "ip2asn: nothing is imported, so this is what the built-in tables know. An import adds registry, holder \
             and its other AS numbers, names, and policies with peers: ip2asn status says where the files are."
        );
    }
    if let Some(problem) = asking.built_in.as_ref().and_then(|built_in| built_in.embedded.problem()) {
        return Err(unusable(problem));
    }
    if let Some(notice) = asking.built_in.as_ref().and_then(BuiltIn::age_notice) {
        eprintln!("ip2asn: {notice}");
    }
    Ok(asking.outcome)
}

/// The built-in tables, and the questions of addresses that they answer.
struct BuiltIn {
    embedded: Arc<CarefulGeo>,
    geography: Geography,
}

impl BuiltIn {
    fn open() -> anyhow::Result<Self> {
        let embedded = CarefulGeo::open(None).context("the built-in geographic tables cannot be opened")?;
        let embedded = Arc::new(embedded);
        let geography = Geography::new(vec![Arc::<CarefulGeo>::clone(&embedded)]);
        Ok(Self { embedded, geography })
    }

    fn age_notice(&self) -> Option<String> {
        let date = self.embedded.info().date.as_deref();
        date.and_then(|date| age_notice(date, Date::from_system_time(SystemTime::now())))
    }

    fn names(&self, name: &str) -> anyhow::Result<(Vec<Found>, bool)> {
        let wanted: Vec<_> = words(name).collect();
        let source = connmapperl::whois::answer::Source {
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
        let whole = self.embedded.whole().map_err(unusable)?;
        let mut all = whole.systems().filter(has).map(found);
        Ok((all.by_ref().take(MOST_NAMES).collect(), all.next().is_some()))
    }

    fn asn_source(&self) -> Source {
        Source { name: ASN_SOURCE.to_owned(), date: Some(self.embedded.asn_date().to_owned()) }
    }
}

fn unusable(error: &EmbeddedError) -> anyhow::Error {
    anyhow!("the built-in geographic tables are damaged and cannot be made anew: {error}")
}

struct Asking<'a, W: Write> {
    whois: Whois,
    /// Opened when first asked: many questions do without.
    built_in: Option<BuiltIn>,
    options: &'a Options,
    depth: Depth,
    output: BufWriter<W>,
    outcome: Outcome,
}

impl<W: Write> Asking<'_, W> {
    /// Answers line by line, so that a person or a program that waits for each answer gets it.
    fn lines(&mut self, mut input: impl BufRead) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if let Err(error) = input.read_until(b'\n', &mut line) {
                eprintln!("ip2asn: standard input: {error}");
                self.became(Outcome::BadInput);
                break;
            }
            if line.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                self.query(text.trim(), &format!("line {number}: "))?;
                self.output.flush()?;
            }
        }
        Ok(())
    }

    fn became(&mut self, outcome: Outcome) {
        self.outcome = self.outcome.max(outcome);
    }

    /// Where nothing was found there is no output, so it is said.
    fn found(&mut self, count: usize, otherwise: String) {
        if count == 0 {
            eprintln!("ip2asn: {otherwise}");
        }
        self.became(if count == 0 { Outcome::NotFound } else { Outcome::Found });
    }

    fn built_in(&mut self) -> anyhow::Result<&BuiltIn> {
        match &mut self.built_in {
            Some(built_in) => Ok(built_in),
            none => Ok(none.insert(BuiltIn::open()?)),
        }
    }

    fn query(&mut self, text: &str, at: &str) -> anyhow::Result<()> {
        let is_asn = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("as"));
        let reply = match (parse_asn(text).filter(|_| is_asn), parse_range(text)) {
            (Some(number), _) => self.system(number, text)?,
            (None, Ok(range)) => self.addresses(range, text)?,
            (None, Err(_))
                if is_asn && text.len() > 2 && text[2..].bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                eprintln!("ip2asn: {at}{text:?} is no AS number: they go up to {}", u32::MAX);
                self.became(Outcome::BadInput);
                return Ok(());
            }
            (None, Err(reason)) => {
                eprintln!("ip2asn: {at}{text:?} is no IP address, range, network or AS number: {reason}");
                self.became(Outcome::BadInput);
                return Ok(());
            }
        };
        let is_known = reply.asn.is_some()
            || reply.place.is_some()
            || reply.no_place.is_some_and(|reason| reason != NoPlace::NoEntry)
            || reply.whois.as_ref().is_some_and(|answer| !answer.is_empty());
        self.became(if is_known { Outcome::Found } else { Outcome::NotFound });
        if self.options.json {
            self.json(&reply)?;
        } else {
            print::reply(&reply, self.options, self.depth, &mut self.output)?;
        }
        Ok(())
    }

    fn json(&mut self, answer: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, answer)?;
        writeln!(self.output)
    }

    fn addresses(&mut self, range: Range, query: &str) -> anyhow::Result<Reply> {
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
        let whois = (!self.whois.is_empty()).then(|| {
            // Registries list private addresses as reserved, which says less than what they are.
            if written.is_some() && special(first).is_some() {
                return Answer::default();
            }
            self.whois.addresses(range, asn.as_ref().map(|asn| asn.number), self.depth)
        });
        let (query, address) = (query.to_owned(), written);
        Ok(Reply { query, address, asn, asn_source, place, place_source, no_place, whois })
    }

    fn system(&mut self, number: u32, query: &str) -> anyhow::Result<Reply> {
        let whois = (!self.whois.is_empty()).then(|| self.whois.system(number, self.depth));
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

    fn names(&mut self, name: &str) -> anyhow::Result<()> {
        if words(name).next().is_none() {
            eprintln!("ip2asn: {name:?} has no word to look for");
            self.became(Outcome::BadInput);
            return Ok(());
        }
        let (found, more) = if self.whois.is_empty() {
            self.built_in()?.names(name)?
        } else {
            self.whois.by_name(name, MOST_NAMES)
        };
        self.found(found.len(), format!("no name has words that begin so: {name:?}"));
        for found in &found {
            if self.options.json {
                self.json(found)?;
            } else {
                print::found(found, self.options, &mut self.output)?;
            }
        }
        if more {
            eprintln!("ip2asn: these are the first {MOST_NAMES}; more words find fewer");
        }
        Ok(())
    }

    fn objects(&mut self, key: &str) -> io::Result<()> {
        let found = self.whois.objects(key.trim());
        self.found(found.len(), format!("no object that is imported has the key {key:?}"));
        for object in &found {
            if self.options.json {
                self.json(object)?;
            } else {
                print::object(object, self.options, &mut self.output)?;
            }
        }
        Ok(())
    }
}
