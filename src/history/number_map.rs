//! Maps by numbers, for the paths on which every connection is looked up. The standard library's hash would take longer
//! there than all else in a look-up. Some of the numbers come from agents: a seed that nobody knows keeps them from
//! choosing such as collide.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hasher, RandomState},
};

pub type NumberMap<K, V> = HashMap<K, V, Seeded>;
pub type NumberSet<K> = HashSet<K, Seeded>;

#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    seed: u64,
    factor: u64,
}

impl Default for Seeded {
    fn default() -> Self {
        let chance = RandomState::new();
        Self { seed: chance.hash_one(0_u8), factor: chance.hash_one(1_u8) | 1 }
    }
}

impl BuildHasher for Seeded {
    type Hasher = NumberHasher;

    fn build_hasher(&self) -> NumberHasher {
        NumberHasher { state: self.seed, factor: self.factor }
    }
}

/// Multiplies to 128 bits and folds both halves, so that each bit of a number matters to all bits of the hash.
pub struct NumberHasher {
    state: u64,
    factor: u64,
}

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        // Half of a folded product's bits may be few: the golden ratio's bits spread them (Knuth 6.4).
        let spread = self.state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        spread ^ spread >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.state ^ number) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_and_multiples_spread() {
        let hash = Seeded { seed: 0x243f_6a88_85a3_08d3, factor: 0x1319_8a2e_0370_7345 };
        for step in [1, 1 << 24, 1 << 40] {
            let low: HashSet<u64> = (0..1_024_u64).map(|n| hash.hash_one(n * step) & 0x3ff).collect();
            assert!(low.len() > 400, "{} of 1,024 places are taken", low.len());
        }
    }
}
