//! An agent's link from Welcome to its end: frames in, news and acknowledgements out. Reads no faster than the taker
//! takes, and gives way to the other sessions after each frame.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    admission::Admitted,
    clock::{Clock, Estimate},
    contents::Home,
    directory::{Cut, Orders, Seat},
    incoming::{Fault, Reader, Ready, Terms},
    limits::MOST_UNDELIVERED,
    link::Link,
    lookout::Lookout,
    news::{AgentNews, Delivery, FleetMessage, Importance, News},
    shared::{Shared, Subject, TAKER_RETRY, TakerGone},
};
use crate::{
    model::{AgentLink, AgentStatus, CollectorMethod},
    net::wire::{
        messages::{Acknowledged, AgentFrame, AgentSays, ServerSays, Status},
        method_from_wire, notes_from_wire,
    },
    prefetch::prefetch,
};

/// An agent forgets what is acknowledged, and need not do so at once; each acknowledgement costs as much as a hundred
/// events.
const BETWEEN_ACKNOWLEDGEMENTS: Duration = Duration::from_secs(5);
/// Where the agent keeps so many events that have arrived, it hears of it after a second: of those it is the lesser part
/// of the work, and the agent's buffer has an end.
const MANY_EVENTS: u64 = 1_000;
const BETWEEN_ACKNOWLEDGEMENTS_OF_MANY: Duration = Duration::from_secs(1);
/// What has arrived is looked at with the agent's next frame, and after this long without one: two ticks. To be woken by
/// it would cost more.
const LOOK_FOR_ARRIVALS: Duration = Duration::from_millis(200);
/// An agent that changes its mind more often is not followed.
const BETWEEN_STATUSES: Duration = Duration::from_secs(1);
/// Delay and offset alone are news no more often.
const BETWEEN_MEASUREMENTS: Duration = Duration::from_secs(5);

/// How a link ended.
#[derive(Debug)]
pub enum End {
    Cut(Cut),
    HungUp(String),
    Silent,
    Fault(Fault),
    TakerGone,
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TakerGone> for End {
    fn from(_: TakerGone) -> Self {
        Self::TakerGone
    }
}

/// What a session needs before it can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// Nothing: there may be more to do at once.
    Turn,
    Bytes,
    /// For one of its messages to be done.
    Room,
    /// Room at the taker for the message that waits.
    Taker,
}

/// Waits for room at the taker.
struct Waiting {
    message: FleetMessage,
    /// For `Incoming::handed_on`.
    carries: Option<(u64, bool)>,
}

pub struct Session {
    pub shared: Arc<Shared>,
    pub link: Link,
    pub seat: Seat,
    reader: Reader,
    clock: Clock,
    method: CollectorMethod,
    tick_millis: u32,
    notes: Vec<String>,
    pub program_version: Arc<str>,
    pub is_outdated: bool,
    waiting: Option<Waiting>,
    /// Last that was acknowledged.
    acknowledged: u64,
    acknowledged_at: Option<Instant>,
    heartbeat_at: Instant,
    last_heard: Instant,
    /// Since when a frame has been coming.
    frame_since: Option<Instant>,
    owes_status: bool,
    told_status_at: Option<Instant>,
    told_estimate: Option<Estimate>,
    /// A heartbeat came since the clock was looked at.
    has_measured: bool,
    told_dropped: u64,
}

impl Session {
    pub fn new(shared: Arc<Shared>, admitted: Admitted, is_outdated: bool) -> Self {
        let now = Instant::now();
        let Admitted { link, seat, identity: _, method, tick_millis, program_version, clock } = admitted;
        Self {
            shared,
            link,
            acknowledged: seat.incoming.had,
            seat,
            reader: Reader::default(),
            clock,
            method,
            tick_millis,
            notes: Vec::new(),
            program_version,
            is_outdated,
            waiting: None,
            acknowledged_at: None,
            heartbeat_at: now,
            last_heard: now,
            frame_since: None,
            owes_status: true,
            told_status_at: None,
            told_estimate: None,
            has_measured: false,
            told_dropped: 0,
        }
    }

    /// Until the link ends, by itself or because it was told to.
    pub async fn run(&mut self) -> End {
        let Err(end) = self.serve().await;
        end
    }

