//! The name of what is imported: its user's, or one made of what the file says. An import replaces what has its name, so
//! no user's name is one that another kind of file or another registry has.

use std::path::Path;

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
    /// Where nothing is left of it, or another kind of file has it.
    pub fn given(&self, name: &str) -> Result<String, WhoisError> {
        let plain = file_name(name);
        if !plain.contains(char::is_alphanumeric) {
            return Err(WhoisError::NoName { path: self.path.into(), name: name.to_owned() });
        }
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

/// What may be part of a file's name anywhere; never hidden, never a path. Letters of all languages stay; other characters
/// than those of ASCII become their numbers, so that names which differ in these alone stay apart.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c {
            _ if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') => name.push(c),
            _ if c.is_ascii() => name.push('_'),
            _ => name += &format!("_{:x}", u32::from(c)),
        }
        if name.len() >= MOST_NAME_BYTES {
            break;
        }
    }
    name.trim_start_matches('.').to_owned()
}
