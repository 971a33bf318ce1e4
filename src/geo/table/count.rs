//! How many numbers, from the first on, are not above a given one? Without a branch, several at a time: what the
//! compiler makes of a loop takes three times as long.

/// Bytes of the numbers that are looked at together: two vectors.
pub const BYTES: usize = 32;

/// Of 16 little-endian numbers of 16 bits. Those behind the first that is above `limit` do not count.
#[inline(always)]
pub fn leading_not_above_u16(numbers: &[u8; BYTES], limit: u16) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpeq_epi16, _mm_movemask_epi8, _mm_packs_epi16, _mm_set1_epi16, _mm_setzero_si128, _mm_subs_epu16,
        };
        let [low, high] = vectors(numbers);
        // SAFETY: every processor of this architecture has these instructions.
        let mask = unsafe {
            let limits = _mm_set1_epi16(limit as i16);
            // What is left above the limit is 0 where a number is not above it.
            let not_above = |vector| _mm_cmpeq_epi16(_mm_subs_epu16(vector, limits), _mm_setzero_si128());
            _mm_movemask_epi8(_mm_packs_epi16(not_above(low), not_above(high)))
        };
        mask.trailing_ones() as usize
    }
    #[cfg(not(target_arch = "x86_64"))]
    numbers.as_chunks().0.iter().take_while(|number| u16::from_le_bytes(**number) <= limit).count()
}

/// Of the last seven of eight little-endian numbers of 32 bits.
#[inline(always)]
pub fn leading_not_above_u32(numbers: &[u8; BYTES], limit: u32) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpgt_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32, _mm_xor_si128,
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
        (above >> 1 | 1 << 7).trailing_zeros() as usize
    }
    #[cfg(not(target_arch = "x86_64"))]
    numbers.as_chunks().0[1..].iter().take_while(|number| u32::from_le_bytes(**number) <= limit).count()
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn vectors(bytes: &[u8; BYTES]) -> [std::arch::x86_64::__m128i; 2] {
    let at = bytes.as_ptr().cast::<std::arch::x86_64::__m128i>();
    // SAFETY: both vectors are inside the bytes, and need not be aligned.
    unsafe { [std::arch::x86_64::_mm_loadu_si128(at), std::arch::x86_64::_mm_loadu_si128(at.add(1))] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_many_are_counted_as_a_loop_counts(
            mut numbers in proptest::array::uniform32(any::<u8>()),
            sorted: bool,
            at in 0..16_usize,
            limit: u32,
        ) {
            if sorted {
                numbers.as_chunks_mut::<2>().0.sort_by_key(|number| u16::from_le_bytes(*number));
            }
            let words: Vec<_> = numbers.as_chunks().0.iter().map(|number| u16::from_le_bytes(*number)).collect();
            for limit in [limit as u16, words[at], words[at].wrapping_sub(1), 0, u16::MAX] {
                let expected = words.iter().take_while(|&&number| number <= limit).count();
                prop_assert_eq!(leading_not_above_u16(&numbers, limit), expected, "{} of {:?}", limit, words);
            }
            if sorted {
                numbers.as_chunks_mut::<4>().0.sort_by_key(|number| u32::from_le_bytes(*number));
            }
            let words: Vec<_> = numbers.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect();
            for limit in [limit, words[at / 2], words[at / 2].wrapping_sub(1), 0, u32::MAX] {
                let expected = words[1..].iter().take_while(|&&number| number <= limit).count();
                prop_assert_eq!(leading_not_above_u32(&numbers, limit), expected, "{} of {:?}", limit, words);
            }
        }
    }
}
