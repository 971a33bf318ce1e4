//! The account of sockets: on the map, or without place and why. Its sums always add up to the total.

use bevy::{platform::collections::HashMap, prelude::Resource};

use crate::model::{AgentId, NoPlace};

/// Counted anew whenever a connection comes, goes or moves; never from frame to frame.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Of connections that the filter leaves, as all that follows.
    pub total: usize,
    /// Those that it does not.
    pub filtered_out: usize,
    /// Drawn, places beyond the edge included.
    pub on_map: usize,
    /// Of those on the map, how many lie beyond the edge of the whole-world view.
    pub beyond_edge: usize,
    /// Placed, but their rule is switched off on the map; and all of agents that are switched off.
    pub hidden: usize,
    without_place: [usize; NoPlace::ALL.len()],
    /// Without place, and nobody remembers why.
    unexplained: usize,
    /// Connections a label of the rules file, in its order; the last one counts those without a rule.
    pub by_label: Vec<usize>,
    /// Connections an agent, hidden ones included.
    pub by_agent: HashMap<AgentId, usize>,
    /// Sockets whose program could not be named.
    pub unnamed: usize,
}

impl Account {
    pub fn with_labels(labels: usize) -> Self {
        Self { by_label: vec![0; labels + 1], ..Self::default() }
    }

    pub fn add_without_place(&mut self, reason: NoPlace) {
        self.without_place[reason as usize] += 1;
    }

    /// In place of the counts by reason.
    pub fn set_without_place_unexplained(&mut self, count: usize) {
        (self.without_place, self.unexplained) = ([0; NoPlace::ALL.len()], count);
    }

    pub const fn without_place(&self, reason: NoPlace) -> usize {
        self.without_place[reason as usize]
    }

    /// All that is not drawn, for whatever reason.
    pub fn not_shown(&self) -> usize {
        self.hidden + self.unexplained + self.without_place.iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_index_their_own_counters() {
        for (index, reason) in NoPlace::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
    }
}
