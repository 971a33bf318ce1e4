//! Why a connection is turned away before it is an agent's link: what is counted, what the person at either end reads,
//! and whether its address has failed by it.

use super::{
    counters::{Count, Counting},
    secret::WELL_KNOWN_PASSWORD,
};
use crate::net::wire::{OLDEST_PROTOCOL_VERSION, messages::Reason};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Away {
    NotTls,
    PlainHttp,
    OldTls,
    FailedTls(String),
    /// Not ready in time, or hung up before.
    NoHello,
    /// To make room for others.
    CrowdedOut,
    BadHello(String),
    OldVersion(u32),
    WrongToken,
    NoPasswordSet,
    WrongPassword,
    WellKnownPassword,
    Revoked(String),
    InUse(String),
    Full,
}

impl Away {
    pub const fn count<'a>(&self, counting: &'a Counting) -> &'a Count {
        match self {
            Self::NotTls => &counting.not_tls,
            Self::PlainHttp => &counting.plain_http,
            Self::OldTls => &counting.old_tls,
            Self::FailedTls(_) => &counting.failed_tls,
            Self::NoHello => &counting.no_hello,
            Self::CrowdedOut => &counting.crowded_out,
            Self::BadHello(_) => &counting.bad_hellos,
            Self::OldVersion(_) => &counting.old_versions,
            Self::WrongToken | Self::NoPasswordSet | Self::WrongPassword | Self::WellKnownPassword => {
                &counting.wrong_secrets
            }
            Self::Revoked(_) => &counting.revoked,
            Self::InUse(_) => &counting.tokens_in_use,
            Self::Full => &counting.refused_full,
        }
    }

    /// Whether the address shall be refused when it comes with the like too often. Whoever has a secret of ours has not
    /// failed, nor has whoever was not heard.
    pub const fn is_failure(&self) -> bool {
        !matches!(
            self,
            Self::CrowdedOut | Self::OldVersion(_) | Self::Revoked(_) | Self::InUse(_) | Self::Full
        )
    }

    /// For the person at the display; follows the address.
    pub fn line(&self) -> String {
        match self {
            Self::NotTls => "what it said was not TLS".to_owned(),
            Self::PlainHttp => "it spoke plain HTTP; only agents find anything here".to_owned(),
            Self::OldTls => "its TLS is older than 1.3".to_owned(),
            Self::FailedTls(error) => format!("TLS failed: {error}"),
            Self::NoHello => "it did not say who it is, or not in time".to_owned(),
            Self::CrowdedOut => "too many come from there at a time and do not say who they are".to_owned(),
            Self::BadHello(error) => format!("it is no agent: {error}"),
            Self::OldVersion(version) => {
                format!("its protocol {version} is too old (at least {OLDEST_PROTOCOL_VERSION})")
            }
            Self::WrongToken => "its token is none of this display's".to_owned(),
            Self::NoPasswordSet => "it came with a password, and none is set here".to_owned(),
            Self::WrongPassword => "its password is wrong".to_owned(),
            Self::WellKnownPassword => {
                format!("it came with the password \"{WELL_KNOWN_PASSWORD}\", which everybody knows")
            }
            Self::Revoked(name) => format!("\"{name}\" is revoked"),
            Self::InUse(name) => {
                format!("the token of \"{name}\" is in use by another machine; each needs its own")
            }
            Self::Full => "there are as many agents as this display takes".to_owned(),
        }
    }

    /// For the person at the agent; `None` where no words get there.
    pub fn answer(&self) -> Option<(Reason, String)> {
        let (reason, sentence) = match self {
            Self::NotTls
            | Self::PlainHttp
            | Self::OldTls
            | Self::FailedTls(_)
            | Self::NoHello
            | Self::CrowdedOut => return None,
            Self::BadHello(error) => (Reason::Malformed, format!("the display does not understand this: {error}")),
            Self::OldVersion(version) => (
                Reason::Version,
                format!(
                    "the display speaks protocol {OLDEST_PROTOCOL_VERSION} and newer, and this is {version}: install a \
                     newer connmapperl-client"
                ),
            ),
            Self::WrongToken => (
                Reason::WrongSecret,
                "the display knows no such token: `connmapperl agents add NAME` there makes one".to_owned(),
            ),
            Self::NoPasswordSet => (
                Reason::WrongSecret,
                "no shared password is set at the display; use a token: `connmapperl agents add NAME` there makes one"
                    .to_owned(),
            ),
            Self::WrongPassword => (Reason::WrongSecret, "the password is not the display's".to_owned()),
            Self::WellKnownPassword => (
                Reason::WrongSecret,
                format!("\"{WELL_KNOWN_PASSWORD}\" is known to everybody and is never taken; use a token"),
            ),
            Self::Revoked(name) => {
                (Reason::Revoked, format!("the display has revoked \"{name}\"; it needs a new token"))
            }
            Self::InUse(name) => (
                Reason::InUse,
                format!("another machine is connected with the token of \"{name}\"; each machine needs its own"),
            ),
            Self::Full => (Reason::TooMany, "the display takes no more agents".to_owned()),
        };
        Some((reason, sentence))
    }
}
