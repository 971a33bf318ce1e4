//! The second process: many small agents on one thread, which connect and talk as they are told on standard input.

use std::{
    io::BufRead,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use connmapperl::net::{
    tls::{Fingerprint, pinned_client_config},
    wire::{
        Frames, MAX_FRAME_BYTES, PROTOCOL_VERSION, encode_frame,
        messages::{
            AgentFrame, AgentSays, Change, Closed, Events, Heartbeat, Hello, Owner, Program, ServerFrame,
            ServerSays, Snapshot, Socket, Traffic, What,
        },
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, watch},
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const TICK: Duration = Duration::from_millis(100);
/// What an agent has seen it tells within this: the opened at the look that finds it, the closed when its next write may
/// be (`BETWEEN_EVENTS` in `net/agent/link.rs`). What it sees at its next look happened a tick before at most.
const TELLS_WITHIN: Duration = Duration::from_millis(50);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Handshakes at a time.
const AT_A_TIME: usize = 64;

/// As many as the peers of a very busy machine.
const PEERS: u64 = 5_000;

/// Changes told by all.
static TOLD: AtomicU64 = AtomicU64::new(0);

/// What the agents shall do: so many of them, so many changes a tick.
type Work = (usize, usize);

pub fn run(
    address: SocketAddr,
    certificate: &str,
    password: &'static str,
    most: usize,
) -> anyhow::Result<()> {
    let pin = Fingerprint::of_pem(&std::fs::read(certificate)?)?;
    let connector = TlsConnector::from(Arc::new(pinned_client_config(pin)?));
    let (lines_in, mut lines) = tokio::sync::mpsc::channel::<String>(4);
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines_in.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (to_all, work) = watch::channel((0, 0));
        let mut started = 0;
        while let Some(line) = lines.recv().await {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["connect", agents] => {
                    let agents: usize = agents.parse::<usize>()?.min(most);
                    let turns = Arc::new(Semaphore::new(AT_A_TIME));
                    let mut welcomes = Vec::new();
                    for number in started..agents {
                        let (connector, work) = (connector.clone(), work.clone());
                        let turns = Arc::clone(&turns);
                        welcomes.push(tokio::spawn(async move {
                            let _turn = turns.acquire().await?;
                            let agent = Agent::connect(number, address, connector, password).await?;
                            tokio::spawn(agent.work(work));
                            anyhow::Ok(())
                        }));
                    }
                    for welcome in welcomes {
                        welcome.await??;
                    }
                    started = agents;
                    println!("connected");
                }
                ["told"] => println!("{}", TOLD.load(Ordering::Relaxed)),
                ["events", busy, changes] => drop(to_all.send_replace((busy.parse()?, changes.parse()?))),
                _ => bail!("{line:?}"),
            }
        }
        Ok(())
    })
}

struct Agent {
    number: usize,
    stream: TlsStream<TcpStream>,
    frames: Frames,
    sequence: u64,
    /// Of the oldest open connection.
    oldest: u64,
    next: u64,
    heard: Option<(i64, Instant)>,
}

