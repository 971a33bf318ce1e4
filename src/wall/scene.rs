//! A scene as it is written:
//!
//! ```toml
//! theme = "dark"              # or "light"
//! text_scale = 2.2            # 1 is that of the window
//! pixel_shift = true          # some pixels to and fro in the course of an hour, against burn-in
//!
//! [night]
//! hours = "22:00-07:00"
//! brightness = 0.4
//!
//! [[view]]
//! show = "world"              # "world", "hilbert" or "replay"
//! secs = 120
//! hours = "07:00-19:00"       # at all hours where it is left out
//! parts = ["clock", "clients", "key", "account", "top", "ticker", "texts", "circles"]
//! trails = "fading"           # "off", "fading" or "integrating"
//! zoom = "activity"           # "world" or "activity"
//!
//! [[view]]
//! show = "replay"
//! last_hours = 24             # how much of the past
//! secs = 60                   # in so long
//! ```
//!
//! What is left out is as usual. A file with anything wrong in it is refused, with line and column.

use std::{fmt::Display, ops::RangeInclusive};

use serde::{Deserialize, Deserializer, de::Error};

use super::Hours;
use crate::toml_text::{self, TomlError};

/// Of a view. Shorter ones flicker, and nobody sees the longest out.
const VIEW_SECS: RangeInclusive<u32> = 5..=7 * 86_400;
/// Hours that a replay may go back.
const REPLAY_HOURS: RangeInclusive<u32> = 1..=366 * 24;
/// More views than these are no scene.
const MOST_VIEWS: usize = 64;
const TEXT_SCALES: RangeInclusive<f32> = 1.0..=4.0;
/// Below this nothing is to be seen.
const BRIGHTNESSES: RangeInclusive<f32> = 0.05..=1.0;
/// The smallest text of a panel is 11 points at 1080 lines: with this it is a 45th of the height, which is legible from three
/// metres.
const USUAL_TEXT_SCALE: f32 = 2.2;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// As the window's where it is left out.
    #[serde(default)]
    pub theme: Option<ThemeName>,
    #[serde(default = "usual_text_scale", deserialize_with = "text_scale")]
    pub text_scale: f32,
    #[serde(default = "yes")]
    pub pixel_shift: bool,
    #[serde(default)]
    pub night: Option<Night>,
    #[serde(rename = "view", deserialize_with = "views")]
    pub views: Vec<View>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeName {
    Dark,
    Light,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    pub hours: Hours,
    /// Of that by day.
    #[serde(deserialize_with = "brightness")]
    pub brightness: f32,
}

/// What is shown for some time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    #[serde(default)]
    pub show: Show,
    #[serde(deserialize_with = "view_secs")]
    pub secs: u32,
    /// When it may be shown.
    #[serde(default)]
    pub hours: Option<Hours>,
    #[serde(default = "usual_parts")]
    pub parts: Vec<Part>,
    #[serde(default)]
    pub trails: Trails,
    #[serde(default)]
    pub zoom: Zoom,
    /// Of a replay: how much of the past it shows.
    #[serde(default = "a_day", deserialize_with = "replay_hours")]
    pub last_hours: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Show {
    #[default]
    World,
    /// The address space.
    Hilbert,
    /// The world as it was.
    Replay,
}

/// What stands on the picture beside the dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Time and date.
    Clock,
    /// A lamp for each machine that reports.
    Clients,
    /// The colours of the rules.
    Key,
    /// The sockets, counted.
    Account,
    /// Countries, systems and programs with the most connections.
    Top,
    /// Countries and systems that were never seen before.
    Ticker,
    /// Beside the dots.
    Texts,
    /// Of the simple history.
    Circles,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trails {
    #[default]
    Off,
    Fading,
    Integrating,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zoom {
    /// All of it.
    #[default]
    World,
    /// To where the connections are.
    Activity,
}

impl Scene {
    /// # Errors
    /// When it is no scene, or one that cannot be shown.
    pub fn parse(text: &str) -> Result<Self, TomlError> {
        toml_text::parse(text)
    }
}

/// A value within bounds. The error is told with the place of the value.
fn within<'de, D: Deserializer<'de>, T>(value: D, bounds: &RangeInclusive<T>) -> Result<T, D::Error>
where
    T: Deserialize<'de> + PartialOrd + Display,
{
    let value = T::deserialize(value)?;
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(D::Error::custom(format!("this may be {} to {}, and is {value}", bounds.start(), bounds.end())))
}

fn view_secs<'de, D: Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    within(value, &VIEW_SECS)
}

fn replay_hours<'de, D: Deserializer<'de>>(value: D) -> Result<u32, D::Error> {
    within(value, &REPLAY_HOURS)
}

fn text_scale<'de, D: Deserializer<'de>>(value: D) -> Result<f32, D::Error> {
    within(value, &TEXT_SCALES)
}

fn brightness<'de, D: Deserializer<'de>>(value: D) -> Result<f32, D::Error> {
    within(value, &BRIGHTNESSES)
}

fn views<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<View>, D::Error> {
    let views = Vec::deserialize(value)?;
    if (1..=MOST_VIEWS).contains(&views.len()) {
        return Ok(views);
    }
    Err(D::Error::custom(format!("a scene has 1 to {MOST_VIEWS} views, and this one {}", views.len())))
}

const fn usual_text_scale() -> f32 {
    USUAL_TEXT_SCALE
}

const fn yes() -> bool {
    true
}

const fn a_day() -> u32 {
    24
}

fn usual_parts() -> Vec<Part> {
    vec![Part::Clock, Part::Clients, Part::Key, Part::Account]
}
