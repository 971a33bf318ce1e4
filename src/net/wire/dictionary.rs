//! Program names as numbers: each name crosses the wire once. The sender numbers names and reuses the oldest number
//! when all are taken; the receiver believes the last name it was told for a number.

use std::{collections::HashMap, sync::Arc};

use super::{MAX_PROGRAM_BYTES, messages::Program};

/// Names that have a number at a time: far more than programs that talk on one machine.
pub const DICTIONARY_ENTRIES: usize = 4_096;

/// The sender's side.
#[derive(Debug, Default)]
pub struct ProgramNumbers {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    next: usize,
}

impl ProgramNumbers {
    /// Number of a name, from 1. What the receiver must be told first is appended to `news`.
    pub fn number(&mut self, name: &Arc<str>, news: &mut Vec<Program>) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let index = self.next % DICTIONARY_ENTRIES;
        self.next += 1;
        match self.names.get_mut(index) {
            Some(old) => {
                self.numbers.remove(old);
                *old = Arc::clone(name);
            }
            None => self.names.push(Arc::clone(name)),
        }
        let number = index as u32 + 1;
        self.numbers.insert(Arc::clone(name), number);
        news.push(Program { number, name: name.to_string() });
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
            Ok(number @ 1..=DICTIONARY_ENTRIES) => number - 1,
            _ => return,
        };
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        self.0[index] = Some(super::convert::clean(&program.name, MAX_PROGRAM_BYTES).into());
    }

    /// The name of a number, or `None` where none was told.
    pub fn name(&self, number: u32) -> Option<&Arc<str>> {
        self.0.get(usize::try_from(number).ok()?.checked_sub(1)?)?.as_ref()
    }
}
