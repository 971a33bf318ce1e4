//! Reads the past for the map: one thread goes to moments and plays on from there, another sums for the timeline, a third
//! reads addresses. Each has a reading connection of its own, opened when it is asked for the first time and anew after it failed.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Instant,
};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{EnrichLink, Start, Wake, reload_rules};
use crate::{
    components::time_travel::{
        BackToNow, Density, Only, PastAnswer, PastLink, PastOrder, Span, SpanSums, TIMELINE_TICKET,
    },
    enrich::Request,
    history::{Counted, Ever, Player, ReadError},
    model::{AgentLink, AgentStatus, CollectorMethod},
    projection::map_from_lon_lat,
    systems::{MapSystems, wall_unix_millis},
};

/// Orders come one at a time.
const ORDERS_CAPACITY: usize = 2;
/// An answer and what goes with it, from all threads.
const ANSWERS_CAPACITY: usize = 8;
/// Events told at a time: as many as the map takes in a frame.
const EVENTS_AT_A_TIME: usize = 2_048;
/// Connections of a stretch that are shown one by one; more dots than these nobody tells apart.
pub const MOST_OF_SPAN: usize = 20_000;
/// Recorded connections in a list of what lies near a place: the newest, and more than anybody reads.
const MOST_NEAR: usize = 500;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, ask_for_now.after(reload_rules).in_set(MapSystems::Interact));
}

/// Starts the threads. Where nothing is recorded there is no past.
pub(super) fn start(commands: &mut Commands, start: &Start, waker: &dyn Fn() -> Wake) {
    let Some(path) = start.questions.clone() else {
        return;
    };
    let (to_map, answers) = bounded(ANSWERS_CAPACITY);
    // What takes long has a thread of its own, and holds nothing else up.
    let mut ends = ["past", "timeline", "addresses"].map(|name| {
        let (orders, from_map) = bounded(ORDERS_CAPACITY);
        let reader = Reader::new(path.clone());
        let (to_map, wake) = (to_map.clone(), waker());
        let work = move || reader.work(&from_map, &to_map, &wake);
        if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
            error!("cannot start a thread: {error}");
        }
        Some(orders)
    });
    if let [Some(orders), Some(sums), Some(addresses)] = [0, 1, 2].map(|end| ends[end].take()) {
        commands.insert_resource(PastLink { orders, sums, addresses, answers });
    }
}

/// All that is open now, when the map comes back from the past.
fn ask_for_now(link: Option<Res<EnrichLink>>, mut back: ResMut<BackToNow>) {
    if back.is_wanted
        && let Some(link) = link
        && link.requests.try_send(Request::TellAll).is_ok()
    {
        *back = BackToNow { is_wanted: false, is_asked: true };
    }
}

/// Answers orders from a history file.
pub struct Reader {
    path: PathBuf,
    player: Option<Player>,
    most_of_span: usize,
    /// Rows that were passed over when that was told last.
    told_of: usize,
    clock: fn() -> i64,
}

