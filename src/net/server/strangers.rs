//! Connections that have not said who they are: so many have their turn at a time, and fewer of one source, so that those
//! that say nothing hold up nobody from elsewhere. The others wait, as many as may, and the rest are turned away. Knows
//! sources and turns, and nothing of sockets.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::limits::Limits;

/// A source gives way to another one that has so many fewer: with one fewer they would only change places.
const FEWER: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Waits,
    Has,
    /// It must go, to make room.
    Lost,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Strangers(Arc<Mutex<Room>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Stranger {
    strangers: Strangers,
    source: IpAddr,
    number: u64,
    turn: watch::Receiver<Turn>,
}

#[derive(Debug)]
struct Room {
    most: usize,
    most_of_one: usize,
    most_waiting: usize,
    sources: HashMap<IpAddr, Source>,
    /// Of all sources together.
    inside: usize,
    waiting: usize,
    last: u64,
}

/// By number, which is the order in which they came.
#[derive(Debug, Default)]
struct Source {
    inside: BTreeMap<u64, Inside>,
    waiting: BTreeMap<u64, watch::Sender<Turn>>,
}

#[derive(Debug)]
struct Inside {
    turn: watch::Sender<Turn>,
    is_silent: bool,
}

impl Strangers {
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Room {
            most: limits.strangers,
            most_of_one: limits.strangers_of_one,
            most_waiting: limits.waiting_strangers,
            sources: HashMap::new(),
            inside: 0,
            waiting: 0,
            last: 0,
        })))
    }

    /// One more from that source. `None` where it is to be turned away.
    pub fn arrive(&self, source: IpAddr) -> Option<Stranger> {
        let mut room = self.room();
        room.last += 1;
        let number = room.last;
        let turn = room.arrive(source, number)?;
        Some(Stranger { strangers: self.clone(), source, number, turn })
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Waits for its turn. Returns whether it came.
    pub async fn has_turn(&self) -> bool {
        let mut turn = self.turn.clone();
        let turn = turn.wait_for(|turn| *turn != Turn::Waits).await;
        turn.is_ok_and(|turn| *turn == Turn::Has)
    }

    /// Ends when another one gets its place.
    pub async fn lost(&self) {
        let mut turn = self.turn.clone();
        // Whose sender is gone has lost it too.
        let _ = turn.wait_for(|turn| *turn == Turn::Lost).await;
    }

    /// Its first bytes have come.
    pub fn has_spoken(&self) {
        let mut room = self.strangers.room();
        let source = room.sources.get_mut(&self.source);
        if let Some(inside) = source.and_then(|source| source.inside.get_mut(&self.number)) {
            inside.is_silent = false;
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.room().leave(self.source, self.number);
    }
}

impl Room {
    fn arrive(&mut self, source: IpAddr, number: u64) -> Option<watch::Receiver<Turn>> {
        let (sender, receiver) = watch::channel(Turn::Waits);
        let (inside, waiting) =
            self.sources.get(&source).map_or((0, 0), |source| (source.inside.len(), source.waiting.len()));
        if inside < self.most_of_one && (self.inside < self.most || self.make_room_inside(inside)) {
            self.let_in(source, number, sender);
        } else if self.waiting < self.most_waiting || self.make_room_to_wait(waiting) {
            self.sources.entry(source).or_default().waiting.insert(number, sender);
            self.waiting += 1;
        } else {
            return None;
        }
        Some(receiver)
    }

    fn let_in(&mut self, source: IpAddr, number: u64, turn: watch::Sender<Turn>) {
        turn.send_replace(Turn::Has);
        self.sources.entry(source).or_default().inside.insert(number, Inside { turn, is_silent: true });
        self.inside += 1;
    }

    /// For a source that has `inside`: the source with most gives up the one that has been silent longest, or the oldest
    /// where none is silent.
    fn make_room_inside(&mut self, inside: usize) -> bool {
        let silent = |source: &Source| source.inside.iter().find(|(_, it)| it.is_silent).map(|(&it, _)| it);
        let with_more = self.sources.iter().filter(|(_, source)| source.inside.len() >= inside + FEWER);
        let most = with_more.max_by_key(|(_, source)| (silent(source).is_some(), source.inside.len()));
        let Some((&most, source)) = most else {
            return false;
        };
        let Some(number) = silent(source).or_else(|| source.inside.keys().next().copied()) else {
            return false;
        };
        self.turn_away(most, number);
        true
    }

    /// For a source of which so many wait: the one of which most wait gives up the newest.
    fn make_room_to_wait(&mut self, waiting: usize) -> bool {
        let most = self.sources.iter().max_by_key(|(_, source)| source.waiting.len());
        let Some((&most, source)) = most.filter(|(_, source)| source.waiting.len() >= waiting + FEWER) else {
            return false;
        };
        let Some(number) = source.waiting.keys().next_back().copied() else {
            return false;
        };
        self.turn_away(most, number);
        true
    }

    fn turn_away(&mut self, source: IpAddr, number: u64) {
        if let Some(turn) = self.take(source, number) {
            turn.send_replace(Turn::Lost);
        }
    }

    /// Its place is the next one's.
    fn leave(&mut self, source: IpAddr, number: u64) {
        self.take(source, number);
        while self.inside < self.most {
            let waits = |source: &&Source| source.inside.len() < self.most_of_one;
            let waiting =
                self.sources.iter().filter(|(_, source)| waits(source)).filter_map(|(&ip, source)| {
                    source.waiting.keys().next().map(|&number| (source.inside.len(), number, ip))
                });
            // Whose source has fewest, and then who has waited longest.
            let Some((_, number, source)) = waiting.min() else {
                return;
            };
            if let Some(turn) = self.take(source, number) {
                self.let_in(source, number, turn);
            }
        }
    }

    /// Out of the room, wherever it is.
    fn take(&mut self, ip: IpAddr, number: u64) -> Option<watch::Sender<Turn>> {
        let source = self.sources.get_mut(&ip)?;
        let taken = if let Some(Inside { turn, .. }) = source.inside.remove(&number) {
            self.inside -= 1;
            Some(turn)
        } else {
            let turn = source.waiting.remove(&number);
            self.waiting -= usize::from(turn.is_some());
            turn
        };
        if source.inside.is_empty() && source.waiting.is_empty() {
            self.sources.remove(&ip);
        }
        taken
    }
}

#[cfg(test)]
#[path = "strangers_tests.rs"]
mod tests;
