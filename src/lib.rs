//! connmapperl: a computer's connections on a world map. See ARCHITECTURE.md for the floors of the house;
//! `cfg(feature)` stands here and nowhere else.

pub mod filter;
pub mod model;
pub mod net {
    //! Edges to the network: the collector reads this machine's sockets, an agent sends what it sees, the listener takes it in.

    pub mod agent;
    pub mod collector;
    #[cfg(feature = "serve")]
    pub mod server;
    pub mod tls;
    pub mod wire;
}
#[cfg(feature = "serve")]
mod id_map;
mod prefetch;
pub mod projection;
pub mod rules;
pub mod tally;
pub mod version;
pub mod world;

#[cfg(feature = "whois")]
pub mod download;
#[cfg(feature = "whois")]
pub mod geo;
#[cfg(feature = "whois")]
mod gzip;
#[cfg(feature = "whois")]
pub mod lookup;
#[cfg(feature = "whois")]
pub mod signals;
#[cfg(feature = "whois")]
pub mod whois;
#[cfg(feature = "whois")]
pub mod zip;

#[cfg(feature = "gui")]
pub mod app;
#[cfg(feature = "gui")]
pub mod cli;
#[cfg(feature = "gui")]
pub mod components;
#[cfg(feature = "gui")]
pub mod config;
#[cfg(feature = "gui")]
pub mod demo;
#[cfg(feature = "serve")]
pub mod enrich;
#[cfg(feature = "history")]
pub mod hilbert;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "gui")]
pub mod scene_source;
#[cfg(feature = "gui")]
pub mod systems;
#[cfg(feature = "gui")]
mod toml_text;
#[cfg(feature = "gui")]
pub mod wall;
