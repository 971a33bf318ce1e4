//! What cards ask: each question runs in a thread of its own, so that a slow whois server holds up nothing, and ends when
//! its card is closed. Reads the user's settings too, which say where the web log is and which commands there are.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bevy::{app::AppExit, prelude::*};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Start, Wake, places, reload_rules};
use crate::{
    components::{
        action::{CardAction, UiAction},
        cards::{Asked, AskedState, CardTools, Cards, CustomTool, Question},
        notices::{Notices, Severity},
    },
    config::{config_folder, settings::Settings},
    enrich::DataFolders,
    lookup::{
        command::{self, Command, Subject},
        ip2asn::{AskError, Desk, Wanted, text},
        weblog::{self, Progress},
    },
    systems::{MapSystems, cards::pick, ingest::ingest},
    whois::{default_folder, lookup::Depth},
};

/// Each has a thread, and its program may have memory of its own.
const MOST_RUNNING: u64 = 8;
/// One answer each, and nobody waits long for room.
const TOLD_CAPACITY: usize = MOST_RUNNING as usize;
/// Of a web log: more is read by nobody.
const MOST_LOG_LINES: usize = 500;
/// What the notices of this file are about.
const TOPIC: &str = "Settings";
/// A program that is told to end has so long; nobody waits longer for a window to close.
const PATIENCE_AT_END: Duration = Duration::from_millis(300);
const PLACES_FILE: &str = "places.csv";
const PLACES_HEAD: &str = "CIDR,lat,lon,label\n";

/// The window's end of the threads.
#[derive(Resource)]
struct LookupsLink {
    settings: Settings,
    folders: DataFolders,
    to_window: Sender<Told>,
    told: Receiver<Told>,
    wake: Arc<dyn Fn() + Send + Sync>,
    running: Arc<AtomicU64>,
    next: u64,
    /// How far searches of logs are, by the number of the question.
    searches: Vec<(u64, Arc<Progress>)>,
}

struct Told {
    card: u32,
    number: u64,
    state: AskedState,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            (read_again, ask)
                .chain()
                .after(pick)
                .after(reload_rules)
                .after(places::ask)
                .in_set(MapSystems::Interact),
            (take, show_progress).chain().after(ingest).in_set(MapSystems::Ingest),
        ),
    );
    app.add_systems(Last, end);
}

pub(super) fn start(commands: &mut Commands, start: &Start, notices: &mut Notices, wake: Wake) {
    let settings = read_settings(notices);
    commands.insert_resource(tools(&settings));
    let (to_window, told) = bounded(TOLD_CAPACITY);
    // Shared by all threads; each wakes after what it told.
    let wake = std::sync::Mutex::new(wake);
    let wake = Arc::new(move || {
        if let Ok(wake) = wake.lock() {
            wake();
        }
    });
    commands.insert_resource(LookupsLink {
        settings,
        folders: start.folders.clone(),
        to_window,
        told,
        wake,
        running: Arc::default(),
        next: 0,
        searches: Vec::new(),
    });
}

fn read_settings(notices: &mut Notices) -> Settings {
    let read = Settings::read(config_folder().as_deref());
    let problem = read.as_ref().err().map(ToString::to_string);
    notices.say(Severity::Warning, TOPIC, problem.into_iter().collect());
    read.unwrap_or_default()
}

fn tools(settings: &Settings) -> CardTools {
    let tool = |command: &crate::config::settings::CustomCommand| CustomTool {
        name: command.name.clone(),
        leaves_machine: command.leaves_machine,
    };
    CardTools { weblog: settings.weblog.clone(), commands: settings.commands.iter().map(tool).collect() }
}

/// With the rules file.
fn read_again(
    mut actions: MessageReader<UiAction>,
    link: Option<ResMut<LookupsLink>>,
    mut shown: ResMut<CardTools>,
    mut notices: ResMut<Notices>,
) {
    let wanted = actions.read().any(|action| *action == UiAction::ReloadRules);
    if let Some(mut link) = link.filter(|_| wanted) {
        link.settings = read_settings(&mut notices);
        *shown = tools(&link.settings);
    }
}

