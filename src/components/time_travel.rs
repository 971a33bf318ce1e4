//! What time the map shows: now, a moment of the past, or a stretch of it; and how the past is played. Plain data:
//! `systems/replay` moves it, and whoever reads the history answers [`PastOrder`]s with [`PastAnswer`]s.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bevy::prelude::Resource;
use crossbeam_channel::{Receiver, Sender};

use super::inspect::Look;
use crate::{
    filter::Filter,
    hilbert::Peers,
    model::{AgentId, AgentStatus, CountryCode, Located, LocatedConnection},
    tally::Tally,
};

/// How many times as fast as it was the past is played.
pub const SPEEDS: [u32; 14] = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_000, 30_000, 100_000];
/// Into so many stretches the timeline is cut, whatever part of the past it shows: as many as a wide screen has columns
/// for. What draws it joins them where there is less room.
pub const DENSITY_STRETCHES: u32 = 320;
/// A day passes in 24 minutes.
const FIRST_SPEED: u32 = 60;

/// A stretch of time, Unix milliseconds, both ends within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    /// In the order of time, whichever way it was drawn.
    pub fn between(one_ms: i64, other_ms: i64) -> Self {
        Self { from_ms: one_ms.min(other_ms), to_ms: one_ms.max(other_ms) }
    }

    pub const fn len_ms(&self) -> i64 {
        self.to_ms.saturating_sub(self.from_ms)
    }

    pub const fn contains(&self, unix_millis: i64) -> bool {
        self.from_ms <= unix_millis && unix_millis <= self.to_ms
    }
}

/// An end of what is played, where that is not the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Unix milliseconds.
    At(i64),
    /// So many milliseconds before now.
    Ago(i64),
    /// First moment of the recording.
    Start,
    /// Last moment of the recording.
    End,
}

impl Edge {
    pub const fn unix_millis(self, recorded: Span, now_ms: i64) -> i64 {
        match self {
            Self::At(unix_millis) => unix_millis,
            Self::Ago(millis) => now_ms.saturating_sub(millis),
            Self::Start => recorded.from_ms,
            Self::End => recorded.to_ms,
        }
    }
}

/// Both ends of what a wall plays; each turn works them out anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    pub from: Edge,
    pub to: Edge,
}

impl Edges {
    /// As much of it as was recorded; `None` where nothing was.
    pub fn within(self, recorded: Span, now_ms: i64) -> Option<Span> {
        let from_ms = self.from.unix_millis(recorded, now_ms).max(recorded.from_ms);
        let to_ms = self.to.unix_millis(recorded, now_ms).min(recorded.to_ms);
        (from_ms < to_ms).then_some(Span { from_ms, to_ms })
    }
}

/// Of answers to the timeline, which belong to no order of the tape.
pub const TIMELINE_TICKET: u64 = u64::MAX;

/// What the map shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    #[default]
    Now,
    /// A moment of the past, at rest or played.
    Moment,
    /// All that was open at any time of a stretch.
    Span(Span),
}

/// The way back: all that is open now is wanted, then asked for, and then shown.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackToNow {
    pub is_wanted: bool,
    pub is_asked: bool,
}

/// The past, as a tape.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct TimeTravel {
    pub shown: Shown,
    /// Where the tape is.
    pub at_ms: i64,
    pub is_playing: bool,
    /// One of [`SPEEDS`].
    pub speed: u32,
    /// At the end it begins again.
    pub loops: bool,
    /// Time in which nothing happened is passed over.
    pub skips_idle: bool,
    /// What is played: all there is, where no stretch was selected.
    pub range: Option<Span>,
    /// What `range` is worked out from at each turn, where it is not the same each time.
    pub edges: Option<Edges>,
    /// How long a turn takes, where that rules the speed.
    pub turn_secs: Option<u32>,
    /// From the first moment that was recorded to the last.
    pub recorded: Option<Span>,
    /// Of a stretch with more connections than are shown one by one.
    pub sums: Option<Arc<SpanSums>>,
}

