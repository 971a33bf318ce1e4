//! Whether the last line of a delegated file is a whole record. Where the line lacks its end, the records before it tell: it
//! has as many fields as these, and an opaque id no shorter than theirs. Where ids have all lengths, as LACNIC's have, one that
//! is cut cannot be told.

use crate::whois::delegated::Record;

/// Statuses of what somebody holds, and of what nobody does. Records of one sort have the same fields.
const SORTS: [[&str; 2]; 2] = [["allocated", "assigned"], ["available", "reserved"]];

/// What the records of a sort have at least.
#[derive(Clone, Copy)]
struct Least {
    fields: usize,
    /// Of those that have an opaque id.
    id_bytes: Option<usize>,
    some_without_id: bool,
}

#[derive(Clone, Copy, Default)]
enum Last {
    /// A comment, a header, or a summary.
    #[default]
    None,
    /// It cannot be used, or has a word that is no status.
    Damaged,
    Record {
        sort: usize,
        fields: usize,
        id_bytes: usize,
    },
}

/// The lines so far.
#[derive(Default)]
pub struct Whole {
    least: [Option<Least>; SORTS.len()],
    last: Last,
}

impl Whole {
    pub fn none(&mut self) {
        self.next(Last::None);
    }

    pub fn damaged(&mut self) {
        self.next(Last::Damaged);
    }

    pub fn record(&mut self, record: &Record) {
        let sort = SORTS.iter().position(|statuses| statuses.contains(&record.status));
        let (fields, id_bytes) = (record.fields, record.opaque_id.len());
        self.next(sort.map_or(Last::Damaged, |sort| Last::Record { sort, fields, id_bytes }));
    }

    /// A line comes after the last one, which had its end then.
    fn next(&mut self, line: Last) {
        if let Last::Record { sort, fields, id_bytes } = std::mem::replace(&mut self.last, line) {
            let ids = (id_bytes > 0).then_some(id_bytes);
            let least = self.least[sort];
            self.least[sort] = Some(Least {
                fields: least.map_or(fields, |least| least.fields.min(fields)),
                id_bytes: [least.and_then(|least| least.id_bytes), ids].into_iter().flatten().min(),
                some_without_id: ids.is_none() || least.is_some_and(|least| least.some_without_id),
            });
        }
    }

    /// Whether nothing is missing of the last line.
    pub fn is_last_whole(&self) -> bool {
        match self.last {
            Last::None => true,
            Last::Damaged => false,
            Last::Record { sort, fields, id_bytes } => self.least[sort].is_none_or(|least| {
                let has_id = match id_bytes {
                    0 => least.some_without_id,
                    bytes => least.id_bytes.is_none_or(|least| bytes >= least),
                };
                fields >= least.fields && has_id
            }),
        }
    }
}