fn ask(mut actions: MessageReader<UiAction>, link: Option<ResMut<LookupsLink>>, mut cards: ResMut<Cards>) {
    let Some(mut link) = link else {
        return;
    };
    for action in actions.read() {
        let UiAction::Card(CardAction::Ask { card: number, question }) = action else {
            continue;
        };
        let Some(card) = cards.get_mut(*number) else {
            continue;
        };
        card.asked.iter().for_each(Asked::cancel);
        card.asked = Some(link.begin(*number, question));
    }
}

impl LookupsLink {
    /// Starts the thread. What cannot be asked is answered at once.
    fn begin(&mut self, card: u32, question: &Question) -> Asked {
        self.next += 1;
        let number = self.next;
        let cancelled = Arc::new(AtomicBool::new(false));
        let asked =
            |state| Asked { number, question: question.clone(), state, cancelled: Arc::clone(&cancelled) };
        let work = match self.work(question, Arc::clone(&cancelled)) {
            Ok(work) => work,
            Err(reason) => return asked(AskedState::Failed(reason)),
        };
        if self.running.load(Ordering::Relaxed) >= MOST_RUNNING {
            let reason = format!("{MOST_RUNNING} questions are being asked already");
            return asked(AskedState::Failed(reason));
        }
        self.running.fetch_add(1, Ordering::Relaxed);
        let (to_window, wake, running) =
            (self.to_window.clone(), Arc::clone(&self.wake), Arc::clone(&self.running));
        let spawned = thread::Builder::new().name("lookup".to_owned()).spawn(move || {
            // A file that somebody else wrote may hold anything.
            let failed = |_| AskedState::Failed("this question has failed".to_owned());
            let state = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(failed);
            running.fetch_sub(1, Ordering::Relaxed);
            if to_window.send(Told { card, number, state }).is_ok() {
                wake();
            }
        });
        match spawned {
            Ok(_) => asked(AskedState::Running(None)),
            Err(error) => {
                self.running.fetch_sub(1, Ordering::Relaxed);
                asked(AskedState::Failed(format!("cannot start a thread: {error}")))
            }
        }
    }

    fn work(
        &mut self,
        question: &Question,
        cancelled: Arc<AtomicBool>,
    ) -> Result<Box<dyn FnOnce() -> AskedState + Send>, String> {
        let subject = |ip: IpAddr| Subject { ip, port: None, asn: None };
        Ok(match question.clone() {
            Question::Lookup(query) => Box::new(move || lookup(&query, default_folder().as_deref())),
            Question::Whois(ip) => {
                Box::new(move || run(&Command::whois(), &subject(ip), command::WHOIS_TIME_LIMIT, &cancelled))
            }
            Question::Name(ip) => {
                // Through the system's own resolver, as every program does: hosts file, then servers.
                let command = Command {
                    program: "getent".to_owned(),
                    arguments: vec!["hosts".to_owned(), "{ip}".to_owned()],
                };
                Box::new(move || match run(&command, &subject(ip), command::WHOIS_TIME_LIMIT, &cancelled) {
                    AskedState::Answered { text, .. } if text.trim().is_empty() => {
                        AskedState::Failed(format!("{ip} has no name"))
                    }
                    state => state,
                })
            }
            Question::Custom { command, ip, port, asn } => {
                let custom = self
                    .settings
                    .commands
                    .get(command)
                    .ok_or("this command is not in the settings any more")?;
                let (limit, command) = (custom.limit(), custom.command().ok_or("nothing to run")?);
                Box::new(move || run(&command, &Subject { ip, port, asn }, limit, &cancelled))
            }
            Question::Weblog(ip) => {
                let progress = Arc::new(Progress::default());
                self.searches.push((self.next, Arc::clone(&progress)));
                let log = self.settings.weblog.clone();
                Box::new(move || search(&log, ip, &cancelled, &progress))
            }
            Question::Pin { network, lat_lon, label } => {
                let folder = self.folders.data.clone().ok_or("there is no folder for places.csv yet")?;
                Box::new(move || pin(&folder, &network, lat_lon, &label))
            }
        })
    }
}

