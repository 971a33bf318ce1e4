//! What the fuzzers found worth keeping, run through the same functions: `fuzz/corpus/` holds for each target the inputs
//! that together reach all of the codec that was ever reached.

#![cfg(test)]

#[path = "support/wire_bytes.rs"]
mod wire_bytes;

use std::{fs, path::Path};

/// Enough that a corpus gone missing is noticed.
const FEWEST_INPUTS: usize = 20;
/// The corpus is to stay small: it is cloned and run by everybody.
const MOST_BYTES: usize = 500 * 1024;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() >= FEWEST_INPUTS, "{target}: {} inputs", inputs.len());
    assert!(inputs.iter().map(Vec::len).sum::<usize>() <= MOST_BYTES, "{target} grew");
    inputs
}

#[test]
fn what_agents_may_send_does_no_harm() {
    corpus("agent_frames").iter().for_each(|input| wire_bytes::read_as_listener(input));
}

#[test]
fn what_displays_may_send_does_no_harm() {
    corpus("server_frames").iter().for_each(|input| wire_bytes::read_as_agent(input));
}
