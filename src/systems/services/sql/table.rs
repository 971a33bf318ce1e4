//! The history's answer as the window shows it.

use std::{any::Any, borrow::Cow, sync::Arc};

use crate::{
    components::sql::Rows,
    history::query::{Cell, Table, shown},
};

/// An answer, and where its places stand.
pub struct Found {
    pub table: Table,
    lat_lon: Option<(usize, usize)>,
}

impl Found {
    pub fn new(table: Table) -> Self {
        let column = |wanted: &str| table.columns().iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let lat_lon = column("lat").zip(column("lon"));
        Self { table, lat_lon }
    }

    /// What was made here, back.
    pub fn behind(rows: Arc<dyn Rows>) -> Option<Arc<Self>> {
        let rows: Arc<dyn Any + Send + Sync> = rows;
        rows.downcast().ok()
    }
}

impl Rows for Found {
    fn columns(&self) -> &[String] {
        self.table.columns()
    }

    fn count(&self) -> usize {
        self.table.len()
    }

    fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        shown(self.table.cell(row, column))
    }

    fn is_figure(&self, row: usize, column: usize) -> bool {
        matches!(self.table.cell(row, column), Cell::Integer(_) | Cell::Real(_))
    }

    fn lon_lat(&self, row: usize) -> Option<[f32; 2]> {
        let (lat, lon) = self.lat_lon?;
        let degrees = |column| self.table.cell(row, column).as_f64().map(|degrees| degrees as f32);
        Some([degrees(lon)?, degrees(lat)?])
    }
}