/// As `ip2asn` answers. What is no address, range, network or AS number is looked for as a name.
fn lookup(query: &str, folder: Option<&Path>) -> AskedState {
    let mut desk = Desk::open(folder.unwrap_or(Path::new("")));
    let (wanted, mut output, mut is_cut) = (Wanted::default(), Vec::new(), false);
    let written = match desk.reply(query, Depth::Full) {
        Ok(reply) => text::reply(&reply, wanted, Depth::Full, &mut output),
        Err(AskError::NoQuery { .. }) => match desk.names(query) {
            Ok((found, _)) if found.is_empty() => {
                return AskedState::Failed(format!("no name has words that begin so: {query}"));
            }
            Ok((found, more)) => {
                is_cut = more;
                found.iter().try_for_each(|found| text::found(found, wanted, &mut output))
            }
            Err(error) => return AskedState::Failed(error.to_string()),
        },
        Err(error) => return AskedState::Failed(error.to_string()),
    };
    if let Err(error) = written {
        return AskedState::Failed(error.to_string());
    }
    let nothing = "nothing is imported, so this is what the built-in tables know: ip2asn update or import adds registry, \
                   holder, names and policies";
    let remark = desk.whois.is_empty().then(|| nothing.to_owned());
    let most = desk.whois.limits().names;
    let cut = is_cut.then(|| format!("these are the first {most}; more words find fewer"));
    let remarks = remark.into_iter().chain(cut).chain(desk.check().err().map(|error| error.to_string()));
    let damage = desk.whois.damage().map(|error| error.to_string());
    let problems = desk.whois.problems().iter().map(ToString::to_string).chain(damage);
    let remark = remarks.chain(problems).collect::<Vec<_>>().join("\n");
    let text = String::from_utf8_lossy(&output).into_owned();
    AskedState::Answered { text, remark: Some(remark).filter(|remark| !remark.is_empty()) }
}

fn run(command: &Command, subject: &Subject, limit: Duration, cancelled: &AtomicBool) -> AskedState {
    match command.run(subject, limit, cancelled) {
        Err(error) => AskedState::Failed(error.to_string()),
        Ok(answer) => {
            let mut remarks = Vec::new();
            if answer.end != command::End::Exited(0) {
                remarks.push(format!("{} {}", command.program, answer.end));
            }
            if answer.left_out_bytes > 0 {
                remarks.push(format!("{} bytes more are left out", answer.left_out_bytes));
            }
            let remark = Some(remarks.join(" · ")).filter(|remark| !remark.is_empty());
            AskedState::Answered { text: answer.text, remark }
        }
    }
}

fn search(log: &Path, ip: IpAddr, cancelled: &AtomicBool, progress: &Progress) -> AskedState {
    let found = weblog::search(log, ip, MOST_LOG_LINES, cancelled, progress);
    let text: Vec<&str> = found.lines.iter().map(|line| line.text.as_str()).collect();
    let mut remarks: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    match found.end {
        weblog::End::Searched => {}
        weblog::End::Enough => {
            remarks.push(format!("the newest {MOST_LOG_LINES}; older ones were not looked for"))
        }
        weblog::End::Cancelled => remarks.push("cancelled".to_owned()),
    }
    let remark = Some(remarks.join("\n")).filter(|remark| !remark.is_empty());
    match (text.is_empty(), remark) {
        (true, Some(remark)) => AskedState::Failed(remark),
        (true, None) => AskedState::Failed(format!("no line of {} is from {ip}", log.display())),
        (false, remark) => AskedState::Answered { text: text.join("\n"), remark },
    }
}

/// Programs that were started end with this one.
fn end(mut exits: MessageReader<AppExit>, link: Option<Res<LookupsLink>>, cards: Res<Cards>) {
    let Some(link) = link.filter(|_| exits.read().count() > 0) else {
        return;
    };
    cards.open.iter().filter_map(|card| card.asked.as_ref()).for_each(Asked::cancel);
    let began = Instant::now();
    while link.running.load(Ordering::Relaxed) > 0 && began.elapsed() < PATIENCE_AT_END {
        thread::sleep(PATIENCE_AT_END / 20);
    }
}

