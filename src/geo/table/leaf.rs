//! Leaves: neighbouring rows in one cache line. Owns which rows fit together, and how they lie and are found there.
//!
//! A leaf is 32 words of 16 bits. The first ones tell where each row but the first starts, ascending, as the distance
//! from the leaf's first key divided by a power of two; then come the places of all rows, then the systems. Next to
//! that many rows there is no room for a system each. Most neighbours share theirs, so a leaf is of one of two kinds:
//!
//! | words    | kind "one system"    | words    | kind "some systems"                      |
//! |----------|----------------------|----------|------------------------------------------|
//! | 0 to 13  | starts of rows 1..15 | 0 to 10  | starts of rows 1..12                     |
//! | 14 to 28 | places of 15 rows    | 11 to 22 | places of 12 rows                        |
//! | 29       | system, low 16 bits  | 23 to 28 | six systems, low 16 bits                 |
//! | 29 to 31 | the tail             | 28 to 31 | the tail: which of them a row has, and more |
//!
//! The tail is the last eight bytes as one number: from bit 16 on three bits a row, the row's system among the leaf's
//! (kind "some systems" alone); then the power of two, the kind, and bit 16 of each system.

use super::{Ids, count};

/// A cache line.
pub const LEAF_BYTES: usize = 64;
const WORDS: usize = LEAF_BYTES / 2;

/// Rows of a leaf of the kind "one system", and of one with some.
const ROWS_OF_ONE: usize = 15;
const ROWS_OF_SOME: usize = 12;
/// Systems of a leaf of the latter kind, and the bits that name one of them.
const SOME_SYSTEMS: usize = 6;
const SYSTEM_BITS: usize = 3;
/// Where the systems start in either kind.
const SYSTEMS_OF_ONE: usize = 29;
const SYSTEMS_OF_SOME: usize = 23;

/// Places in the tail.
const WHICH_AT: usize = 16;
const SHIFT_AT: usize = 52;
const KIND_AT: usize = 57;
const SYSTEM_HIGHS_AT: usize = 58;

/// Rows that a leaf can have at most.
pub const MAX_ROWS: usize = ROWS_OF_ONE;
/// The largest ids.
pub const MAX_PLACE: u32 = u16::MAX as u32;
pub const MAX_SYSTEM: u32 = (1 << 17) - 1;
/// The longest distance there is room for, and what stands where there are no more rows.
const MAX_DISTANCE: u32 = u16::MAX as u32;

