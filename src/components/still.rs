//! That the map is drawn for a film or an answer, where nobody can press anything. A snapshot is the window's picture.

use bevy::prelude::*;

#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Still {
    /// The word that stands where a window says `LIVE`, if the picture shows no connections but something else.
    pub word: Option<&'static str>,
}
