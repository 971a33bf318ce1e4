//! An agent for tests: raw TLS and frames, so that it can say what a good agent never would.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use connmapperl::net::{
    tls::{Fingerprint, pinned_client_config},
    wire::{
        Frames, MAX_FRAME_BYTES, PROTOCOL_VERSION, encode_frame,
        messages::{
            AgentFrame, AgentSays, Change, Closed, Events, Heartbeat, Hello, Open, Reason, ServerFrame,
            ServerSays, Snapshot, Socket, Welcome, What,
        },
    },
};
use rustls::{ClientConnection, StreamOwned};

/// Nothing here takes as long unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Agent {
    stream: StreamOwned<ClientConnection, TcpStream>,
    frames: Frames,
}

pub fn hello(name: &str, secret: &str) -> Hello {
    let mut machine_id = vec![0; 16];
    for (at, byte) in name.bytes().enumerate() {
        machine_id[at % 16] ^= byte;
    }
    Hello {
        protocol_version: PROTOCOL_VERSION,
        agent_name: name.to_owned(),
        machine_id,
        boot_id: vec![7; 16],
        run_id: 1,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        method: 1,
        secret: secret.to_owned(),
        unix_millis: unix_micros() / 1_000,
        tick_millis: 100,
    }
}

pub fn unix_micros() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64
}

impl Agent {
    /// TLS alone.
    pub fn connect(address: SocketAddr, pin: Fingerprint) -> io::Result<Self> {
        Self::over(TcpStream::connect(("127.0.0.1", address.port()))?, pin)
    }

    /// TLS over a connection that stands.
    pub fn over(tcp: TcpStream, pin: Fingerprint) -> io::Result<Self> {
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        tcp.set_nodelay(true)?;
        let config = Arc::new(pinned_client_config(pin).unwrap());
        let tls = ClientConnection::new(config, "connmapperl".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        stream.flush()?;
        Ok(Self { stream, frames: Frames::new(MAX_FRAME_BYTES) })
    }

    pub fn say(&mut self, says: AgentSays) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode_frame(&AgentFrame { says: Some(says) }, &mut bytes);
        self.say_bytes(&bytes)
    }

    pub fn say_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// The next thing that the display says, heartbeats aside; `None` once it has hung up.
    pub fn hear(&mut self) -> Option<ServerSays> {
        let start = Instant::now();
        loop {
            match self.hear_any()? {
                ServerSays::Heartbeat(_) => assert!(start.elapsed() < PATIENCE, "nothing but heartbeats"),
                says => return Some(says),
            }
        }
    }

    pub fn hear_any(&mut self) -> Option<ServerSays> {
        loop {
            if let Some(frame) = self.frames.next_message::<ServerFrame>().unwrap() {
                return Some(frame.says.unwrap());
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(read) => self.frames.push(&bytes[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    panic!("nothing came for {PATIENCE:?}")
                }
                Err(_) => return None,
            }
        }
    }

    pub fn greet(&mut self, hello: Hello) -> Result<Welcome, Reason> {
        // Whoever is refused before its Hello cannot write it.
        let _ = self.say(AgentSays::Hello(hello));
        match self.hear() {
            Some(ServerSays::Welcome(welcome)) => Ok(welcome),
            Some(ServerSays::Refused(refused)) => {
                assert!(!refused.sentence.is_empty());
                Err(refused.reason())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Why the display hangs up; acknowledgements before that are passed over.
    pub fn refusal(&mut self) -> Reason {
        loop {
            match self.hear() {
                Some(ServerSays::Refused(refused)) => {
                    let sentence = &refused.sentence;
                    assert!(!sentence.is_empty() && !sentence.contains(char::is_control), "{sentence}");
                    assert!(self.hear().is_none(), "it hangs up");
                    return refused.reason();
                }
                Some(_) => {}
                None => panic!("it hung up without a word"),
            }
        }
    }

    pub fn acknowledged(&mut self, sequence: u64) {
        loop {
            match self.hear() {
                Some(ServerSays::Acknowledged(said)) if said.sequence >= sequence => return,
                Some(ServerSays::Acknowledged(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn snapshot(&mut self, base: u64, connections: &[u64]) {
        self.say(AgentSays::Snapshot(snapshot(base, connections, false))).unwrap();
    }

    pub fn events(&mut self, first: u64, changes: Vec<Change>) {
        self.say(AgentSays::Events(events(first, changes))).unwrap();
    }

    /// Answers heartbeats until the display has had one answered.
    pub fn answer_heartbeat(&mut self, ahead_micros: i64) {
        loop {
            if let Some(ServerSays::Heartbeat(beat)) = self.hear_any() {
                let answer = Heartbeat {
                    unix_micros: unix_micros() + ahead_micros,
                    echo_unix_micros: beat.unix_micros,
                    held_micros: 0,
                };
                return self.say(AgentSays::Heartbeat(answer)).unwrap();
            }
        }
    }
}

pub fn snapshot(base: u64, connections: &[u64], goes_on: bool) -> Snapshot {
    let open = |connection: &u64| Open {
        connection: *connection,
        opened_sequence: 0,
        age_millis: 1_000,
        socket: Some(socket(*connection)),
    };
    Snapshot {
        base_sequence: base,
        unix_millis: unix_micros() / 1_000,
        programs: Vec::new(),
        connections: connections.iter().map(open).collect(),
        goes_on,
        dropped_events: 0,
    }
}

pub fn events(first: u64, changes: Vec<Change>) -> Events {
    Events { first_sequence: first, unix_millis: unix_micros() / 1_000, programs: Vec::new(), changes }
}

pub fn socket(connection: u64) -> Socket {
    Socket {
        local_v4: Some(0xc000_0201),
        local_port: 40_000,
        peer_v4: Some(0x0909_0000 | connection as u32 & 0xffff),
        peer_port: 443,
        ..Socket::default()
    }
}

pub fn opened(connection: u64) -> Change {
    Change { connection, millis: 0, what: Some(What::Opened(socket(connection))) }
}

pub fn closed(connection: u64) -> Change {
    Change { connection, millis: 0, what: Some(What::Closed(Closed::default())) }
}

/// Waits until it holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Agent {
    pub fn set_nonblocking(&self, is: bool) {
        self.stream.sock.set_nonblocking(is).unwrap();
    }

    /// Nothing of it is said where the kernel has no room; must be called again with the same until it is.
    pub fn try_events(&mut self, first: u64, changes: Vec<Change>) -> io::Result<()> {
        if !self.stream.conn.wants_write() {
            let mut bytes = Vec::new();
            encode_frame(&AgentFrame { says: Some(AgentSays::Events(events(first, changes))) }, &mut bytes);
            self.stream.conn.writer().write_all(&bytes)?;
        }
        while self.stream.conn.wants_write() {
            self.stream.conn.write_tls(&mut self.stream.sock)?;
        }
        Ok(())
    }
}