/// Tells the processor that this leaf may be asked for next. Where it cannot be told, nothing happens.
#[inline(always)]
pub fn expect(leaf: &[u8; LEAF_BYTES]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this architecture has the instruction, which changes nothing but what is in its caches.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(leaf.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = leaf;
}

/// Ids of the row that holds the key at this distance from the leaf's first.
#[inline(always)]
pub fn ids(leaf: &[u8; LEAF_BYTES], distance: u32) -> Ids {
    let words = leaf.as_chunks::<2>().0;
    let word = |i: u32| u32::from(u16::from_le_bytes(words[i as usize % WORDS]));
    let (Some(compared), Some(tail)) = (words.first_chunk(), leaf.last_chunk()) else {
        return Ids::default();
    };
    let tail = u64::from_le_bytes(*tail);
    // All ones for the kind "one system", else 0: choices without a branch.
    let one = ((tail >> KIND_AT & 1) as u32).wrapping_neg();
    let starts = (ROWS_OF_SOME - 1) as u32 + (one & (ROWS_OF_ONE - ROWS_OF_SOME) as u32);
    let distance = (distance >> (tail >> SHIFT_AT & 31)).min(MAX_DISTANCE) as u16;
    let row = count::leading_not_above_u16(compared, distance).min(starts);
    let which = (tail >> ((WHICH_AT as u32 + SYSTEM_BITS as u32 * row) & 63)) as u32
        & ((1 << SYSTEM_BITS) - 1)
        & !one;
    let systems = SYSTEMS_OF_SOME as u32 + (one & (SYSTEMS_OF_ONE - SYSTEMS_OF_SOME) as u32);
    let system_high = (tail >> ((SYSTEM_HIGHS_AT as u32 + which) & 63) & 1) as u32;
    Ids { place: word(starts + row), system: word(systems + which) | system_high << 16 }
}

/// Makes a leaf of as many of the ascending (key, ids) rows as fit into one, from the first on, and tells how many
/// these are; 0 where there are no rows. Ids must not be above the largest.
pub fn from_rows(rows: &[(u32, Ids)]) -> ([u8; LEAF_BYTES], usize) {
    let (mut of_one, mut of_some) = (0, 0);
    let mut systems = Vec::with_capacity(SOME_SYSTEMS);
    let mut distances = 0;
    for (i, &(key, ids)) in rows.iter().enumerate().take(MAX_ROWS) {
        let distance = key - rows[0].0;
        distances |= distance;
        if distance.checked_shr(distances.trailing_zeros()).unwrap_or(0) > MAX_DISTANCE {
            break;
        }
        if !systems.contains(&ids.system) {
            systems.push(ids.system);
        }
        if systems.len() == 1 {
            of_one = i + 1;
        }
        if systems.len() <= SOME_SYSTEMS {
            of_some = ROWS_OF_SOME.min(i + 1);
        }
    }
    let is_one = of_one >= of_some;
    let count = of_one.max(of_some);
    (encode(&rows[..count], is_one, &systems), count)
}

fn encode(rows: &[(u32, Ids)], is_one: bool, systems: &[u32]) -> [u8; LEAF_BYTES] {
    let Some((&(base, _), &(_, last))) = rows.first().zip(rows.last()) else { return [0; LEAF_BYTES] };
    let (room, systems_from, among) =
        if is_one { (ROWS_OF_ONE, SYSTEMS_OF_ONE, 1) } else { (ROWS_OF_SOME, SYSTEMS_OF_SOME, SOME_SYSTEMS) };
    let shift = rows.iter().fold(0, |all, row| all | (row.0 - base)).trailing_zeros().min(31);
    let mut words = [0_u16; WORDS];
    let mut tail = u64::from(shift) << SHIFT_AT | u64::from(is_one) << KIND_AT;
    // Where there are no more rows stand copies of the last one: whichever is found, the answer is right.
    for i in 0..room {
        let ids = rows.get(i).map_or(last, |row| row.1);
        if i > 0 {
            words[i - 1] = rows.get(i).map_or(MAX_DISTANCE, |row| (row.0 - base) >> shift) as u16;
        }
        words[room - 1 + i] = ids.place as u16;
        let which = systems.iter().position(|&system| system == ids.system).unwrap_or(0) as u64;
        if !is_one {
            tail |= which << (WHICH_AT + SYSTEM_BITS * i);
        }
    }
    for (i, &system) in systems.iter().take(among).enumerate() {
        words[systems_from + i] = system as u16;
        tail |= u64::from(system >> 16 & 1) << (SYSTEM_HIGHS_AT + i);
    }
    // The tail's lowest 16 bits are the last word before it; in kind "one system" so are the next 16, which hold the
    // system.
    let mut leaf = [0; LEAF_BYTES];
    for (bytes, word) in leaf.as_chunks_mut::<2>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    for (byte, tail) in leaf[LEAF_BYTES - 8..].iter_mut().zip(tail.to_le_bytes()) {
        *byte |= tail;
    }
    leaf
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows with keys near one another and far, of one system for long or of a few.
    fn rows() -> impl Strategy<Value = Vec<(u32, Ids)>> {
        let step =
            prop_oneof![1..300_u32, (0..20_u32).prop_map(|bits| 1 << bits), Just(1 << 8), 1..9_000_000_u32];
        let place = prop_oneof![0..=3_u32, Just(MAX_PLACE)];
        let system = prop_oneof![10 => Just(7_u32), 2 => 0..9_u32, 1 => Just(MAX_SYSTEM)];
        let rows = proptest::collection::vec((step, place, system), 1..30);
        (0..u32::MAX / 2, rows).prop_map(|(base, rows)| {
            let mut key = base;
            let ids = rows.into_iter().map(|(step, place, system)| {
                let row = (key, Ids { place, system });
                key += step;
                row
            });
            ids.collect()
        })
    }

    proptest! {
        #[test]
        fn a_leaf_answers_as_its_rows_do(rows in rows(), distances in proptest::collection::vec(any::<u32>(), 20)) {
            let (leaf, count) = from_rows(&rows);
            prop_assert!(count > 0);
            let (rows, base) = (&rows[..count], rows[0].0);
            let edges = rows.iter().flat_map(|row| [(row.0 - base).saturating_sub(1), row.0 - base, row.0 - base + 1]);
            for distance in edges.chain(distances) {
                let expected = rows.iter().rfind(|row| row.0 - base <= distance).unwrap().1;
                prop_assert_eq!(ids(&leaf, distance), expected, "{} from {} in {:?}", distance, base, rows);
            }
        }

        #[test]
        fn any_bytes_are_a_leaf(bytes in proptest::array::uniform32(any::<[u8; 2]>()), distance: u32) {
            let mut leaf = [0; LEAF_BYTES];
            leaf.copy_from_slice(bytes.as_flattened());
            ids(&leaf, distance);
        }
    }

    #[test]
    fn as_many_rows_as_there_is_room_for_share_a_leaf() {
        let count = |system: &dyn Fn(u32) -> u32, step: u32| {
            let rows: Vec<_> = (0..40).map(|i| (i * step, Ids { place: i, system: system(i) })).collect();
            from_rows(&rows).1
        };
        assert_eq!(count(&|_| 9, 3), 15);
        assert_eq!(count(&|i| i % 6, 3), 12);
        assert_eq!(count(&|i| i, 3), 6);
        assert_eq!(count(&|_| 9, 1 << 26), 15, "round numbers may be far apart");
        assert_eq!(count(&|_| 9, (1 << 14) + 1), 4);
        assert_eq!(from_rows(&[]).1, 0);
    }
}
