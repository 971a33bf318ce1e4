//! A file as it lies on the disk: plain, gzip or zip.
#![no_main]

#[path = "../../tests/support/whois_bytes.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod whois_bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| whois_bytes::read_packed(data));
