//! The real window of the real program, driven by keyboard and pointer on a desktop of its own. Every assertion is a
//! change that somebody before the screen, or beside it, would notice. Needs an X server, a window manager, xdotool
//! and a Vulkan driver; says `skipped: …` where one is missing.

#![cfg(test)]

#[path = "../desktop/mod.rs"]
mod desktop;
#[path = "../lab/mod.rs"]
mod lab;

mod card;
mod filter;
mod fleet;
mod frames;
mod hilbert;
mod history;
mod inspect;
mod keys;
mod lit;
mod outputs;
mod pointer;
mod recording;
mod remembered;
mod replay;
mod sockets;
mod sql;
mod wayland;

lab::entry!();
