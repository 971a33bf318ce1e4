//! A laboratory for end-to-end tests: a home whose programs talk to real-looking public addresses, though nothing
//! leaves the machine. Two network namespaces joined by a veth pair:
//!
//! - `home` is where the programs and the command under test run; addresses [`HOME_V4`] and [`HOME_V6`];
//! - `world` answers on every IPv4 and IPv6 address, and visits the programs that listen at home.
//!
//! A program is a process of its own under its own name: this test binary once more, started through a link of that
//! name. So each test file that uses the lab has `lab::entry!();` at its top level. Programs end with the test, however
//! that ends, because they live only while their standard input is open. Labs do not see each other, so tests run
//! in parallel. A command under test runs at home by `lab.home.run(|| Command::new(...).output())`. Needs root and `ip`; [`Lab::new`] says `skipped` where there is none.

#![allow(dead_code, reason = "each test file uses a part of the lab")]

pub mod namespace;
pub mod program;

use std::{
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
};

use connmapperl::model::{Direction, Protocol};

use self::{namespace::Namespace, program::Program};

pub const HOME_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
pub const HOME_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x64, 0, 0, 0, 0, 0x10);
pub const WORLD_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const WORLD_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x64, 0, 0, 0, 0, 1);

/// The hidden test in which programs live. Must stand at the top level of a test file.
#[macro_export]
macro_rules! lab_entry {
    () => {
        #[test]
        fn lab_entry() {
            $crate::lab::program::live_if_asked();
        }
    };
}
#[allow(unused_imports)]
pub use lab_entry as entry;

/// How a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A program at home connects over TCP.
    Out,
    /// The address connects over TCP to a program at home.
    In,
    /// A program at home connects a UDP socket and sends on it.
    Udp,
    /// As `Out` to an IPv4 address, through an IPv6 socket.
    Mapped,
}

/// Some connections of one program to, or from, one address.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub how: How,
    pub address: IpAddr,
    /// The peer's port; for [`How::In`] the port at home.
    pub port: u16,
    /// At most 15 bytes, as the kernel keeps them.
    pub program: &'static str,
    pub count: usize,
}

/// A [`Target`]; `address` is an IP address as text.
pub fn target(how: How, address: &str, port: u16, program: &'static str, count: usize) -> Target {
    Target { how, address: address.parse().unwrap(), port, program, count }
}

/// What a look at home's sockets must show, once for each connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    pub protocol: Protocol,
    pub direction: Direction,
    pub program: String,
    pub peer_address: IpAddr,
    /// The port that names the service: the peer's, or home's own for an inbound connection.
    pub service_port: u16,
}

impl Target {
    pub fn expected(&self) -> impl Iterator<Item = Expected> {
        let expected = Expected {
            protocol: if self.how == How::Udp { Protocol::Udp } else { Protocol::Tcp },
            direction: if self.how == How::In { Direction::Inbound } else { Direction::Outbound },
            program: self.program.to_owned(),
            peer_address: self.address,
            service_port: self.port,
        };
        std::iter::repeat_n(expected, self.count)
    }
}

pub struct Lab {
    pub home: Namespace,
    pub world: Namespace,
    programs: Vec<Program>,
    visitors: Vec<TcpStream>,
    world_ports: Vec<u16>,
    expected: Vec<Expected>,
    folder: tempfile::TempDir,
}

