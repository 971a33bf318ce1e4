//! A synthetic scene at the collector's seam: from here on it goes through everything that real sockets go through.

use std::time::Instant;

use crate::{
    demo::{DemoScene, SeededScene},
    model::{CollectorMethod, Observation, Protocol},
    net::collector::{Coverage, ScanError, SeenSocket, SocketSource},
};

/// When a still of a scene was taken: 12:00 UTC on 22 November 2026.
pub const STILL_UNIX_MILLIS: i64 = 1_795_348_800_000;

pub struct DemoSource {
    scene: DemoScene,
    /// `None` for a still, which is always the scene's first moment.
    started: Option<(Instant, i64)>,
    open: Vec<(u64, Observation)>,
}

impl DemoSource {
    /// The scene as it goes on, from now on.
    pub fn live(scene: SeededScene, now_unix_millis: i64) -> Self {
        Self { started: Some((Instant::now(), now_unix_millis)), ..Self::still(scene) }
    }

    /// The scene's first moment, always the same.
    pub fn still(scene: SeededScene) -> Self {
        Self { scene: DemoScene::new(scene), started: None, open: Vec::new() }
    }

    fn elapsed_millis(&self) -> u64 {
        self.started.map_or(0, |(at, _)| u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl SocketSource for DemoSource {
    fn method(&self) -> CollectorMethod {
        CollectorMethod::Demo
    }

    fn now_unix_millis(&self) -> i64 {
        let elapsed = i64::try_from(self.elapsed_millis()).unwrap_or(i64::MAX);
        self.started.map_or(STILL_UNIX_MILLIS, |(_, began)| began.saturating_add(elapsed))
    }

    fn scan(&mut self, _traffic: bool, seen: &mut Vec<SeenSocket>) -> Result<Coverage, ScanError> {
        self.open.clear();
        self.scene.observations_at(self.elapsed_millis(), &mut self.open);
        seen.extend(self.open.drain(..).map(|(identity, observation)| SeenSocket {
            identity,
            inode: 0,
            uid: observation.uid,
            protocol: observation.protocol,
            local: observation.local,
            peer: observation.peer,
            traffic: observation.traffic,
            direction: Some(observation.direction),
            owner: Some(observation.owner),
        }));
        Ok(Coverage::Whole)
    }

    fn listening_ports(&mut self, _ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError> {
        Ok(())
    }
}
