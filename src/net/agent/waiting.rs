//! The time between two attempts, and what cuts it short.

use std::time::Duration;

use tokio::time::sleep;

use super::{clock::Clock, kept_secret::KeptSecret};

/// A waiting agent looks up this often: the machine may have slept, or somebody may have written another token.
pub(super) const LOOK_UP: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    ToTheEnd,
    /// The machine slept since the last attempt began: the network may be another one now.
    Slept,
    /// Another secret is to be had.
    SecretChanged,
}

/// `secret`: the one to watch, where another would help.
pub(super) async fn wait(
    delay: Duration,
    clock: &dyn Clock,
    asleep_before: Duration,
    mut secret: Option<&mut KeptSecret>,
) -> Waited {
    let until = clock.since_boot() + delay;
    loop {
        if clock.slept_since(asleep_before).is_some() {
            return Waited::Slept;
        }
        if secret.as_mut().is_some_and(|secret| secret.is_replaced()) {
            return Waited::SecretChanged;
        }
        let left = until.saturating_sub(clock.since_boot());
        if left.is_zero() {
            return Waited::ToTheEnd;
        }
        sleep(left.min(LOOK_UP)).await;
    }
}
