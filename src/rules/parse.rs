//! Reads the lines of `connmapperlrc`: `KeyLabel,Type,Port,Red,Green,Blue,Alpha,ShowText`, comma-separated, fields
//! quoted where they hold commas, `#` before a comment line. Gives values and errors both: a line that cannot be
//! read costs that line alone.

use std::{fmt, str, sync::Arc};

use super::{Rgba, Rule, Side};

/// A larger file is no rules file, and is refused as a whole. There are 131,070 pairs of side and port, of which
/// nobody colours more than a few hundred; a line has some 40 bytes.
pub const MAX_FILE_BYTES: usize = 1 << 20;

const FIELDS: [&str; 8] = ["KeyLabel", "Type", "Port", "Red", "Green", "Blue", "Alpha", "ShowText"];

/// What an error quotes of a field, in characters, so that a message stays one line on the screen.
const QUOTED_CHARS: usize = 32;

/// One bad line, or a file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct RuleError {
    /// Counted from 1; `None` where the file was refused as a whole.
    pub line: Option<u32>,
    pub problem: Problem,
}

/// What is wrong with a line, with what was found there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the file has {bytes} bytes, and more than {MAX_FILE_BYTES} are not read")]
    FileTooLarge { bytes: usize },
    #[error("not UTF-8 text: byte 0x{byte:02x} in column {column}")]
    NotUtf8 { byte: u8, column: usize },
    #[error("needs 8 fields ({}), found {found}", FIELDS.join(","))]
    FieldCount { found: usize },
    #[error("a quoted field does not end")]
    OpenQuote,
    #[error("after a closing quote comes a comma, found {0}")]
    AfterQuote(Found),
    #[error("KeyLabel is empty")]
    EmptyLabel,
    #[error("KeyLabel holds a control character: {0}")]
    ControlCharacter(Found),
    #[error("Type is `local` or `peer`, found {0}")]
    Type(Found),
    #[error("Port is a whole number from 1 to 65535, found {0}")]
    Port(Found),
    #[error("{field} is a number from 0 to 1, found {found}")]
    Color { field: &'static str, found: Found },
    #[error("ShowText is 0 or 1, found {0}")]
    ShowText(Found),
}

/// A field's text as a message quotes it: shortened, and with control characters spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(String);

impl Found {
    fn from_text(text: &str) -> Self {
        let mut shown: String = text.chars().take(QUOTED_CHARS).flat_map(char::escape_debug).collect();
        if text.chars().nth(QUOTED_CHARS).is_some() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "`{}`", self.0) }
    }
}

/// Each line becomes one rule, one error, or neither where it is blank or a comment.
pub(super) fn rules_from_bytes(bytes: &[u8]) -> (Vec<Rule>, Vec<RuleError>) {
    if bytes.len() > MAX_FILE_BYTES {
        let problem = Problem::FileTooLarge { bytes: bytes.len() };
        return (Vec::new(), vec![RuleError { line: None, problem }]);
    }
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (line, content) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        match rule_from_line(content, line) {
            Ok(Some(rule)) => rules.push(rule),
            Ok(None) => {}
            Err(problem) => errors.push(RuleError { line: Some(line), problem }),
        }
    }
    (rules, errors)
}

fn rule_from_line(line: &[u8], number: u32) -> Result<Option<Rule>, Problem> {
    // A comment in some older encoding harms nobody.
    if line.trim_ascii_start().starts_with(b"#") {
        return Ok(None);
    }
    let text = str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        Problem::NotUtf8 { byte: line[at], column: at + 1 }
    })?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let fields = fields_from_line(text)?;
    let [label, side, port, red, green, blue, alpha, show_text] =
        <[String; 8]>::try_from(fields).map_err(|fields| Problem::FieldCount { found: fields.len() })?;
    let part = |at: usize, text: &str| color_part(text).ok_or_else(|| bad_color(at, text));
    Ok(Some(Rule {
        label: checked_label(&label)?,
        side: match side.as_str() {
            "local" => Side::Local,
            "peer" => Side::Peer,
            _ => return Err(Problem::Type(Found::from_text(&side))),
        },
        port: port
            .parse()
            .ok()
            .filter(|&port| port != 0)
            .ok_or_else(|| Problem::Port(Found::from_text(&port)))?,
        color: Rgba {
            red: part(3, &red)?,
            green: part(4, &green)?,
            blue: part(5, &blue)?,
            alpha: part(6, &alpha)?,
        },
        show_text: match show_text.as_str() {
            "0" => false,
            "1" => true,
            _ => return Err(Problem::ShowText(Found::from_text(&show_text))),
        },
        line: number,
    }))
}

/// A label is drawn and printed as it is, so it must not steer a terminal.
fn checked_label(text: &str) -> Result<Arc<str>, Problem> {
    if text.is_empty() {
        Err(Problem::EmptyLabel)
    } else if text.chars().any(char::is_control) {
        Err(Problem::ControlCharacter(Found::from_text(text)))
    } else {
        Ok(text.into())
    }
}

fn color_part(text: &str) -> Option<f32> {
    text.parse().ok().filter(|value| (0.0..=1.0).contains(value))
}

fn bad_color(field: usize, text: &str) -> Problem {
    Problem::Color { field: FIELDS[field], found: Found::from_text(text) }
}

/// Splits a line at its commas (RFC 4180 quoting, with blanks allowed around a field).
fn fields_from_line(line: &str) -> Result<Vec<String>, Problem> {
    let mut fields = Vec::with_capacity(FIELDS.len());
    let mut rest = line;
    loop {
        let (field, after) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err(Problem::AfterQuote(Found::from_text(after))),
        }
    }
}

/// Takes what follows an opening quote; gives the field and what follows its closing quote. A doubled quote stands
/// for one.
fn quoted_field(mut rest: &str) -> Result<(String, &str), Problem> {
    let mut field = String::new();
    loop {
        let (before, after) = rest.split_once('"').ok_or(Problem::OpenQuote)?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Ok((field.trim().to_owned(), after.trim_start())),
        }
    }
}
