//! The file of the simple history, saved and loaded when the user says so: a thread of its own reads and writes, and the
//! window learns what came of it.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    thread,
};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Start, Wake, history};
use crate::{
    components::{
        action::UiAction,
        history_circles::{HistoryCircles, ReadHistory, WaitingToLoad},
        notices::{Notices, Severity},
    },
    systems::{MapSystems, replay::ask_places},
    tally::{MOST_FILE_BYTES, Tally, TallyError},
};

/// What the user asks for by hand, one after the other.
const JOBS_CAPACITY: usize = 4;
/// What the notices of this file are about.
const TOPIC: &str = "History of places";

#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    // Not named `source`: the reason stands in the message, and would be printed twice as its cause.
    #[error("cannot read {path}: {reason}")]
    Read { path: PathBuf, reason: io::Error },
    #[error("nothing was saved yet: {path} does not exist")]
    None { path: PathBuf },
    #[error("{path} is damaged, and nothing of it was loaded; {reason}")]
    Damaged { path: PathBuf, reason: TallyError },
    #[error("cannot write {path}: {reason}")]
    Write { path: PathBuf, reason: io::Error },
    #[error("this user has no folder for it: neither XDG_DATA_HOME nor HOME is set")]
    NoFolder,
}

enum Job {
    Save(Box<Tally>),
    Load,
}

enum Answer {
    Saved { path: PathBuf, places: usize, connections: u64 },
    Read(ReadHistory),
    Failed(PlacesError),
}

/// The window's end of the thread. Dropping it ends the thread.
#[derive(Resource)]
pub(super) struct PlacesLink {
    jobs: Sender<Job>,
    answers: Receiver<Answer>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            ask.after(ask_places).after(history::ask).in_set(MapSystems::Interact),
            take_answers.after(history::take_said).in_set(MapSystems::Ingest),
        ),
    );
}

/// Starts the thread that has the file.
pub(super) fn start(commands: &mut Commands, start: &Start, wake: Wake) {
    let (jobs, from_window) = bounded(JOBS_CAPACITY);
    let (to_window, answers) = bounded(JOBS_CAPACITY);
    let path = start.places_file.clone();
    let started = thread::Builder::new().name("places".to_owned()).spawn(move || {
        for job in from_window {
            let answer = done(job, path.as_deref()).unwrap_or_else(Answer::Failed);
            if to_window.send(answer).is_err() {
                return;
            }
            wake();
        }
    });
    match started {
        Ok(_) => commands.insert_resource(PlacesLink { jobs, answers }),
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

pub(super) fn ask(
    mut actions: MessageReader<UiAction>,
    link: Option<Res<PlacesLink>>,
    history: Res<HistoryCircles>,
    mut notices: ResMut<Notices>,
) {
    for action in actions.read() {
        let job = match action {
            UiAction::SaveHistory => Job::Save(Box::new(history.tally().clone())),
            UiAction::LoadHistory => Job::Load,
            _ => continue,
        };
        if link.as_ref().is_none_or(|link| link.jobs.try_send(job).is_err()) {
            notices.say(Severity::Warning, TOPIC, vec!["the disk is busy; try again".to_owned()]);
        }
    }
}

pub(super) fn take_answers(
    link: Option<Res<PlacesLink>>,
    mut history: ResMut<HistoryCircles>,
    mut waiting: ResMut<WaitingToLoad>,
    mut notices: ResMut<Notices>,
) {
    let Some(link) = link else {
        return;
    };
    for answer in link.answers.try_iter() {
        let (severity, line) = match answer {
            Answer::Saved { path, places, connections } => {
                (Severity::Info, format!("saved {} to {}", amount(places, connections), path.display()))
            }
            // Where nothing was counted there is nothing to ask.
            Answer::Read(read) if history.tally().is_empty() => {
                let amount = amount(read.tally.places(), read.tally.connections());
                history.replace(read.tally);
                history.shown = true;
                (Severity::Info, format!("loaded {amount} from {}", read.path.display()))
            }
            Answer::Read(read) => {
                waiting.0 = Some(read);
                notices.say(Severity::Info, TOPIC, Vec::new());
                continue;
            }
            Answer::Failed(error) => (Severity::Warning, error.to_string()),
        };
        info!("{TOPIC}: {line}");
        notices.say(severity, TOPIC, vec![line]);
    }
}

fn amount(places: usize, connections: u64) -> String {
    let (place, connection) = (plural(places as u64, "place"), plural(connections, "connection"));
    format!("{place} with {connection}")
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn done(job: Job, path: Option<&Path>) -> Result<Answer, PlacesError> {
    let path = path.ok_or(PlacesError::NoFolder)?.to_owned();
    match job {
        Job::Save(tally) => {
            write(&path, tally.to_text().as_bytes())
                .map_err(|reason| PlacesError::Write { path: path.clone(), reason })?;
            Ok(Answer::Saved { path, places: tally.places(), connections: tally.connections() })
        }
        Job::Load => read(&path).map(Answer::Read),
    }
}

/// All of the file, or nothing of it.
///
/// # Errors
/// When there is none, it cannot be read, or something in it is wrong.
pub fn read(path: &Path) -> Result<ReadHistory, PlacesError> {
    let bytes = match read_bytes(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PlacesError::None { path: path.to_owned() });
        }
        bytes => bytes.map_err(|reason| PlacesError::Read { path: path.to_owned(), reason })?,
    };
    let tally =
        Tally::parse(&bytes).map_err(|reason| PlacesError::Damaged { path: path.to_owned(), reason })?;
    Ok(ReadHistory { path: path.to_owned(), bytes: bytes.len() as u64, tally })
}

/// No more than a file may have and one byte, by which the parser knows that there was more. What is no plain file (a
/// pipe, say, that nobody writes to) would make the thread wait for ever.
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whole or not at all, and for nobody's eyes but the user's: it tells with whom the machine speaks.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a link, which stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Mode 0600 is what it makes files with.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Spot;

    fn small() -> Tally {
        let mut tally = Tally::default();
        tally.add(Spot::new(52.52, 13.405), None, 3);
        tally
    }

    #[test]
    fn what_was_saved_is_read_again_and_a_damaged_file_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/history-places.csv");
        assert!(matches!(read(&path), Err(PlacesError::None { .. })));
        write(&path, small().to_text().as_bytes()).unwrap();
        assert_eq!(read(&path).unwrap().tally, small());
        fs::write(&path, small().to_text().replace("13.405", "181")).unwrap();
        let said = read(&path).unwrap_err().to_string();
        assert!(said.contains("history-places.csv") && said.contains("line 3"), "{said}");
        assert!(matches!(read(folder.path()), Err(PlacesError::Read { .. })));
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history-places.csv");
        write(&path, small().to_text().as_bytes()).unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        assert!(write(&folder.path().join("file/history-places.csv"), b"x").is_err());
        write(&path, Tally::default().to_text().as_bytes()).unwrap();
        assert!(read(&path).unwrap().tally.is_empty(), "replaced");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
    }
}
