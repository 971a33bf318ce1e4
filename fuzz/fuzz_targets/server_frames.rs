//! Bytes as the agent reads them from a display.
#![no_main]

#[path = "../../tests/support/wire_bytes.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod wire_bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire_bytes::read_as_agent(data));