impl Lab {
    /// Builds both sides, or prints `skipped` with the reason.
    pub fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: needs root");
            return None;
        }
        if Command::new("ip").arg("-V").output().is_err() {
            println!("skipped: needs the command ip (iproute2)");
            return None;
        }
        let (home, world) = match (Namespace::new(), Namespace::new()) {
            (Ok(home), Ok(world)) => (home, world),
            (Err(error), _) | (_, Err(error)) => {
                println!("skipped: needs root (network namespaces are refused: {error})");
                return None;
            }
        };
        home.ip("link set lo up");
        world.ip("link set lo up");
        home.ip("link add lab0 type veth peer name lab1");
        home.ip(&format!("link set lab1 netns {}", world.path()));
        home.ip(&format!("address add {HOME_V4}/24 dev lab0"));
        home.ip(&format!("-6 address add {HOME_V6}/64 dev lab0 nodad"));
        home.ip("link set lab0 up");
        world.ip(&format!("address add {WORLD_V4}/24 dev lab1"));
        world.ip(&format!("-6 address add {WORLD_V6}/64 dev lab1 nodad"));
        world.ip("link set lab1 up");
        home.ip(&format!("route add default via {WORLD_V4}"));
        home.ip(&format!("-6 route add default via {WORLD_V6}"));
        // Every address is the world's own.
        world.ip("route add local 0.0.0.0/1 dev lo table main");
        world.ip("route add local 128.0.0.0/1 dev lo table main");
        world.ip("-6 route add local 2000::/3 dev lo table main");
        Some(Self {
            home,
            world,
            programs: Vec::new(),
            visitors: Vec::new(),
            world_ports: Vec::new(),
            expected: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// A lab in which all `targets` are connected.
    pub fn with_targets(targets: &[Target]) -> Option<Self> {
        let mut lab = Self::new()?;
        targets.iter().for_each(|target| lab.connect(target));
        Some(lab)
    }

    /// Makes the connections of one target; they stand when it returns.
    pub fn connect(&mut self, target: &Target) {
        self.expected.extend(target.expected());
        let there = SocketAddr::new(target.address, target.port);
        match target.how {
            How::In => self.visit(target),
            How::Out | How::Mapped => {
                self.answer_on(target.port);
                let kind = if target.how == How::Mapped { "mapped" } else { "tcp" };
                self.program(target.program).ask(&format!("{kind} {there} {}", target.count));
            }
            How::Udp => {
                self.program(target.program).ask(&format!("udp {there} {}", target.count));
            }
        }
    }

    /// The running program of that name, started if there is none.
    pub fn program(&mut self, name: &str) -> &mut Program {
        let index = match self.programs.iter().position(|program| program.name() == name) {
            Some(index) => index,
            None => {
                self.programs.push(Program::start(name, self.folder.path(), &self.home));
                self.programs.len() - 1
            }
        };
        &mut self.programs[index]
    }

    /// Ends a program and thereby its connections.
    pub fn end_program(&mut self, name: &str) {
        self.programs.retain(|program| program.name() != name);
        self.expected.retain(|expected| expected.program != name);
    }

    /// What home's socket table must show, sorted.
    pub fn expected(&self) -> Vec<Expected> {
        let mut expected = self.expected.clone();
        expected.sort();
        expected
    }

    /// The world answers on `port` of every address, over TCP.
    pub fn answer_on(&mut self, port: u16) {
        if self.world_ports.contains(&port) {
            return;
        }
        self.world_ports.push(port);
        // An IPv6 socket answers IPv4 too.
        let listener = self.world.run(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).unwrap());
        named_thread(move || {
            for stream in listener.incoming().flatten() {
                named_thread(move || close_when_the_peer_does(stream));
            }
        });
    }

    fn visit(&mut self, target: &Target) {
        let home = if target.address.is_ipv4() { IpAddr::V4(HOME_V4) } else { IpAddr::V6(HOME_V6) };
        let home = SocketAddr::new(home, target.port);
        self.program(target.program).ask(&format!("listen {home} {}", target.count));
        let visitors = Arc::new(Mutex::new(Vec::new()));
        self.world.run(|| {
            for _ in 0..target.count {
                let visitor = program::connect_from(target.address, home).unwrap();
                visitors.lock().unwrap().push(visitor);
            }
        });
        self.visitors.append(&mut visitors.lock().unwrap());
        self.program(target.program).ask(&format!("accept {home} {}", target.count));
    }
}

fn close_when_the_peer_does(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
}

/// A thread that shows in listings as the lab's.
fn named_thread<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::Builder::new().name("lab".into()).spawn(body).unwrap()
}
