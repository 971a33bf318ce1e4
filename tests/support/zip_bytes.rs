//! Zip files made byte by byte, in the short and the long form.

use std::io::Read;

use flate2::{Compression, Crc, read::DeflateEncoder};

/// Of what a writer of archives may choose.
#[derive(Clone, Copy, Default)]
pub struct Form {
    pub stored: bool,
    /// Sizes and offsets in the long form alone, as for files over 4 GiB.
    pub long: bool,
    pub comment: &'static str,
}

/// An archive of these files.
pub fn archive(files: &[(&str, &[u8])], form: Form) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut packed = content.to_vec();
        if !form.stored {
            packed.clear();
            DeflateEncoder::new(*content, Compression::fast()).read_to_end(&mut packed).unwrap();
        }
        let mut crc = Crc::new();
        crc.update(content);
        let (offset, method) = (bytes.len() as u64, if form.stored { 0_u16 } else { 8 });
        let sizes = [packed.len() as u64, content.len() as u64];
        let short = |value: u64| if form.long { u32::MAX } else { value as u32 };
        let mut extra = Vec::new();
        if form.long {
            // A field of another kind first, then the long form.
            extra.extend([0x55, 0x54, 1, 0, 9, 1, 0, 24, 0]);
            [sizes[1], sizes[0], offset].iter().for_each(|value| extra.extend(value.to_le_bytes()));
        }
        let after_flags = |out: &mut Vec<u8>| {
            out.extend(method.to_le_bytes());
            out.extend([0; 4]);
            out.extend(crc.sum().to_le_bytes());
            sizes.iter().for_each(|&size| out.extend(short(size).to_le_bytes()));
            out.extend((name.len() as u16).to_le_bytes());
        };
        bytes.extend(b"PK\x03\x04\x14\0\0\0");
        after_flags(&mut bytes);
        bytes.extend([3, 0]);
        bytes.extend(name.bytes().chain(*b"xyz"));
        bytes.extend(&packed);
        list.extend(b"PK\x01\x02\x14\0\x14\0\0\0");
        after_flags(&mut list);
        list.extend((extra.len() as u16).to_le_bytes());
        list.extend([0; 10]);
        list.extend(short(offset).to_le_bytes());
        list.extend(name.bytes().chain(extra));
    }
    let (list_at, count) = (bytes.len() as u64, files.len() as u64);
    let list_bytes = list.len() as u64;
    bytes.extend(list);
    if form.long {
        let end_at = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([0; 12]);
        [count, count, list_bytes, list_at].iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end_at.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let places = if form.long { [u32::MAX; 2] } else { [list_bytes as u32, list_at as u32] };
    (0..2).for_each(|_| bytes.extend((count as u16).to_le_bytes()));
    places.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    bytes.extend((form.comment.len() as u16).to_le_bytes());
    bytes.extend(form.comment.bytes());
    bytes
}
