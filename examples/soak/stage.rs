//! Where the program plays: a home, a screen and a window manager of their own, and the program itself. All of it ends with
//! its owner.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use connmapperl::history::{Keep, create_or_migrate};
use rustix::process::{Pid, Signal, kill_process};

use super::{
    agent::AGENTS,
    home::{Home, program},
    link::Display,
    screen::Screen,
};

const SCREEN_PX: [u32; 2] = [1600, 900];
pub const WINDOW_PX: [u32; 2] = [1280, 720];
/// A slow and busy machine starts it within this.
const START: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Seconds that a key may take on its way.
const XDOTOOL_SECS: &str = "10";
const LISTENS: &str = "listening for agents on ";

pub struct Stage {
    // Ended in this order.
    pub process: Child,
    manager: Option<Child>,
    screen: Screen,
    pub home: Home,
    window: String,
}

impl Stage {
    /// Starts it all, with a history that may have so many bytes.
    pub fn open(history_bytes: u64) -> anyhow::Result<(Self, Display, Vec<String>)> {
        let (home, program) = (Home::new()?, program()?);
        let history = home.path().join("history.sqlite");
        let mut database = rusqlite::Connection::open(&history)?;
        create_or_migrate(&mut database)?;
        Keep { bytes: Some(history_bytes), ..Keep::default() }.write(&database)?;
        drop(database);
        let tokens = (0..AGENTS).map(|number| token(&home, &program, number)).collect::<Result<_, _>>()?;
        let rules = home.path().join("rules");
        write_rules(&rules, 0)?;
        let screen = Screen::open(SCREEN_PX)?;
        let mut manager = home.command(Path::new("openbox"));
        // Without one there is no full screen.
        let manager = manager.env("DISPLAY", &screen.display).spawn().ok();
        let mut command = home.command(&program);
        command.env("DISPLAY", &screen.display).env_remove("RUST_LOG");
        command.args(["--listen", "127.0.0.1:0", "--fleet"]).arg(home.path().join("fleet"));
        command.arg("--history").arg(&history).arg("--config").arg(&rules);
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

    pub fn history(&self) -> PathBuf {
        self.home.path().join("history.sqlite")
    }

    pub fn rules(&self) -> PathBuf {
        self.home.path().join("rules")
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
        .args(["add", &format!("soak-{number}")]);
    let output = command.stdout(Stdio::piped()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let token = said.split_whitespace().find(|word| word.starts_with("cmt_"));
    Ok(token.with_context(|| format!("no token: {said}"))?.to_owned())
}

/// Rules that match some of what the agents have, in colours of the turn.
pub fn write_rules(path: &Path, turn: u32) -> anyhow::Result<()> {
    let shade = f64::from(turn % 10) / 10.0;
    let text = format!(
        "\"Mail\",peer,993,{shade},0.9,0.2,0.9,1\n\"Web {}\",peer,443,0.3,0.5,1,0.8,0\n\"Shell\",peer,22,1,{shade},0.2,1,1\n",
        turn % 3
    );
    Ok(fs::write(path, text)?)
}
