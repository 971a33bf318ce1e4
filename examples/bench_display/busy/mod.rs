//! The program before a machine that is as busy as any: 100,000 connections open, and ten thousand changes a second. First
//! off the screen, frame by frame; then the program itself in a window, fed by agents over TLS, who bring all that and at last
//! fall silent.

mod fleet;
mod input;
#[allow(dead_code, reason = "the soak uses the rest")]
#[path = "../../soak/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "the soak uses the rest")]
#[path = "../../soak/link.rs"]
mod link;
mod off_screen;
#[allow(dead_code, reason = "the soak uses the rest")]
#[path = "../../soak/run.rs"]
mod run;
#[allow(dead_code, reason = "the soak uses the rest")]
#[path = "../../soak/stage.rs"]
mod stage;
mod threads;
#[allow(dead_code, reason = "the soak uses the rest")]
#[path = "../../soak/traffic.rs"]
mod traffic;
mod window;

pub use off_screen::bench as frames;
pub use window::bench as window;

use super::{home, screen};

const CONNECTIONS: u32 = 100_000;
