//! The name of what is imported: its user's, or one made of what the file says. An import replaces what has its name, so
//! no user's name is one that another kind of file or another registry has.

use std::path::Path;

use ring::digest::{SHA256, digest};

use crate::whois::{
    detect::Kind,
    error::WhoisError,
    index::{FILE_ENDING, Index},
};

const DELEGATED: &str = "delegated-";
const AS_ORG: &str = "as-org2info";
const RPSL: &str = "rpsl-";

/// With what stands before and behind it, fewer than the 255 that a file system takes.
const MOST_NAME_BYTES: usize = 200;
/// Stands before the sum of a name that is cut, and in no other: there two digits follow the sign.
const CUT: &str = "%-";
/// So much of a sum that no two names were ever found to share it.
const SUM_BYTES: usize = 16;

/// What is named.
pub struct Naming<'a> {
    /// Of the file, as it is told.
    pub path: &'a Path,
    pub kind: Kind,
    /// Of the indexes.
    pub folder: &'a Path,
}

impl Naming<'_> {
    /// A user's name, as far as it can be judged before the file is read.
    ///
    /// # Errors
    /// Where it has no letters, or another kind of file has it.
    pub fn given(&self, name: &str) -> Result<String, WhoisError> {
        if !name.contains(char::is_alphanumeric) {
            return Err(WhoisError::NoName { path: self.path.into(), name: name.to_owned() });
        }
        let plain = file_name(name);
        let made_for = match &*plain {
            AS_ORG => Some(Kind::AsOrg),
            name if name.starts_with(DELEGATED) => Some(Kind::Delegated),
            name if name.starts_with(RPSL) => Some(Kind::Rpsl),
            _ => {
                let old = Index::open(&self.folder.join(format!("{plain}.{FILE_ENDING}")));
                old.ok().map(|old| old.meta().kind)
            }
        };
        match made_for.filter(|kind| *kind != self.kind) {
            None => Ok(plain),
            Some(other) => Err(self.taken(plain, self.kind.label().to_owned(), other.label().to_owned())),
        }
    }

    /// The name of a file that is read, out of a user's or what it says itself.
    ///
    /// # Errors
    /// Where the user's name is that of another registry.
    pub fn name(&self, given: Option<String>, registry: &str, stem: &str) -> Result<String, WhoisError> {
        let Some(given) = given else {
            return Ok(match self.kind {
                Kind::Delegated => format!("{DELEGATED}{registry}"),
                Kind::AsOrg => AS_ORG.to_owned(),
                Kind::Rpsl => format!("{RPSL}{}", file_name(stem.trim_end_matches(".gz"))),
            });
        };
        // `delegated-apnic` is APNIC's, and `delegated-apnic-2025` is nobody's.
        let is_letters = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphabetic());
        match given.strip_prefix(DELEGATED).filter(is_letters).filter(|owner| *owner != registry) {
            None => Ok(given),
            Some(owner) => {
                let of = |registry: &str| format!("{} of {registry}", self.kind.label());
                let (kind, owner) = (of(registry), of(owner));
                Err(self.taken(given, kind, owner))
            }
        }
    }

    fn taken(&self, name: String, kind: String, owner: String) -> WhoisError {
        WhoisError::NameTaken { path: self.path.into(), name, kind, owner }
    }
}

/// What may be part of a file's name anywhere; never hidden, never a path. Letters and digits of all languages stay, and other
/// characters become their bytes, as in an address (`%20`). Of what is too long the beginning stays, with a sum of all of it.
/// What differs before differs behind.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() || matches!(c, '-' | '_') || (c == '.' && at > 0) {
            name.push(c);
        } else {
            name.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02x}")));
        }
    }
    if name.len() > MOST_NAME_BYTES {
        let sum = digest(&SHA256, name.as_bytes());
        name.truncate(name.floor_char_boundary(MOST_NAME_BYTES - CUT.len() - 2 * SUM_BYTES));
        name += CUT;
        name.extend(sum.as_ref()[..SUM_BYTES].iter().map(|byte| format!("{byte:02x}")));
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_differs_before_differs_behind(
            one in "[a%. _2/]{0,4}|\\PC{0,6}",
            other in "[a%. _2/]{0,4}|\\PC{0,6}",
        ) {
            prop_assert_eq!(one == other, file_name(&one) == file_name(&other));
            let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%');
            prop_assert!(file_name(&one).chars().all(is_plain) && !file_name(&one).starts_with('.'));
        }
    }

    #[test]
    fn what_may_stand_in_a_name_stays() {
        for (text, name) in [
            ("ripe.db_2-x", "ripe.db_2-x"),
            ("\u{fc}ber", "\u{fc}ber"),
            ("a b/c", "a%20b%2fc"),
            ("..", "%2e."),
            ("50%", "50%25"),
            ("\u{1f30d}", "%f0%9f%8c%8d"),
        ] {
            assert_eq!(file_name(text), name);
        }
    }

    #[test]
    fn long_names_differ_wherever_they_do() {
        let long = "\u{4e2d}".repeat(90);
        let names = ["", "a", "b", "b "].map(|end| file_name(&format!("{long}{end}")));
        for (i, name) in names.iter().enumerate() {
            assert!(name.len() <= MOST_NAME_BYTES && name.starts_with(&long[..90]), "{name}");
            assert!(names[..i].iter().all(|other| other != name), "{name}");
        }
        let whole = "a".repeat(MOST_NAME_BYTES);
        assert_eq!(file_name(&whole), whole);
    }
}
