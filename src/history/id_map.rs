//! Maps by numbers that this program gave out itself: nobody can choose them so that they collide, and the standard
//! library's hash, which is made against that, would take longer than all else in a look-up.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

pub type IdMap<V> = HashMap<i64, V, BuildHasherDefault<IdHasher>>;

/// Multiplicative hashing (Knuth 6.4): the golden ratio's bits spread neighbours.
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

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}
