//! That the map is drawn for a picture or a film, where nobody can press anything.

use bevy::prelude::*;

#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Still {
    /// The word that stands where a window says `LIVE`, if the picture shows no connections but something else.
    pub word: Option<&'static str>,
}
