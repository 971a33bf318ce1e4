//! Questions to the history: a thread of its own asks them one at a time, sorts, plots and writes, and the window learns
//! what came of it. Cancelling reaches a question at once, past everything that waits.

mod clerk;
#[cfg(test)]
mod clerk_tests;
mod table;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

pub use clerk::plot_of;
use clerk::{Clerk, Job, Question, Told};
pub use table::Found;

use super::{Start, Wake, places};
use crate::{
    components::{
        action::UiAction,
        notices::{Notices, Severity},
        sql::{Answer, NamedQuery, Remark, Running, Sorting, SqlAction, SqlDesk},
        theme::PLOT_COLOURS,
    },
    config::config_folder,
    history::query::{Limits, Progress},
    systems::{MapSystems, cards::pick},
};

/// What the user asks for by hand, one after the other.
const JOBS_CAPACITY: usize = 16;
/// What the notices of this file are about.
const TOPIC: &str = "Saved queries";

/// The window's end of the thread. Dropping it ends the thread after the question that is being asked.
#[derive(Resource)]
pub(super) struct SqlLink {
    jobs: Sender<Job>,
    told: Receiver<Told>,
    asked: Option<Asked>,
    next_id: u64,
    /// Jobs other than questions that are not done.
    waiting: usize,
}

struct Asked {
    began: Instant,
    limit: Duration,
    progress: Arc<Progress>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            ask.after(pick).in_set(MapSystems::Interact),
            (take, show_progress).chain().after(places::take_answers).in_set(MapSystems::Ingest),
        ),
    );
}

