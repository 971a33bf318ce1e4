//! Processor time of threads by their names, as the kernel counts it. Whatever the harness itself takes in this process
//! is left out that way, and two things can be measured in turns.

use std::{collections::HashMap, fs, time::Duration};

use anyhow::Context;

/// Nanoseconds by name of thread, at one moment.
pub struct Processor(HashMap<String, u64>);

impl Processor {
    pub fn now() -> anyhow::Result<Self> {
        let mut nanos = HashMap::new();
        for task in fs::read_dir("/proc/self/task")? {
            let folder = task?.path();
            // A thread may end meanwhile.
            let (Ok(name), Ok(times)) =
                (fs::read_to_string(folder.join("comm")), fs::read_to_string(folder.join("schedstat")))
            else {
                continue;
            };
            let on_a_processor = times.split(' ').next().and_then(|word| word.parse::<u64>().ok());
            *nanos.entry(name.trim().to_owned()).or_default() +=
                on_a_processor.context("this kernel does not count the time of threads")?;
        }
        Ok(Self(nanos))
    }

    /// What threads of these names took since `before`.
    pub fn since(&self, before: &Self, names: &[&str]) -> Duration {
        let of = |moment: &Self| names.iter().filter_map(|name| moment.0.get(*name)).sum::<u64>();
        Duration::from_nanos(of(self).saturating_sub(of(before)))
    }
}
