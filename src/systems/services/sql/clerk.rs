//! The thread behind the SQL window. Does one thing after the other; what goes wrong is told, and the next thing done.

use std::{
    collections::HashSet,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::{super::Wake, table::Found};
use crate::{
    components::sql::{
        Answer, Catalogue, ExportForm, NamedQuery, Plot, PlottedAddress, PlottedPoint, Remark, Rows, Sorting,
        SqlError,
    },
    config::{
        self,
        queries::{self, SavedQuery},
    },
    enrich::{DataFolders, Sources},
    geo::Geography,
    hilbert::Family,
    history::query::{self, FUNCTIONS_HELP, Limits, Progress, QueryError, SHIPPED},
};

/// While a question is asked the window looks this often how far it is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Name of an exported file, without its ending.
const EXPORT_NAME: &str = "connmapperl-query";

pub struct Question {
    pub id: u64,
    pub name: String,
    pub sql: String,
    pub limits: Limits,
    pub progress: Arc<Progress>,
}

pub enum Job {
    Ask(Question),
    Sort { answer: u64, rows: Arc<dyn Rows>, column: usize, descending: bool },
    Plot(Answer),
    Export { rows: Arc<dyn Rows>, path: String, form: ExportForm, replaces: bool },
    Save(NamedQuery),
    Forget(String),
}

pub enum Told {
    Catalogue(Catalogue),
    Asked(Result<Answer, SqlError>),
    Sorted {
        answer: u64,
        sorting: Sorting,
    },
    /// Without its colour; nothing where no row says where anything is.
    Plotted(Option<Plot>),
    Exported(Remark),
    Saved {
        queries: Option<Vec<NamedQuery>>,
        done: Result<(), String>,
    },
}

pub struct Clerk {
    path: PathBuf,
    folders: DataFolders,
    to_window: Sender<Told>,
    wake: Wake,
    /// Opened for the first question.
    sources: Option<Sources>,
    config: Option<PathBuf>,
}

impl Clerk {
    /// `config`: the folder for what the user saves.
    pub fn new(
        path: PathBuf,
        folders: DataFolders,
        config: Option<PathBuf>,
        to_window: Sender<Told>,
        wake: Wake,
    ) -> Self {
        Self { path, folders, to_window, wake, sources: None, config }
    }

    /// Until the window's end is dropped.
    pub fn work(mut self, jobs: &Receiver<Job>) {
        self.tell(Told::Catalogue(catalogue()));
        let saved = self.saved(|_| {});
        self.tell(saved);
        for job in jobs {
            let told = match job {
                Job::Ask(question) => Told::Asked(self.ask(question)),
                Job::Sort { answer, rows, column, descending } => {
                    let sorted = Found::behind(rows).map(|found| found.table.sorted_by(column, descending));
                    let rows = sorted.unwrap_or_default().into();
                    Told::Sorted { answer, sorting: Sorting { column, descending, rows } }
                }
                Job::Plot(answer) => self.plot(answer),
                Job::Export { rows, path, form, replaces } => {
                    let Some(found) = Found::behind(rows) else {
                        continue;
                    };
                    Told::Exported(export(&found, path, form, replaces))
                }
                Job::Save(query) => self.saved(|queries| {
                    queries.retain(|other| other.name != query.name);
                    queries.push(SavedQuery { name: query.name, sql: query.sql });
                    queries.sort_by(|a, b| a.name.cmp(&b.name));
                }),
                Job::Forget(name) => self.saved(|queries| queries.retain(|query| query.name != name)),
            };
            self.tell(told);
        }
    }

    fn tell(&self, told: Told) {
        // Nobody listens to a thread that is about to end.
        if self.to_window.send(told).is_ok() {
            (self.wake)();
        }
    }

    fn ask(&mut self, question: Question) -> Result<Answer, SqlError> {
        let geography = self.geography();
        let began = Instant::now();
        let (done, is_done) = bounded::<()>(0);
        let (path, question_ref) = (&self.path, &question);
        let table = thread::scope(|scope| {
            let asking = thread::Builder::new().name("sql-ask".to_owned()).spawn_scoped(scope, move || {
                let _done = done;
                let Question { sql, limits, progress, .. } = question_ref;
                query::ask(path, geography, sql, *limits, progress).map_err(|error| told_error(&error))
            });
            while is_done.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                (self.wake)();
            }
            // A panic has been printed by the thread itself.
            let failed = |why: String| SqlError { message: why, place: None };
            let asking = asking.map_err(|error| failed(format!("cannot start a thread: {error}")))?;
            asking.join().unwrap_or_else(|_| Err(failed("it failed; the log says why".to_owned())))
        })?;
        Ok(Answer {
            id: question.id,
            name: question.name,
            took: began.elapsed(),
            is_cut: table.is_cut,
            rows: Arc::new(Found::new(table)),
            sorting: None,
        })
    }

    fn plot(&mut self, answer: Answer) -> Told {
        let geography = self.geography();
        Told::Plotted(plot_of(answer, &geography))
    }

    /// With the user's own places and what was imported as they are now.
    fn geography(&mut self) -> Arc<Geography> {
        let sources = self.sources.get_or_insert_with(|| Sources::open(&self.folders));
        sources.poll();
        // What there is to say of the files is said by the thread that places the live connections.
        sources.take_reports();
        Arc::new(sources.geography().clone())
    }

    /// Changes what is saved. What cannot be read is not written over.
    fn saved(&self, change: impl FnOnce(&mut Vec<SavedQuery>)) -> Told {
        let folder = self.config.as_deref();
        let mut queries = match queries::saved_queries(folder) {
            Ok(queries) => queries,
            Err(error) => return Told::Saved { queries: None, done: Err(error.to_string()) },
        };
        let before = queries.clone();
        change(&mut queries);
        let written = if queries == before { Ok(()) } else { queries::save_queries(folder, &queries) };
        let shown = if written.is_ok() { queries } else { before };
        let named = shown.into_iter().map(|query| NamedQuery { name: query.name, sql: query.sql });
        Told::Saved { queries: Some(named.collect()), done: written.map_err(|error| error.to_string()) }
    }
}

