//! What is judged of a run, and the report.

use serde::Serialize;

use super::{samples::Sample, traffic::BURST};

/// Of memory, in the calm state.
const MOST_GROWTH_PERCENT: f64 = 5.0;
/// Threads that are there for a while after they were needed: those that read and write files for the listener.
const IDLE_THREADS: f64 = 2.0;
/// Settings and the fleet's files may write longer numbers, no more.
const LONGER_NUMBERS_BYTES: f64 = 1_024.0;
/// As `JOURNAL_BYTES` of the history, beside which a journal may be longer while somebody reads.
const JOURNAL_BYTES: u64 = 8 << 20;
/// Of a row, with its share of the sums and of pages half full.
const ROW_BYTES: f64 = 120.0;
/// What a panic, an error of the log and the program's last word begin with or have in them.
const BAD_WORDS: [&str; 4] = ["panicked", "ERROR", "connmapperl: ", "RUST_BACKTRACE"];

#[derive(Debug, Serialize)]
pub struct Verdict {
    pub rule: &'static str,
    pub is_kept: bool,
    pub said: String,
}

impl Verdict {
    pub fn new(rule: &'static str, is_kept: bool, said: impl Into<String>) -> Self {
        Self { rule, is_kept, said: said.into() }
    }
}

/// Bytes that the history may take beside what it is to keep: the pruner looks once a minute, and that may be one of bursts.
pub fn history_allowance(connections_a_minute: f64) -> u64 {
    JOURNAL_BYTES + (connections_a_minute * BURST * ROW_BYTES) as u64
}

/// What must not grow: medians of the first and the last quarter of what is judged.
pub fn of_samples(samples: &[Sample], warm_at_secs: f64) -> Vec<Verdict> {
    let judged: Vec<&Sample> = samples.iter().filter(|sample| sample.at_secs >= warm_at_secs).collect();
    let quarter = judged.len() / 4;
    if quarter == 0 {
        return vec![Verdict::new("samples", false, format!("{} are too few", judged.len()))];
    }
    let (first, last) = (&judged[..quarter], &judged[judged.len() - quarter..]);
    let compare = |rule, value: fn(&Sample) -> u64, most: fn(f64) -> f64, unit: f64, name: &str| {
        let (before, after) = (median(first, value), median(last, value));
        let said = format!(
            "{:.1} {name} in the first quarter, {:.1} in the last ({:+.1} %)",
            before / unit,
            after / unit,
            (after / before - 1.0) * 100.0
        );
        Verdict::new(rule, after <= most(before), said)
    };
    vec![
        compare(
            "memory is flat",
            |it| it.resident_bytes,
            |was| was * (1.0 + MOST_GROWTH_PERCENT / 100.0),
            1e6,
            "MB",
        ),
        compare("threads are the same", |it| it.threads, |was| was + IDLE_THREADS, 1.0, "threads"),
        compare("descriptors are the same", |it| it.descriptors, |was| was, 1.0, "descriptors"),
        compare("settings do not grow", |it| it.config_bytes, |was| was + LONGER_NUMBERS_BYTES, 1e3, "kB"),
    ]
}

fn median(samples: &[&Sample], value: fn(&Sample) -> u64) -> f64 {
    let mut values: Vec<u64> = samples.iter().map(|sample| value(sample)).collect();
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) as f64 / 2.0,
        _ => values[middle] as f64,
    }
}

pub fn of_stderr(said: &str) -> Verdict {
    let bad: Vec<&str> =
        said.lines().filter(|line| BAD_WORDS.iter().any(|word| line.contains(word))).collect();
    let warnings = said.lines().filter(|line| line.contains(" WARN ")).count();
    let first = bad.first().map(|line| format!(", first: {line}")).unwrap_or_default();
    Verdict::new(
        "no panic and no error is said",
        bad.is_empty(),
        format!("{} lines, {warnings} warnings, {} errors{first}", said.lines().count(), bad.len()),
    )
}