/// Adds the line behind what is there, which is kept as it is.
fn pin(folder: &Path, network: &str, [lat, lon]: [f32; 2], label: &str) -> AskedState {
    let path = folder.join(PLACES_FILE);
    let label = label.replace('"', "'").replace(['\n', '\r'], " ");
    let line = format!("{network},{lat},{lon},\"{label}\"\n");
    match add_line(&path, &line) {
        Ok(()) => AskedState::Answered {
            text: line.trim_end().to_owned(),
            remark: Some(format!("written to {}; the map follows within seconds", path.display())),
        },
        Err(error) => AskedState::Failed(format!("cannot write {}: {error}", path.display())),
    }
}

fn add_line(path: &PathBuf, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let before = match fs::read(path) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    // The last line of a file that was written by hand may lack its end.
    let gap = match before.last() {
        None => PLACES_HEAD,
        Some(b'\n') => "",
        Some(_) => "\n",
    };
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{gap}{line}").as_bytes())?;
    file.sync_all()
}

fn take(link: Option<Res<LookupsLink>>, mut cards: ResMut<Cards>) {
    for Told { card, number, state } in link.iter().flat_map(|link| link.told.try_iter()) {
        let asked = cards.get_mut(card).and_then(|card| card.asked.as_mut());
        if let Some(asked) = asked.filter(|asked| asked.number == number) {
            asked.state = state;
        }
    }
}

fn show_progress(link: Option<ResMut<LookupsLink>>, mut cards: ResMut<Cards>) {
    let Some(mut link) = link.filter(|link| !link.searches.is_empty()) else {
        return;
    };
    link.searches.retain(|(number, progress)| {
        let mut asked = cards.open.iter_mut().filter_map(|card| card.asked.as_mut());
        let Some(asked) = asked.find(|asked| asked.number == *number && asked.is_running()) else {
            return false;
        };
        let total = progress.total_bytes();
        if total > 0 {
            asked.state = AskedState::Running(Some(progress.done_bytes() as f32 / total as f32));
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::user_places::UserPlaces;

    #[test]
    fn a_place_is_added_behind_what_stands_there_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PLACES_FILE);
        let added = |network: &str, label: &str| match pin(folder.path(), network, [52.5, 13.25], label) {
            AskedState::Answered { .. } => (),
            other => panic!("{other:?}"),
        };
        added("10.0.0.0/8", "office, \"2nd\" floor");
        let (places, errors) = UserPlaces::parse(&fs::read(&path).unwrap());
        assert!(errors.is_empty() && !places.is_empty(), "{errors:?}");

        fs::write(&path, "# mine\n192.168.0.0/16,1,2,home").unwrap();
        added("2001:db8::/32", "lab");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# mine\n192.168.0.0/16,1,2,home\n2001:db8::/32,52.5,13.25,\"lab\"\n");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(pin(folder.path(), "10.0.0.0/8", [0.0; 2], ""), AskedState::Failed(_)));
    }

    #[test]
    fn a_log_is_told_newest_first_or_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("access.log");
        let ip: IpAddr = "9.9.9.9".parse().unwrap();
        let search = || search(&log, ip, &AtomicBool::new(false), &Progress::default());
        let AskedState::Failed(reason) = search() else { panic!("there is no log") };
        assert!(reason.contains("no such file"), "{reason}");
        fs::write(&log, "9.9.9.9 - - one\n1.1.1.1 - - two\n9.9.9.9 - - three\n").unwrap();
        let AskedState::Answered { text, .. } = search() else { panic!("two lines") };
        assert_eq!(text, "9.9.9.9 - - three\n9.9.9.9 - - one");
        fs::write(&log, "1.1.1.1 - - two\n").unwrap();
        let AskedState::Failed(reason) = search() else { panic!("no line") };
        assert!(reason.contains("no line of"), "{reason}");
    }
}
