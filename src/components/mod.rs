//! Plain ECS data: components, resources and messages, and no system. What changes them lives
//! in `systems`.

pub mod account;
pub mod action;
pub mod animation;
pub mod bindings;
pub mod connection;
pub mod data_sources;
pub mod dots;
pub mod filtering;
pub mod fleet;
pub mod history;
pub mod history_circles;
pub mod inspect;
pub mod map_clock;
pub mod map_view;
pub mod marks;
pub mod notices;
pub mod palette;
pub mod panels;
pub mod rule_book;
pub mod sql;
pub mod still;
pub mod stretches;
pub mod theme;
pub mod time_travel;
pub mod trails;
