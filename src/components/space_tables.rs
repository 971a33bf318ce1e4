//! What the tables know of the address space: whose a block is, and the ground by country and by autonomous system. Plain
//! data: whoever has the tables answers [`SpaceOrder`]s with [`SpaceAnswer`]s.

use std::sync::Arc;

use bevy::{
    platform::collections::{HashMap, HashSet},
    prelude::Resource,
};
use crossbeam_channel::{Receiver, Sender};

use super::{hilbert_view::SpaceColour, time_travel::Wish};
use crate::{
    hilbert::{Family, Prefix, ground::Ground},
    model::{Asn, CountryCode},
};

/// More blocks than a screen shows; they are asked for anew when they are seen again.
const MOST_NAMES: usize = 16_384;

/// Who has the addresses of a block, as far as some of them tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Owner<T> {
    #[default]
    Nobody,
    One(T),
    /// All of those that were asked for, or the first few.
    Several,
}

/// What is known of a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockFacts {
    pub system: Owner<Asn>,
    pub country: Owner<CountryCode>,
}

#[derive(Clone, Debug)]
pub enum SpaceOrder {
    Ground { family: Family, colour: SpaceColour, wish: Wish },
    Facts { family: Family, blocks: Vec<Prefix> },
}

pub enum SpaceAnswer {
    Ground {
        family: Family,
        colour: SpaceColour,
        ground: Ground,
    },
    Facts {
        family: Family,
        facts: Vec<(Prefix, BlockFacts)>,
    },
    /// The tables are others now: nothing that was told before counts.
    OtherTables,
}

/// The map's end of whoever has the tables. Dropping it ends that.
#[derive(Resource)]
pub struct SpaceLink {
    pub facts: Sender<SpaceOrder>,
    /// Apart, for they take long.
    pub grounds: Sender<SpaceOrder>,
    pub answers: Receiver<SpaceAnswer>,
}

/// What was told of blocks, and what is to be asked.
#[derive(Resource, Debug, Default)]
pub struct SpaceFacts {
    known: HashMap<(Family, Prefix), Arc<BlockFacts>>,
    asked: HashSet<(Family, Prefix)>,
    wanted: Vec<(Family, Prefix)>,
}

impl SpaceFacts {
    /// What is known of a block; one of which nothing is known yet is asked for.
    pub fn of(&mut self, family: Family, block: Prefix) -> Option<&Arc<BlockFacts>> {
        let key = (family, block);
        if !self.known.contains_key(&key) && self.asked.insert(key) {
            self.wanted.push(key);
        }
        self.known.get(&key)
    }

    pub fn put(&mut self, family: Family, block: Prefix, facts: BlockFacts) {
        if self.known.len() >= MOST_NAMES {
            self.known.clear();
            self.asked.clear();
        }
        self.known.insert((family, block), Arc::new(facts));
    }

    /// All that is asked for, of one family.
    pub fn take_wanted(&mut self) -> Option<(Family, Vec<Prefix>)> {
        let (family, _) = *self.wanted.last()?;
        let blocks = self.wanted.extract_if(.., |(wanted, _)| *wanted == family);
        Some((family, blocks.map(|(_, block)| block).collect()))
    }

    /// There was no room to ask; it is asked again.
    pub fn put_back(&mut self, family: Family, blocks: Vec<Prefix>) {
        self.wanted.extend(blocks.into_iter().map(|block| (family, block)));
    }

    /// Whether something was asked for and is not known yet.
    pub fn is_waiting(&self) -> bool {
        self.asked.len() > self.known.len()
    }

    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_asked_for_once_and_again_when_the_tables_are_others() {
        let mut facts = SpaceFacts::default();
        let block = Prefix::of(0x0900_0000, 8);
        assert!(facts.of(Family::V4, block).is_none() && facts.of(Family::V4, block).is_none());
        assert!(facts.of(Family::V6, block).is_none());
        let asked = [facts.take_wanted(), facts.take_wanted(), facts.take_wanted()];
        assert_eq!(asked, [Some((Family::V6, vec![block])), Some((Family::V4, vec![block])), None]);
        facts.put(Family::V4, block, BlockFacts::default());
        assert!(facts.of(Family::V4, block).is_some() && facts.is_waiting());
        facts.forget();
        assert!(facts.of(Family::V4, block).is_none());
        assert!(facts.take_wanted().is_some());
    }
}
