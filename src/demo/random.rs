//! The scenes' only source of chance: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
//! Generators, 2014). Small, and the same on every machine and in every version of this program, so that a seed
//! names one picture.

/// The sequence's step: 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

pub struct Random(u64);

impl Random {
    /// A sequence of its own for each list of numbers, such as a seed, a slot and a generation.
    pub fn from_parts(parts: &[u64]) -> Self {
        Self(parts.iter().fold(STEP, |state, &part| mixed(state ^ part).wrapping_add(STEP)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number from `range`'s start up to, but without, its end; the start where the range is empty.
    pub fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        let span = u128::from(range.end.saturating_sub(range.start));
        // The upper half of the product is below `span`.
        range.start + ((u128::from(self.next()) * span) >> 64) as u64
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published reference sequence of seed 1234567.
    #[test]
    fn it_is_splitmix64() {
        let mut random = Random(1_234_567);
        let first = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, std::array::from_fn(|_| random.next()));
    }

    #[test]
    fn numbers_stay_within_and_reach_both_ends() {
        let mut random = Random::from_parts(&[1, 2]);
        let drawn: Vec<_> = (0..1000).map(|_| random.within(3..7)).collect();
        assert!(drawn.iter().all(|number| (3..7).contains(number)));
        assert!(drawn.contains(&3) && drawn.contains(&6));
        assert_eq!(random.within(5..5), 5);
    }
}
