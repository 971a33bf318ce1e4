//! Why a link did not come about or ended, in sentences for whoever reads the agent's messages.

use std::{fmt::Write, io, net::SocketAddr};

use rustls::AlertDescription;

use crate::net::wire::{FrameError, messages::Reason};

/// Characters of a display's own words that are passed on.
const MAX_SENTENCE_CHARS: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("cannot find the address of {host}: {problem}")]
    Resolve { host: String, problem: String },
    #[error("cannot connect to {0}")]
    Connect(String),
    /// Both fingerprints stand in it.
    #[error(
        "{address}: {problem}. If the display has made itself a new certificate, copy its server-cert.pem here again \
         (or give the new --fingerprint) and start this agent anew; if it has not, somebody else answers in its place"
    )]
    Certificate { address: SocketAddr, problem: String },
    #[error("{address}: {problem}")]
    Handshake { address: SocketAddr, problem: String },
    #[error("{address} hung up before it let this agent in; is it the display's port for agents?")]
    HungUpEarly { address: SocketAddr },
    #[error("{address} said nothing in time")]
    Slow { address: SocketAddr },
    #[error("{address} refuses this agent: {}", told(*reason, sentence))]
    Refused { address: SocketAddr, reason: Reason, sentence: String },
    #[error("{address} hung up")]
    HungUp { address: SocketAddr },
    #[error("lost the link to {address}: {problem}")]
    Lost { address: SocketAddr, problem: String },
    #[error("{address} has been silent for {secs} s")]
    Silent { address: SocketAddr, secs: u64 },
    #[error("this machine slept for {secs} s, and the link to {address} is taken as dead")]
    Slept { address: SocketAddr, secs: u64 },
    #[error("{address} speaks another language: {problem}")]
    Malformed { address: SocketAddr, problem: String },
}

impl Failure {
    /// Why a TLS handshake failed.
    pub fn from_handshake(address: SocketAddr, error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let problem = match tls {
            // Ours, from the check of the certificate.
            Some(rustls::Error::General(problem)) => {
                return Self::Certificate { address, problem: problem.clone() };
            }
            Some(
                rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
                | rustls::Error::PeerIncompatible(_),
            ) => "it does not speak TLS 1.3, and nothing older is spoken here".to_owned(),
            Some(rustls::Error::InvalidMessage(_)) => "what answers there does not speak TLS".to_owned(),
            Some(error) => format!("no TLS with it: {error}"),
            None if error.kind() == io::ErrorKind::UnexpectedEof || is_reset(error) => {
                return Self::HungUpEarly { address };
            }
            None => error.to_string(),
        };
        Self::Handshake { address, problem }
    }

    /// Why reading or writing failed on a link that stood.
    pub fn from_link(address: SocketAddr, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::HungUp { address }
            }
            _ => Self::Lost { address, problem: error.to_string() },
        }
    }

    pub fn from_frame(address: SocketAddr, error: &FrameError) -> Self {
        Self::Malformed { address, problem: error.to_string() }
    }

    pub fn refused(address: SocketAddr, reason: i32, sentence: &str) -> Self {
        let reason = Reason::try_from(reason).unwrap_or(Reason::Unspecified);
        Self::Refused { address, reason, sentence: printable(sentence) }
    }

    /// Whether only a person at the other end can mend it, so that trying soon is of no use.
    pub const fn needs_a_person(&self) -> bool {
        match self {
            Self::Certificate { .. } => true,
            Self::Refused { reason, .. } => matches!(
                reason,
                Reason::WrongSecret
                    | Reason::Revoked
                    | Reason::Version
                    | Reason::InUse
                    | Reason::TooMany
                    | Reason::Replaced
            ),
            _ => false,
        }
    }

    /// Whether another secret would mend it.
    pub const fn blames_the_secret(&self) -> bool {
        matches!(self, Self::Refused { reason: Reason::WrongSecret | Reason::Revoked | Reason::InUse, .. })
    }

    /// Whether the display lost its place in what it was told.
    pub const fn needs_a_snapshot(&self) -> bool {
        matches!(self, Self::Refused { reason: Reason::Gap | Reason::Malformed, .. })
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

/// The display's sentence, or what its reason means where it says none.
fn told(reason: Reason, sentence: &str) -> &str {
    if !sentence.is_empty() {
        return sentence;
    }
    match reason {
        Reason::Unspecified => "it does not say why.",
        Reason::WrongSecret => "it does not know this token or password.",
        Reason::Revoked => "the token was taken back.",
        Reason::Version => "one of both programs is too old for the other.",
        Reason::InUse => "another machine is connected with this token.",
        Reason::TooMany => "it has too many agents, or there were too many failures from here.",
        Reason::Malformed => "it did not understand what it was told.",
        Reason::Gap => "it missed something.",
        Reason::Closing => "it is closing.",
        Reason::Replaced => "this agent has connected a second time; is it running twice?",
    }
}

/// Words from afar shall not command a terminal.
pub fn printable(text: &str) -> String {
    let mut printable = String::new();
    for character in text.chars().take(MAX_SENTENCE_CHARS) {
        match character {
            '"' | '\'' | '\\' => printable.push(character),
            // A String takes everything.
            _ => drop(write!(printable, "{}", character.escape_debug())),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_afar_do_not_command_the_terminal() {
        assert_eq!(printable("it's \"so\" \u{1b}[31m\u{202e}x\n"), "it's \"so\" \\u{1b}[31m\\u{202e}x\\n");
        assert_eq!(printable(&"x".repeat(1_000_000)).len(), MAX_SENTENCE_CHARS);
    }

    #[test]
    fn every_reason_has_words() {
        let address = SocketAddr::from(([127, 0, 0, 1], 6789));
        for reason in -1..20 {
            let told = Failure::refused(address, reason, "").to_string();
            assert!(told.len() > "127.0.0.1:6789 refuses this agent: ".len(), "{told}");
        }
        assert!(Failure::refused(address, 1, "No.").to_string().ends_with("refuses this agent: No."));
    }
}
