//! The thread that writes the detailed history, run from the window: it is given the rules and what is asked for, and
//! the window learns how big the history is and what is wrong with it. At the end the recording is ended too.

use std::{cell::Cell, fs, io, path::PathBuf, sync::Arc, time::Duration};

use bevy::{app::AppExit, prelude::*};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{EnrichLink, Wake, take_reports};
use crate::{
    components::{
        history::{HistoryFacts, HistoryOrder, Kept},
        notices::{Notices, Severity},
        rule_book::RuleBook,
    },
    enrich::{HISTORY_CAPACITY, Record, Request, SIDE_CAPACITY},
    history::{Facts, HistoryThread, Keep, Order, Said, spawn},
    rules::Rules,
    systems::{MapSystems, history::pass_on},
};

/// What the notices of this file are about.
const TOPIC: &str = "History";
/// What is lost on the way has a notice of its own, which the thread's do not replace.
pub const LOST_TOPIC: &str = "History, lost";
/// How long the end of the program waits for the last rows.
const LAST_ROWS: Duration = Duration::from_secs(1);

/// The window's end of the thread.
#[derive(Resource)]
pub(super) struct HistoryLink {
    orders: Sender<Order>,
    said: Receiver<Said>,
    thread: HistoryThread,
    /// The rules that the thread has.
    rules: Arc<Rules>,
    /// All that is open has not been asked for yet, because the channel was full.
    owes_again: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_message::<HistoryOrder>().add_systems(
        Update,
        (
            ask.after(pass_on).after(super::reload_rules).in_set(MapSystems::Interact),
            take_said.after(take_reports).in_set(MapSystems::Ingest),
        ),
    );
    // It has the world to itself; what Bevy does last does not mind when.
    app.add_systems(Last, end.after(super::preferences::end).ambiguous_with_all());
}

/// Starts the thread. Returns where the enriching thread tells it what happens.
pub(super) fn start(
    commands: &mut Commands,
    path: PathBuf,
    rules: &Rules,
    notices: &mut Notices,
    wake: Wake,
) -> Option<Sender<Vec<Record>>> {
    let (to_history, records) = bounded(HISTORY_CAPACITY);
    let (orders, from_window) = bounded(SIDE_CAPACITY);
    let (to_window, said) = bounded(SIDE_CAPACITY);
    let shown = Cell::new(None);
    let say = move |said| {
        // How far the recording has come is no reason to draw a frame: whoever wants to know that moves the pointer.
        let is_news = match &said {
            Said::Facts(facts) => shown.replace(Some(lasting(facts))) != Some(lasting(facts)),
            Said::Problem(_) | Said::TellAgain => true,
        };
        // The facts come again; a window that is behind by so many messages has gone.
        if to_window.try_send(said).is_ok() && is_news {
            wake();
        }
    };
    let rules = Arc::new(rules.clone());
    let started = make_folder(&path)
        .and_then(|()| spawn(path.clone(), Arc::clone(&rules), records, from_window, Box::new(say)));
    match started {
        Ok(thread) => {
            commands.insert_resource(HistoryLink { orders, said, thread, rules, owes_again: false });
            commands.insert_resource(HistoryFacts::default());
            Some(to_history)
        }
        Err(error) => {
            let line = format!("{}: {error}; nothing is recorded", path.display());
            error!("{line}");
            notices.say(Severity::Warning, TOPIC, vec![line]);
            None
        }
    }
}

/// What of the facts does not change by itself as time goes by.
fn lasting(facts: &Facts) -> Facts {
    Facts { bytes: 0, first_ms: None, last_ms: None, ..*facts }
}

