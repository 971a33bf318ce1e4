//! A program of the lab: the test binary under another name, which opens the sockets it is told to and keeps them.
//!
//! It reads a command a line and answers each with a line: `tcp ADDRESS COUNT`, `udp ADDRESS COUNT`,
//! `mapped ADDRESS COUNT`, `listen ADDRESS COUNT` and then `accept ADDRESS COUNT`, `close` (all connections),
//! `short ADDRESS COUNT MILLIS` (connections that live so long, one after the other).

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, BufRead, BufReader, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{fd::OwnedFd, unix::fs::symlink},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, sockopt};

use super::namespace::Namespace;

/// Tells the test binary to be a program.
const ROLE_VARIABLE: &str = "CONNMAPPERL_LAB_PROGRAM";
/// Sets answers apart from what the test harness prints.
const ANSWER: &str = "lab-program:";

pub struct Program {
    name: String,
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    pub(super) fn start(name: &str, folder: &Path, home: &Namespace) -> Self {
        let link = folder.join(name);
        symlink(std::env::current_exe().unwrap(), &link).unwrap();
        let mut child = home
            .run(|| {
                Command::new(link)
                    .args(["lab_entry", "--exact", "--nocapture"])
                    .env(ROLE_VARIABLE, "1")
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
            })
            .unwrap();
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { name: name.to_owned(), child, commands, answers };
        program.wait_for_answer("start");
        program
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command and waits until it is done.
    pub fn ask(&mut self, command: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        self.wait_for_answer(command);
    }

    fn wait_for_answer(&mut self, command: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            let length = self.answers.read_line(&mut line).unwrap();
            assert!(length > 0, "{} ended at: {command}", self.name);
            // The harness may have begun the line.
            if let Some((_, answer)) = line.split_once(ANSWER) {
                assert_eq!(answer.trim(), "done", "{}: {command}", self.name);
                return;
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.child.wait();
    }
}

/// In a program: does what it is told until its standard input closes. In a test: nothing.
pub fn live_if_asked() {
    if std::env::var_os(ROLE_VARIABLE).is_none() {
        return;
    }
    let mut sockets = Sockets::default();
    println!("{ANSWER} done");
    for command in io::stdin().lock().lines() {
        match sockets.obey(&command.unwrap()) {
            Ok(()) => println!("{ANSWER} done"),
            Err(error) => println!("{ANSWER} {error}"),
        }
    }
    // At once: the harness has nothing to add.
    std::process::exit(0);
}

#[derive(Default)]
struct Sockets {
    listeners: HashMap<SocketAddr, TcpListener>,
    connected: Vec<OwnedFd>,
}

impl Sockets {
    fn obey(&mut self, command: &str) -> io::Result<()> {
        let words: Vec<_> = command.split(' ').collect();
        if words[0] == "close" {
            self.connected.clear();
            return Ok(());
        }
        let address: SocketAddr = words[1].parse().map_err(io::Error::other)?;
        let count: usize = words[2].parse().map_err(io::Error::other)?;
        if words[0] == "listen" {
            if let Entry::Vacant(vacant) = self.listeners.entry(address) {
                vacant.insert(TcpListener::bind(address)?);
            }
            return Ok(());
        }
        for _ in 0..count {
            let socket: OwnedFd = match words[0] {
                "tcp" => TcpStream::connect(address)?.into(),
                "mapped" => connect_mapped(address)?,
                "udp" => {
                    let home = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(home)?;
                    socket.connect(address)?;
                    socket.send(b"lab")?;
                    socket.into()
                }
                "accept" => self.listeners[&address].accept()?.0.into(),
                "short" => {
                    let stream = TcpStream::connect(address)?;
                    std::thread::sleep(Duration::from_millis(words[3].parse().map_err(io::Error::other)?));
                    drop(stream);
                    continue;
                }
                other => return Err(io::Error::other(format!("no command {other:?}"))),
            };
            self.connected.push(socket);
        }
        Ok(())
    }
}

fn connect_mapped(address: SocketAddr) -> io::Result<OwnedFd> {
    let IpAddr::V4(v4) = address.ip() else { return Err(io::Error::other("only IPv4 can be mapped")) };
    let socket = rustix::net::socket(AddressFamily::INET6, SocketType::STREAM, None)?;
    let mapped: Ipv6Addr = v4.to_ipv6_mapped();
    rustix::net::connect(&socket, &SocketAddr::new(mapped.into(), address.port()))?;
    Ok(socket)
}

/// A TCP connection from an address that need not be on any device.
pub(super) fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let family = if from.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    match from {
        IpAddr::V4(_) => sockopt::set_ip_freebind(&socket, true)?,
        IpAddr::V6(_) => sockopt::set_ipv6_freebind(&socket, true)?,
    }
    rustix::net::bind(&socket, &SocketAddr::new(from, 0))?;
    rustix::net::connect(&socket, &to)?;
    Ok(socket.into())
}
