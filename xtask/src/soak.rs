//! Builds the program and runs `examples/soak` beside it.

use std::process::Command;

use crate::bench::run;

#[derive(clap::Args)]
pub struct Soak {
    /// Passed on: --minutes N, --seed S, --json FILE
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl Soak {
    pub fn run(&self) -> anyhow::Result<()> {
        run(Command::new("cargo").arg("build"))?;
        run(Command::new("cargo").args(["run", "--example", "soak", "--"]).args(&self.args))
    }
}