    /// Clocks are read once a turn.
    async fn serve(&mut self) -> Result<Infallible, End> {
        let mut now = Instant::now();
        let mut lookout = Lookout::new(self.seat.orders.clone());
        loop {
            self.speak(now).await?;
            let wants = loop {
                if self.obey()? {
                    lookout.heard_order();
                }
                match self.work(now)? {
                    // One frame at a time, then it is the others' turn.
                    Wants::Turn if self.link.frames.is_in_the_middle() => {
                        tokio::task::yield_now().await;
                        now = Instant::now();
                    }
                    Wants::Turn => {}
                    wants => break wants,
                }
            };
            let may_read = wants == Wants::Bytes;
            let mut next = self.next_turn(now);
            if may_read {
                next = next.min(self.deadline());
            } else {
                // Whoever is not read from cannot be silent, nor while something was being said.
                self.last_heard = Instant::now();
                self.frame_since = None;
            }
            let read = {
                let Self { link, seat, reader, clock, waiting, last_heard, .. } = self;
                let read = poll_fn(|context| {
                    // What the frame will need is asked for before the kernel is: each part would be waited for by itself
                    // afterwards.
                    prefetch(seat);
                    prefetch(&*seat.arrived);
                    prefetch(reader);
                    prefetch(clock);
                    prefetch(waiting);
                    prefetch(last_heard);
                    prefetch(&link.frames);
                    reader.expect();
                    link.poll_read(context)
                });
                tokio::select! {
                    biased;
                    read = read, if may_read => Some(read),
                    () = seat.arrived.fewer_than(MOST_UNDELIVERED), if wants == Wants::Room => None,
                    () = lookout.woken(next, now) => None,
                }
            };
            now = Instant::now();
            match read {
                None => {}
                Some(Ok(false)) => self.last_heard = now,
                Some(ended) => {
                    // An order that came with it tells more.
                    self.obey()?;
                    let why = ended.map_or_else(|error| why_broken(&error), |_| "it hung up".to_owned());
                    return Err(End::HungUp(why));
                }
            }
            if may_read && now >= self.deadline() {
                self.obey()?;
                return Err(End::Silent);
            }
        }
    }

    /// Hears what it is told while it sits. Returns whether it was told something.
    fn obey(&mut self) -> Result<bool, End> {
        if !self.seat.orders.has_changed().map_err(|_| End::Cut(Cut::Closing))? {
            return Ok(false);
        }
        self.owes_status = true;
        match self.seat.orders.borrow_and_update().cut {
            Some(cut) => Err(End::Cut(cut)),
            None => Ok(true),
        }
    }

    /// When the other side has been silent for too long, or a frame has.
    fn deadline(&self) -> Instant {
        let since = self.frame_since.unwrap_or(self.last_heard).min(self.last_heard);
        since + self.shared.limits.silence
    }

    /// One thing that can be done without waiting: hands on what waits, then a status, then the next frame.
    fn work(&mut self, now: Instant) -> Result<Wants, End> {
        if let Some(Waiting { message, carries }) = self.waiting.take() {
            if let Some(message) = self.shared.try_tell(message)? {
                self.waiting = Some(Waiting { message, carries });
                return Ok(Wants::Taker);
            }
            if let Some((sequence, is_snapshot)) = carries {
                self.seat.incoming.handed_on(sequence, is_snapshot);
            }
        }
        if self.seat.arrived.on_their_way() >= MOST_UNDELIVERED {
            return Ok(Wants::Room);
        }
        if self.owes_status && self.may_tell_status(now) {
            let status = self.status(now);
            self.wait_with(News::Status(Box::new(status)), None);
            return Ok(Wants::Turn);
        }
        let frame = self.link.frames.next_message::<AgentFrame>();
        let frame = frame.map_err(|error| Fault::Malformed(error.to_string()))?;
        let Some(frame) = frame else {
            let is_coming = self.link.frames.is_in_the_middle();
            self.frame_since = is_coming.then(|| self.frame_since.unwrap_or(now));
            return Ok(Wants::Bytes);
        };
        self.frame_since = None;
        self.take(frame, now)?;
        Ok(Wants::Turn)
    }

