//! Starts and stops everything with a thread, a socket or a file, and is the only one in the display to do so: the
//! collector, the enrich thread, the listener for agents, the history and its files, the rules file, what is chosen in
//! the window.

mod awake;
mod clock_set;
mod effort;
mod end;
pub mod filters;
pub mod fleet;
pub mod history;
mod lookups;
pub mod past;
pub mod places;
mod preferences;
pub mod space;
pub mod sql;
pub mod wall_scene;

use std::{
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, UNIX_EPOCH},
};

use bevy::{
    platform::cell::SyncCell,
    prelude::*,
    winit::{EventLoopProxyWrapper, WinitUserEvent},
};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use super::{
    MapSystems,
    ingest::{Feed, ingest},
    interact::act,
    replay::obey,
    trail::keep_moving,
};
use crate::{
    components::{
        action::{Overlays, UiAction},
        animation::Animation,
        cards::Cards,
        data_sources::DataSources,
        filtering::FilterBox,
        map_clock::MapClock,
        notices::{Notices, Severity},
        preferences::Preferences,
        rule_book::RuleBook,
        wall::Wall,
    },
    config::{Named, RulesFile},
    enrich::{
        self, DataFolders, FLEET_CAPACITY, Inlets, Outlets, Report, Request, SIDE_CAPACITY, TO_MAP_CAPACITY,
    },
    geo::{
        SourceInfo,
        date::{Date, age_notice},
    },
    net::{
        collector::{self, Collector, CollectorThread, Settings},
        server::Importance,
    },
};

/// Batches that may wait for the enrich thread: it takes microseconds for each.
const COLLECTOR_CAPACITY: usize = 64;

/// Makes the window look at its channels.
pub type Wake = Box<dyn Fn() + Send>;

/// How to start. The collector is made by whoever knows whether it is this machine or a scene.
#[derive(Resource)]
pub struct Start {
    pub collector: SyncCell<Option<Collector>>,
    pub agent_name: Arc<str>,
    pub folders: DataFolders,
    pub named: Named,
    pub fleet: fleet::FleetStart,
    /// Where what happens is recorded; nothing is where there is no such file.
    pub history: Option<PathBuf>,
    /// The history that questions are asked of.
    pub questions: Option<PathBuf>,
    /// Where the simple history is saved; `None` where this user has no folder.
    pub places_file: Option<PathBuf>,
    /// Where what is chosen in the window is remembered; a scene leaves no trace.
    pub preferences_file: Option<PathBuf>,
}

/// The display's ends of the side channels. Dropping them ends the threads.
#[derive(Resource)]
struct EnrichLink {
    _collector: CollectorThread,
    requests: Sender<Request>,
    reports: Receiver<Report>,
}

pub fn plugin(app: &mut App) {
    app.add_plugins((
        awake::plugin,
        (effort::plugin, end::plugin),
        filters::plugin,
        lookups::plugin,
        fleet::plugin,
        history::plugin,
        past::plugin,
        places::plugin,
        preferences::plugin,
        sql::plugin,
    ))
    .add_systems(Startup, start)
    .add_systems(
        Update,
        (
            (watch_traffic, tell_pace).chain().after(keep_moving).in_set(MapSystems::Trail),
            reload_rules.after(act).after(obey).in_set(MapSystems::Interact),
            take_reports.after(ingest).in_set(MapSystems::Ingest),
        ),
    );
}

fn start(
    mut commands: Commands,
    mut start: ResMut<Start>,
    book: Res<RuleBook>,
    (mut notices, mut filter_box): (ResMut<Notices>, ResMut<FilterBox>),
    (scene_file, wall, chosen): (Option<Res<wall_scene::SceneFile>>, Option<Res<Wall>>, Res<Preferences>),
    (proxy, comes): (Option<Res<EventLoopProxyWrapper>>, Res<effort::NextFrameComes>),
) {
    let Some(collector) = start.collector.get().take() else {
        return;
    };
    let (to_enrich, from_collector) = bounded(COLLECTOR_CAPACITY);
    let (to_map, feed) = bounded(TO_MAP_CAPACITY);
    let (requests, from_display) = bounded(SIDE_CAPACITY);
    let (to_display, reports) = bounded(SIDE_CAPACITY);
    let (to_fleet, fleet) = bounded(FLEET_CAPACITY);
    // A loop that is gone needs no waking.
    let proxy = proxy.map(|proxy| (**proxy).clone());
    let waker = || -> Wake {
        let proxy = proxy.clone();
        Box::new(move || {
            if let Some(proxy) = &proxy {
                let _ = proxy.send_event(WinitUserEvent::WakeUp);
            }
        })
    };
    end::start(&mut commands, waker());
    clock_set::start(waker());
    fleet::start(&mut commands, &start, to_fleet, waker());
    let path = start.history.clone();
    let to_history =
        path.and_then(|path| history::start(&mut commands, path, &book.rules, &mut notices, waker()));
    sql::start(&mut commands, &start, waker());
    places::start(&mut commands, &start, waker());
    lookups::start(&mut commands, &start, &mut notices, waker());
    filters::start(&mut commands, &start, (&mut filter_box, &mut notices), waker());
    past::start(&mut commands, &start, &waker);
    space::start(&mut commands, &start, &waker);
    preferences::start(&mut commands, &start, &chosen, waker());
    wall_scene::start(&mut commands, scene_file.as_deref(), waker());
    if wall.is_some() {
        awake::start(&mut commands);
    }
    let wake = comes.wake_without(waker());
    let (folders, agent_name) = (start.folders.clone(), start.agent_name.clone());
    let enrich = thread::Builder::new().name("enrich".to_owned()).spawn(move || {
        let outlets = Outlets { to_map, to_history, reports: to_display, wake };
        let inlets = Inlets { collector: from_collector, fleet, requests: from_display };
        enrich::run(&folders, &inlets, &outlets);
    });
    let settings = Settings { name: agent_name, ..Settings::default() };
    match (collector::spawn(collector, settings, to_enrich), enrich) {
        (Ok(collector), Ok(_)) => {
            commands.insert_resource(EnrichLink { requests, reports, _collector: collector })
        }
        (Err(error), _) | (_, Err(error)) => {
            error!("cannot start a thread: {error}");
            notices.say(Severity::Error, "Collector", vec![format!("cannot start a thread: {error}")]);
        }
    }
    commands.insert_resource(Feed(feed));
}

