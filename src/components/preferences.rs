//! What somebody chose in the window and finds again the next time: as a value of its own, apart from what the window
//! shows, so that the two can be compared. As text it is in `preferences/text.rs`, key by key in `preferences/keys.rs`; which
//! file that is, and when it is written, is for `systems/services`.

mod keys;
mod text;

use std::{collections::BTreeSet, path::PathBuf};

use bevy::prelude::Resource;

pub use keys::{KEYS, Key};
pub use text::{changed, parse};

use super::{hilbert_view::SpaceColour, trails::TimeLapse};

/// Where the window was, and how large. Points, the units in which a window is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowPlace {
    pub width: u32,
    pub height: u32,
    /// Where the system tells it; Wayland does not.
    pub position: Option<[i32; 2]>,
}

/// Where they are written down. Where nothing is, there is none.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct PreferencesFile(pub PathBuf);

/// Each with what it is without a file.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct Preferences {
    pub light: bool,
    pub colour_blind: bool,
    pub reduced_motion: bool,
    /// Beside the dots.
    pub texts: bool,
    /// In the agents' colours.
    pub rings: bool,
    /// Of the simple history.
    pub circles: bool,
    pub timeline: bool,
    pub lapse: TimeLapse,
    pub space: SpaceLook,
    /// By the text of their labels: rules without dots, and rules whose text is on or off whatever the rules file says.
    pub hidden_rules: BTreeSet<String>,
    pub rules_with_text: BTreeSet<String>,
    pub rules_without_text: BTreeSet<String>,
    /// By name.
    pub hidden_clients: BTreeSet<String>,
    /// Of lists of connections, by name.
    pub hidden_columns: BTreeSet<String>,
    pub fullscreen: bool,
    pub place: Option<WindowPlace>,
}

/// How the address space looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceLook {
    pub colour: SpaceColour,
    /// The line along all addresses.
    pub curve: bool,
    /// Columns for rows.
    pub transposed: bool,
    pub ipv6: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            light: false,
            colour_blind: false,
            reduced_motion: false,
            texts: true,
            rings: true,
            circles: false,
            timeline: false,
            lapse: TimeLapse::default(),
            space: SpaceLook::default(),
            hidden_rules: BTreeSet::new(),
            rules_with_text: BTreeSet::new(),
            rules_without_text: BTreeSet::new(),
            hidden_clients: BTreeSet::new(),
            hidden_columns: BTreeSet::new(),
            fullscreen: false,
            place: None,
        }
    }
}

impl Preferences {
    /// Of a wall, whose scene says what it shows.
    pub fn on_wall(self) -> Self {
        let usual = Self::default();
        Self {
            texts: usual.texts,
            circles: usual.circles,
            timeline: usual.timeline,
            lapse: usual.lapse,
            fullscreen: true,
            place: None,
            ..self
        }
    }
}