/// Where the rows of an answer lie; `None` where none of them lies anywhere.
pub fn plot_of(answer: Answer, geography: &Geography) -> Option<Plot> {
    let found = Found::behind(Arc::clone(&answer.rows))?;
    let plotted = query::points(&found.table, geography)
        .filter(|plotted| !(plotted.points.is_empty() && plotted.addresses.is_empty()))?;
    let point = |&(row, lat, lon): &(u32, f32, f32)| PlottedPoint { row, lon_lat: [lon, lat] };
    let points: Arc<[PlottedPoint]> = plotted.points.iter().map(point).collect();
    let dots = places(&points);
    let address = |&(row, address): &(u32, IpAddr)| {
        Family::key_of(address).map(|(family, key)| PlottedAddress { row, family, key })
    };
    let addresses: Arc<[PlottedAddress]> = plotted.addresses.iter().filter_map(address).collect();
    let keys = counted(&addresses);
    Some(Plot { answer, colour: 0, points, dots, addresses, keys, without_place: plotted.without_place })
}

/// Each place once, in the order in which they come.
fn places(points: &[PlottedPoint]) -> Arc<[[f32; 2]]> {
    let mut seen = HashSet::new();
    points
        .iter()
        .map(|point| point.lon_lat)
        .filter(|lon_lat| seen.insert(lon_lat.map(f32::to_bits)))
        .collect()
}

/// Each address once, along the curve, with how many rows have it.
fn counted(addresses: &[PlottedAddress]) -> Arc<[(Family, u32, u32)]> {
    let mut keys: Vec<(Family, u32)> =
        addresses.iter().map(|address| (address.family, address.key)).collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).map(|same| (same[0].0, same[0].1, same.len() as u32)).collect()
}

fn catalogue() -> Catalogue {
    let views = query::views().unwrap_or_default();
    let named = |shipped: &query::ShippedQuery| NamedQuery {
        name: shipped.name.to_owned(),
        sql: shipped.sql.to_owned(),
    };
    let folder = config::home().unwrap_or_default();
    Catalogue {
        shipped: SHIPPED.iter().map(named).collect(),
        views: views.into_iter().map(|view| (view.name, view.columns)).collect(),
        functions: FUNCTIONS_HELP
            .iter()
            .map(|(call, does)| ((*call).to_owned(), (*does).to_owned()))
            .collect(),
        export_to: folder.join(EXPORT_NAME).display().to_string(),
    }
}

fn told_error(error: &QueryError) -> SqlError {
    match error {
        QueryError::Text { line, column, message } => {
            SqlError { message: message.clone(), place: Some((*line, *column)) }
        }
        other => SqlError { message: other.to_string(), place: None },
    }
}

/// Writes a whole file or none. One that is there stays, unless it is to be replaced.
fn export(found: &Found, path: String, form: ExportForm, replaces: bool) -> Remark {
    if !replaces && Path::new(&path).exists() {
        return Remark::FileExists { path, form };
    }
    match write(found, Path::new(&path), form, replaces) {
        Ok(()) => Remark::Done(format!("written to {path}")),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Remark::FileExists { path, form },
        Err(error) => Remark::Failed(format!("cannot write {path}: {error}")),
    }
}

fn write(found: &Found, path: &Path, form: ExportForm, replaces: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if fs::metadata(path).is_ok_and(|there| there.is_dir()) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut file = io::BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    match form {
        ExportForm::Csv => found.table.write_csv(&mut file).map_err(io::Error::other)?,
        ExportForm::Json => found.table.write_json(&mut file)?,
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if replaces {
        file.persist(path)?
    } else {
        file.persist_noclobber(path)?
    };
    Ok(())
}
