//! The second process, as the first one sees it: started, told what its agents shall do, and ended.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, ensure};

/// Ends with this.
pub struct Agents {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Agents {
    pub fn start(address: SocketAddr, certificate: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["agents", &address.to_string()])
            .arg(certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("no stdin")?;
        let from = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Self { child, to, from })
    }

    pub fn say(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.to, "{line}").context("the agents are gone")
    }

    fn hear(&mut self) -> anyhow::Result<String> {
        let mut said = String::new();
        self.from.read_line(&mut said)?;
        Ok(said.trim().to_owned())
    }

    pub fn connect(&mut self, agents: usize) -> anyhow::Result<()> {
        self.say(&format!("connect {agents}"))?;
        let said = self.hear()?;
        ensure!(said == "connected", "the agents say {said:?}");
        Ok(())
    }

    /// Changes that they have told so far.
    pub fn told(&mut self) -> anyhow::Result<u64> {
        self.say("told")?;
        self.hear()?.parse().context("no number of changes")
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
