//! The window for questions in SQL: what may be asked, what is being asked, the answer, and the answers that are drawn on
//! the map. What an answer is made of is for whoever gives it; here it is rows of texts.

use std::{any::Any, borrow::Cow, sync::Arc, time::Duration};

use bevy::prelude::Resource;

use super::picture::Picture;
use crate::hilbert::Family;

/// An answer's rows, however they are kept. Rows are told by their number.
pub trait Rows: Any + Send + Sync {
    fn columns(&self) -> &[String];
    fn count(&self) -> usize;
    fn text(&self, row: usize, column: usize) -> Cow<'_, str>;
    /// Figures stand at the right of their column.
    fn is_figure(&self, row: usize, column: usize) -> bool;
    /// Degrees east and north, where columns say so.
    fn lon_lat(&self, row: usize) -> Option<[f32; 2]>;
}

/// A question with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedQuery {
    pub name: String,
    pub sql: String,
}

/// What can be asked about, shown beside the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    pub shipped: Vec<NamedQuery>,
    /// Views with their columns.
    pub views: Vec<(String, Vec<String>)>,
    /// Functions, and what they answer.
    pub functions: Vec<(String, String)>,
    /// Where an answer is written to unless told otherwise, without the ending.
    pub export_to: String,
}

/// The question that is being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Running {
    pub rows: u64,
    pub elapsed: Duration,
    pub limit: Duration,
    /// Cancelled, and about to end.
    pub ends: bool,
}

/// Why there is no answer, and where in the text that is: line and column, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    pub message: String,
    pub place: Option<(usize, usize)>,
}

/// How rows are ordered for show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorting {
    pub column: usize,
    pub descending: bool,
    /// The row that stands at each place.
    pub rows: Arc<[u32]>,
}

#[derive(Clone)]
pub struct Answer {
    pub id: u64,
    pub name: String,
    pub rows: Arc<dyn Rows>,
    pub took: Duration,
    /// There was more than may be kept.
    pub is_cut: bool,
    pub sorting: Option<Sorting>,
}

impl Answer {
    /// The row that is shown at a place.
    pub fn row_at(&self, place: usize) -> usize {
        let sorted = self.sorting.as_ref().and_then(|sorting| sorting.rows.get(place));
        sorted.map_or(place, |row| *row as usize)
    }

    /// Where a row is shown.
    pub fn place_of(&self, row: usize) -> usize {
        let Some(sorting) = &self.sorting else {
            return row;
        };
        sorting.rows.iter().position(|sorted| *sorted as usize == row).unwrap_or(row)
    }
}

/// A row on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlottedPoint {
    pub row: u32,
    /// Degrees east, degrees north.
    pub lon_lat: [f32; 2],
}

/// A row in the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlottedAddress {
    pub row: u32,
    pub family: Family,
    pub key: u32,
}

impl PlottedAddress {
    /// In pixels, where a picture shows addresses like it.
    pub fn px(self, picture: &Picture) -> Option<[f32; 2]> {
        let is_shown = picture.is_space() && self.family == picture.space.family;
        is_shown.then(|| picture.space.px_of_key(self.key))
    }
}

/// An answer that is drawn on the map.
#[derive(Clone)]
pub struct Plot {
    pub answer: Answer,
    /// Index into `theme::PLOT_COLOURS`.
    pub colour: usize,
    /// In the order of the rows.
    pub points: Arc<[PlottedPoint]>,
    /// Where they lie, each place once.
    pub dots: Arc<[[f32; 2]]>,
    /// In the order of the rows, those that have one.
    pub addresses: Arc<[PlottedAddress]>,
    /// The same without their rows, each once, with how many rows lie there.
    pub keys: Arc<[(Family, u32, u32)]>,
    pub without_place: usize,
}

/// The form of a file for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    Csv,
    Json,
}

impl ExportForm {
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// What became of what the user asked for, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    Done(String),
    Failed(String),
    /// A file is there already; it is replaced when asked for again.
    FileExists {
        path: String,
        form: ExportForm,
    },
}

/// A row of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectedRow {
    pub answer: u64,
    pub row: usize,
}

/// What the user asks of the window.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlAction {
    Run {
        name: String,
        sql: String,
        limit: Duration,
    },
    Cancel,
    /// The same column again turns the order round, and a third time takes it away.
    SortBy(usize),
    Select {
        row: usize,
    },
    Plot,
    ClearPlot(u64),
    Export {
        path: String,
        form: ExportForm,
        replaces: bool,
    },
    Save {
        name: String,
        sql: String,
    },
    Forget {
        name: String,
    },
}

#[derive(Resource, Default)]
pub struct SqlDesk {
    /// A scene has no history.
    pub has_history: bool,
    pub catalogue: Catalogue,
    pub saved: Vec<NamedQuery>,
    pub running: Option<Running>,
    pub answer: Option<Answer>,
    pub error: Option<SqlError>,
    pub remark: Option<Remark>,
    /// Something takes its time: sorting, plotting, writing.
    pub is_busy: bool,
    pub selected: Option<SelectedRow>,
    /// Raised whenever the table is to scroll to the selected row.
    pub reveals: u64,
    pub plots: Vec<Plot>,
}

impl SqlDesk {
    /// The user's own come first.
    pub fn questions(&self) -> impl Iterator<Item = &NamedQuery> {
        self.saved.iter().chain(&self.catalogue.shipped)
    }

    pub fn is_plotted(&self, answer: u64) -> bool {
        self.plots.iter().any(|plot| plot.answer.id == answer)
    }

    /// The first colour that no plot has.
    pub fn free_colour(&self, colours: usize) -> usize {
        let is_free = |colour: &usize| self.plots.iter().all(|plot| plot.colour != *colour);
        (0..colours).find(is_free).unwrap_or(self.plots.len() % colours.max(1))
    }

    /// Where the selected row lies in a picture, in pixels. In the address space it lies where it is plotted.
    pub fn selected_px(&self, picture: &Picture) -> Option<[f32; 2]> {
        if !picture.space.is_visible() {
            let [lon, lat] = self.selected_lon_lat()?;
            return Some(picture.map.px_from_lon_lat(lon, lat).px);
        }
        let selected = self.selected?;
        let plot = self.plots.iter().find(|plot| plot.answer.id == selected.answer)?;
        let row = u32::try_from(selected.row).ok()?;
        let index = plot.addresses.binary_search_by_key(&row, |address| address.row).ok()?;
        plot.addresses[index].px(picture)
    }

    /// Where the selected row lies, degrees east and north.
    pub fn selected_lon_lat(&self) -> Option<[f32; 2]> {
        let selected = self.selected?;
        let plotted = self.plots.iter().find(|plot| plot.answer.id == selected.answer).and_then(|plot| {
            let row = u32::try_from(selected.row).ok()?;
            let index = plot.points.binary_search_by_key(&row, |point| point.row).ok()?;
            Some(plot.points[index].lon_lat)
        });
        let shown = self.answer.as_ref().filter(|answer| answer.id == selected.answer);
        plotted.or_else(|| shown?.rows.lon_lat(selected.row))
    }
}
