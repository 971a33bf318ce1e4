//! The display's end of the links: listens, lets agents in, and hands on what they say. Who is let in stands in the
//! register of agents; what becomes of the news is the business of whoever takes them.

mod address;
mod admission;
mod away;
mod certificate;
mod clock;
mod contents;
mod counters;
mod directory;
mod doorman;
mod incoming;
mod keeper;
mod known;
mod limits;
mod link;
mod listener;
mod lookout;
mod news;
mod notices;
mod passwords;
mod private_file;
mod register;
mod secret;
mod session;
mod shared;
mod strangers;

pub use address::{BindError, ListenAddress, ListenAddressError};
pub use certificate::{CERTIFICATE_FILE, Certificate, CertificateFileError, KEY_FILE};
pub use contents::{Agent, ContentsError, Home, Proof};
pub use counters::Counters;
pub use directory::{EARLIER_RUNS, Identity};
pub use known::{KnownAgent, Origin};
pub use limits::Limits;
pub use listener::{ListenError, ListenSettings, Listener, spawn};
pub use news::{AgentNews, Arrived, Delivery, FleetMessage, Importance, News, OpenSocket};
pub use register::{MAX_ENTRIES, REGISTER_FILE, Register, RegisterError};
pub use secret::{
    LONGEST_PASSWORD_BYTES, NoRandom, PasswordError, SHORTEST_PASSWORD_CHARS, WELL_KNOWN_PASSWORD,
};
pub use shared::GATHER_READS;
