//! `connmapperl query`: the detailed history, asked in SQL and printed. It may run while the display records.

use std::{
    fmt,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    Common, Format, NO_HISTORY, PastArgs, RulesArgs, TablesArgs, complain, list::into_io, size_from_text,
    snapshot,
};
use crate::{
    app::{WindowLook, still_app},
    components::{
        sql::{Answer, Rows, SqlDesk},
        still::Still,
    },
    enrich::Sources,
    geo::Geography,
    history::query::{Limits, Progress, QueryError, SHIPPED, Table, ask, shown},
    systems::{
        services::sql::{Found, plot_of},
        wall_unix_millis,
    },
};

/// Bytes of a question that is read from standard input; SQLite would refuse a longer one.
const LONGEST_QUESTION: u64 = 1 << 16;
/// Of a map.
const USUAL_SIZE: [u32; 2] = [1920, 1080];
/// Wider cells are cut in the plain table; CSV and JSON have them whole.
const WIDEST_CELL: usize = 60;

#[derive(Clone, Debug, Default, Args)]
pub struct QueryArgs {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    tables: TablesArgs,
    #[command(flatten)]
    past: PastArgs,
    /// What to ask, or - to read it from standard input
    #[arg(value_name = "SQL", required_unless_present_any = ["list", "name"])]
    pub sql: Option<String>,
    /// Ask one of the questions that --list prints
    #[arg(long, value_name = "NAME", conflicts_with = "sql")]
    pub name: Option<String>,
    /// Print the questions that ship with the program
    #[arg(long, conflicts_with_all = ["sql", "name"])]
    pub list: bool,
    /// As JSON: an array of objects
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As CSV
    #[arg(long)]
    pub csv: bool,
    /// Draw the rows that lie somewhere onto a map, in place of printing them
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
    /// Width and height of the map in pixels
    #[arg(long, value_name = "WxH", value_parser = size_from_text, requires = "plot")]
    pub size: Option<[u32; 2]>,
    /// Seconds that it may take
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub time_limit: u64,
}

/// A question that cannot be answered, with the place in its text where that is known.
#[derive(Debug)]
pub struct QueryFailure {
    pub sql: String,
    pub error: QueryError,
}

impl std::error::Error for QueryFailure {}

impl fmt::Display for QueryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if let QueryError::Text { line, column, .. } = &self.error
            && let Some(text) = self.sql.lines().nth(line - 1)
        {
            // Tabs stay tabs, so that the mark stands where the eye looks.
            let before = text.chars().take(column - 1);
            let space: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n{text}\n{space}^")?;
        }
        Ok(())
    }
}

/// Prints to `out`. A reader that has gone away ends it quietly.
///
/// # Errors
/// When there is no history, the question cannot be answered, or the output not written.
pub fn query(args: &QueryArgs, out: &mut impl Write) -> anyhow::Result<()> {
    match answer(args, out) {
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        answered => answered,
    }
}

fn answer(args: &QueryArgs, out: &mut impl Write) -> anyhow::Result<()> {
    if args.list {
        for query in &SHIPPED {
            writeln!(out, "{}\n    {}\n", query.name, query.sql.replace('\n', "\n    "))?;
        }
        return Ok(out.flush()?);
    }
    let sql = text(args)?;
    let common = args.common();
    let path = common.history_file().context(NO_HISTORY)?;
    let folders = common.folders()?;
    let sources = Sources::open(&folders);
    let limits = Limits { time: Duration::from_secs(args.time_limit), ..Limits::default() };
    let geography = Arc::new(sources.geography().clone());
    let asked = ask(&path, geography, &sql, limits, &Arc::new(Progress::default()));
    let table = asked.map_err(|error| QueryFailure { sql, error })?;
    match args.format() {
        Format::Csv => table.write_csv(&mut *out).map_err(into_io)?,
        Format::Json => table.write_json(&mut *out)?,
        Format::Text if args.plot.is_some() => {}
        Format::Text => aligned(&table, out)?,
    }
    out.flush()?;
    if table.is_cut {
        complain(&format!("there is more than {} rows; ask for less, or with LIMIT and OFFSET", table.len()));
    }
    match &args.plot {
        Some(picture) => plot(&common, args, picture, table, sources.geography()),
        None => Ok(()),
    }
}

