//! Where the program plays: a home, a screen and a window manager of their own, and the program itself. All of it ends with
//! its owner.

use std::{
    ffi::OsString,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::{
    home::{Home, program},
    link::Display,
    screen::Screen,
};

/// A slow and busy machine starts it within this.
const START: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Seconds that a key may take on its way.
const XDOTOOL_SECS: &str = "10";
const LISTENS: &str = "listening for agents on ";

/// How the program is to be found.
pub struct Setting {
    pub screen_px: [u32; 2],
    /// How many may connect.
    pub agents: u8,
    /// The window may become larger than it began, and full screen.
    pub has_manager: bool,
    /// What it says of itself beside warnings, as `RUST_LOG` has it.
    pub log: Option<&'static str>,
}

pub struct Stage {
    // Ended in this order.
    pub process: Child,
    manager: Option<Child>,
    pub screen: Screen,
    pub home: Home,
    window: String,
}

impl Stage {
    /// Starts it all. `prepare` sees to the home before, and returns further arguments of the program.
    pub fn open(
        setting: &Setting,
        prepare: impl FnOnce(&Home) -> anyhow::Result<Vec<OsString>>,
    ) -> anyhow::Result<(Self, Display, Vec<String>)> {
        let (home, program) = (Home::new()?, program()?);
        let arguments = prepare(&home)?;
        let tokens =
            (0..setting.agents).map(|number| token(&home, &program, number)).collect::<Result<_, _>>()?;
        let screen = Screen::open(setting.screen_px)?;
        let mut manager = home.command(Path::new("openbox"));
        manager.env("DISPLAY", &screen.display);
        // Without one there is no full screen.
        let manager = setting.has_manager.then(|| manager.spawn().ok()).flatten();
        let mut command = home.command(&program);
        command.env("DISPLAY", &screen.display).env_remove("RUST_LOG");
        command.envs(setting.log.map(|log| ("RUST_LOG", log)));
        command.args(["--listen", "127.0.0.1:0", "--fleet"]).arg(home.path().join("fleet")).args(arguments);
        command.stdout(Stdio::null()).stderr(File::create(home.path().join("stderr"))?);
        let process = command.spawn()?;
        let mut stage = Self { process, manager, screen, home, window: String::new() };
        let address = stage.listens()?;
        stage.window = stage.finds_window()?;
        stage.xdotool(&["windowfocus", &stage.window])?;
        let certificate = fs::read(stage.home.path().join("fleet/server-cert.pem"))?;
        Ok((stage, Display::new(address, &certificate)?, tokens))
    }

    fn eventually<T>(
        &mut self,
        what: &str,
        found: impl Fn(&Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        loop {
            if let Some(found) = found(self)? {
                return Ok(found);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the program ended with {status} before there was {what}: {}", self.stderr());
            }
            ensure!(began.elapsed() < START, "no {what} came");
            sleep(BETWEEN_LOOKS);
        }
    }

    fn listens(&mut self) -> anyhow::Result<SocketAddr> {
        self.eventually("an address", |stage| {
            let said = stage.stderr();
            let address = said.split_once(LISTENS).and_then(|(_, rest)| rest.split_once(';'));
            Ok(address.map(|(address, _)| address.parse()).transpose()?)
        })
    }

    fn finds_window(&mut self) -> anyhow::Result<String> {
        self.eventually("a window", |stage| {
            let found = stage.xdotool(&["search", "--onlyvisible", "--name", "^connmapperl$"])?;
            Ok(found.lines().last().map(str::to_owned))
        })
    }

    /// All that the program said so far.
    pub fn stderr(&self) -> String {
        fs::read(self.home.path().join("stderr"))
            .map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub const fn has_manager(&self) -> bool {
        self.manager.is_some()
    }

    /// Presses keys, or what else it is told. One that finds no window is no error.
    pub fn xdotool(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("timeout");
        command.args([XDOTOOL_SECS, "xdotool"]).args(arguments).env("DISPLAY", &self.screen.display);
        let output = command.stderr(Stdio::null()).output().context("xdotool cannot be started")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub fn resize(&self, [width, height]: [u32; 2]) -> anyhow::Result<()> {
        self.xdotool(&["windowsize", &self.window, &width.to_string(), &height.to_string()]).map(drop)
    }

    /// Asks it to end. Returns how, where it did within that time.
    pub fn terminate(&mut self, within: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(pid, Signal::TERM)?;
        let began = Instant::now();
        while began.elapsed() < within {
            if let Some(status) = self.process.try_wait()? {
                return Ok(Some(status));
            }
            sleep(BETWEEN_LOOKS);
        }
        Ok(None)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in [Some(&mut self.process), self.manager.as_mut()].into_iter().flatten() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn token(home: &Home, program: &Path, number: u8) -> anyhow::Result<String> {
    let mut command = home.command(program);
    command
        .args(["agents", "--fleet"])
        .arg(home.path().join("fleet"))
        .args(["add", &format!("agent-{number}")]);
    let output = command.stdout(Stdio::piped()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let token = said.split_whitespace().find(|word| word.starts_with("cmt_"));
    Ok(token.with_context(|| format!("no token: {said}"))?.to_owned())
}
