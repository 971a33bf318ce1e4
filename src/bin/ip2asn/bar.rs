//! Progress of an import or a download on a terminal; nothing elsewhere.

use std::{
    io::{self, IsTerminal},
    path::Path,
    time::{Duration, Instant},
};

use connmapperl::{download, lookup::show::in_line, whois::import};

use crate::say::{clear_line, mutter};

const INTERVAL: Duration = Duration::from_millis(100);
const CHARACTERS: u64 = 20;
/// With the rest of the line these fit into 80 columns.
const NAME_CHARACTERS: usize = 24;

pub struct Bar {
    name: String,
    pub start: Instant,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Bar {
    pub fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = in_line(&name).chars().take(NAME_CHARACTERS).collect();
        Self { name, start: Instant::now(), shown: None, is_terminal: io::stderr().is_terminal() }
    }

    pub fn import(&mut self, progress: &import::Progress) {
        let import::Progress { file_bytes, read_bytes, text_bytes, records, .. } = *progress;
        let rate = self.rate(text_bytes);
        self.show(read_bytes, Some(file_bytes), || format!("{records} records, {rate:.0} MB/s"));
    }

    pub fn download(&mut self, progress: &download::Progress) {
        let download::Progress { bytes, total, resumed_at } = *progress;
        let rate = self.rate(bytes - resumed_at);
        let of = total.map(|total| format!(" of {:.1}", total as f64 / 1e6)).unwrap_or_default();
        self.show(bytes, total, || format!("{:.1}{of} MB, {rate:.1} MB/s", bytes as f64 / 1e6));
    }

    pub fn clear(&self) {
        if self.shown.is_some() {
            clear_line();
        }
    }

    /// MB a second.
    fn rate(&self, bytes: u64) -> f64 {
        bytes as f64 / 1e6 / self.start.elapsed().as_secs_f64().max(1e-3)
    }

    fn show(&mut self, done: u64, total: Option<u64>, text: impl FnOnce() -> String) {
        if !self.is_terminal || self.shown.is_some_and(|shown| shown.elapsed() < INTERVAL) {
            return;
        }
        self.shown = Some(Instant::now());
        let share = total.and_then(|total| done.saturating_mul(CHARACTERS).checked_div(total));
        let filled = share.unwrap_or(0).min(CHARACTERS) as usize;
        let bar = "#".repeat(filled) + &".".repeat(CHARACTERS as usize - filled);
        mutter(format_args!("\r{} [{bar}] {}\x1b[K", self.name, text()));
    }
}
