//! Records by ids. A row is the upper half of the id's hash and the record; two ids may share a hash, so who asks looks
//! at the record.

use super::pages::{Part, partition_point};
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

/// Records that may have this id, in order, `most` at most, and how many there are beside these.
pub fn records(table: Part, kind: IdKind, id: &str, most: usize) -> (Vec<u32>, u64) {
    let wanted = hash(kind, id).to_be_bytes();
    let row = |number| table.row::<ROW_BYTES>(number);
    let is_before = |number| row(number).is_some_and(|row| row[..8] < wanted[..]);
    let first = partition_point(table.len() / ROW_BYTES, is_before);
    let mut same = (first..).map_while(row).take_while(|row| row[..8] == wanted[..]);
    let number =
        |row: &[u8; ROW_BYTES]| row[8..].iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
    let records = same.by_ref().take(most).map(number).collect();
    (records, same.count() as u64)
}
