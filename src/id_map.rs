//! Maps by numbers. The standard library's hash is made against whoever chooses numbers so that they collide, and takes
//! longer than all else in a look-up. Numbers that this program gave out itself need no such thing; those that others
//! choose are mixed with keys that they do not know.

use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
};

/// By numbers that this program gave out.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// By numbers that others choose.
pub type ForeignMap<K, V> = HashMap<K, V, ForeignState>;
pub type ForeignSet<K> = HashSet<K, ForeignState>;

/// The golden ratio's bits, which spread neighbours (Knuth 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplicative hashing.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(SPREAD);
        self.0 = mixed ^ mixed >> 32;
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

/// Keys of one map, drawn at random.
#[derive(Clone, Debug)]
pub struct ForeignState {
    first: u64,
    factor: u64,
}

impl Default for ForeignState {
    fn default() -> Self {
        let random = RandomState::new();
        // Odd, so that the product depends on every bit.
        Self { first: random.hash_one(1), factor: random.hash_one(2) | 1 }
    }
}

impl BuildHasher for ForeignState {
    type Hasher = ForeignHasher;

    fn build_hasher(&self) -> ForeignHasher {
        ForeignHasher { state: self.first, factor: self.factor }
    }
}

/// Both halves of the product of number and key, put together: which numbers collide depends on both keys.
pub struct ForeignHasher {
    state: u64,
    factor: u64,
}

impl Hasher for ForeignHasher {
    fn finish(&self) -> u64 {
        // A folded product of few bits has few bits: they are spread too.
        let spread = self.state.wrapping_mul(SPREAD);
        spread ^ spread >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.state ^ number) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drawn once and for all: digits of pi.
    const KEYS: [ForeignState; 2] = [
        ForeignState { first: 0x243f_6a88_85a3_08d3, factor: 0x1319_8a2e_0370_7345 },
        ForeignState { first: 0xa409_3822_299f_31d0, factor: 0x082e_fa98_ec4e_6c89 },
    ];

    /// The most that fall into one of as many buckets as there are numbers.
    fn fullest(numbers: impl Iterator<Item = u64>, hash: impl Fn(u64) -> u64) -> usize {
        let mut buckets = vec![0; 1 << 12];
        for number in numbers.take(buckets.len()) {
            let bucket = hash(number) as usize % buckets.len();
            buckets[bucket] += 1;
        }
        buckets.into_iter().max().unwrap_or(0)
    }

    #[test]
    fn neighbours_and_regular_numbers_are_spread() {
        let own = BuildHasherDefault::<IdHasher>::default();
        let [foreign, _] = KEYS;
        for step in [1, 2, 64, 1 << 12, 1 << 20] {
            let numbers = || (0..).map(|at: u64| at * step);
            assert!(fullest(numbers(), |number| own.hash_one(number)) < 32, "own, by {step}");
            assert!(fullest(numbers(), |number| foreign.hash_one(number)) < 32, "foreign, by {step}");
        }
        // A run's numbers stand above those within it.
        let runs = || (0..).map(|at: u64| at << 40 | 7);
        assert!(fullest(runs(), |number| foreign.hash_one(number)) < 32);
    }

    #[test]
    fn what_collides_under_one_key_does_not_under_another() {
        let [one, other] = KEYS;
        let chosen: Vec<u64> =
            (0..1 << 20).filter(|number: &u64| one.hash_one(number) % 4_096 == 0).collect();
        assert!(chosen.len() > 100);
        assert!(fullest(chosen.into_iter(), |number| other.hash_one(number)) < 32);
    }
}