impl Agent {
    async fn connect(
        number: usize,
        address: SocketAddr,
        connector: TlsConnector,
        password: &str,
    ) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        let stream = connector.connect("connmapperl".try_into()?, tcp).await?;
        let frames = Frames::new(MAX_FRAME_BYTES);
        let mut agent = Self { number, stream, frames, sequence: 1, oldest: 0, next: 0, heard: None };
        let mut machine_id = vec![0; 16];
        machine_id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        agent
            .say(AgentSays::Hello(Hello {
                protocol_version: PROTOCOL_VERSION,
                agent_name: format!("agent {number}"),
                machine_id,
                boot_id: vec![1; 16],
                run_id: 1,
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
                method: 1,
                secret: password.to_owned(),
                unix_millis: unix_micros() / 1_000,
                tick_millis: TICK.as_millis() as u32,
            }))
            .await?;
        match agent.hear().await?.context("no answer")? {
            ServerSays::Welcome(_) => {}
            other => bail!("{other:?}"),
        }
        let snapshot = Snapshot { unix_millis: unix_micros() / 1_000, ..Snapshot::default() };
        agent.say(AgentSays::Snapshot(snapshot)).await?;
        Ok(agent)
    }

    async fn work(mut self, mut work: watch::Receiver<Work>) -> anyhow::Result<()> {
        // Agents are not in step with each other.
        let start = Instant::now() + TICK.mul_f64(self.number as f64 % 1_000.0 / 1_000.0);
        let mut ticks = interval_at(start, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut heartbeats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            let (busy, changes) = *work.borrow_and_update();
            let is_busy = self.number < busy;
            tokio::select! {
                _ = ticks.tick(), if is_busy => self.tell(changes).await?,
                _ = heartbeats.tick() => self.beat().await?,
                heard = self.hear() => match heard? {
                    Some(ServerSays::Heartbeat(beat)) => self.heard = Some((beat.unix_micros, Instant::now())),
                    Some(_) => {}
                    None => bail!("the display hung up"),
                },
                changed = work.changed() => changed?,
            }
        }
    }

    /// Half of the changes open connections, half close them; they happened at moments all over the last tick.
    async fn tell(&mut self, changes: usize) -> anyhow::Result<()> {
        let now = unix_micros();
        let changes = (0..changes).map(|at| {
            // A single one is now here, now there.
            let (nth, of) = if changes > 1 {
                (at as i64, changes as i64)
            } else {
                (self.sequence as i64 * 7_919 % 100, 100)
            };
            let ago = |whole: Duration| whole.as_micros() as i64 * (nth * 2 + 1) / (of * 2);
            let (seen, happened) = (now - ago(TELLS_WITHIN), now - ago(TICK));
            let traffic = Some(Traffic {
                sent_bytes: u64::try_from(seen).ok(),
                received_bytes: u64::try_from(happened).ok(),
                rtt_micros: None,
            });
            let opens = (self.sequence + at as u64) % 2 == 1;
            let (connection, what) = if opens {
                self.next += 1;
                (self.next, What::Opened(self.socket(traffic)))
            } else {
                self.oldest += 1;
                (self.oldest, What::Closed(Closed { traffic }))
            };
            Change { connection, millis: (happened - now) / 1_000, what: Some(what) }
        });
        let changes: Vec<Change> = changes.collect();
        let programs = if self.sequence == 1 {
            vec![Program { number: 1, name: "firefox".to_owned() }]
        } else {
            Vec::new()
        };
        let first_sequence = self.sequence;
        let count = changes.len() as u64;
        self.sequence += count;
        TOLD.fetch_add(count, Ordering::Relaxed);
        self.say(AgentSays::Events(Events { first_sequence, unix_millis: now / 1_000, programs, changes }))
            .await
    }

    fn socket(&self, traffic: Option<Traffic>) -> Socket {
        let peer = (self.next * 31 + self.number as u64) % PEERS;
        let mixed = peer.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let peer = Ipv4Addr::from((mixed as u32 % 0xdf00_0000) | 0x0100_0000);
        Socket {
            local_v4: Some(0xc0a8_0102),
            local_port: 40_000 + self.next as u32 % 20_000,
            peer_v4: Some(u32::from(peer)),
            peer_port: 443,
            owner: Some(Owner { program: 1, pid: 1_234, not_permitted: false }),
            uid: 1_000,
            traffic,
            ..Socket::default()
        }
    }

    async fn beat(&mut self) -> anyhow::Result<()> {
        let (echo_unix_micros, held_micros) =
            self.heard.map_or((0, 0), |(said, came)| (said, came.elapsed().as_micros() as i64));
        let beat = Heartbeat { unix_micros: unix_micros(), echo_unix_micros, held_micros };
        self.say(AgentSays::Heartbeat(beat)).await
    }

    async fn say(&mut self, says: AgentSays) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        encode_frame(&AgentFrame { says: Some(says) }, &mut bytes);
        self.stream.write_all(&bytes).await?;
        Ok(self.stream.flush().await?)
    }

    async fn hear(&mut self) -> anyhow::Result<Option<ServerSays>> {
        loop {
            if let Some(frame) = self.frames.next_message::<ServerFrame>()? {
                return Ok(frame.says);
            }
            let mut bytes = [0; 512];
            match self.stream.read(&mut bytes).await? {
                0 => return Ok(None),
                read => self.frames.push(&bytes[..read]),
            }
        }
    }
}

pub fn unix_micros() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as i64
}
