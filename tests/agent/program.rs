//! The agent's program in a home of its own: nothing of whoever runs the tests reaches it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::Instant,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::display::{Display, PATIENCE};

pub const TOKEN: &str = "cmt_1_a-token-that-nobody-may-see";

pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// With a token and the display's certificate, where they are looked for.
    pub fn for_display(display: &Display) -> Self {
        let home = Self::empty();
        home.write("server-cert.pem", &display.certificate, 0o644);
        home.write("token", TOKEN, 0o600);
        home
    }

    pub fn empty() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(home.path("")).unwrap();
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(".config/connmapperl").join(name)
    }

    pub fn write(&self, name: &str, contents: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A new file takes the old one's place.
    pub fn replace(&self, name: &str, contents: &str, mode: u32) {
        let new = self.write(&format!("{name}.new"), contents, mode);
        fs::rename(new, self.path(name)).unwrap();
    }

    /// Where programs keep what they need.
    pub fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join(".local/state/connmapperl").join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_connmapperl-client"));
        command.args(arguments).env_clear().env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Agent {
        Agent::start(&mut self.command(arguments))
    }

    /// Reports to that address, and says all it can.
    pub fn report_to(&self, address: SocketAddr) -> Agent {
        self.start(&["--server", &address.to_string(), "--interval", "20", "--verbose"])
    }

    /// Exit status, standard output and standard error of a run that ends by itself.
    pub fn outcome(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// A running agent; ends with the test.
pub struct Agent {
    child: Child,
    complaints: BufReader<ChildStderr>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let complaints = BufReader::new(child.stderr.take().unwrap());
        Self { child, complaints }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line on standard error that contains this.
    pub fn line_with(&mut self, part: &str) -> String {
        self.lines_to(part).pop().unwrap()
    }

    /// The next lines on standard error, to the first that contains this.
    pub fn lines_to(&mut self, part: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let count = self.complaints.read_line(&mut line).unwrap();
            assert!(count > 0, "it ended without saying \"{part}\":\n{}", lines.join("\n"));
            lines.push(line.trim_end().to_owned());
            if line.contains(part) {
                return lines;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id() as i32).unwrap(), signal).unwrap();
    }

    pub fn wait_for_end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}