    fn take(&mut self, frame: AgentFrame, now: Instant) -> Result<(), End> {
        let now = self.shared.moment(now.into_std());
        let terms = Terms {
            offset_millis: self.clock.offset_millis(),
            now_unix_millis: now.unix_micros / 1_000,
            most_connections: self.shared.limits.connections,
        };
        let (incoming, counting) = (&mut self.seat.incoming, &self.shared.counting);
        let ready = match frame.says {
            Some(AgentSays::Events(events)) => self.reader.events(incoming, &events, terms, counting)?,
            Some(AgentSays::Snapshot(snapshot)) => {
                self.reader.snapshot(incoming, &snapshot, terms, counting)?
            }
            Some(AgentSays::Heartbeat(heartbeat)) => {
                self.clock.heard(&heartbeat, now);
                self.has_measured = true;
                None
            }
            Some(AgentSays::Status(status)) => {
                self.take_status(status);
                None
            }
            Some(AgentSays::Hello(_)) => {
                return Err(Fault::Malformed("a second Hello".to_owned()).into());
            }
            // A newer agent's.
            None => None,
        };
        self.owes_status |= self.seat.incoming.dropped_events != self.told_dropped;
        if let Some(Ready { news, sequence, knew_more }) = ready {
            if let Some(known) = knew_more {
                self.count_anew(known, sequence);
            }
            let is_snapshot = matches!(news, News::Snapshot { .. });
            if !is_snapshot {
                self.shared.has_read_events.store(true, Ordering::Relaxed);
            }
            self.wait_with(news, Some((sequence, is_snapshot)));
        }
        Ok(())
    }

    /// The agent has fewer events than were known; what has arrived of those acknowledges nothing any more.
    fn count_anew(&mut self, known: u64, base: u64) {
        self.shared.counting.runs_anew.one();
        (self.seat.arrived, self.acknowledged) = (Arc::default(), 0);
        let name = Arc::clone(&self.seat.orders.borrow().name);
        let line = format!(
            "\"{name}\" has told {base} events of its run, of which {known} were known; what it says counts from now on"
        );
        self.shared.notice(Importance::Warning, Subject::Anew(self.seat.agent), line);
    }

    /// `carries`: the last event, and whether it is a snapshot.
    fn wait_with(&mut self, news: News, carries: Option<(u64, bool)>) {
        // A status moves no acknowledgement, but is one of the messages on their way.
        let sequence = carries.map_or(0, |(sequence, _)| sequence);
        let delivery = Some(Delivery::new(sequence, Arc::clone(&self.seat.arrived)));
        // Each link begins with a status. Of events, which come by the thousand, nobody asks again.
        let is_event = matches!(news, News::Events { .. });
        let origin = (!is_event).then(|| Arc::clone(&self.seat.origin));
        let message = FleetMessage::Agent(AgentNews { agent: self.seat.agent, origin, news, delivery });
        self.waiting = Some(Waiting { message, carries });
    }

    fn take_status(&mut self, status: Status) {
        self.method = method_from_wire(status.method);
        self.tick_millis = status.tick_millis;
        self.notes = notes_from_wire(&status.notes);
        self.owes_status = true;
    }

    fn may_tell_status(&self, now: Instant) -> bool {
        self.told_status_at.is_none_or(|told| now >= told + BETWEEN_STATUSES)
    }

    fn status(&mut self, now: Instant) -> AgentStatus {
        self.owes_status = false;
        self.told_status_at = Some(now);
        self.told_estimate = self.clock.estimate().filter(|_| self.clock.is_settled());
        self.told_dropped = self.seat.incoming.dropped_events;
        let home = self.shared.state().directory.home(self.seat.agent);
        AgentStatus {
            agent: self.seat.agent,
            home: home.map(|Home { lat, lon }| [lat, lon]),
            name: Arc::clone(&self.seat.orders.borrow().name),
            method: self.method,
            tick_millis: self.tick_millis,
            notes: self.notes.clone(),
            link: AgentLink::Connected {
                delay_micros: self.told_estimate.map(|estimate| estimate.delay_micros),
                clock_offset_millis: self.told_estimate.map(Estimate::offset_millis),
                program_version: Arc::clone(&self.program_version),
                is_outdated: self.is_outdated,
                dropped_events: self.told_dropped,
            },
        }
    }