fn reload_rules(
    mut actions: MessageReader<UiAction>,
    start: Res<Start>,
    mut book: ResMut<RuleBook>,
    mut notices: ResMut<Notices>,
) {
    if actions.read().filter(|action| **action == UiAction::ReloadRules).count() == 0 {
        return;
    }
    match start.named.read_rules() {
        Ok(file) => {
            say_rule_errors(&file, &mut notices);
            // The rules in force are better than none.
            if !file.is_useless {
                book.replace(file.rules, file.source);
            }
        }
        // The rules in force stay in force.
        Err(error) => {
            error!("{error}");
            notices.say(Severity::Error, "Rules", vec![error.to_string()]);
        }
    }
}

/// Every bad line, in the window and in the log.
pub fn say_rule_errors(file: &RulesFile, notices: &mut Notices) {
    let lines: Vec<String> = file.errors.iter().map(ToString::to_string).collect();
    for line in &lines {
        warn!("{}: {line}", file.source);
    }
    let lines = if lines.is_empty() { lines } else { [vec![file.source.clone()], lines].concat() };
    notices.say(Severity::Warning, "Rules", lines);
}

fn watch_traffic(
    (overlays, cards): (Res<Overlays>, Res<Cards>),
    link: Option<Res<EnrichLink>>,
    mut watches: Local<bool>,
) {
    let wanted = !overlays.lists.is_empty() || !cards.open.is_empty();
    if let Some(link) = link
        && wanted != *watches
        && link.requests.try_send(Request::WatchTraffic(wanted)).is_ok()
    {
        *watches = wanted;
    }
}

/// A wake draws a frame like any other.
fn tell_pace(animation: Res<Animation>, link: Option<Res<EnrichLink>>, mut told: Local<Option<Duration>>) {
    let between = animation.between_wakes();
    if let Some(link) = link.filter(|_| *told != Some(between))
        && link.requests.try_send(Request::WakeEvery(between)).is_ok()
    {
        *told = Some(between);
    }
}

fn take_reports(
    mut commands: Commands,
    link: Option<Res<EnrichLink>>,
    clock: Res<MapClock>,
    mut notices: ResMut<Notices>,
    mut sources: ResMut<DataSources>,
) {
    let Some(link) = link else {
        return;
    };
    for _ in 0..SIDE_CAPACITY {
        match link.reports.try_recv() {
            Ok(report) => take_report(report, clock.now_unix_millis(), &mut notices, &mut sources),
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {
                let line = "it has ended: what the map shows is no longer true. Start the program again";
                notices.say(Severity::Error, "Collector", vec![line.to_owned()]);
                commands.remove_resource::<EnrichLink>();
                return;
            }
        }
    }
}

/// Puts a report where the user sees it.
pub fn take_report(report: Report, now_unix_millis: i64, notices: &mut Notices, sources: &mut DataSources) {
    match report {
        Report::Sources(infos) => {
            *sources = shown_sources(&infos);
            let since_epoch = Duration::from_millis(now_unix_millis.unsigned_abs());
            let today = Date::from_system_time(UNIX_EPOCH + since_epoch);
            let aged = infos.iter().filter_map(|info| age_notice(info.date.as_deref()?, today));
            notices.say(Severity::Info, "Geographic data", aged.collect());
        }
        Report::Problem { topic, lines } => {
            for line in &lines {
                warn!("{line}");
            }
            notices.say(Severity::Warning, topic, lines);
        }
        Report::Notice { importance, topic, line } => {
            let severity = match importance {
                Importance::Info => Severity::Info,
                Importance::Warning => Severity::Warning,
            };
            info!("{topic}: {line}");
            notices.add(severity, topic, line);
        }
        Report::HistoryLost(lost) => history::say_lost(lost, notices),
        Report::Dropped(count) => {
            let line = format!(
                "{count} changes came too fast to draw one by one; the map then shows all that is open"
            );
            notices.say(Severity::Info, "Flood", vec![line]);
        }
    }
}

fn shown_sources(infos: &[SourceInfo]) -> DataSources {
    let named = |info: &SourceInfo| match &info.date {
        Some(date) => format!("{} · {date}", info.name),
        None => info.name.clone(),
    };
    // Places of the user's own have no date; the table behind them does the work.
    let first = infos.iter().find(|info| info.has_places && info.date.is_some()).or(infos.first());
    let date = first.and_then(|info| info.date.as_deref());
    let month = date.map(|date| format!("data {} · ", date.get(..7).unwrap_or(date)));
    let name = first.map_or("no data", |info| info.name.trim_end_matches(" (embedded)"));
    DataSources {
        short: format!("{}{name}", month.unwrap_or_default()),
        tables: infos.iter().map(named).collect(),
        attributions: infos
            .iter()
            .map(|info| info.attribution.clone())
            .filter(|attribution| !attribution.is_empty())
            .collect(),
    }
}
