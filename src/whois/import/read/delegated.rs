//! The records of a delegated file, and what of it tells whether they are all there and whose they are: header, summaries, and
//! how its last line ends.

use std::io::BufRead;

use super::Reading;
use crate::whois::{
    delegated::{self, Line},
    error::WhoisError,
    import::{tally::Tally, whole::Whole},
    input::Lines,
    keys::{IdKind, Key},
    sources::OF_ALL_REGISTRIES,
};

/// Of headers in one file. There are five registries.
const MOST_TOLD_REGISTRIES: usize = 8;

impl Reading<'_> {
    pub fn delegated(&mut self, lines: Lines<impl BufRead>) -> Result<(), WhoisError> {
        let mut with_holder = false;
        let (mut in_headers, mut in_summaries) = (None, None);
        let (mut headers, mut second_header) = (Vec::new(), None);
        let (mut registries, mut whole) = (Tally::default(), Whole::default());
        let add = |sum: &mut Option<u64>, more: Option<u64>| {
            *sum = more.map(|more| sum.unwrap_or(0).saturating_add(more)).or(*sum);
        };
        let is_ended = self.lines(lines, |reading, number, line| {
            let record = match delegated::parse(line) {
                Ok(Some(Line::Record(record))) => {
                    whole.record(&record);
                    record
                }
                Err(reason) => {
                    whole.damaged();
                    return Ok(Err(reason));
                }
                Ok(other) => {
                    whole.none();
                    match other {
                        Some(Line::Header { registry, records, .. }) => {
                            add(&mut in_headers, records);
                            if !headers.is_empty() {
                                second_header.get_or_insert(number);
                            }
                            let registry = registry.to_ascii_lowercase();
                            if headers.len() < MOST_TOLD_REGISTRIES && !headers.contains(&registry) {
                                headers.push(registry);
                            }
                        }
                        Some(Line::Summary { records }) => add(&mut in_summaries, records),
                        _ => {}
                    }
                    return Ok(Ok(()));
                }
            };
            registries.count(record.registry.as_bytes());
            let number = reading.writer.add(line.trim_ascii())?;
            reading.writer.add_key(number, Key::Range(record.range))?;
            if !record.opaque_id.is_empty() {
                with_holder = true;
                let holder = format!("{}|{}", record.registry, record.opaque_id);
                reading.writer.add_key(number, Key::Id(IdKind::Holder, &holder))?;
            }
            reading.progress.records += 1;
            Ok(Ok(()))
        })?;
        if let Some(line) = second_header {
            return Err(WhoisError::SeveralFiles { path: self.path.into(), of: headers.join(", "), line });
        }
        self.has_header = !headers.is_empty();
        if !(is_ended || whole.is_last_whole()) {
            self.cut = Some("its last line is no whole record");
        }
        self.compare_registries(&registries);
        self.announce(in_headers, in_summaries);
        if !with_holder {
            self.notes.push(
                "the plain form without opaque ids: it does not tell what else a holder has; \
                 take the delegated-...-extended-latest of the same place"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Header and summaries should tell the same number. Where they do not, the larger counts, for a file that was cut has fewer
    /// records than it says; but as many as one of them says, no less and no more, are all of them.
    fn announce(&mut self, in_headers: Option<u64>, in_summaries: Option<u64>) {
        let found = self.progress.records + self.rejects.count;
        self.announced = in_headers.max(in_summaries);
        let Some((header, summaries)) = in_headers.zip(in_summaries).filter(|(one, other)| one != other)
        else {
            return;
        };
        if [header, summaries].contains(&found) {
            self.announced = Some(found);
        }
        self.notes.push(format!(
            "its header says that there are {header} records, and its summaries {summaries}: it has {found}"
        ));
    }

    /// Whether the records are those of the registry that the first lines name.
    fn compare_registries(&mut self, registries: &Tally) {
        let winner = registries.winner().unwrap_or_default();
        if self.registry.is_empty() {
            self.registry.clone_from(&winner);
        }
        let (records, own) = (self.progress.records, registries.of(&self.registry));
        if own == records || self.registry == OF_ALL_REGISTRIES {
            return;
        }
        let others = records - own;
        self.notes.push(format!(
            "its first lines say that it is of {}, and {others} of its {records} records are not",
            self.registry
        ));
        let count = registries.of(&winner);
        self.mostly_of = (winner != self.registry).then_some((winner, count));
    }
}
