//! Sockets that a scan saw leave the established state, and whose close event has yet to come: when it comes, it
//! tells nothing new. Bounded, because an event may be lost and a program may keep such a socket for ever.

use std::collections::HashSet;

/// Sockets remembered for certain; twice as many at most. More than this many programs' forgotten sockets on one
/// machine are not expected, and the price is one connection shown twice.
const REMEMBERED_SOCKETS: usize = 32_768;

#[derive(Default)]
pub struct HalfClosed {
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

impl HalfClosed {
    pub fn insert(&mut self, identity: u64) {
        if self.newer.len() >= REMEMBERED_SOCKETS {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(identity);
    }

    /// Whether it was there.
    pub fn remove(&mut self, identity: u64) -> bool {
        self.newer.remove(&identity) | self.older.remove(&identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_the_number_is_bounded() {
        let mut half_closed = HalfClosed::default();
        let many = 5 * REMEMBERED_SOCKETS as u64;
        (0..many).for_each(|identity| half_closed.insert(identity));
        assert!(half_closed.newer.len() + half_closed.older.len() <= 2 * REMEMBERED_SOCKETS);
        assert!((many - REMEMBERED_SOCKETS as u64..many).all(|identity| half_closed.remove(identity)));
        assert!(!half_closed.remove(0));
    }
}
