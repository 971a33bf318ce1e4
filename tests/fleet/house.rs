//! A listener that keeps its lines in a file, an agent that reports this machine's sockets, and traffic on loopback that
//! the test knows. All three can be started and killed at will.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Home;

/// Far more than anything takes; reached only by a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(10);

pub struct House {
    pub home: Home,
    pub port: u16,
    log: PathBuf,
    moved: PathBuf,
}

/// A process that is killed, not asked, when the test is done with it.
pub struct Killed(pub Child);

impl Killed {
    /// Asks it to end, as a terminal does or whoever runs services.
    pub fn ask(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl House {
    pub fn new() -> Self {
        let home = Home::new();
        let [log, moved] = ["fleet.jsonl", "fleet.jsonl.1"].map(|name| home.path(name));
        // Bound for a moment only: restarts need the same port.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let house = Self { home, port, log, moved };
        house.add_agent("web1", "token");
        house
    }

    /// Lets an agent in; its token goes into that file.
    pub fn add_agent(&self, name: &str, file: &str) {
        let added = self.home.connmapperl(&["agents", "add", name, "--fleet", "."]).output().unwrap();
        assert!(added.status.success(), "{added:?}");
        let path = self.home.write(file, &added.stdout);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Returns once it listens.
    pub fn serve(&self) -> Killed {
        self.serve_to(&["--log", "fleet.jsonl"], Stdio::null())
    }

    pub fn serve_to(&self, more: &[&str], stdout: Stdio) -> Killed {
        let listen = format!("127.0.0.1:{}", self.port);
        let arguments = ["serve", "--no-gui", "--fleet", ".", "--listen", &listen];
        let mut command = self.home.connmapperl(&[&arguments[..], more].concat());
        let mut child = Killed(command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap());
        let mut said = String::new();
        let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
        while !said.contains("on another machine") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        // Whatever it says later must not fill the pipe.
        std::thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || {
                let mut rest = Vec::new();
                let _ = stderr.read_to_end(&mut rest);
            })
            .unwrap();
        child
    }

    pub fn agent(&self, token: &str) -> Killed {
        let server = format!("127.0.0.1:{}", self.port);
        let arguments =
            ["--server", &server, "--cert", "server-cert.pem", "--token-file", token, "--interval", "20"];
        let mut command = self.home.client(&arguments);
        Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Moves the file away, as a program does that keeps logs small.
    pub fn move_log(&self) {
        assert!(!self.moved.exists());
        fs::rename(&self.log, &self.moved).unwrap();
    }

    /// Whole lines of the file, and of the one that was moved away; what is being written is not there yet.
    pub fn lines(&self) -> Vec<Value> {
        let mut text = fs::read_to_string(&self.moved).unwrap_or_default();
        text += &fs::read_to_string(&self.log).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn count(&self, is_counted: impl Fn(&Value) -> bool) -> usize {
        self.lines().iter().filter(|line| is_counted(line)).count()
    }

    /// Openings and closings of the connections to that port, by their own port.
    pub fn histories(&self, to: SocketAddr) -> HashMap<u16, (usize, usize)> {
        let (to, mut ports, mut histories) =
            (to.to_string(), HashMap::new(), HashMap::<_, (usize, usize)>::new());
        for line in self.lines() {
            let connection = line["connection"].as_str().unwrap_or_default().to_owned();
            if line["event"] == "opened" && line["peer"] == to.as_str() {
                let local: SocketAddr = line["local"].as_str().unwrap().parse().unwrap();
                ports.insert(connection, local.port());
                histories.entry(local.port()).or_default().0 += 1;
            } else if line["event"] == "closed"
                && let Some(port) = ports.get(&connection)
            {
                histories.entry(*port).or_default().1 += 1;
            }
        }
        histories
    }
}

impl House {
    /// For the message of a failure: all that was written of the connection with that own port.
    pub fn story(&self, port: u16) -> String {
        let local = format!("127.0.0.1:{port}");
        let lines = self.lines();
        let is_its = |line: &&Value| line["local"] == local.as_str();
        let names: Vec<_> = lines.iter().filter(is_its).map(|line| line["connection"].clone()).collect();
        let told = lines.iter().enumerate().filter(|(_, line)| {
            names.contains(&line["connection"]) && !line["connection"].is_null() || line["event"] == "agent"
        });
        told.map(|(number, line)| format!("{number}: {line}\n")).collect()
    }
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(LOOK);
    }
}

/// Connections to a port of this test's own.
pub struct Traffic {
    listener: TcpListener,
    pub to: SocketAddr,
    held: Vec<(TcpStream, TcpStream, Instant)>,
    /// Own ports of all that were ever opened.
    pub ports: Vec<u16>,
}

impl Traffic {
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = listener.local_addr().unwrap();
        Self { listener, to, held: Vec::new(), ports: Vec::new() }
    }

    pub fn open(&mut self) -> u16 {
        let client = TcpStream::connect(self.to).unwrap();
        let (server, from) = self.listener.accept().unwrap();
        self.held.push((client, server, Instant::now()));
        self.ports.push(from.port());
        from.port()
    }

    /// How often each own port was used: the system may give one twice.
    pub fn uses(&self) -> HashMap<u16, usize> {
        let mut uses = HashMap::new();
        self.ports.iter().for_each(|port| *uses.entry(*port).or_default() += 1);
        uses
    }

    /// Closes a third of those that are held, another each time.
    pub fn close_some(&mut self, which: usize) {
        let mut number = which;
        self.held.retain(|_| {
            number += 1;
            !number.is_multiple_of(3)
        });
    }

    /// Closes those that have lived for so long.
    pub fn close_older_than(&mut self, age: Duration) {
        self.held.retain(|(_, _, since)| since.elapsed() < age);
    }
}
