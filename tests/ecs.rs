//! The connections as entities, from the feed to the rows that the graphics card is given: no window, no adapter, no
//! thread, and a clock that stands still until the test moves it.

#![cfg(test)]

#[path = "ecs/cards.rs"]
mod cards;
#[path = "ecs/clock.rs"]
mod clock;
#[path = "support/connections.rs"]
mod connections;
#[path = "ecs/filter.rs"]
mod filter;
#[path = "ecs/fleet.rs"]
mod fleet;
#[path = "ecs/flood.rs"]
mod flood;
#[path = "ecs/hilbert.rs"]
mod hilbert;
#[path = "ecs/history.rs"]
mod history;
#[path = "ecs/laws.rs"]
mod laws;
#[path = "ecs/life.rs"]
mod life;
#[path = "ecs/past.rs"]
mod past;
#[path = "ecs/preferences.rs"]
mod preferences;
#[path = "ecs/replay.rs"]
mod replay;
#[path = "ecs/rules_and_sums.rs"]
mod rules_and_sums;
#[path = "ecs/space.rs"]
mod space;
#[path = "ecs/stage.rs"]
mod stage;
#[path = "ecs/trails.rs"]
mod trails;
#[path = "ecs/wall.rs"]
mod wall;