/// Starts the thread. A scene has no history, and so no questions.
pub(super) fn start(commands: &mut Commands, start: &Start, wake: Wake) {
    let Some(path) = start.questions.clone() else {
        return;
    };
    let (jobs, from_window) = bounded(JOBS_CAPACITY);
    let (to_window, told) = bounded(JOBS_CAPACITY);
    let folders = start.folders.clone();
    let started = thread::Builder::new()
        .name("sql".to_owned())
        .spawn(move || Clerk::new(path, folders, config_folder(), to_window, wake).work(&from_window));
    match started {
        Ok(_) => commands.insert_resource(SqlLink { jobs, told, asked: None, next_id: 1, waiting: 0 }),
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

fn ask(mut actions: MessageReader<UiAction>, link: Option<ResMut<SqlLink>>, mut desk: ResMut<SqlDesk>) {
    let Some(mut link) = link else {
        return;
    };
    for action in actions.read() {
        let UiAction::Sql(action) = action else {
            continue;
        };
        match action {
            SqlAction::Run { name, sql, limit } => link.run(&mut desk, name, sql, *limit),
            SqlAction::Cancel => {
                if let Some(asked) = &link.asked {
                    asked.progress.cancelled.store(true, Ordering::Relaxed);
                }
            }
            other => {
                if let Some(job) = job(other, &mut desk) {
                    link.send(job);
                }
            }
        }
    }
    desk.is_busy = link.waiting > 0;
}

/// What is to be done for an action, if it is for the thread.
fn job(action: &SqlAction, desk: &mut SqlDesk) -> Option<Job> {
    let shown = desk.answer.clone();
    match action {
        SqlAction::SortBy(column) => {
            let answer = shown?;
            let descending = match &answer.sorting {
                Some(sorting) if sorting.column == *column && sorting.descending => {
                    desk.answer = Some(Answer { sorting: None, ..answer });
                    return None;
                }
                Some(sorting) => sorting.column == *column,
                None => false,
            };
            Some(Job::Sort { answer: answer.id, rows: answer.rows, column: *column, descending })
        }
        SqlAction::Plot => shown.filter(|answer| !desk.is_plotted(answer.id)).map(Job::Plot),
        SqlAction::Export { path, form, replaces } => {
            desk.remark = None;
            let path = path.trim().to_owned();
            Some(Job::Export { rows: shown?.rows, path, form: *form, replaces: *replaces })
        }
        SqlAction::Save { name, sql } => Some(Job::Save(NamedQuery { name: name.clone(), sql: sql.clone() })),
        SqlAction::Forget { name } => Some(Job::Forget(name.clone())),
        SqlAction::Run { .. } | SqlAction::Cancel | SqlAction::Select { .. } | SqlAction::ClearPlot(_) => {
            None
        }
    }
}

impl SqlLink {
    fn send(&mut self, job: Job) {
        // Sixteen clicks ahead of the thread, the seventeenth may be lost.
        match self.jobs.try_send(job) {
            Ok(()) => self.waiting += 1,
            Err(_) => warn!("too much is waiting for an answer; try again"),
        }
    }

    fn run(&mut self, desk: &mut SqlDesk, name: &str, sql: &str, limit: Duration) {
        if self.asked.is_some() || sql.trim().is_empty() {
            return;
        }
        let progress = Arc::new(Progress::default());
        let question = Question {
            id: self.next_id,
            name: name.to_owned(),
            sql: sql.to_owned(),
            limits: Limits { time: limit, ..Limits::default() },
            progress: Arc::clone(&progress),
        };
        if self.jobs.try_send(Job::Ask(question)).is_err() {
            warn!("too much is waiting for an answer; try again");
            return;
        }
        self.next_id += 1;
        self.asked = Some(Asked { began: Instant::now(), limit, progress });
        desk.running = Some(Running { limit, ..Running::default() });
        (desk.error, desk.remark) = (None, None);
    }
}

pub(super) fn take(link: Option<ResMut<SqlLink>>, mut desk: ResMut<SqlDesk>, mut notices: ResMut<Notices>) {
    let Some(mut link) = link else {
        return;
    };
    while let Ok(told) = link.told.try_recv() {
        match told {
            Told::Catalogue(catalogue) => {
                desk.catalogue = catalogue;
                desk.has_history = true;
                continue;
            }
            Told::Asked(result) => {
                link.asked = None;
                desk.running = None;
                match result {
                    Ok(answer) => (desk.answer, desk.selected, desk.error) = (Some(answer), None, None),
                    Err(error) => desk.error = Some(error),
                }
                continue;
            }
            Told::Saved { queries, done } => {
                if let Some(queries) = queries {
                    desk.saved = queries;
                }
                let lines = done.err().into_iter().collect();
                notices.say(Severity::Warning, TOPIC, lines);
            }
            Told::Sorted { answer: id, sorting } => sorted(&mut desk, id, sorting),
            Told::Plotted(Some(mut plot)) => {
                plot.colour = desk.free_colour(PLOT_COLOURS.len());
                desk.plots.push(plot);
            }
            Told::Plotted(None) => {
                let why = "nothing to plot: a row needs an address, or columns lat and lon";
                desk.remark = Some(Remark::Failed(why.to_owned()));
            }
            Told::Exported(remark) => desk.remark = Some(remark),
        }
        link.waiting = link.waiting.saturating_sub(1);
    }
    if desk.is_busy != (link.waiting > 0) {
        desk.is_busy = link.waiting > 0;
    }
}

/// The answer may be shown, or lie behind a plot, or both.
fn sorted(desk: &mut SqlDesk, id: u64, sorting: Sorting) {
    let plotted = desk.plots.iter_mut().map(|plot| &mut plot.answer).filter(|answer| answer.id == id);
    for answer in plotted {
        answer.sorting = Some(sorting.clone());
    }
    if let Some(answer) = desk.answer.as_mut().filter(|answer| answer.id == id) {
        answer.sorting = Some(sorting);
    }
}

fn show_progress(link: Option<Res<SqlLink>>, mut desk: ResMut<SqlDesk>) {
    let asked = link.as_ref().and_then(|link| link.asked.as_ref());
    if let Some(asked) = asked {
        let rows: &AtomicU64 = &asked.progress.rows;
        desk.running = Some(Running {
            rows: rows.load(Ordering::Relaxed),
            elapsed: asked.began.elapsed(),
            limit: asked.limit,
            ends: asked.progress.cancelled.load(Ordering::Relaxed),
        });
    }
}