impl Default for TimeTravel {
    fn default() -> Self {
        Self {
            shown: Shown::Now,
            at_ms: 0,
            is_playing: false,
            speed: FIRST_SPEED,
            loops: false,
            skips_idle: true,
            range: None,
            edges: None,
            turn_secs: None,
            recorded: None,
            sums: None,
        }
    }
}

impl TimeTravel {
    pub const fn is_now(&self) -> bool {
        matches!(self.shown, Shown::Now)
    }

    /// A turn is played, which goes from one moment to another.
    pub fn begin_turn(&mut self, span: Span) {
        self.range = Some(span);
        if let Some(secs) = self.turn_secs {
            let fastest = SPEEDS[SPEEDS.len() - 1];
            let speed = span.len_ms() / 1_000 / i64::from(secs.max(1));
            self.speed = u32::try_from(speed).unwrap_or(fastest).clamp(1, fastest);
        }
    }

    /// What is played.
    pub fn played(&self) -> Option<Span> {
        self.range.or(self.recorded)
    }

    pub fn faster(&mut self) {
        self.speed = SPEEDS.into_iter().find(|speed| *speed > self.speed).unwrap_or(self.speed);
    }

    pub fn slower(&mut self) {
        self.speed = SPEEDS.into_iter().rev().find(|speed| *speed < self.speed).unwrap_or(self.speed);
    }
}

/// What the window begins with, in place of now.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayAtStart {
    pub edges: Edges,
    /// From 1 to the highest of [`SPEEDS`].
    pub speed: u32,
    pub loops: bool,
    /// In place of the speed: how long a turn takes, whatever there is of it.
    pub secs: Option<u32>,
}

/// What happened in a stretch, summed because there was too much of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanSums {
    pub total: u64,
    /// How many of them are shown one by one: the newest.
    pub shown: usize,
    /// By the label of the rule that matched then.
    pub by_label: Vec<(Option<Arc<str>>, u64)>,
    pub by_agent: Vec<(AgentId, u64)>,
    /// The sums do not tell why.
    pub without_place: u64,
    /// Degrees east and north, and the label.
    pub places: Vec<([f32; 2], Option<Arc<str>>)>,
}

/// The bar along the bottom.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub is_open: bool,
    /// What it shows; all there is, where nothing was chosen.
    pub view: Option<Span>,
    pub density: Option<Arc<Density>>,
    /// What that cost.
    pub took: Duration,
    /// How often the timeline was answered, also that it cannot be.
    pub answers: u64,
}

/// How many connections opened when, by rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    pub span: Span,
    /// The rules' labels as they were recorded; `None` for connections that no rule matched.
    pub labels: Vec<Option<Arc<str>>>,
    /// One row a stretch, all of one length; one figure for each label.
    pub opened: Vec<Vec<u32>>,
    /// When something was recorded; between them lie gaps.
    pub recorded: Vec<Span>,
}

/// What the user asks of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeAction {
    ToggleTimeline,
    GoLive,
    /// Shows a moment; what plays goes on from there.
    Scrub {
        at_ms: i64,
    },
    /// Shows a stretch, which is also what is played from then on.
    Select(Span),
    /// Plays something again and again, or once.
    Turn(ReplayAtStart),
    PlayOrPause,
    StepForward,
    StepBack,
    Faster,
    Slower,
    ToggleLoop,
    ToggleSkipIdle,
    /// What the timeline shows.
    View(Span),
}

/// The newest of what the user wishes, of one kind. Long work for an older one is given up half-way.
#[derive(Clone, Debug, Default)]
pub struct Wishes(Arc<AtomicU64>);

