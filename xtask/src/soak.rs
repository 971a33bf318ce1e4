//! Builds the program and runs `examples/soak` beside it.

use crate::bench::cargo;

#[derive(clap::Args)]
pub struct Soak {
    /// Passed on: --minutes N, --seed S, --json FILE
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl Soak {
    pub fn run(&self) -> anyhow::Result<()> {
        cargo(&["build".to_owned()])?;
        let run = ["run", "--example", "soak", "--"].map(str::to_owned);
        cargo(&[run.as_slice(), &self.args].concat())
    }
}
