//! What crate rpsl-rs takes to parse the same dump out of memory, on as many threads as there are processors. It keeps
//! nothing and writes nothing: a mark to measure an import by, not an equal.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, ensure};

const END_OF_OBJECT: &str = "\n\n";

/// Time to parse all objects of a dump, of which there must be so many.
pub fn rpsl_rs(dump: &str, objects: u64) -> anyhow::Result<Duration> {
    let threads = thread::available_parallelism()?.get();
    let parts = parts(dump, threads);
    let start = Instant::now();
    let counts = thread::scope(|scope| {
        let start = |part| {
            let parse = move || parse(part);
            thread::Builder::new().name("rpsl-rs".into()).spawn_scoped(scope, parse)
        };
        let threads = parts.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("rpsl-rs has panicked"))?)
            .collect()
    });
    let took = start.elapsed();
    let counts: anyhow::Result<Vec<u64>> = counts;
    let parsed: u64 = counts?.iter().sum();
    ensure!(parsed == objects, "{parsed} objects by rpsl-rs, {objects} in the dump");
    Ok(took)
}

fn parse(part: &str) -> anyhow::Result<u64> {
    let mut count = 0;
    for object in part.split_inclusive(END_OF_OBJECT) {
        let object = rpsl::parse_object(object).map_err(|error| anyhow!("rpsl-rs: {error}"))?;
        black_box(&object);
        count += 1;
    }
    Ok(count)
}

/// About equal parts of whole objects.
fn parts(mut dump: &str, count: usize) -> Vec<&str> {
    let size = dump.len() / count;
    let mut parts = Vec::new();
    while parts.len() + 1 < count {
        let end = dump.get(size..).and_then(|rest| rest.find(END_OF_OBJECT));
        let Some(end) = end else { break };
        let (part, rest) = dump.split_at(size + end + END_OF_OBJECT.len());
        parts.push(part);
        dump = rest;
    }
    parts.push(dump);
    parts
}
