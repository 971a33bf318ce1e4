//! One look at the sockets, enriched: what the map would show at this moment, without threads.

use std::path::PathBuf;

use crate::{
    config::{ConfigError, Named, RulesFile, history_file},
    demo::SeededScene,
    enrich::{DataFolders, OpenTable, Report, Sources},
    geo::embedded::default_cache_dir,
    model::{AgentId, AgentLink, AgentStatus, Event, LocatedConnection},
    net::collector::{Collector, ScanError, hostname},
    scene_source::DemoSource,
    systems::wall_unix_millis,
    whois::default_folder,
};

use super::Common;

impl Common {
    pub fn named(&self) -> Named {
        Named { rules_file: self.config.clone(), data_folder: self.data.clone() }
    }

    /// # Errors
    /// When the data folder that was named is none.
    pub fn folders(&self) -> Result<DataFolders, ConfigError> {
        let data = self.named().data_folder()?;
        Ok(DataFolders { data, cache: default_cache_dir(), registries: default_folder() })
    }

    /// Where the detailed history is. `None` where this user has no home.
    pub fn history_file(&self) -> Option<PathBuf> {
        self.history.clone().or_else(history_file)
    }

    /// The history that may be asked. A scene is nobody's past, but another's may be asked beside it.
    pub fn history_to_ask(&self) -> Option<PathBuf> {
        self.history_file().filter(|_| self.demo.is_none() || self.history.is_some())
    }

    /// This machine, or the scene that was asked for: as it goes on, or its first moment alone.
    pub fn collector(&self, goes_on: bool) -> Collector {
        let source = |scene| match goes_on {
            true => DemoSource::live(scene, wall_unix_millis()),
            false => DemoSource::still(scene),
        };
        match self.demo {
            Some(scene) => Collector::from_source(Box::new(source(scene))),
            None => Collector::for_this_machine(),
        }
    }

    /// What the map calls the machine.
    pub fn agent_name(&self) -> String {
        self.demo.map_or_else(
            || hostname().to_string(),
            |SeededScene { scene, seed }| format!("{}:{seed}", scene.name()),
        )
    }
}

/// A collector with its tables, looked through whenever asked.
pub struct Look {
    collector: Collector,
    sources: Sources,
    table: OpenTable,
    events: Vec<Event>,
    pub rules: RulesFile,
    agent_name: String,
}

impl Look {
    /// # Errors
    /// When a file that was named cannot be read.
    pub fn new(common: &Common, goes_on: bool) -> Result<Self, ConfigError> {
        let folders = common.folders()?;
        Ok(Self {
            rules: common.named().read_rules()?,
            sources: Sources::open(&folders),
            collector: common.collector(goes_on),
            table: OpenTable::default(),
            events: Vec::new(),
            agent_name: common.agent_name(),
        })
    }

    /// Looks at the sockets. Returns what changed since the last look.
    ///
    /// # Errors
    /// When the socket table cannot be read.
    pub fn again(&mut self) -> Result<Vec<crate::model::Located>, ScanError> {
        self.events.clear();
        let now = self.collector.now_unix_millis();
        self.collector.tick(now, &mut self.events)?;
        if self.sources.poll() {
            self.table.relocate(self.sources.geography());
        }
        let geography = self.sources.geography();
        Ok(self
            .events
            .drain(..)
            .filter_map(|event| self.table.take(AgentId::THIS_MACHINE, event, geography))
            .collect())
    }

    pub fn now_unix_millis(&self) -> i64 {
        self.collector.now_unix_millis()
    }

    /// All that is open, oldest first.
    pub fn connections(&self) -> Vec<LocatedConnection> {
        self.table.all()
    }

    pub fn status(&self) -> AgentStatus {
        AgentStatus {
            agent: AgentId::THIS_MACHINE,
            name: self.agent_name.as_str().into(),
            method: self.collector.method(),
            tick_millis: u32::try_from(crate::net::collector::SHORTEST_TICK.as_millis()).unwrap_or(u32::MAX),
            notes: self.collector.notes(),
            link: AgentLink::Local,
            home: None,
        }
    }

    /// What the tables and files have to say.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.sources.take_reports()
    }
}
