//! Tells what a file is by the beginning of its text; its name plays no part.

use serde::{Deserialize, Serialize};

use super::{
    as_org::{JsonLine, Table},
    delegated, rpsl,
};

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
        if rpsl::attribute_name(line).is_some_and(|name| rpsl::Class::from_name(name).is_some()) {
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

fn is_json_of_as_org(line: &[u8]) -> bool {
    let line = std::str::from_utf8(line).ok().filter(|line| line.starts_with('{'));
    line.is_some_and(|line| JsonLine::parse(line).is_ok_and(|line| line.record().is_ok()))
}