impl Wishes {
    /// From now on none before this one counts.
    pub fn next(&self) -> Wish {
        Wish { number: self.0.fetch_add(1, Ordering::Relaxed) + 1, newest: Arc::clone(&self.0) }
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Wish {
    number: u64,
    newest: Arc<AtomicU64>,
}

impl Wish {
    pub fn is_newest(&self) -> bool {
        self.newest.load(Ordering::Relaxed) == self.number
    }
}

impl PartialEq for Wish {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// Of which connections something is asked, where that is not all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    pub filter: Arc<Filter>,
    pub wish: Wish,
}

/// What the past is asked. Answers bear the ticket of the order.
#[derive(Clone, Debug, PartialEq)]
pub enum PastOrder {
    /// What was open at a moment.
    Seek {
        ticket: u64,
        at_ms: i64,
    },
    /// The same, so long before the end of the recording, or at its beginning.
    SeekLast {
        ticket: u64,
        length_ms: i64,
    },
    /// What was open where a turn of what a wall plays begins.
    Turn {
        ticket: u64,
        edges: Edges,
    },
    /// What happened since where the tape is.
    Advance {
        ticket: u64,
        to_ms: i64,
    },
    Span {
        ticket: u64,
        span: Span,
        only: Option<Only>,
    },
    /// When something opened before a moment.
    Previous {
        ticket: u64,
        before_ms: i64,
    },
    /// For the timeline: a view (or all there is), in so many stretches.
    Density {
        view: Option<Span>,
        stretches: u32,
        only: Option<Only>,
    },
    /// How many there ever were at each place.
    Places {
        only: Only,
    },
    /// Which countries and autonomous systems there ever were.
    Known,
    /// How often which addresses were at the other end, by the number of the question.
    Peers {
        number: u32,
        span: Span,
        only: Only,
    },
    /// The newest that have ended near where somebody looked, by the number of the look.
    Near {
        number: u32,
        look: Look,
        filter: Arc<Filter>,
    },
}

#[derive(Clone, Debug)]
pub enum PastAnswer {
    /// All that was open; `next_ms` is when something happens next, `turn` what is played from now on, if that is new.
    Set {
        ticket: u64,
        at_ms: i64,
        turn: Option<Span>,
        connections: Vec<LocatedConnection>,
        next_ms: Option<i64>,
    },
    /// What happened up to `reached_ms`.
    Changes {
        ticket: u64,
        told: Vec<Located>,
        reached_ms: i64,
        next_ms: Option<i64>,
    },
    SpanSet {
        ticket: u64,
        span: Span,
        connections: Vec<LocatedConnection>,
        sums: Option<Arc<SpanSums>>,
    },
    Previous {
        ticket: u64,
        at_ms: Option<i64>,
    },
    /// Who is in the recording, and from when to when it goes.
    Recording {
        agents: Vec<AgentStatus>,
        span: Option<Span>,
    },
    /// `took` is what it cost.
    Density {
        density: Arc<Density>,
        took: Duration,
    },
    Places {
        filter: Arc<Filter>,
        tally: Tally,
    },
    Peers {
        number: u32,
        peers: Box<Peers>,
    },
    Known {
        countries: Vec<CountryCode>,
        systems: Vec<u32>,
    },
    /// That cannot be told yet.
    NotKnown,
    /// They cannot be read; why.
    PeersFailed {
        number: u32,
        reason: String,
    },
    /// Newest first.
    Near {
        number: u32,
        connections: Vec<Arc<LocatedConnection>>,
    },
    /// Something else was wished for meanwhile.
    GivenUp {
        ticket: u64,
    },
    /// Some of it cannot be shown, while all else is; why.
    PassedOver {
        line: String,
    },
    /// It cannot be read; why.
    Failed {
        ticket: u64,
        reason: String,
    },
}

/// The map's end of whoever reads the past. Dropping it ends that.
#[derive(Resource)]
pub struct PastLink {
    /// Moments and stretches.
    pub orders: Sender<PastOrder>,
    /// For the timeline, answered beside the others: it may take longer.
    pub sums: Sender<PastOrder>,
    /// For the address space, likewise.
    pub addresses: Sender<PastOrder>,
    pub answers: Receiver<PastAnswer>,
}
