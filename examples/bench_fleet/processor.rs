//! Processor time of threads by their names, as the kernel counts it. Whatever the harness itself takes in this process
//! is left out that way, and two things can be measured in turns. A thread that lives for less than a turn, as those do
//! that write the listener's files once a minute, may be left out.

use std::{collections::HashMap, fs, time::Duration};

use anyhow::{Context, ensure};

/// Name and nanoseconds of each thread, by its number, at one moment.
pub struct Processor(HashMap<u32, (String, u64)>);

impl Processor {
    pub fn now() -> anyhow::Result<Self> {
        let mut threads = HashMap::new();
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?;
            let folder = task.path();
            let number = task.file_name().to_string_lossy().parse().context("a thread without a number")?;
            // A thread may end meanwhile.
            let (Ok(name), Ok(times)) =
                (fs::read_to_string(folder.join("comm")), fs::read_to_string(folder.join("schedstat")))
            else {
                continue;
            };
            let on_a_processor = times.split(' ').next().and_then(|word| word.parse::<u64>().ok());
            let nanos = on_a_processor.context("this kernel does not count the time of threads")?;
            threads.insert(number, (name.trim().to_owned(), nanos));
        }
        Ok(Self(threads))
    }

    /// What threads of these names took since `before`.
    ///
    /// # Errors
    /// When there is none of the first name.
    pub fn since(&self, before: &Self, names: &[&str]) -> anyhow::Result<Duration> {
        let named = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            self.0.iter().filter(move |(_, (name, _))| wanted.contains(name))
        };
        ensure!(named(&names[..1]).next().is_some(), "there is no thread {}", names[0]);
        let nanos = named(names)
            .map(|(number, (_, nanos))| nanos - before.0.get(number).map_or(0, |(_, before)| *before));
        Ok(Duration::from_nanos(nanos.sum()))
    }
}
