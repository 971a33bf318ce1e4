//! Reads queries, asks, and prints the answers.

use std::{
    io::{self, BufRead, BufWriter, IsTerminal, Read, Write},
    path::Path,
};

use connmapperl::{
    lookup::ip2asn::{AskError, Desk, Wanted, text},
    whois::lookup::Depth,
};
use serde::Serialize;

use crate::{NO_FOLDER, Outcome, options::Options, plain::Plain, say::note};

/// A line of standard input that is longer is no query. Bytes.
const MOST_QUERY_BYTES: u64 = 4_096;

/// Without a folder the built-in tables answer.
pub fn run(folder: Option<&Path>, options: &Options) -> anyhow::Result<Outcome> {
    let mut desk = Desk::open(folder.unwrap_or(Path::new("")));
    if options.all {
        desk.whois.lift_limits();
    }
    for problem in desk.whois.problems() {
        note(problem);
    }
    let from_input = options.queries.is_empty();
    // A program that reads of nothing cannot tell whether there is none or it was left out.
    let is_brief = options.brief || (from_input && !options.full && !options.json);
    let depth = if is_brief { Depth::Brief } else { Depth::Full };
    let output = BufWriter::new(Plain::new(io::stdout().lock()));
    let wanted = Wanted { peers: options.peers, explain: options.explain, all: options.all };
    // What cannot be opened is missing in all answers.
    let outcome = if desk.whois.problems().is_empty() { Outcome::Found } else { Outcome::NotFound };
    let json = options.json;
    let mut asking = Asking { desk, json, wanted, depth, output, outcome, damaged: Vec::new() };
    if let Some(name) = &options.org {
        asking.names(name)?;
    } else if let Some(key) = &options.object {
        asking.objects(key)?;
    } else if from_input {
        if io::stdin().is_terminal() {
            note(
                "reads addresses, networks and AS numbers, one a line; Ctrl+D ends, ip2asn --help tells more",
            );
        }
        asking.lines(io::stdin().lock())?;
    } else {
        options.queries.iter().try_for_each(|text| asking.query(text, ""))?;
    }
    asking.damage();
    asking.output.flush()?;
    let whois = &asking.desk.whois;
    // What cannot be opened is imported all the same.
    if whois.is_empty() && whois.problems().is_empty() && !options.json {
        note(
            "nothing is imported, so this is what the built-in tables know. An import adds registry, holder \
             and its other AS numbers, names, and policies with peers: ip2asn status says where the files are.",
        );
        if folder.is_none() {
            note(NO_FOLDER);
        }
    }
    asking.desk.check()?;
    if let Some(notice) = asking.desk.age_notice() {
        note(notice);
    }
    Ok(asking.outcome)
}

struct Asking<W: Write> {
    desk: Desk,
    json: bool,
    wanted: Wanted,
    depth: Depth,
    output: BufWriter<Plain<W>>,
    outcome: Outcome,
    /// What was said to be damaged.
    damaged: Vec<String>,
}

impl<W: Write> Asking<W> {
    /// Answers line by line, so that a person or a program that waits for each answer gets it.
    fn lines(&mut self, mut input: impl BufRead) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = input.by_ref().take(MOST_QUERY_BYTES).read_until(b'\n', &mut line);
            let is_cut = line.len() as u64 == MOST_QUERY_BYTES && !line.ends_with(b"\n");
            let rest = if is_cut { input.skip_until(b'\n') } else { Ok(0) };
            if let Err(error) = read.and(rest) {
                note(format_args!("standard input: {error}"));
                self.became(Outcome::BadInput);
                break;
            }
            if is_cut {
                note(format_args!("line {number}: longer than {MOST_QUERY_BYTES} bytes, which no query is"));
                self.became(Outcome::BadInput);
                continue;
            }
            if line.is_empty() {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            // Some editors write one before the first line, of which it is no part.
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                self.query(text, &format!("line {number}: "))?;
                self.damage();
                self.output.flush()?;
                // Standard input may never end.
                if !self.output.get_ref().is_heard() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What turned out to be damaged is said once: what was answered may not be all.
    fn damage(&mut self) {
        for damage in self.desk.whois.damage().map(|error| error.to_string()).collect::<Vec<_>>() {
            if !self.damaged.contains(&damage) {
                note(&damage);
                self.damaged.push(damage);
                self.became(Outcome::NotFound);
            }
        }
    }

    fn became(&mut self, outcome: Outcome) {
        self.outcome = self.outcome.max(outcome);
    }

    /// Where nothing was found there is no output, so it is said.
    fn found(&mut self, count: usize, otherwise: String) {
        if count == 0 {
            note(otherwise);
        }
        self.became(if count == 0 { Outcome::NotFound } else { Outcome::Found });
    }

    /// What is wrong with a query is said, and the others go on. `at` says where it stands.
    fn refused(&mut self, error: AskError, at: &str) -> anyhow::Result<()> {
        if !error.is_of_query() {
            return Err(error.into());
        }
        note(format_args!("{at}{error}"));
        self.became(Outcome::BadInput);
        Ok(())
    }

    fn query(&mut self, query: &str, at: &str) -> anyhow::Result<()> {
        let reply = match self.desk.reply(query, self.depth) {
            Ok(reply) => reply,
            Err(error) => return self.refused(error, at),
        };
        self.became(if reply.is_known() { Outcome::Found } else { Outcome::NotFound });
        if self.json {
            self.json(&reply)?;
        } else {
            text::reply(&reply, self.wanted, self.depth, &mut self.output)?;
        }
        Ok(())
    }

    fn json(&mut self, answer: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, answer)?;
        writeln!(self.output)
    }

    fn names(&mut self, name: &str) -> anyhow::Result<()> {
        let (found, more) = match self.desk.names(name) {
            Ok(found) => found,
            Err(error) => return self.refused(error, ""),
        };
        self.found(found.len(), format!("no name has words that begin so: {name:?}"));
        for found in &found {
            if self.json {
                self.json(found)?;
            } else {
                text::found(found, self.wanted, &mut self.output)?;
            }
        }
        if more {
            let most = self.desk.whois.limits().names;
            note(format_args!("these are the first {most}; more words find fewer, and --all has all"));
        }
        Ok(())
    }

    fn objects(&mut self, key: &str) -> io::Result<()> {
        let found = self.desk.objects(key);
        self.found(found.len(), format!("no object that is imported has the key {key:?}"));
        for object in &found {
            if self.json {
                self.json(object)?;
            } else {
                text::object(object, self.wanted, &mut self.output)?;
            }
        }
        Ok(())
    }
}
