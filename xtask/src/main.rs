//! Chores of the project that are not part of the program: run `cargo xtask help`.

use clap::Parser;

mod geo_bake;
mod geo_check;
mod geo_ranges;
mod geo_snap;
mod geo_source;

#[derive(Parser)]
#[command(about, version)]
enum Xtask {
    /// Converts city and ASN databases into the tables built into the program.
    BakeGeo(geo_bake::BakeGeo),
    /// Compares the baked tables with the databases they were made from.
    CheckGeo(geo_check::CheckGeo),
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse() {
        Xtask::BakeGeo(task) => task.run(),
        Xtask::CheckGeo(task) => task.run(),
    }
}
