//! Records by ids. A row is the upper half of the id's hash and the record; two ids may share a hash, so who asks looks
//! at the record.

use crate::whois::keys::IdKind;

pub const ROW_BYTES: usize = 12;

pub fn row(kind: IdKind, id: &str, record: u32) -> [u8; ROW_BYTES] {
    let mut row = [0; ROW_BYTES];
    row[..8].copy_from_slice(&hash(kind, id).to_be_bytes());
    row[8..].copy_from_slice(&record.to_be_bytes());
    row
}

/// FNV-1a with a last mixing (the one of MurmurHash3): written to files, so it never changes.
fn hash(kind: IdKind, id: &str) -> u64 {
    let bytes = [kind as u8].into_iter().chain(id.bytes().map(|byte| byte.to_ascii_lowercase()));
    let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    sum ^ (sum >> 33)
}

/// Records that may have this id, in order, `most` at most.
pub fn records(bytes: &[u8], kind: IdKind, id: &str, most: usize) -> Vec<u32> {
    let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
    let wanted = hash(kind, id).to_be_bytes();
    let first = rows.partition_point(|row| row[..8] < wanted[..]);
    let same = rows[first..].iter().take_while(|row| row[..8] == wanted[..]);
    same.take(most)
        .map(|row| row[8..].iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
        .collect()
}