/// Draws the rows as the window would, on a map without connections.
fn plot(
    common: &Common,
    args: &QueryArgs,
    picture: &Path,
    table: Table,
    geography: &Geography,
) -> anyhow::Result<()> {
    let rows = table.len();
    let name = args.name.clone().unwrap_or_else(|| "query".to_owned());
    let is_cut = table.is_cut;
    let rows_behind: Arc<dyn Rows> = Arc::new(Found::new(table));
    let answer = Answer { id: 1, name, rows: rows_behind, took: Duration::ZERO, is_cut, sorting: None };
    let plot = plot_of(answer, geography).with_context(|| {
        format!("none of the {rows} rows has a place: they need an address, or lat and lon")
    })?;
    let places = plot.dots.len();
    let plural = if places == 1 { "" } else { "s" };
    let (drawn, file) = (plot.points.len(), picture.display());
    let told = format!("{file}: {drawn} of {rows} rows, at {places} place{plural}");
    let size = args.size.unwrap_or(USUAL_SIZE);
    let mut app = still_app(wall_unix_millis(), size, common.named().read_rules()?, &WindowLook::default())?;
    app.world_mut().resource_mut::<SqlDesk>().plots.push(plot);
    app.insert_resource(Still { word: Some("ANSWER") });
    snapshot::draw(app, size, picture)?;
    complain(&told);
    Ok(())
}

impl QueryArgs {
    fn common(&self) -> Common {
        Common {
            config: self.rules.config.clone(),
            data: self.tables.data.clone(),
            history: self.past.history.clone(),
            demo: None,
        }
    }

    const fn format(&self) -> Format {
        match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => Format::Text,
        }
    }
}

fn text(args: &QueryArgs) -> anyhow::Result<String> {
    if let Some(name) = &args.name {
        let known = SHIPPED.iter().find(|query| query.name.eq_ignore_ascii_case(name.trim()));
        let Some(query) = known else {
            bail!("no question is called \"{name}\"; `connmapperl query --list` prints those there are");
        };
        return Ok(query.sql.to_owned());
    }
    match args.sql.as_deref() {
        Some("-") => {
            let mut text = String::new();
            io::stdin().lock().take(LONGEST_QUESTION).read_to_string(&mut text)?;
            Ok(text)
        }
        sql => Ok(sql.unwrap_or_default().to_owned()),
    }
}

/// Columns as wide as their widest cell, numbers to the right.
fn aligned(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut widths: Vec<usize> = table.columns().iter().map(|name| name.chars().count()).collect();
    for row in 0..table.len() {
        for (width, cell) in widths.iter_mut().zip(table.row(row)) {
            *width = (*width).max(one_line(&shown(cell)).chars().count());
        }
    }
    print_row(table.columns().iter().map(|name| (name.clone(), false)), &widths, out)?;
    for row in 0..table.len() {
        let cells = table.row(row).map(|cell| (one_line(&shown(cell)), cell.as_f64().is_some()));
        print_row(cells, &widths, out)?;
    }
    Ok(())
}

fn print_row(
    cells: impl Iterator<Item = (String, bool)>,
    widths: &[usize],
    out: &mut impl Write,
) -> io::Result<()> {
    let padded: Vec<String> = cells
        .zip(widths)
        .map(|((cell, is_number), width)| match is_number {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        })
        .collect();
    writeln!(out, "{}", padded.join("  ").trim_end())
}

/// What programs call themselves may hold anything; a terminal is to obey none of it.
fn one_line(cell: &str) -> String {
    let plain = cell.chars().map(|c| if c.is_control() { '?' } else { c });
    let mut text: String = plain.clone().take(WIDEST_CELL).collect();
    if plain.count() > WIDEST_CELL {
        text.pop();
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_what_is_wrong() {
        let error = QueryError::Text { line: 2, column: 3, message: "no such column: nonsense".to_owned() };
        let failure = QueryFailure { sql: "SELECT peer,\n\t nonsense\nFROM x".to_owned(), error };
        assert!(failure.to_string().ends_with("\n\t nonsense\n\t ^"), "{failure}");
    }

    #[test]
    fn cells_stay_on_their_line() {
        assert_eq!(one_line("a\u{1b}[2J\nb"), "a?[2J?b");
        assert_eq!(one_line(&"x".repeat(100)).chars().count(), WIDEST_CELL);
    }
}
