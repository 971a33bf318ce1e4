//! The figures of an adapter as rows of a table in Markdown, for `docs/performance.md`.

use std::fmt;

/// What is told of frames of one kind, in milliseconds and bytes.
pub struct Cell {
    pub p50: f64,
    /// The slowest where frames are few.
    pub p99: f64,
    /// By the adapter's own clock, where it has one.
    pub passes: Option<f64>,
    pub main_thread: f64,
    /// Processor time of all threads.
    pub cpu: f64,
    pub rows: f64,
}

struct Row {
    size: String,
    what: String,
    cells: Vec<(&'static str, Cell)>,
}

/// Its `Display` is Markdown.
pub struct Table {
    adapter: String,
    rows: Vec<Row>,
}

const STATES: [&str; 3] = ["at rest", "some move", "zoomed"];

impl Table {
    pub fn new(adapter: &str) -> Self {
        Self { adapter: adapter.to_owned(), rows: Vec::new() }
    }

    /// What follows is of so many at this size.
    pub fn begin(&mut self, size: String, name: &str, count: usize) {
        let what = if count == 0 { name.to_owned() } else { format!("{} {name}", grouped(count)) };
        self.rows.push(Row { size, what, cells: Vec::new() });
    }

    /// The middle frame of the first map at the size of the last one, where it was in that state.
    pub fn first(&self, state: &str) -> Option<f64> {
        let size = &self.rows.last()?.size;
        let first = self.rows.iter().find(|row| row.size == *size)?;
        first.cells.iter().find(|(it, _)| *it == state).map(|(_, cell)| cell.p50)
    }

    pub fn add(&mut self, state: &'static str, cell: Cell) {
        if let Some(row) = self.rows.last_mut() {
            row.cells.push((state, cell));
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\n", self.adapter)?;
        writeln!(
            out,
            "| size | on the map | at rest | some move | zoomed | passes at rest; zoomed | main thread at rest; some move | all threads at rest; some move | \
             bytes at rest; some move |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let of = |state: &str| row.cells.iter().find(|(it, _)| *it == state).map(|(_, cell)| cell);
            write!(out, "| {} | {} ", row.size, row.what)?;
            for state in STATES {
                write!(
                    out,
                    "| {} ",
                    of(state).map_or(String::new(), |it| format!("{}, {}", ms(it.p50), ms(it.p99)))
                )?;
            }
            let [rest, some, zoomed] = STATES.map(of);
            let both =
                |cells: [Option<String>; 2]| cells.into_iter().flatten().collect::<Vec<_>>().join("; ");
            let passes = |cell: Option<&Cell>| cell.and_then(|cell| cell.passes).map(ms);
            let thread = |cell: Option<&Cell>| cell.map(|cell| ms(cell.main_thread));
            let threads = |cell: Option<&Cell>| cell.map(|cell| ms(cell.cpu));
            let bytes = |cell: Option<&Cell>| cell.map(|cell| grouped(cell.rows as usize));
            let last = [
                [passes(rest), passes(zoomed)],
                [thread(rest), thread(some)],
                [threads(rest), threads(some)],
                [bytes(rest), bytes(some)],
            ];
            for cells in last {
                write!(out, "| {} ", both(cells))?;
            }
            writeln!(out, "|")?;
        }
        Ok(())
    }
}

/// Three digits or so.
fn ms(millis: f64) -> String {
    let digits = match millis {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{millis:.digits$}")
}

/// 1,000,000.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
