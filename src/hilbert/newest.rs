//! Of each /24 that was heard of, when the newest connection opened and what it was: what colours by rule and by age tell.
//! What a label's number stands for is whoever counts' business.

use std::collections::HashMap;

use super::{Prefix, heat::FINEST_KEPT};

/// Of a network that is told apart.
const NETWORK_BITS: u8 = 2 * FINEST_KEPT;

/// The newest connection of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Unix seconds, cut to what they can hold: 1970 to 2106.
    pub opened_secs: u32,
    pub label: u16,
}

/// By network.
#[derive(Clone, Debug, Default)]
pub struct Newest(HashMap<u32, Last>);

impl Newest {
    /// Of one opened at a moment in Unix milliseconds. Of two of one second the one told later counts.
    pub fn add(&mut self, key: u32, opened_ms: i64, label: u16) {
        let opened_secs = u32::try_from(opened_ms.max(0) / 1_000).unwrap_or(u32::MAX);
        let last = self.0.entry(network(key)).or_insert(Last { opened_secs, label });
        if opened_secs >= last.opened_secs {
            *last = Last { opened_secs, label };
        }
    }

    /// Of the network of a key.
    pub fn of(&self, key: u32) -> Option<Last> {
        self.0.get(&network(key)).copied()
    }

    /// All of them, each by the first key of its network, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Last)> {
        self.0.iter().map(|(key, last)| (*key, *last))
    }
}

const fn network(key: u32) -> u32 {
    Prefix::of(key, NETWORK_BITS).first()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_network_counts_in_whatever_order_they_come() {
        let key = |text: &str| text.parse::<Prefix>().unwrap().first();
        let mut newest = Newest::default();
        newest.add(key("9.9.9.9"), 5_000, 1);
        newest.add(key("9.9.9.200"), 9_999, 2);
        newest.add(key("9.9.9.3"), 7_000, 3);
        newest.add(key("9.9.8.9"), -4, 4);
        assert_eq!(newest.of(key("9.9.9.77")), Some(Last { opened_secs: 9, label: 2 }));
        assert_eq!(newest.of(key("9.9.8.0")), Some(Last { opened_secs: 0, label: 4 }));
        assert_eq!((newest.of(key("9.9.7.0")), newest.iter().count()), (None, 2));
    }
}
