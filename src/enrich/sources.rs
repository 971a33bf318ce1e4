//! The tables that answer, opened: the user's own places, the tables of the data folder, the embedded one, and what was
//! imported from registries. Re-reads the user's places when they change, and opens anew what is imported anew. What goes
//! wrong with one file is reported, and the others stay in use.

use std::sync::Arc;

use super::{DataFolders, Report, registries::RegistriesFolder};
use crate::geo::{
    GeoSource, Geography,
    embedded::EmbeddedGeo,
    import::{self, Import, Kind},
    user_places::{UserPlaces, UserPlacesFile},
};

pub const PLACES_FILE: &str = "places.csv";
const DATA_TOPIC: &str = "Data folder";
const PLACES_TOPIC: &str = "Your places";
const EMBEDDED_TOPIC: &str = "Embedded table";
const REGISTRIES_TOPIC: &str = "Imported registries";

pub struct Sources {
    places_file: Option<UserPlacesFile>,
    /// Where there are any.
    user_places: Option<Arc<UserPlaces>>,
    registries_folder: Option<RegistriesFolder>,
    /// As they were told last.
    registry_problems: Vec<String>,
    /// Tables of the data folder, the embedded one, tables of countries alone.
    tables: Vec<Arc<dyn GeoSource>>,
    geography: Geography,
    reports: Vec<Report>,
}

impl Sources {
    /// Opens what there is. Never fails: without any table every connection is counted as without entry, and the
    /// reports say why.
    pub fn open(folders: &DataFolders) -> Self {
        let data = folders.data.as_deref();
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
        match EmbeddedGeo::open(folders.cache.as_deref()) {
            Ok(embedded) => tables.push(Arc::new(embedded)),
            Err(error) => reports
                .push(Report::Problem { topic: EMBEDDED_TOPIC.to_owned(), lines: vec![error.to_string()] }),
        }
        tables.extend(countries.into_iter().map(|import| import.source));
        let mut sources = Self {
            places_file: data.map(|data| UserPlacesFile::new(data.join(PLACES_FILE))),
            user_places: None,
            registries_folder: folders.registries.clone().map(RegistriesFolder::new),
            registry_problems: Vec::new(),
            geography: Geography::new(tables.clone()),
            tables,
            reports,
        };
        sources.poll_places();
        sources.poll_registries();
        sources.put_together();
        sources.reports.insert(0, sources.in_use());
        sources
    }

    pub fn geography(&self) -> &Geography {
        &self.geography
    }

    /// What there is to say since the last call.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Looks whether the user's places changed, or something was imported. Returns whether answers may be others now.
    pub fn poll(&mut self) -> bool {
        let (other_places, other_registries) = (self.poll_places(), self.poll_registries());
        if other_places || other_registries {
            self.put_together();
        }
        if other_registries {
            self.reports.push(self.in_use());
        }
        other_places || other_registries
    }

    fn poll_places(&mut self) -> bool {
        let Some((places, errors)) = self.places_file.as_mut().and_then(UserPlacesFile::poll) else {
            return false;
        };
        let path = self.places_file.as_ref().map(|file| file.path.display().to_string()).unwrap_or_default();
        self.reports.push(Report::Problem {
            topic: PLACES_TOPIC.to_owned(),
            lines: errors.iter().map(|error| format!("{path} {error}")).collect(),
        });
        self.user_places = (!places.is_empty()).then(|| Arc::new(places));
        true
    }

    fn poll_registries(&mut self) -> bool {
        let Some(folder) = &mut self.registries_folder else {
            return false;
        };
        let has_changed = folder.poll();
        let lines = folder.problems();
        if has_changed || lines != self.registry_problems {
            self.registry_problems.clone_from(&lines);
            self.reports.push(Report::Problem { topic: REGISTRIES_TOPIC.to_owned(), lines });
        }
        has_changed
    }

    fn put_together(&mut self) {
        let mut geography = Geography::new(self.tables.clone());
        if let Some(places) = self.user_places.clone() {
            geography = geography.with_user_places(places);
        }
        if let Some(registries) = self.registries_folder.as_ref().and_then(RegistriesFolder::registries) {
            geography = geography.with_registry(registries);
        }
        self.geography = geography;
    }

    fn in_use(&self) -> Report {
        Report::Sources(self.geography.infos().cloned().collect())
    }
}
