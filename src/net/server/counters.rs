//! What the listener counts, for people and tests to look at. Counts are since the listener started.

use std::sync::atomic::{AtomicU64, Ordering};

/// A `Counters` with all fields, and its atomic twin in which the sessions count.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// As it stands now.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Counters {
            /// Whether anything but the comings and goings of agents and what they tell has been counted since.
            pub fn differs_in_faults(&self, before: &Self) -> bool {
                let ordinary = Self {
                    accepted: self.accepted,
                    connects: self.connects,
                    ended_links: self.ended_links,
                    events: self.events,
                    snapshots: self.snapshots,
                    ..*before
                };
                *self != ordinary
            }
        }

        #[derive(Debug, Default)]
        pub(super) struct Counting {
            $(pub $name: Count,)+
        }

        impl Counting {
            pub fn now(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Connections taken from the kernel.
    accepted,
    /// Agents let in, each return of one included.
    connects,
    /// Links of agents that ended, whatever the reason.
    ended_links,
    /// Connections that the kernel could not give, for want of files or memory.
    failed_accepts,
    /// Refused before a word was read: the address had failed too often.
    refused_addresses,
    /// Turned away before they said who they are: too many of their source waited, or a newcomer from another source got
    /// their place.
    crowded_out,
    /// Refused because there were as many agents as allowed.
    refused_full,
    /// What came was not TLS.
    not_tls,
    /// What came was plain HTTP.
    plain_http,
    /// TLS older than 1.3.
    old_tls,
    /// Other failures of TLS.
    failed_tls,
    /// Not done with TLS and the first frame in time, or hung up before.
    no_hello,
    /// First frames that were not a Hello of this protocol.
    bad_hellos,
    /// Agents whose version is too old.
    old_versions,
    /// Tokens and passwords that are not of this display.
    wrong_secrets,
    /// Agents that came though revoked, and those that were cut off because they were.
    revoked,
    /// Tokens that a second machine came with.
    tokens_in_use,
    /// Names that agents with the shared password came with and that could not be shown as they were.
    unfit_names,
    /// Agents that came under a name that was taken, and got a number behind it.
    taken_names,
    /// Links that ended because the same agent came anew.
    replaced,
    /// Frames of agents that were too long or no messages, or made no sense where they came.
    malformed_frames,
    /// Agents from which nothing came for too long, or a frame too slowly.
    silent,
    /// Events that had been had before.
    repeated_events,
    /// Sequence numbers that were missing.
    gaps,
    /// First snapshots that had fewer events than were known of their run, and were believed.
    runs_anew,
    /// Changes of newer agents that mean nothing here.
    unknown_changes,
    /// Changes of connections that are not open here.
    unknown_connections,
    /// Connections left out because their agent had too many.
    surplus_connections,
    /// Events handed on.
    events,
    /// Snapshots handed on.
    snapshots,
    /// Notices for which there was no room.
    dropped_notices,
}

#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn one(&self) {
        self.add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agents_tell_is_no_fault() {
        let counting = Counting::default();
        let before = counting.now();
        for ordinary in [&counting.accepted, &counting.connects, &counting.ended_links] {
            ordinary.one();
        }
        counting.snapshots.one();
        counting.events.add(1_000);
        assert!(!counting.now().differs_in_faults(&before));
        counting.gaps.one();
        assert!(counting.now().differs_in_faults(&before));
    }
}
