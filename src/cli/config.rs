//! `connmapperl config check`: the files that people write by hand, each as it would be read at the next start, and what is
//! wrong with each by line. And for the window what was chosen in it before.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Common, RulesArgs, TablesArgs, is_closed_pipe};
use crate::{
    components::preferences::{self, Preferences, WindowPlace},
    config::{
        config_folder, connmap_window_size,
        filters::saved_filters,
        queries::saved_queries,
        settings::{self, Settings},
    },
    enrich::PLACES_FILE,
    filter::Filter,
    geo::user_places::UserPlaces,
};

#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// What is wrong with settings.toml, connmapperlrc, places.csv, saved filters and questions; nothing is changed
    Check {
        #[command(flatten)]
        rules: RulesArgs,
        #[command(flatten)]
        tables: TablesArgs,
    },
}

/// A file, and what is wrong with it or how much there is.
struct Checked {
    file: String,
    outcome: Result<String, Vec<String>>,
}

/// The exit code is not 0 where anything is wrong.
///
/// # Errors
/// When a file that was named cannot be read, or the output cannot be written.
pub fn config(args: &ConfigArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let ConfigCommand::Check { rules, tables } = &args.command;
    let common = Common { config: rules.config.clone(), data: tables.data.clone(), ..Common::default() };
    let folder = config_folder();
    let mut all = vec![check_settings(folder.as_deref()), check_rules(&common)?];
    all.push(check_places(common.named().data_folder()?.as_deref()));
    all.extend(check_saved(folder.as_deref()));
    for Checked { file, outcome } in &all {
        let printed = match outcome {
            Ok(words) => writeln!(out, "{file}: {words}"),
            Err(problems) => problems.iter().try_for_each(|problem| writeln!(out, "{file}: {problem}")),
        };
        match printed.context("cannot print") {
            // Whoever read has read enough.
            Err(error) if is_closed_pipe(&error) => break,
            printed => printed?,
        }
    }
    let is_good = all.iter().all(|checked| checked.outcome.is_ok());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const NOT_THERE: &str = "not there, and need not be";

fn check_settings(folder: Option<&Path>) -> Checked {
    let Some(path) = folder.map(settings::path_in) else {
        return Checked { file: "settings.toml".to_owned(), outcome: Ok("HOME is not set".to_owned()) };
    };
    let outcome = match settings::read_text(&path) {
        Ok(text) => {
            let mut problems: Vec<String> = Settings::parse(&text).err().into_iter().collect();
            match preferences::parse(&text) {
                Ok((_, lines)) => problems.extend(lines.iter().map(ToString::to_string)),
                Err(error) if problems.is_empty() => problems.push(error.to_string()),
                // It is the same.
                Err(_) => {}
            }
            if problems.is_empty() { Ok("good".to_owned()) } else { Err(problems) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(NOT_THERE.to_owned()),
        Err(error) => Err(vec![error.to_string()]),
    };
    Checked { file: path.display().to_string(), outcome }
}

fn check_rules(common: &Common) -> anyhow::Result<Checked> {
    let read = common.named().read_rules()?;
    let outcome = if read.errors.is_empty() {
        Ok(counted(read.rules.rules().len(), "rule"))
    } else {
        Err(read.errors.iter().map(ToString::to_string).collect())
    };
    let file = if read.source == "built in" { "connmapperlrc (built in)".to_owned() } else { read.source };
    Ok(Checked { file, outcome })
}

fn check_places(folder: Option<&Path>) -> Checked {
    let Some(path) = folder.map(|folder| folder.join(PLACES_FILE)) else {
        return Checked { file: PLACES_FILE.to_owned(), outcome: Ok(NOT_THERE.to_owned()) };
    };
    let outcome = match fs::read(&path) {
        Ok(text) => match UserPlaces::parse(&text) {
            (places, errors) if errors.is_empty() => Ok(counted(places.len(), "place")),
            (_, errors) => Err(errors.iter().map(ToString::to_string).collect()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(NOT_THERE.to_owned()),
        Err(error) => Err(vec![error.to_string()]),
    };
    Checked { file: path.display().to_string(), outcome }
}

/// Filters and questions that were saved in the window. Their messages name the file.
fn check_saved(folder: Option<&Path>) -> [Checked; 2] {
    let filters = saved_filters(folder).map_err(|error| vec![error.to_string()]).and_then(|filters| {
        let problem = |filter: &String| {
            let error = Filter::parse(filter).err()?;
            Some(format!("{filter:?}: {error}"))
        };
        let problems: Vec<String> = filters.iter().filter_map(problem).collect();
        if problems.is_empty() { Ok(counted(filters.len(), "filter")) } else { Err(problems) }
    });
    let queries = saved_queries(folder)
        .map(|queries| counted(queries.len(), "question"))
        .map_err(|error| vec![error.to_string()]);
    [("saved filters", filters), ("saved questions", queries)]
        .map(|(file, outcome)| Checked { file: file.to_owned(), outcome })
}

fn counted(count: usize, what: &str) -> String {
    format!("good, {count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Where the window writes what is chosen in it. `None` where this user has no home.
pub fn preferences_file() -> Option<PathBuf> {
    config_folder().as_deref().map(settings::path_in)
}

/// What was chosen in the window, and what of its file says nothing that is known. A file that cannot be read, or is no TOML, is
/// told by those who look in it for what is written by hand.
pub fn preferences() -> (Preferences, Vec<String>) {
    let read = preferences_file().and_then(|path| Some((settings::read_text(&path).ok()?, path)));
    let (mut chosen, problems) = match read.as_ref().map(|(text, _)| (preferences::parse(text), text)) {
        Some((Ok((chosen, problems)), _)) => (chosen, problems),
        Some((Err(error), text)) if Settings::parse(text).is_ok() => (Preferences::default(), vec![error]),
        Some((Err(_), _)) | None => Default::default(),
    };
    let path = read.map(|(_, path)| path.display().to_string()).unwrap_or_default();
    let problems = problems.iter().map(|problem| format!("{path}: {problem}")).collect();
    chosen.place = chosen.place.or_else(|| {
        let [width, height] = connmap_window_size()?;
        Some(WindowPlace { width, height, position: None })
    });
    (chosen, problems)
}
