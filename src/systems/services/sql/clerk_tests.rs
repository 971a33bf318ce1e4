use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::clerk::{Clerk, Job, Question, Told};
use crate::{
    components::sql::{Answer, ExportForm, NamedQuery, PlottedPoint, Remark, SqlError},
    enrich::DataFolders,
    history::{
        create_or_migrate,
        query::{Limits, Progress},
    },
};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// A clerk with a history of nothing, and its two channels.
struct Office {
    _folder: tempfile::TempDir,
    path: PathBuf,
    jobs: Sender<Job>,
    told: Receiver<Told>,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let mut database = rusqlite::Connection::open(&path).unwrap();
        create_or_migrate(&mut database).unwrap();
        let (jobs, from_window) = bounded(8);
        let (to_window, told) = bounded(8);
        let nowhere = DataFolders { cache: Some(folder.path().to_owned()), ..DataFolders::default() };
        let config = Some(folder.path().join("config"));
        let clerk = Clerk::new(path, nowhere, config, to_window, Box::new(|| {}));
        let named = thread::Builder::new().name("clerk".to_owned());
        named.spawn(move || clerk.work(&from_window)).unwrap();
        let office = Self { path: folder.path().to_owned(), _folder: folder, jobs, told };
        assert!(matches!(office.next(), Told::Catalogue(catalogue) if !catalogue.views.is_empty()));
        assert!(matches!(office.next(), Told::Saved { done: Ok(()), .. }));
        office
    }

    fn next(&self) -> Told {
        self.told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn ask(&self, sql: &str) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        let limits = Limits { time: Duration::from_secs(3_600), ..Limits::default() };
        let (name, sql) = ("a question".to_owned(), sql.to_owned());
        self.jobs
            .send(Job::Ask(Question { id: 1, name, sql, limits, progress: Arc::clone(&progress) }))
            .unwrap();
        progress
    }

    fn answer(&self, sql: &str) -> Result<Answer, SqlError> {
        self.ask(sql);
        match self.next() {
            Told::Asked(answer) => answer,
            _ => panic!("something else was told"),
        }
    }

    fn export(&self, answer: &Answer, path: &Path, replaces: bool) -> Remark {
        let (rows, path) = (Arc::clone(&answer.rows), path.display().to_string());
        self.jobs.send(Job::Export { rows, path, form: ExportForm::Csv, replaces }).unwrap();
        match self.next() {
            Told::Exported(remark) => remark,
            _ => panic!("something else was told"),
        }
    }
}

#[test]
fn an_answer_is_sorted_plotted_and_written() {
    let office = Office::open();
    let answer = office
        .answer("SELECT column1 AS lat, column2 AS lon FROM (VALUES (52.5, 13.4), (NULL, 1), (1, 2), (1, 2))")
        .unwrap();
    assert_eq!((answer.rows.count(), answer.rows.text(0, 0).into_owned()), (4, "52.5".to_owned()));
    assert_eq!(answer.rows.lon_lat(0), Some([13.4, 52.5]));

    office
        .jobs
        .send(Job::Sort { answer: 1, rows: Arc::clone(&answer.rows), column: 0, descending: true })
        .unwrap();
    match office.next() {
        Told::Sorted { sorting, .. } => assert_eq!(*sorting.rows, [0, 2, 3, 1]),
        _ => panic!("something else was told"),
    }
    office.jobs.send(Job::Plot(answer.clone())).unwrap();
    match office.next() {
        Told::Plotted(Some(plot)) => {
            assert_eq!(plot.points[1], PlottedPoint { row: 2, lon_lat: [2.0, 1.0] });
            assert_eq!((plot.points.len(), plot.without_place), (3, 1));
            assert_eq!(*plot.dots, [[13.4, 52.5], [2.0, 1.0]], "each place once");
        }
        _ => panic!("nothing was plotted"),
    }

    let path = office.path.join("out.csv");
    assert!(matches!(office.export(&answer, &path, false), Remark::Done(_)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "lat,lon\n52.5,13.4\n,1\n1,2\n1,2\n");
    fs::write(&path, "mine").unwrap();
    assert!(matches!(office.export(&answer, &path, false), Remark::FileExists { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert!(matches!(office.export(&answer, &path, true), Remark::Done(_)));
    assert!(fs::read_to_string(&path).unwrap().starts_with("lat,lon"));
    assert!(matches!(office.export(&answer, &office.path.join("no/folder"), false), Remark::Failed(_)));
}

#[test]
fn a_cancelled_question_ends_and_the_next_is_answered() {
    let office = Office::open();
    let progress = office.ask(ENDLESS);
    progress.cancelled.store(true, Ordering::Relaxed);
    assert!(matches!(office.next(), Told::Asked(Err(error)) if error.message == "cancelled"));
    let error = office.answer("SELECT\n  nothing FROM connections").err().unwrap();
    assert_eq!(error.place, Some((2, 3)));
    assert!(office.answer("SELECT 1").is_ok());
}

#[test]
fn saved_questions_are_kept_by_name_and_a_damaged_file_is_not_written_over() {
    let office = Office::open();
    let save = |name: &str, sql: &str| {
        office.jobs.send(Job::Save(NamedQuery { name: name.to_owned(), sql: sql.to_owned() })).unwrap();
        match office.next() {
            Told::Saved { queries, done } => (queries.map(|queries| queries.len()), done.is_ok()),
            _ => panic!("something else was told"),
        }
    };
    assert_eq!(save("b", "SELECT 1"), (Some(1), true));
    assert_eq!(save("a", "SELECT 2"), (Some(2), true));
    assert_eq!(save("b", "SELECT 3"), (Some(2), true), "the newer one of a name");
    let path = office.path.join("config/queries.json");
    fs::write(&path, "not JSON").unwrap();
    assert_eq!(save("c", "SELECT 4"), (None, false));
    assert_eq!(fs::read_to_string(&path).unwrap(), "not JSON");
}
