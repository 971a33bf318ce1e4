//! Reads the records of each kind of file into an index that is being written, and counts what cannot be used.

mod delegated;

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead},
    path::Path,
};

use super::{Progress, tally::Tally};
use crate::whois::{
    as_org::{self, JsonLine, Table},
    error::WhoisError,
    index::IndexWriter,
    input::Lines,
    keys::{IdKind, Key, Range},
    rejects::{Rejects, quoted},
    rpsl::{self, Class, objects::Objects},
};

/// Records between two calls of `progress`: some milliseconds.
const PROGRESS_RECORDS: u64 = 4_096;

pub struct Reading<'a> {
    path: &'a Path,
    pub writer: IndexWriter<'a>,
    pub progress: Progress,
    tell: &'a mut dyn FnMut(&Progress) -> bool,
    looked_at: u64,
    pub registry: String,
    /// Another registry whose records most are, and how many.
    pub mostly_of: Option<(String, u64)>,
    /// There is a line of its maker's before the records, which tells of all of them.
    pub has_header: bool,
    /// Records that the file says it has.
    pub announced: Option<u64>,
    /// What tells that there was more of the file.
    pub cut: Option<&'static str>,
    pub rejects: Rejects,
    pub passed_over: u64,
    pub notes: Vec<String>,
}

impl<'a> Reading<'a> {
    pub fn new(
        path: &'a Path,
        writer: IndexWriter<'a>,
        file_bytes: u64,
        registry: String,
        tell: &'a mut dyn FnMut(&Progress) -> bool,
    ) -> Self {
        Self {
            path,
            writer,
            progress: Progress { file_bytes, ..Progress::default() },
            tell,
            looked_at: 0,
            registry,
            mostly_of: None,
            has_header: false,
            announced: None,
            cut: None,
            rejects: Rejects::default(),
            passed_over: 0,
            notes: Vec::new(),
        }
    }

    /// Tells the last of the progress.
    pub fn finished(mut self) -> Self {
        self.progress.rejected = self.rejects.count;
        (self.tell)(&self.progress);
        self
    }

    fn cut_off(&self, line: u64) -> impl FnOnce(io::Error) -> WhoisError + use<> {
        let path = self.path.to_owned();
        move |source| WhoisError::CutOff { path, line, source }
    }

    fn look(&mut self, lines: &Lines<impl BufRead>) -> Result<(), WhoisError> {
        (self.progress.text_bytes, self.progress.read_bytes) = (lines.text_bytes, lines.read_bytes());
        self.looked_at += 1;
        if self.looked_at.is_multiple_of(PROGRESS_RECORDS) {
            self.progress.rejected = self.rejects.count;
            if !(self.tell)(&self.progress) {
                return Err(WhoisError::Cancelled { path: self.path.into() });
            }
        }
        Ok(())
    }

