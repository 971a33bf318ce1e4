//! Cards: what is known of one connection, or of something that was typed, and what came of asking further. Several are
//! open at once, and stay while the map lives. `systems/cards` opens and follows them; `systems/services/lookups` asks.

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bevy::prelude::Resource;

use crate::model::LocatedConnection;

/// More than anybody looks at; the lowest goes.
pub const MOST_CARDS: usize = 12;

/// The cards that are open, the topmost last.
#[derive(Resource, Debug, Default)]
pub struct Cards {
    pub open: Vec<Card>,
    next: u32,
    /// The one that somebody asked for while it was open, and how often that has happened.
    pub raised: (u32, u32),
}

#[derive(Debug)]
pub struct Card {
    pub number: u32,
    pub about: About,
    pub asked: Option<Asked>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum About {
    Connection(CardConnection),
    /// An address, a network, an AS number or a name, as it is typed.
    Typed,
}

/// A connection as a card shows it: as it was when it was seen last.
#[derive(Clone, Debug, PartialEq)]
pub struct CardConnection {
    pub connection: Arc<LocatedConnection>,
    pub rule: Option<usize>,
    pub is_closed: bool,
    /// When it closed, where that was seen.
    pub ended_unix_millis: Option<i64>,
}

/// What a card was asked last.
#[derive(Debug)]
pub struct Asked {
    /// Answers to others are of no use any more.
    pub number: u64,
    pub question: Question,
    pub state: AskedState,
    /// Ends the work.
    pub cancelled: Arc<AtomicBool>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AskedState {
    /// How much is done, from 0 to 1, where that is known.
    Running(Option<f32>),
    Answered {
        text: String,
        /// What there is to say of the answer: that it was cut short, or how the program ended.
        remark: Option<String>,
    },
    Failed(String),
}

/// What a card can be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What was imported, and the built-in tables: nothing leaves the machine.
    Lookup(String),
    /// The system's whois client, which asks the network.
    Whois(IpAddr),
    /// The name of an address, by the system's resolver, which may ask the network.
    Name(IpAddr),
    /// Lines of the web server's log.
    Weblog(IpAddr),
    /// One of the user's own commands, by its place in the settings.
    Custom { command: usize, ip: IpAddr, port: Option<u16>, asn: Option<u32> },
    /// A line for `places.csv`.
    Pin { network: String, lat_lon: [f32; 2], label: String },
}

impl Asked {
    pub const fn is_running(&self) -> bool {
        matches!(self.state, AskedState::Running(_))
    }

    /// Whether the work can be ended before it is done.
    pub const fn can_be_cancelled(&self) -> bool {
        !matches!(self.question, Question::Lookup(_) | Question::Pin { .. })
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Cards {
    /// Opens one. Returns its number.
    pub fn add(&mut self, about: About) -> u32 {
        if self.open.len() >= MOST_CARDS {
            self.close(self.open[0].number);
        }
        self.next += 1;
        self.open.push(Card { number: self.next, about, asked: None });
        self.next
    }

    /// What it was asked is not waited for any more.
    pub fn close(&mut self, number: u32) {
        if let Some(at) = self.open.iter().position(|card| card.number == number) {
            self.open.remove(at).asked.iter().for_each(Asked::cancel);
        }
    }

    /// The last one lies on top, and is closed first.
    pub fn to_front(&mut self, number: u32) {
        if let Some(at) = self.open.iter().position(|card| card.number == number) {
            self.open[at..].rotate_left(1);
        }
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut Card> {
        self.open.iter_mut().find(|card| card.number == number)
    }

    /// Whether one shows how far its work is.
    pub fn show_progress(&self) -> bool {
        let mut states = self.open.iter().filter_map(|card| card.asked.as_ref()).map(|asked| &asked.state);
        states.any(|state| matches!(state, AskedState::Running(Some(_))))
    }

    /// The card of this connection, if it has one.
    pub fn of(&self, connection: &LocatedConnection) -> Option<u32> {
        let is_of = |card: &&Card| match &card.about {
            About::Connection(known) => known.connection.key == connection.key,
            About::Typed => false,
        };
        self.open.iter().find(is_of).map(|card| card.number)
    }
}

/// What cards offer beside what they always do, out of the user's settings.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct CardTools {
    pub weblog: PathBuf,
    pub commands: Vec<CustomTool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomTool {
    pub name: String,
    pub leaves_machine: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_card_makes_room_and_its_question_ends() {
        let mut cards = Cards::default();
        let first = cards.add(About::Typed);
        let cancelled = Arc::new(AtomicBool::new(false));
        let question = Question::Lookup("9.9.9.9".to_owned());
        let state = AskedState::Running(None);
        let asked = Asked { number: 1, question, state, cancelled: Arc::clone(&cancelled) };
        cards.get_mut(first).unwrap().asked = Some(asked);
        for _ in 0..MOST_CARDS {
            cards.add(About::Typed);
        }
        assert_eq!(cards.open.len(), MOST_CARDS);
        assert!(cards.get_mut(first).is_none() && cancelled.load(Ordering::Relaxed));
    }
}