impl Reader {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, player: None, most_of_span: MOST_OF_SPAN, told_of: 0, clock: wall_unix_millis }
    }

    /// Shows no more than that many connections of a stretch one by one.
    pub fn showing_at_most(self, most_of_span: usize) -> Self {
        Self { most_of_span, ..self }
    }

    /// Takes the present from another clock than the machine's: Unix milliseconds.
    pub fn with_clock(self, clock: fn() -> i64) -> Self {
        Self { clock, ..self }
    }

    /// The body of the thread. Ends when the map has no more orders.
    fn work(mut self, orders: &Receiver<PastOrder>, to_map: &Sender<PastAnswer>, wake: &Wake) {
        for order in orders {
            // A file that somebody else wrote may hold anything; the map goes on whatever a reader stumbles over.
            let answers = catch_unwind(AssertUnwindSafe(|| self.answers(&order))).unwrap_or_else(|_| {
                self.player = None;
                let reason = "the history cannot be read: its reader has failed".to_owned();
                vec![failure(&order, reason)]
            });
            for answer in answers {
                if to_map.send(answer).is_err() {
                    return;
                }
            }
            wake();
        }
    }

    /// What an order is answered with, in this order.
    pub fn answers(&mut self, order: &PastOrder) -> Vec<PastAnswer> {
        let answers = self.read(order);
        let mut answers = answers.unwrap_or_else(|error| {
            self.player = None;
            vec![failure(order, error.to_string())]
        });
        answers.extend(self.passed_over());
        answers
    }

    /// What could not be shown, when that has become more.
    fn passed_over(&mut self) -> Option<PastAnswer> {
        let rows = self.player.as_ref()?.passed_over();
        let is_more = rows.len() > self.told_of;
        self.told_of = rows.len().max(self.told_of);
        is_more.then(|| PastAnswer::PassedOver { line: rows.to_string() })
    }

    fn read(&mut self, order: &PastOrder) -> Result<Vec<PastAnswer>, PastError> {
        if self.player.is_none() {
            self.player = Some(Player::open(&self.path)?);
        }
        let Some(player) = &mut self.player else {
            return Ok(Vec::new());
        };
        let now_ms = (self.clock)();
        Ok(match *order {
            PastOrder::Seek { ticket, at_ms } => seek(player, ticket, at_ms, None, now_ms)?,
            PastOrder::SeekLast { ticket, length_ms } => {
                let (from_ms, to_ms) = player.span(now_ms)?.ok_or(PastError::Empty)?;
                seek(player, ticket, from_ms.max(to_ms - length_ms), None, now_ms)?
            }
            PastOrder::Turn { ticket, edges } => {
                let recorded = recorded_span(player, now_ms)?.ok_or(PastError::Empty)?;
                let turn = edges.within(recorded, now_ms).ok_or(PastError::NothingToPlay)?;
                seek(player, ticket, turn.from_ms, Some(turn), now_ms)?
            }
            PastOrder::Advance { ticket, to_ms } => {
                let mut told = Vec::new();
                player.advance(to_ms, EVENTS_AT_A_TIME, &mut told)?;
                let (reached_ms, next_ms) = (player.at_ms(), player.next_ms()?);
                vec![PastAnswer::Changes { ticket, told, reached_ms, next_ms }]
            }
            PastOrder::Span { ticket, span, ref only } => {
                let (from_ms, to_ms, most) = (span.from_ms, span.to_ms, self.most_of_span);
                let set = match only {
                    None => Some(player.span_set(from_ms, to_ms, most)?),
                    Some(only) => {
                        let mut choice = player.choice(&only.filter, || only.wish.is_newest())?;
                        player.chosen_span_set(from_ms, to_ms, most, &mut choice)?
                    }
                };
                let Some(set) = set else {
                    return Ok(vec![PastAnswer::GivenUp { ticket }]);
                };
                let sums = (!set.sums.is_empty()).then(|| Arc::new(summed(&set.sums, set.newest.len())));
                let connections = set.newest.into_iter().map(|recorded| recorded.connection).collect();
                vec![recording(player, now_ms)?, PastAnswer::SpanSet { ticket, span, connections, sums }]
            }
            PastOrder::Previous { ticket, before_ms } => {
                let at_ms = player.previous_ms(before_ms)?;
                vec![recording(player, now_ms)?, PastAnswer::Previous { ticket, at_ms }]
            }
            PastOrder::Density { view, stretches, ref only } => {
                density(player, view, stretches, only.as_ref(), now_ms)?
            }
            PastOrder::Near { number, look, ref filter } => {
                let mut choice = player.choice(filter, || true)?;
                let found = if look.picture.is_space() {
                    player.newest_with_peer(|peer| look.reaches_address(peer), MOST_NEAR, &mut choice)?
                } else {
                    let is_there = |lat, lon| look.reaches_place(map_from_lon_lat(lon, lat));
                    player.newest_at(is_there, MOST_NEAR, &mut choice)?
                };
                let found = found.unwrap_or_default();
                let connections = found.into_iter().map(|recorded| Arc::new(recorded.connection)).collect();
                vec![recording(player, now_ms)?, PastAnswer::Near { number, connections }]
            }
            PastOrder::Places { ref only } => {
                let mut choice = player.choice(&only.filter, || only.wish.is_newest())?;
                let tally = player.chosen_places(&mut choice)?;
                let filter = Arc::clone(&only.filter);
                tally.into_iter().map(|tally| PastAnswer::Places { filter: filter.clone(), tally }).collect()
            }
            PastOrder::Known => {
                let Ever { countries, systems } = player.ever()?;
                vec![PastAnswer::Known { countries, systems }]
            }
            PastOrder::Peers { number, span: Span { from_ms, to_ms }, ref only } => {
                let is_wanted = || only.wish.is_newest();
                let peers = if only.filter.is_everything() {
                    player.peers(from_ms, to_ms, is_wanted)?
                } else {
                    let mut choice = player.choice(&only.filter, is_wanted)?;
                    player.chosen_peers(from_ms, to_ms, &mut choice)?
                };
                peers.map(|peers| PastAnswer::Peers { number, peers: Box::new(peers) }).into_iter().collect()
            }
        })
    }
}

