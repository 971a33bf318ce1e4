//! Which countries, autonomous systems and programs have the most connections: counted while a wall shows that.

use std::sync::Arc;

use bevy::prelude::Resource;

/// Rows of a list.
pub const MOST_ROWS: usize = 3;

#[derive(Resource, Debug, Default, Clone, PartialEq, Eq)]
pub struct TopLists {
    pub countries: Vec<(Arc<str>, usize)>,
    pub systems: Vec<(Arc<str>, usize)>,
    pub programs: Vec<(Arc<str>, usize)>,
}
