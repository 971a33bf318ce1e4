//! The agent's end of the link: keeps what this machine's collector says until the display has it, and keeps the link
//! alive. What is seen is the collector's business, how it is written `wire`'s.

mod backoff;
mod clock;
mod failure;
mod identity;
mod kept_secret;
mod link;
mod outbox;
mod places;
mod progress;
mod pulse;
mod run;
mod secret;
mod settings;
mod shared;
mod state;
mod waiting;

pub use backoff::BackoffBounds;
pub use clock::{Clock, MachineClock};
pub use failure::Failure;
pub use kept_secret::{KeptSecret, SecretFile};
pub use outbox::Bounds;
pub use places::{CERTIFICATE_FILE, Places, SERVER_FILE, TOKEN_FILE};
pub use pulse::PulseBounds;
pub use run::{Notice, RunError, run};
pub use secret::{Secret, SecretError};
pub use settings::{AddressError, ServerAddress, Settings};