#[derive(Debug, thiserror::Error)]
enum PastError {
    #[error(transparent)]
    Open(#[from] ReadError),
    #[error("the history is empty: nothing was recorded yet")]
    Empty,
    #[error("nothing was recorded in the time that is to be played")]
    NothingToPlay,
    #[error("the history cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What an order is answered with that cannot be obeyed.
fn failure(order: &PastOrder, reason: String) -> PastAnswer {
    let ticket = match order {
        PastOrder::Peers { number, .. } => return PastAnswer::PeersFailed { number: *number, reason },
        // A recording that has just begun is none yet. What is wrong with one is told by whoever plays it.
        PastOrder::Known => return PastAnswer::NotKnown,
        PastOrder::Seek { ticket, .. }
        | PastOrder::SeekLast { ticket, .. }
        | PastOrder::Turn { ticket, .. }
        | PastOrder::Advance { ticket, .. }
        | PastOrder::Span { ticket, .. }
        | PastOrder::Previous { ticket, .. } => *ticket,
        PastOrder::Density { .. } | PastOrder::Places { .. } | PastOrder::Near { .. } => TIMELINE_TICKET,
    };
    PastAnswer::Failed { ticket, reason }
}

fn seek(
    player: &mut Player,
    ticket: u64,
    at_ms: i64,
    turn: Option<Span>,
    now_ms: i64,
) -> rusqlite::Result<Vec<PastAnswer>> {
    let connections = player.seek(at_ms)?;
    let next_ms = player.next_ms()?;
    Ok(vec![recording(player, now_ms)?, PastAnswer::Set { ticket, at_ms, turn, connections, next_ms }])
}

/// Who is in the recording, and from when to when it goes.
fn recording(player: &Player, now_ms: i64) -> rusqlite::Result<PastAnswer> {
    let span = recorded_span(player, now_ms)?;
    Ok(PastAnswer::Recording { agents: recorded_agents(player)?, span })
}

fn recorded_span(player: &Player, now_ms: i64) -> rusqlite::Result<Option<Span>> {
    Ok(player.span(now_ms)?.map(|(from_ms, to_ms)| Span { from_ms, to_ms }))
}

/// The agents of a recording, as the map lists agents.
///
/// # Errors
/// When the file cannot be read.
pub fn recorded_agents(player: &Player) -> rusqlite::Result<Vec<AgentStatus>> {
    let agents = player.agents()?.into_iter().map(|(agent, name)| AgentStatus {
        agent,
        name,
        method: CollectorMethod::Polling,
        tick_millis: 0,
        notes: Vec::new(),
        link: AgentLink::Recorded,
        home: None,
    });
    Ok(agents.collect())
}

fn summed(sums: &[Counted], shown: usize) -> SpanSums {
    let mut all = SpanSums { shown, ..SpanSums::default() };
    let mut by_label: HashMap<Option<Arc<str>>, u64> = HashMap::new();
    let mut by_agent = HashMap::new();
    for Counted { lat_lon, rule, agent, count } in sums {
        all.total += count;
        *by_label.entry(rule.clone()).or_default() += count;
        *by_agent.entry(*agent).or_default() += count;
        match lat_lon {
            Some([lat, lon]) => all.places.push(([*lon, *lat], rule.clone())),
            None => all.without_place += count,
        }
    }
    all.by_label = by_label.into_iter().collect();
    all.by_agent = by_agent.into_iter().collect();
    all
}

/// Of a view, or of all there is.
fn density(
    player: &mut Player,
    view: Option<Span>,
    stretches: u32,
    only: Option<&Only>,
    now_ms: i64,
) -> rusqlite::Result<Vec<PastAnswer>> {
    let began = Instant::now();
    let recorded = recorded_span(player, now_ms)?;
    let mut answers = vec![recording(player, now_ms)?];
    let Some(span) = view.or(recorded) else {
        return Ok(answers);
    };
    let mut labels: Vec<Option<Arc<str>>> = Vec::new();
    let mut opened: Vec<Vec<u32>> = vec![Vec::new(); stretches as usize];
    let counts = match only {
        None => Some(player.density(span.from_ms, span.to_ms, stretches)?),
        Some(only) => {
            let mut choice = player.choice(&only.filter, || only.wish.is_newest())?;
            player.chosen_density(span.from_ms, span.to_ms, stretches, &mut choice)?
        }
    };
    let Some(counts) = counts else {
        return Ok(answers);
    };
    for counted in counts {
        let label = labels.iter().position(|label| *label == counted.rule).unwrap_or_else(|| {
            labels.push(counted.rule.clone());
            labels.len() - 1
        });
        if let Some(stretch) = opened.get_mut(counted.stretch as usize) {
            stretch.resize(labels.len(), 0);
            stretch[label] += u32::try_from(counted.count).unwrap_or(u32::MAX);
        }
    }
    opened.iter_mut().for_each(|stretch| stretch.resize(labels.len(), 0));
    let recorded = player.recordings(span.from_ms, span.to_ms, now_ms)?;
    let recorded = recorded.into_iter().map(|(from_ms, to_ms)| Span { from_ms, to_ms }).collect();
    let density = Arc::new(Density { span, labels, opened, recorded });
    answers.push(PastAnswer::Density { density, took: began.elapsed() });
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::history::create_or_migrate;

    #[test]
    fn a_reader_that_panics_says_so_and_answers_the_next_order() {
        static FAILS: AtomicBool = AtomicBool::new(true);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        create_or_migrate(&mut rusqlite::Connection::open(&path).unwrap()).unwrap();
        let reader = Reader::new(path).with_clock(|| {
            assert!(!FAILS.swap(false, Ordering::Relaxed), "as the test wants it");
            1_764_000_000_000
        });
        let ((orders, from_map), (to_map, answers)) = (bounded(2), bounded(8));
        orders.send(PastOrder::Seek { ticket: 1, at_ms: 5 }).unwrap();
        orders.send(PastOrder::Seek { ticket: 2, at_ms: 5 }).unwrap();
        drop(orders);
        let wake: Wake = Box::new(|| {});
        reader.work(&from_map, &to_map, &wake);
        let Ok(PastAnswer::Failed { ticket: 1, reason }) = answers.try_recv() else { panic!("no failure") };
        assert!(reason.contains("reader has failed"), "{reason}");
        assert!(matches!(answers.try_recv(), Ok(PastAnswer::Recording { .. })));
        assert!(matches!(answers.try_recv(), Ok(PastAnswer::Set { ticket: 2, .. })));
    }
}
