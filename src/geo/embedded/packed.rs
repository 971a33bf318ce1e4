//! Rows of a table as they are baked: smaller than the searchable columns once compressed, because most ranges are as
//! long as a power of two. Owns the encoding, in both directions; compression and files are not its business.
//!
//! A packed table is the number of rows and the bytes of odd lengths (u32 each), one byte a row for its length, the
//! ids, and the odd lengths. A length byte is the power of two, or 64 plus the position of the highest bit of a
//! length that follows among the odd ones (LEB128). Rows follow one another from the first key on, gaps included.

use crate::geo::table::KeyLayout;

/// Marks a length that is no power of two; above any power of two that a 48-bit key needs.
const ODD: u8 = 64;

/// Why bytes are not a packed table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PackedError {
    #[error("packed table ends early")]
    TooShort,
    #[error("length code {0} is unknown")]
    BadLength(u8),
}

/// Packs (first key, id) rows in ascending order; see [`crate::geo::table::Columns::from_rows`].
pub fn pack<const ID_BYTES: usize>(layout: KeyLayout, rows: &[(u64, u32)]) -> Vec<u8> {
    let gap_before = rows.first().filter(|row| row.0 != layout.first_key()).map(|_| (layout.first_key(), 0));
    let rows: Vec<_> = gap_before.into_iter().chain(rows.iter().copied()).collect();
    let ends = rows.iter().skip(1).map(|row| row.0).chain([layout.end_of_keys()]);
    let (mut lengths, mut ids, mut odd) = (Vec::new(), Vec::new(), Vec::new());
    for (&(from, id), end) in rows.iter().zip(ends) {
        let length = end - from;
        let log2 = length.ilog2() as u8;
        if length.is_power_of_two() {
            lengths.push(log2);
        } else {
            lengths.push(ODD + log2);
            write_leb128(&mut odd, length);
        }
        ids.extend_from_slice(&id.to_le_bytes()[..ID_BYTES]);
    }
    let counts = [lengths.len() as u32, odd.len() as u32].map(u32::to_le_bytes);
    [counts.as_flattened(), &lengths, &ids, &odd].concat()
}

/// The rows of a packed table.
pub fn unpack<const ID_BYTES: usize>(
    layout: KeyLayout,
    packed: &[u8],
) -> Result<impl Iterator<Item = (u64, u32)>, PackedError> {
    let (&counts, rest) = packed.split_first_chunk::<8>().ok_or(PackedError::TooShort)?;
    let [rows, odd_bytes] = [0, 1].map(|i| u32::from_le_bytes(counts.as_chunks().0[i]) as usize);
    let (lengths, rest) = rest.split_at_checked(rows).ok_or(PackedError::TooShort)?;
    let (ids, odd) = rest.split_at_checked(rows.saturating_mul(ID_BYTES)).ok_or(PackedError::TooShort)?;
    if odd.len() != odd_bytes {
        return Err(PackedError::TooShort);
    }
    if let Some(&bad) = lengths.iter().find(|&&code| code % ODD > 48 || code >= 2 * ODD) {
        return Err(PackedError::BadLength(bad));
    }
    let mut odd = odd;
    let mut key = layout.first_key();
    Ok(lengths.iter().zip(ids.as_chunks::<ID_BYTES>().0).map(move |(&code, id_bytes)| {
        let from = key;
        // Past the last odd length a length is 0, and the table's builder refuses the row that follows.
        key = key.wrapping_add(if code < ODD { 1 << code } else { read_leb128(&mut odd) });
        let mut id = [0; 4];
        id[..ID_BYTES].copy_from_slice(id_bytes);
        (from, u32::from_le_bytes(id))
    }))
}

fn write_leb128(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_leb128(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift > 49 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back(
            keys in proptest::collection::btree_set(prop_oneof![0..300_u64, 0..1_u64 << 32, 0..1_u64 << 45], 1..60),
            ids in proptest::collection::vec(0..1_u32 << 24, 60),
        ) {
            for (layout, bits) in [(KeyLayout::Ipv4, 32), (KeyLayout::Ipv6, 45)] {
                let base = layout.first_key();
                let keys = keys.iter().filter(|&&key| key >> bits == 0).map(|&key| base + key);
                let mut rows: Vec<_> = keys.zip(ids.iter().copied()).collect();
                let packed = pack::<3>(layout, &rows);
                if rows.first().is_some_and(|row| row.0 != base) {
                    rows.insert(0, (base, 0));
                }
                let unpacked: Vec<_> = unpack::<3>(layout, &packed).unwrap().collect();
                prop_assert_eq!(unpacked, rows);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100), rows in 0..20_u8) {
            let _ = unpack::<2>(KeyLayout::Ipv4, &bytes).map(Iterator::count);
            let counted = [&[rows, 0, 0, 0, 5, 0, 0, 0], bytes.as_slice()].concat();
            let _ = unpack::<2>(KeyLayout::Ipv6, &counted).map(Iterator::count);
        }
    }

    #[test]
    fn a_cut_table_is_refused() {
        let packed = pack::<2>(KeyLayout::Ipv4, &[(0, 1), (5, 2), (261, 3)]);
        for bytes in 0..packed.len() {
            assert!(unpack::<2>(KeyLayout::Ipv4, &packed[..bytes]).is_err(), "{bytes} bytes");
        }
    }
}
