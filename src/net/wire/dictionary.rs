//! Program names as numbers: each name crosses the wire once. The sender numbers names and forgets the oldest when it
//! has too many; the receiver believes the last name it was told for a number.
//!
//! A frame tells its new names before its changes. A number must therefore not change its name within a frame, or the
//! frame's first changes would get the name of its last: numbers are reused so late that no frame is long enough.

use std::{collections::HashMap, sync::Arc};

use super::{MAX_FRAME_ITEMS, MAX_PROGRAM_CHARS, clean, messages::Program};
use crate::prefetch::prefetch;

/// Names that the sender knows the numbers of: far more than programs that talk on one machine.
pub const DICTIONARY_ENTRIES: usize = 1_024;
/// Numbers, from 1: those in use, and as many as a frame could take anew.
pub const DICTIONARY_NUMBERS: usize = DICTIONARY_ENTRIES + MAX_FRAME_ITEMS;

/// The sender's side.
#[derive(Debug, Default)]
pub struct ProgramNumbers {
    numbers: HashMap<Arc<str>, u32>,
    /// The names known, as a ring.
    names: Vec<Arc<str>>,
    oldest: usize,
    last_number: usize,
}

impl ProgramNumbers {
    /// Number of a name, from 1. What the receiver must be told first is appended to `news`.
    pub fn number(&mut self, name: &Arc<str>, news: &mut Vec<Program>) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        if self.names.len() < DICTIONARY_ENTRIES {
            self.names.push(Arc::clone(name));
        } else {
            self.numbers.remove(&self.names[self.oldest]);
            self.names[self.oldest] = Arc::clone(name);
            self.oldest = (self.oldest + 1) % DICTIONARY_ENTRIES;
        }
        self.last_number = self.last_number % DICTIONARY_NUMBERS + 1;
        let number = self.last_number as u32;
        self.numbers.insert(Arc::clone(name), number);
        news.push(Program { number, name: clean(name, MAX_PROGRAM_CHARS) });
        number
    }
}

/// The receiver's side.
#[derive(Debug, Default)]
pub struct ProgramNames(Vec<Option<Arc<str>>>);

impl ProgramNames {
    /// Takes a name. One whose number is out of bounds is left out; control characters, and those that turn text
    /// around, become `?`, and what is too long is cut.
    pub fn learn(&mut self, program: &Program) {
        let index = match usize::try_from(program.number) {
            Ok(number @ 1..=DICTIONARY_NUMBERS) => number - 1,
            _ => return,
        };
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(clean(&program.name, MAX_PROGRAM_CHARS).into());
    }

    /// Names will be asked for, most often the first ones.
    pub fn expect(&self) {
        self.0.first().into_iter().for_each(prefetch);
    }

    /// The name of a number, or `None` where none was told.
    pub fn name(&self, number: u32) -> Option<&Arc<str>> {
        self.0.get(usize::try_from(number).ok()?.checked_sub(1)?)?.as_ref()
    }
}
