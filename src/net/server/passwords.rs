//! Checks the shared password: away from the reactor, because it takes a moment, and one at a time, so that guesses take
//! no more than one processor. What was right once is known again by an HMAC under a key that lives in memory only.

use std::sync::{Mutex, PoisonError};

use ring::hmac;
use tokio::sync::Semaphore;

use super::secret::{Hex, NoRandom, PasswordHash};

pub struct Passwords {
    key: hmac::Key,
    /// The last one that was right, and for which register.
    right: Mutex<Option<(PasswordHash, hmac::Tag)>>,
    turn: Semaphore,
}

impl Passwords {
    pub fn new() -> Result<Self, NoRandom> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &Hex::<32>::random()?.0);
        Ok(Self { key, right: Mutex::new(None), turn: Semaphore::new(1) })
    }

    /// Whether it is the password with that hash. Must be called within a runtime.
    pub async fn is_right(&self, hash: PasswordHash, tried: &str) -> bool {
        if self.is_known(&hash, tried) {
            return true;
        }
        let Ok(_turn) = self.turn.acquire().await else {
            return false;
        };
        // Others that came with the same may have been first.
        if self.is_known(&hash, tried) {
            return true;
        }
        let owned = tried.to_owned();
        let is_right = tokio::task::spawn_blocking(move || hash.matches(&owned)).await.unwrap_or(false);
        if is_right {
            let tag = hmac::sign(&self.key, tried.as_bytes());
            *self.right.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash, tag));
        }
        is_right
    }

    fn is_known(&self, hash: &PasswordHash, tried: &str) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((of, tag)) = right.as_ref() else {
            return false;
        };
        of == hash && hmac::verify(&self.key, tried.as_bytes(), tag.as_ref()).is_ok()
    }
}
