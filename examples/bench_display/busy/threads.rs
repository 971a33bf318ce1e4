//! Processor time of a program, thread by thread, as the kernel counts it in nanoseconds.

use std::{collections::BTreeMap, fs};

use anyhow::Context;

/// Of each thread that was there at a moment.
#[derive(Clone)]
pub struct Threads {
    main: u32,
    /// Names, and nanoseconds.
    all: BTreeMap<u32, (String, u64)>,
}

/// What work a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    Main,
    /// TLS, and what agents say.
    Listening,
    Enriching,
    Recording,
    /// Bevy's task pools, and its thread that records frames: that one has no name of its own.
    Frames,
    /// The software adapter's.
    Drawing,
    Other,
}

impl Work {
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Main, "main thread"),
        (Self::Frames, "tasks, and recording frames"),
        (Self::Drawing, "drawing by the adapter"),
        (Self::Listening, "listener and TLS"),
        (Self::Enriching, "places and rules of what comes"),
        (Self::Recording, "history"),
        (Self::Other, "others"),
    ];

    fn of(name: &str, is_main: bool) -> Self {
        match name {
            _ if is_main => Self::Main,
            "listener" => Self::Listening,
            "enrich" => Self::Enriching,
            "history" => Self::Recording,
            "connmapperl" => Self::Frames,
            name if name.contains("Task Po") || name.contains("Compute T") => Self::Frames,
            name if name.starts_with("llvmpipe") => Self::Drawing,
            _ => Self::Other,
        }
    }
}

impl Threads {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let folder = entry?.path();
            let thread = folder.file_name().and_then(|name| name.to_str()?.parse().ok());
            // One that ends in between is not counted.
            let (Some(thread), Ok(name), Ok(spent)) = (
                thread,
                fs::read_to_string(folder.join("comm")),
                fs::read_to_string(folder.join("schedstat")),
            ) else {
                continue;
            };
            let spent = spent.split(' ').next().and_then(|nanos| nanos.parse().ok());
            let spent: u64 = spent.context("the kernel does not count processor time by threads")?;
            all.insert(thread, (name.trim().to_owned(), spent));
        }
        Ok(Self { main: pid, all })
    }

    /// Seconds that have been spent since on some of the work.
    pub fn secs_since(&self, before: &Self, is_meant: impl Fn(Work) -> bool) -> f64 {
        let spent = self.all.iter().map(|(thread, (name, nanos))| {
            let known = before.all.get(thread).map_or(0, |(_, nanos)| *nanos);
            let is_meant = is_meant(Work::of(name, *thread == self.main));
            if is_meant { nanos.saturating_sub(known) as f64 / 1e9 } else { 0.0 }
        });
        spent.sum()
    }
}
