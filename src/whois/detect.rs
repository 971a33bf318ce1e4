//! Tells what a file is by the beginning of its text; its name plays no part.

use serde::{Deserialize, Serialize};

use super::{
    as_org::{JsonLine, Table},
    delegated::{self, Line},
    keys::Key,
    rpsl::{self, Class},
};

/// What is not unpacked: where its magic stands, the magic, and what it is called. Of tar POSIX's form and GNU's.
const NOT_UNPACKED: [(usize, &[u8], &str); 5] = [
    (257, b"ustar\0", "a tar archive"),
    (257, b"ustar  \0", "a tar archive"),
    // Before it stand `BZh` and a digit.
    (4, b"1AY&SY", "packed by bzip2"),
    (0, b"\xfd7zXZ\0", "packed by xz"),
    (0, b"\x28\xb5\x2f\xfd", "packed by zstd"),
];

/// A zip file that begins with its end.
const EMPTY_ZIP_MAGIC: &[u8] = b"PK\x05\x06";
pub const EMPTY_ZIP: &str = "it is a zip file with no file in it";

/// What a file that can be imported is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A registry's list of what it gave to whom.
    Delegated,
    /// CAIDA's organisations of autonomous systems.
    AsOrg,
    /// Objects of a routing registry's database.
    Rpsl,
}

impl Kind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delegated => "delegated",
            Self::AsOrg => "as-org2info",
            Self::Rpsl => "RPSL",
        }
    }
}

/// The kind of a text that begins with `head`.
///
/// # Errors
/// What it looks like instead, for a message.
pub fn detect(head: &[u8]) -> Result<Kind, String> {
    let has =
        |&&(at, magic, _): &&(usize, &[u8], _)| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    // Several files in one, of which each is a source of its own, would be taken for a single one.
    if let Some((.., form)) = NOT_UNPACKED.iter().find(has) {
        return Err(format!("it is {form}; unpack it first"));
    }
    if head.starts_with(EMPTY_ZIP_MAGIC) {
        return Err(EMPTY_ZIP.to_owned());
    }
    let lines = || head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    if lines().any(|line| Table::from_format_line(line).is_some()) {
        return Ok(Kind::AsOrg);
    }
    // A damaged line at the top hides nothing: the first one that is of some kind decides.
    for line in lines().filter(|line| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"%"))
    {
        if is_json_of_as_org(line) {
            return Ok(Kind::AsOrg);
        }
        if matches!(delegated::parse(line), Ok(Some(_))) {
            return Ok(Kind::Delegated);
        }
        if rpsl::attribute_name(line).is_some_and(|name| Class::from_name(name).is_some()) {
            return Ok(Kind::Rpsl);
        }
    }
    let first = lines().find(|line| !line.is_empty()).unwrap_or_default();
    Err(match first {
        [] => "it is empty".to_owned(),
        _ if head.contains(&0) => "it is binary".to_owned(),
        [b'{', ..] => "JSON, and not that of as-org2info".to_owned(),
        _ => format!("it begins with {}", super::rejects::quoted(first)),
    })
}

/// Whether a text of this kind that begins with `head` is made of what such files have, or only has some of it among other
/// things, as a description of the format has: most of it must be such records.
pub fn is_made_of(kind: Kind, head: &[u8]) -> bool {
    let lines = || head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let (mut records, mut others) = (0_u64, 0_u64);
    let mut count = |is_record: bool| *if is_record { &mut records } else { &mut others } += 1;
    match kind {
        Kind::Delegated => lines().for_each(|line| match delegated::parse(line) {
            Ok(Some(Line::Record(_))) => count(true),
            Ok(_) => {}
            Err(_) => count(false),
        }),
        Kind::AsOrg => {
            let mut table = None;
            for line in lines().filter(|line| !line.is_empty()) {
                if line.starts_with(b"#") {
                    table = Table::from_format_line(line).or(table);
                } else {
                    let text = rpsl::decode(line);
                    let is_of_table = table.as_ref().is_some_and(|table| table.parse(&text).is_ok());
                    count(is_of_table || is_json_of_as_org(line));
                }
            }
        }
        Kind::Rpsl => {
            let lines: Vec<_> =
                lines().filter(|line| !line.starts_with(b"#") && !line.starts_with(b"%")).collect();
            let mut objects: Vec<_> = lines.split(|line| line.is_empty()).collect();
            // The beginning of a long text ends within a line.
            if let Some(last) = objects.last_mut()
                && last.len() > 2
            {
                *last = &last[..last.len() - 1];
            }
            objects.into_iter().filter_map(is_kept).for_each(count);
        }
    }
    records > others
}

/// Whether these lines are an object as registries have them: attributes alone, and what it is found by; `None` for one of
/// a class that is not kept, which may be anything.
fn is_kept(lines: &[&[u8]]) -> Option<bool> {
    let first = lines.first()?;
    let attributes = lines.iter().filter(|line| rpsl::attribute_name(line).is_some()).count();
    let more = lines.iter().filter(|line| rpsl::continues(line)).count();
    // All have two attributes at least: their own, and who maintains them or where they are from.
    if attributes + more < lines.len() || attributes < 2 {
        return Some(false);
    }
    let class = rpsl::attribute_name(first).and_then(Class::from_name)?;
    let mut is_found = false;
    let keys = rpsl::keys::keys(class, &lines.join(&b'\n'), None, |key| {
        is_found |= match (class, key) {
            // Anything may stand behind these words elsewhere.
            (Class::Organisation, Key::Id(_, id)) => begins(id, "ORG-"),
            (Class::AsSet, Key::Id(_, id)) => id.split(':').any(|part| begins(part, "AS-")),
            _ => true,
        };
    });
    Some(keys.is_ok() && is_found)
}

fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

fn is_json_of_as_org(line: &[u8]) -> bool {
    let line = std::str::from_utf8(line).ok().filter(|line| line.starts_with('{'));
    line.is_some_and(|line| JsonLine::parse(line).is_ok_and(|line| line.record().is_ok()))
}
