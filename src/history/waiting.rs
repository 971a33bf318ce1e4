//! Records that wait for the file. While it cannot be written they are held; where they become too many, whole
//! connections are left out and counted, the oldest first, so that what is written stays true.

use std::collections::HashSet;

use crate::{enrich::Record, model::Located};

#[derive(Debug, Default)]
pub struct Waiting(Vec<Record>);

impl Waiting {
    pub fn add(&mut self, records: Vec<Record>) {
        self.0.extend(records);
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The oldest of them.
    pub fn first(&self, most: usize) -> &[Record] {
        &self.0[..self.0.len().min(most)]
    }

    pub fn remove_first(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Leaves out what is too much: first counters, then connections from their beginning to their end. Ends of what is
    /// in the file already stay, and what agents are called. Returns how many connections are lost.
    pub fn fit(&mut self, most: usize) -> u64 {
        if self.0.len() <= most {
            return 0;
        }
        self.0.retain(|record| !matches!(record, Record::Told(Located::Updated { owner: None, .. })));
        let opened = self.0.iter().filter_map(|record| match record {
            Record::Told(Located::Opened(connection)) => Some(connection.key),
            _ => None,
        });
        let lost: HashSet<_> = opened.take(self.0.len().saturating_sub(most)).collect();
        self.0.retain(|record| match record {
            Record::Told(Located::Opened(connection)) => !lost.contains(&connection.key),
            Record::Told(Located::Updated { key, .. } | Located::Closed { key, .. }) => !lost.contains(key),
            _ => true,
        });
        lost.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn what_is_too_much_goes_as_whole_connections_and_ends_of_what_is_written_stay() {
        let mut waiting = Waiting::default();
        waiting.add(vec![
            closed(HERE, 99, 5),
            opened(HERE, 1, 10),
            counters(HERE, 1, 7),
            opened(HERE, 2, 11),
        ]);
        waiting.add(vec![closed(HERE, 1, 12), opened(HERE, 3, 13), closed(HERE, 3, 14)]);
        assert_eq!(waiting.fit(7), 0);
        assert_eq!(waiting.fit(5), 1);
        let left = [closed(HERE, 99, 5), opened(HERE, 2, 11), opened(HERE, 3, 13), closed(HERE, 3, 14)];
        assert_eq!(waiting.first(100), left);
        // Of the end of what is in the file already, nothing else knows.
        assert_eq!(waiting.fit(0), 2);
        assert_eq!(waiting.first(100), [closed(HERE, 99, 5)]);
    }
}