fn make_folder(path: &std::path::Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

pub(super) fn ask(
    mut asked: MessageReader<HistoryOrder>,
    link: Option<ResMut<HistoryLink>>,
    book: Res<RuleBook>,
    mut notices: ResMut<Notices>,
) {
    let Some(mut link) = link else {
        asked.clear();
        return;
    };
    for order in asked.read() {
        let order = match *order {
            HistoryOrder::Keep(Kept { age_secs, bytes, records }) => {
                Order::Keep(Keep { age_secs, bytes, records })
            }
            HistoryOrder::Reset => Order::Reset,
        };
        if link.orders.try_send(order).is_err() {
            notices.say(Severity::Warning, TOPIC, vec!["it is busy; try again".to_owned()]);
        }
    }
    if book.is_changed() && book.rules != *link.rules {
        let rules = Arc::new(book.rules.clone());
        if link.orders.try_send(Order::Rules(Arc::clone(&rules))).is_ok() {
            link.rules = rules;
        }
    }
}

pub(super) fn take_said(
    link: Option<ResMut<HistoryLink>>,
    enrich: Option<Res<EnrichLink>>,
    facts: Option<ResMut<HistoryFacts>>,
    mut notices: ResMut<Notices>,
) {
    let (Some(mut link), Some(mut facts)) = (link, facts) else {
        return;
    };
    while let Ok(said) = link.said.try_recv() {
        match said {
            Said::Facts(said) => {
                facts.set_if_neq(shown(said));
            }
            Said::Problem(lines) => {
                lines.iter().for_each(|line| warn!("{line}"));
                notices.say(Severity::Warning, TOPIC, lines);
            }
            Said::TellAgain => link.owes_again = true,
        }
    }
    if link.owes_again && enrich.is_none_or(|it| it.requests.try_send(Request::TellHistoryAgain).is_ok()) {
        link.owes_again = false;
    }
}

fn shown(facts: Facts) -> HistoryFacts {
    let Keep { age_secs, bytes, records } = facts.keep;
    HistoryFacts {
        bytes: facts.bytes,
        span_ms: facts.first_ms.zip(facts.last_ms),
        keep: Kept { age_secs, bytes, records },
        is_pruning: facts.is_pruning,
        lost: facts.lost,
        resets: facts.resets,
    }
}

/// When the program ends, however it was asked to: what happens is told no more, and the recording ends.
pub(super) fn end(world: &mut World) {
    let exits = world.get_resource::<Messages<AppExit>>().is_some_and(|exits| !exits.is_empty());
    if !exits {
        return;
    }
    let Some(link) = world.remove_resource::<HistoryLink>() else {
        return;
    };
    // The enriching thread ends with the collector, and lets go of the channel that the other one reads.
    world.remove_resource::<EnrichLink>();
    if !link.thread.finish(LAST_ROWS) {
        warn!("the history took too long to end: what is open will be closed at the next start");
    }
}

/// What the enriching thread could not hand over.
pub(super) fn say_lost(lost: u64, notices: &mut Notices) {
    let line = format!("{lost} changes came faster than they could be recorded, and are not in the history");
    warn!("{line}");
    notices.say(Severity::Warning, LOST_TOPIC, vec![line]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_the_recording_has_come_is_no_news() {
        let facts = Facts { bytes: 1, last_ms: Some(1), ..Facts::default() };
        assert_eq!(lasting(&facts), lasting(&Facts { bytes: 9, last_ms: Some(9), ..facts }));
        assert_ne!(lasting(&facts), lasting(&Facts { is_pruning: true, ..facts }));
    }

    #[test]
    fn an_order_that_finds_no_room_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let rules = Arc::new(Rules::built_in());
        let ((_records, to_write), (_orders, to_obey)) = (bounded(1), bounded(1));
        let path = folder.path().join("history.sqlite");
        let thread = spawn(path, Arc::clone(&rules), to_write, to_obey, Box::new(|_| {})).unwrap();
        // Nobody takes these.
        let ((orders, taken), (_, said)) = (bounded(1), bounded(1));
        let link = HistoryLink { orders, said, thread, rules, owes_again: false };
        let mut app = App::new();
        app.add_message::<HistoryOrder>()
            .insert_resource(link)
            .insert_resource(RuleBook::new(Rules::built_in(), "a test".to_owned()))
            .init_resource::<Notices>()
            .add_systems(Update, ask);
        let told = |app: &App| format!("{:?}", app.world().resource::<Notices>());
        app.world_mut().write_message(HistoryOrder::Reset);
        app.update();
        assert!(!told(&app).contains("busy"), "there was room for one");
        app.world_mut().write_message(HistoryOrder::Reset);
        app.update();
        assert!(told(&app).contains("it is busy; try again"));
        assert_eq!(taken.len(), 1);
    }
}
