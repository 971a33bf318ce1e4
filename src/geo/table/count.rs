//! How many numbers, from the first on, are not above a given one? Without a branch, several at a time: what the
//! compiler makes of a loop takes three times as long.

/// Of 16 little-endian numbers of 16 bits. Those behind the first that is above `limit` do not count.
#[inline(always)]
pub fn leading_not_above_u16(numbers: &[[u8; 2]; 16], limit: u16) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpeq_epi16, _mm_movemask_epi8, _mm_packs_epi16, _mm_set1_epi16, _mm_setzero_si128,
            _mm_subs_epu16,
        };
        let [low, high] = vectors(numbers);
        // SAFETY: every processor of this architecture has these instructions.
        let mask = unsafe {
            let limits = _mm_set1_epi16(limit as i16);
            // What is left above the limit is 0 where a number is not above it.
            let not_above = |vector| _mm_cmpeq_epi16(_mm_subs_epu16(vector, limits), _mm_setzero_si128());
            _mm_movemask_epi8(_mm_packs_epi16(not_above(low), not_above(high)))
        };
        mask.trailing_ones()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        numbers.iter().take_while(|number| u16::from_le_bytes(**number) <= limit).count() as u32
    }
}

/// Of the last seven of eight little-endian numbers of 32 bits.
#[inline(always)]
pub fn leading_not_above_u32(numbers: &[[u8; 4]; 8], limit: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpgt_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32,
            _mm_xor_si128,
        };
        let [low, high] = vectors(numbers);
        // SAFETY: every processor of this architecture has these instructions.
        let above = unsafe {
            // Numbers are compared with their signs.
            let sign = _mm_set1_epi32(i32::MIN);
            let limits = _mm_xor_si128(_mm_set1_epi32(limit as i32), sign);
            let above = |vector| _mm_cmpgt_epi32(_mm_xor_si128(vector, sign), limits);
            let words = _mm_packs_epi32(above(low), above(high));
            _mm_movemask_epi8(_mm_packs_epi16(words, words))
        };
        (above >> 1 | 1 << 7).trailing_zeros()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        numbers[1..].iter().take_while(|number| u32::from_le_bytes(**number) <= limit).count() as u32
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn vectors<const N: usize, const M: usize>(numbers: &[[u8; N]; M]) -> [std::arch::x86_64::__m128i; 2] {
    const { assert!(N * M == 32, "two vectors") };
    let halves = numbers.as_flattened().as_chunks::<8>().0;
    let half = |i: usize| i64::from_le_bytes(halves[i]);
    // SAFETY: every processor of this architecture has these instructions.
    unsafe {
        [
            std::arch::x86_64::_mm_set_epi64x(half(1), half(0)),
            std::arch::x86_64::_mm_set_epi64x(half(3), half(2)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_many_are_counted_as_a_loop_counts(
            bytes in proptest::array::uniform32(any::<u8>()),
            sorted: bool,
            at in 0..16_usize,
            limit: u32,
        ) {
            let mut words = <[[u8; 2]; 16]>::try_from(bytes.as_chunks().0).unwrap();
            let mut longs = <[[u8; 4]; 8]>::try_from(bytes.as_chunks().0).unwrap();
            if sorted {
                words.sort_by_key(|number| u16::from_le_bytes(*number));
                longs.sort_by_key(|number| u32::from_le_bytes(*number));
            }
            let of_word = u16::from_le_bytes(words[at]);
            for limit in [limit as u16, of_word, of_word.wrapping_sub(1), 0, u16::MAX] {
                let expected = words.iter().take_while(|number| u16::from_le_bytes(**number) <= limit).count();
                prop_assert_eq!(leading_not_above_u16(&words, limit) as usize, expected, "{} of {:?}", limit, words);
            }
            let of_long = u32::from_le_bytes(longs[at / 2]);
            for limit in [limit, of_long, of_long.wrapping_sub(1), 0, u32::MAX] {
                let expected = longs[1..].iter().take_while(|number| u32::from_le_bytes(**number) <= limit).count();
                prop_assert_eq!(leading_not_above_u32(&longs, limit) as usize, expected, "{} of {:?}", limit, longs);
            }
        }
    }
}
