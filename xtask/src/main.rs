//! Work on the project that is not part of its programs: `cargo xtask --help`.

mod world;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Bakes and looks at what the programs embed")]
enum Task {
    BakeWorld(world::BakeWorld),
    PreviewWorld(world::PreviewWorld),
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::BakeWorld(task) => task.run(),
        Task::PreviewWorld(task) => task.run(),
    }
}