    /// The last status, when the link is lost.
    pub fn lost_status(&mut self, since_unix_millis: i64) -> AgentStatus {
        AgentStatus { link: AgentLink::Lost { since_unix_millis }, ..self.status(Instant::now()) }
    }

    /// Says what is due, in one record, which costs more than what is in it.
    async fn speak(&mut self, now: Instant) -> Result<(), End> {
        let (arrived, beats) = (self.seat.arrived.sequence(), now >= self.heartbeat_at);
        let acknowledges = arrived > self.acknowledged && (beats || now >= self.acknowledge_at(arrived, now));
        let acknowledged = acknowledges.then(|| {
            self.acknowledged = arrived;
            self.acknowledged_at = Some(now);
            ServerSays::Acknowledged(Acknowledged { sequence: arrived })
        });
        let heartbeat = beats.then(|| {
            self.heartbeat_at = now + self.shared.limits.heartbeat;
            ServerSays::Heartbeat(self.clock.heartbeat(self.shared.now()))
        });
        if acknowledged.is_none() && heartbeat.is_none() {
            return Ok(());
        }
        self.say(acknowledged.into_iter().chain(heartbeat)).await
    }

    /// When events up to `arrived` are to be acknowledged. The first of a link at once: the agent takes it for a good one
    /// then.
    fn acknowledge_at(&self, arrived: u64, now: Instant) -> Instant {
        let is_many = arrived - self.acknowledged >= MANY_EVENTS;
        let pause = if is_many { BETWEEN_ACKNOWLEDGEMENTS_OF_MANY } else { BETWEEN_ACKNOWLEDGEMENTS };
        self.acknowledged_at.map_or(now, |at| at + pause)
    }

    /// When there is something to do next, though nothing came.
    fn next_turn(&mut self, now: Instant) -> Instant {
        if self.has_measured {
            self.has_measured = self.must_wait_with_measurement(now);
        }
        let mut next = self.heartbeat_at;
        if self.seat.incoming.had > self.acknowledged {
            // With the next frame, or without one.
            next = next.min(self.acknowledge_at(self.seat.incoming.had, now).max(now) + LOOK_FOR_ARRIVALS);
        }
        if self.waiting.is_some() {
            next = next.min(now + TAKER_RETRY);
        } else if self.seat.arrived.on_their_way() < MOST_UNDELIVERED
            && let (true, Some(told)) = (self.owes_status, self.told_status_at)
        {
            // Without room it could not be told then; there is a turn when there is room.
            next = next.min(told + BETWEEN_STATUSES);
        }
        next
    }

    /// Owes a status where the clock says something new, or is to be asked again because it is too early for that.
    fn must_wait_with_measurement(&mut self, now: Instant) -> bool {
        let Some(estimate) = self.clock.estimate().filter(|_| self.clock.is_settled()) else {
            return false;
        };
        if self.told_estimate.is_some_and(|told| !estimate.differs_visibly(told)) {
            return false;
        }
        let is_time = self.told_status_at.is_some_and(|told| now >= told + BETWEEN_MEASUREMENTS);
        let is_owed = is_time || self.told_estimate.is_none();
        self.owes_status |= is_owed;
        !is_owed
    }

    /// Whoever must go goes though the other side does not read.
    async fn say(&mut self, words: impl Iterator<Item = ServerSays>) -> Result<(), End> {
        let cut = told_to_go(self.seat.orders.clone());
        tokio::select! {
            biased;
            cut = cut => Err(End::Cut(cut)),
            said = timeout(self.shared.limits.silence, self.link.say(words)) => match said {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(End::HungUp(why_broken(&error))),
                Err(_) => Err(End::Silent),
            },
        }
    }
}

async fn told_to_go(mut orders: watch::Receiver<Orders>) -> Cut {
    let cut = orders.wait_for(|orders| orders.cut.is_some()).await;
    cut.ok().and_then(|orders| orders.cut).unwrap_or(Cut::Closing)
}

/// For people: what TLS says of a link that was cut leads to its own documentation.
fn why_broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the link broke".to_owned()
        }
        _ => error.to_string(),
    }
}
