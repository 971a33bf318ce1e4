//! Which tables answer for addresses, as the status line and the help show them.

use bevy::prelude::Resource;

#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSources {
    /// For the status line.
    pub short: String,
    /// One a table, with name and date.
    pub tables: Vec<String>,
    /// What the licences ask to show.
    pub attributions: Vec<String>,
}
