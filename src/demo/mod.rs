//! Seeded synthetic scenes, for pictures, tests and a first look: what a collector would report of a machine that
//! does not exist. This module owns the scenes and stops at the observations: they go through everything that real
//! ones go through. A scene is a function of its seed and the time alone.

mod networks;
mod random;
mod services;
mod sockets;

use std::{fmt, str::FromStr};

pub use sockets::DemoScene;

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    /// A lively machine with peers on every continent; a few connections open and close every second.
    World,
    /// Peers around the 180th meridian. A still picture.
    Antimeridian,
    /// 500 connections to one city, which the seed chooses. A still picture.
    OnePlace,
    /// 20,000 connections all over the world. A still picture.
    Flood,
    /// 300 connections held, and 200 a second that live 50 to 2,000 milliseconds.
    Churn,
    /// IPv6, with its oddities. A still picture.
    Ipv6,
}

impl Scene {
    pub const ALL: [Self; 6] =
        [Self::World, Self::Antimeridian, Self::OnePlace, Self::Flood, Self::Churn, Self::Ipv6];

    pub const fn name(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Antimeridian => "antimeridian",
            Self::OnePlace => "one-place",
            Self::Flood => "flood",
            Self::Churn => "churn",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// A scene as `--demo` names it: `world:7`, `world` (seed 1), or `7` for the world of seed 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeededScene {
    pub scene: Scene,
    pub seed: u64,
}

/// Of a scene named without one.
const DEFAULT_SEED: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SceneError {
    #[error("there is no scene `{0}`; there are {names}, each also with a seed as in `world:7`", names = Scene::ALL.map(Scene::name).join(", "))]
    UnknownScene(String),
    #[error("a scene's seed is a whole number from 0 to 18446744073709551615, found `{0}`")]
    BadSeed(String),
}

impl FromStr for SeededScene {
    type Err = SceneError;

    fn from_str(text: &str) -> Result<Self, SceneError> {
        if let Ok(seed) = text.parse() {
            return Ok(Self { scene: Scene::World, seed });
        }
        let (name, seed) = match text.split_once(':') {
            Some((name, seed)) => (name, seed.parse().map_err(|_| SceneError::BadSeed(seed.to_owned()))),
            None => (text, Ok(DEFAULT_SEED)),
        };
        let scene = Scene::ALL
            .into_iter()
            .find(|scene| scene.name() == name)
            .ok_or_else(|| SceneError::UnknownScene(name.to_owned()))?;
        Ok(Self { scene, seed: seed? })
    }
}

impl fmt::Display for SeededScene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scene.name(), self.seed)
    }
}

#[cfg(test)]
mod tests;
