//! The tables that answer, opened: the user's own places, the tables of the data folder, the embedded one. Re-reads
//! the user's places when they change. What goes wrong with one file is reported, and the others stay in use.

use std::{path::Path, sync::Arc};

use super::Report;
use crate::geo::{
    GeoSource, Geography,
    embedded::EmbeddedGeo,
    import::{self, Import, Kind},
    user_places::UserPlacesFile,
};

const PLACES_FILE: &str = "places.csv";
const DATA_TOPIC: &str = "Data folder";
const PLACES_TOPIC: &str = "Your places";
const EMBEDDED_TOPIC: &str = "Embedded table";

pub struct Sources {
    places_file: Option<UserPlacesFile>,
    /// Tables of the data folder, the embedded one, tables of countries alone.
    tables: Vec<Arc<dyn GeoSource>>,
    geography: Geography,
    reports: Vec<Report>,
}

impl Sources {
    /// Opens what there is. Never fails: without any table every connection is counted as without entry, and the
    /// reports say why.
    pub fn open(data: Option<&Path>, cache: Option<&Path>) -> Self {
        let mut reports = Vec::new();
        let mut imported = Vec::new();
        // Where nothing was put yet there may be places later.
        if let Some(data) = data.filter(|data| data.is_dir()) {
            let (found, errors) = import::open_folder_imports(data);
            imported = found;
            reports.push(Report::Problem {
                topic: DATA_TOPIC.to_owned(),
                lines: errors.iter().map(ToString::to_string).collect(),
            });
        }
        // One point a country is worse than the embedded cities; all else that the user brings is better.
        let is_country = |import: &Import| import.kind == Kind::Countries;
        let (countries, better): (Vec<Import>, Vec<Import>) = imported.into_iter().partition(is_country);
        let mut tables: Vec<Arc<dyn GeoSource>> = better.into_iter().map(|import| import.source).collect();
        match EmbeddedGeo::open(cache) {
            Ok(embedded) => tables.push(Arc::new(embedded)),
            Err(error) => reports
                .push(Report::Problem { topic: EMBEDDED_TOPIC.to_owned(), lines: vec![error.to_string()] }),
        }
        tables.extend(countries.into_iter().map(|import| import.source));
        let mut sources = Self {
            places_file: data.map(|data| UserPlacesFile::new(data.join(PLACES_FILE))),
            geography: Geography::new(tables.clone()),
            tables,
            reports,
        };
        sources.poll();
        sources.reports.insert(0, Report::Sources(sources.geography.infos().cloned().collect()));
        sources
    }

    pub fn geography(&self) -> &Geography {
        &self.geography
    }

    /// What there is to say since the last call.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Looks whether the user's places changed. Returns whether answers may be others now.
    pub fn poll(&mut self) -> bool {
        let Some((places, errors)) = self.places_file.as_mut().and_then(UserPlacesFile::poll) else {
            return false;
        };
        let path = self.places_file.as_ref().map(|file| file.path.display().to_string()).unwrap_or_default();
        self.reports.push(Report::Problem {
            topic: PLACES_TOPIC.to_owned(),
            lines: errors.iter().map(|error| format!("{path} {error}")).collect(),
        });
        self.geography = Geography::new(self.tables.clone());
        if !places.is_empty() {
            self.geography = self.geography.clone().with_user_places(Arc::new(places));
        }
        true
    }
}
