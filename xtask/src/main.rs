//! Chores of the project that are not part of the program: run `cargo xtask help`.

use clap::Parser;

mod bench;
mod geo_bake;
mod geo_check;
mod geo_ranges;
mod geo_snap;
mod geo_source;
mod soak;
mod world;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Xtask {
    /// Converts city and ASN databases into the tables built into the program.
    BakeGeo(geo_bake::BakeGeo),
    /// Compares the baked tables with the databases they were made from.
    CheckGeo(geo_check::CheckGeo),
    /// Converts Natural Earth's countries into the map built into the program.
    BakeWorld(world::BakeWorld),
    /// Draws the baked map into a picture.
    PreviewWorld(world::PreviewWorld),
    /// Measures the program beside others; fails where a goal is missed.
    Bench(bench::Bench),
    /// A month of the display within minutes; fails where something grows, is lost or goes wrong.
    Soak(soak::Soak),
}

fn main() -> anyhow::Result<()> {
    match Xtask::parse() {
        Xtask::BakeGeo(task) => task.run(),
        Xtask::CheckGeo(task) => task.run(),
        Xtask::BakeWorld(task) => task.run(),
        Xtask::PreviewWorld(task) => task.run(),
        Xtask::Bench(task) => task.run(),
        Xtask::Soak(task) => task.run(),
    }
}
