//! Queries, and the kind of a file.
#![no_main]

#[path = "../../tests/support/whois_bytes.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod whois_bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| whois_bytes::read_anything(data));