    /// Reads all lines: `read` takes each with its number, says what it is found by through the writer, or why it is rejected. Tells
    /// whether the last one had its end.
    fn lines(
        &mut self,
        mut lines: Lines<impl BufRead>,
        mut read: impl FnMut(&mut Self, u64, &[u8]) -> io::Result<Result<(), &'static str>>,
    ) -> Result<bool, WhoisError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let next = lines.append_next(&mut line).map_err(self.cut_off(lines.number))?;
            self.look(&lines)?;
            let Some(whole) = next else {
                return Ok(lines.is_ended);
            };
            let read = if whole {
                read(self, lines.number, &line).map_err(self.cut_off(lines.number))?
            } else {
                Err("longer than 1 MiB")
            };
            if let Err(reason) = read {
                self.rejects.add(lines.number, || format!("{reason}: {}", quoted(&line)));
            }
        }
    }

    /// `is_checked`: see [`crate::whois::input::Input::is_checked`].
    pub fn as_org(&mut self, lines: Lines<impl BufRead>, is_checked: bool) -> Result<(), WhoisError> {
        let hasher = RandomState::new();
        let (mut organisations, mut members) = (HashSet::new(), Vec::new());
        let mut table = None;
        // The last line may have lost some where it lacks its end.
        let mut is_open = false;
        let is_ended = self.lines(lines, |reading, _, line| {
            is_open = false;
            if line.starts_with(b"#") {
                table = Table::from_format_line(line).or(table.take());
                return Ok(Ok(()));
            }
            let text = rpsl::decode(line);
            if text.trim().is_empty() {
                return Ok(Ok(()));
            }
            let json;
            is_open = true;
            let record = if text.starts_with('{') {
                json = JsonLine::parse(&text);
                is_open = json.is_err();
                json.as_ref().map_err(|reason| *reason).and_then(JsonLine::record)
            } else {
                table.as_ref().ok_or("no format line stands before it").and_then(|table| table.parse(&text))
            };
            let record = match record {
                Ok(record) => record,
                Err(reason) => return Ok(Err(reason)),
            };
            let number = reading.writer.add(record.to_text().as_bytes())?;
            match record {
                as_org::Record::Organisation { id, name, .. } => {
                    organisations.insert(hasher.hash_one(id));
                    reading.writer.add_key(number, Key::Id(IdKind::Organisation, id))?;
                    reading.writer.add_key(number, Key::Name(name))?;
                }
                as_org::Record::System { number: system, name, id, .. } => {
                    members.push(hasher.hash_one(id));
                    reading.writer.add_key(number, Key::Range(Range::Asn(system, system)))?;
                    reading.writer.add_key(number, Key::Name(name))?;
                    if !id.is_empty() {
                        reading.writer.add_key(number, Key::Id(IdKind::Member, id))?;
                    }
                }
            }
            reading.progress.records += 1;
            Ok(Ok(()))
        })?;
        self.cut = match () {
            () if members.is_empty() => Some("it has organisations, and no autonomous system"),
            () if organisations.is_empty() => Some("it has autonomous systems, and no organisation"),
            // Of a table the last field may have lost some, of JSON no line is whole without its brace.
            () if is_open && !(is_ended || is_checked) => Some("its last line has no end"),
            () => None,
        };
        let dangling = members.iter().filter(|id| !organisations.contains(id)).count();
        if dangling > 0 {
            let systems = if dangling == 1 { "autonomous system names" } else { "autonomous systems name" };
            self.notes.push(format!("{dangling} {systems} an organisation that the file does not have"));
        }
        Ok(())
    }

    pub fn rpsl(&mut self, lines: Lines<impl BufRead>) -> Result<(), WhoisError> {
        let (mut objects, mut sources) = (Objects::new(lines), Tally::default());
        loop {
            let more = objects.read_next(&mut self.rejects);
            let more = more.map_err(self.cut_off(objects.lines().number))?;
            self.look(objects.lines())?;
            if !more {
                self.registry = sources.winner().unwrap_or_default();
                return Ok(());
            }
            let object = &objects.object;
            let Some(class) = rpsl::attribute_name(object).and_then(Class::from_name) else {
                self.passed_over += 1;
                continue;
            };
            let (number, mut written) = (self.writer.next_record(), Ok(()));
            let writer = &mut self.writer;
            let line_starts = writer.has_words().then_some(objects.line_starts.as_slice());
            let keys = rpsl::keys::keys(class, object, line_starts, |key| {
                if written.is_ok() {
                    written = writer.add_key(number, key);
                }
            });
            if let Err(reason) = keys {
                self.rejects.add(objects.first_line, || format!("{reason}: {}", quoted(first_line(object))));
                continue;
            }
            let written = written.and_then(|()| self.writer.add(object));
            written.map_err(self.cut_off(objects.lines().number))?;
            self.progress.records += 1;
            sources.add(object, &objects.line_starts);
        }
    }
}

fn first_line(object: &[u8]) -> &[u8] {
    object.split(|&byte| byte == b'\n').next().unwrap_or_default()
}
