//! The agent as a process: started towards a display, and what the kernel says it takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::display::Display;

/// What `make agent` builds, beside this example.
pub fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("no target folder")?;
    let program =
        target.join(format!("{}-unknown-linux-gnu/agent/connmapperl-client", std::env::consts::ARCH));
    if !program.exists() {
        bail!("there is no {}: make agent builds it", program.display());
    }
    Ok(program)
}

/// Ends with the value.
pub struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Agent {
    pub fn start(program: &Path, display: &Display, folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["--server", &display.address().to_string(), "--cert"])
            .arg(folder.join("server-cert.pem"));
        command.env("CONNMAPPERL_TOKEN", "cmt_1_x").stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    pub fn memory_kib(&self, field: &str) -> anyhow::Result<f64> {
        status_kib(self.0.id(), field)
    }

    /// Of all its threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let times = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += times.split(' ').next().context("no time")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }
}

/// A field of `/proc/PID/status`.
pub fn status_kib(pid: u32, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}
