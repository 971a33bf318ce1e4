//! What agents prove themselves with: tokens, one an agent, and the shared password. Only digests of either are kept,
//! and digests are compared in constant time.

use std::{fmt, num::NonZeroU32};

use ring::{
    digest::{SHA256, digest},
    pbkdf2::{self, PBKDF2_HMAC_SHA256},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use subtle::ConstantTimeEq;

const TOKEN_START: &str = "cmt_";
const TOKEN_BYTES: usize = 32;
/// What OWASP asks of PBKDF2-HMAC-SHA256; some 0.2 s.
const PASSWORD_ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
const SALT_BYTES: usize = 16;
/// Below this a stolen register gives the password away.
pub const SHORTEST_PASSWORD_CHARS: usize = 12;
/// Fits into the first frame with room to spare.
pub const LONGEST_PASSWORD_BYTES: usize = 1_024;
/// Came with every connmapperl of old, so everybody knows it.
pub const WELL_KNOWN_PASSWORD: &str = "passwordhere";

/// The system gave no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandom;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error(
        "\"{WELL_KNOWN_PASSWORD}\" came with every connmapperl of old, so everybody knows it: think of another"
    )]
    WellKnown,
    #[error("a password needs at least {SHORTEST_PASSWORD_CHARS} characters")]
    TooShort,
    #[error("a password has at most {LONGEST_PASSWORD_BYTES} bytes")]
    TooLong,
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Bytes that are hexadecimal digits in files.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> Hex<N> {
    pub fn random() -> Result<Self, NoRandom> {
        let mut bytes = [0; N];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
        Ok(Self(bytes))
    }

    pub fn from_text(text: &str) -> Option<Self> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        bytes.filter(|_| rest.is_empty())?.try_into().ok().map(Self)
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| D::Error::custom(format!("not {} hexadecimal digits", 2 * N)))
    }
}

/// SHA-256 of a token. Tokens are random, so no salt is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(Hex<32>);

/// A new token for the agent of that number, and what is kept of it.
pub fn new_token(number: u32) -> Result<(String, TokenHash), NoRandom> {
    let token = format!("{TOKEN_START}{number:x}_{}", Hex::<TOKEN_BYTES>::random()?);
    let hash = TokenHash::of(&token);
    Ok((token, hash))
}

/// Whose token it claims to be; `None` for what is no token.
pub fn number_of_token(text: &str) -> Option<u32> {
    let (number, rest) = text.strip_prefix(TOKEN_START)?.split_once('_')?;
    Hex::<TOKEN_BYTES>::from_text(rest)?;
    u32::from_str_radix(number, 16).ok()
}

impl TokenHash {
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(Hex(bytes))
    }

    pub fn matches(&self, token: &str) -> bool {
        self.0.0.ct_eq(&Self::of(token).0.0).into()
    }
}

/// PBKDF2-HMAC-SHA256 of the shared password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHash {
    rounds: NonZeroU32,
    salt: Hex<SALT_BYTES>,
    hash: Hex<32>,
}

impl PasswordHash {
    /// Takes some 0.2 s, as it should.
    pub fn of(password: &str) -> Result<Self, PasswordError> {
        if password == WELL_KNOWN_PASSWORD {
            return Err(PasswordError::WellKnown);
        }
        if password.chars().count() < SHORTEST_PASSWORD_CHARS {
            return Err(PasswordError::TooShort);
        }
        if password.len() > LONGEST_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        let (salt, mut hash) = (Hex::random()?, [0; 32]);
        pbkdf2::derive(PBKDF2_HMAC_SHA256, PASSWORD_ROUNDS, &salt.0, password.as_bytes(), &mut hash);
        Ok(Self { rounds: PASSWORD_ROUNDS, salt, hash: Hex(hash) })
    }

    /// As slow as `of`; compares in constant time.
    pub fn matches(&self, password: &str) -> bool {
        let tried = password.as_bytes();
        pbkdf2::verify(PBKDF2_HMAC_SHA256, self.rounds, &self.salt.0, tried, &self.hash.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_agent_and_matches_its_hash_alone() {
        let (token, hash) = new_token(0x2a).unwrap();
        assert_eq!(number_of_token(&token), Some(0x2a));
        assert!(token.starts_with("cmt_2a_") && token.len() == 7 + 64, "{token}");
        assert!(hash.matches(&token));
        let (other, _) = new_token(0x2a).unwrap();
        assert_ne!(token, other);
        assert!(!hash.matches(&other) && !hash.matches("") && !hash.matches(&token[..token.len() - 1]));
    }

    #[test]
    fn what_is_no_token_has_no_number() {
        let end = "0".repeat(64);
        for text in
            ["", "cmt_", "cmt_1", "cmt_1_", "cmt__00", "hunter2", &format!("cmt_100000000_{end}"), &end]
        {
            assert_eq!(number_of_token(text), None, "{text}");
        }
        assert_eq!(number_of_token(&format!("cmt_ffffffff_{end}")), Some(u32::MAX));
    }

    #[test]
    fn passwords_that_anybody_knows_or_guesses_are_refused() {
        assert_eq!(PasswordHash::of("passwordhere"), Err(PasswordError::WellKnown));
        assert_eq!(PasswordHash::of("elevenchars"), Err(PasswordError::TooShort));
        assert_eq!(PasswordHash::of(&"x".repeat(LONGEST_PASSWORD_BYTES + 1)), Err(PasswordError::TooLong));
    }

    #[test]
    fn a_password_matches_its_own_hash() {
        let hash = PasswordHash::of("correct horse battery").unwrap();
        assert!(hash.matches("correct horse battery"));
        assert!(!hash.matches("correct horse batterz") && !hash.matches(""));
        let text = serde_json::to_string(&hash).unwrap();
        assert!(!text.contains("horse"), "{text}");
        assert_eq!(serde_json::from_str::<PasswordHash>(&text).unwrap(), hash);
    }
}
