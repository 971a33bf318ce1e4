//! `docs/protocol.md` and `docs/connmapperl.proto` say what the program does. Read as text, beside the messages' source.

#![cfg(test)]

use std::{collections::BTreeMap, fs, path::Path};

use connmapperl::net::wire::{
    DEFAULT_PORT, DICTIONARY_ENTRIES, DICTIONARY_NUMBERS, FULL_FRAME_BYTES, HEARTBEAT_SECS, LAST_UNIX_MILLIS,
    MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ITEMS, MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_NOTES,
    MAX_PROGRAM_CHARS, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, SILENCE_SECS,
};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// For each message its fields, for each enumeration its values: "label type name" by number. A oneof's are the message's.
type Schema = BTreeMap<String, BTreeMap<u32, String>>;

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

fn schema_of_proto(text: &str) -> Schema {
    let mut schema = Schema::new();
    let mut within = String::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["message" | "enum", name, "{"] => (*name).clone_into(&mut within),
            [field @ .., "=", number] if !line.starts_with("//") => {
                let Ok(number) = number.trim_end_matches(';').parse() else { continue };
                let before = schema.entry(within.clone()).or_default().insert(number, field.join(" "));
                assert_eq!(before, None, "{within} has {number} twice");
            }
            _ => {}
        }
    }
    schema
}

/// The text between quotation marks after a word of an attribute.
fn quoted<'a>(attribute: &'a str, word: &str) -> Option<&'a str> {
    attribute.split_once(&format!("{word} = \""))?.1.split('"').next()
}

fn schema_of_source(text: &str) -> Schema {
    let mut schema = Schema::new();
    let mut oneofs: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut within, mut attribute) = ("", "");
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")) {
            within = name.trim_end_matches(" {");
        } else if line.starts_with("#[prost(") {
            attribute = line;
            if let Some(oneof) = quoted(line, "oneof") {
                oneofs.insert(oneof, within);
            }
        } else if let Some((name, number)) = line.trim_end_matches(',').split_once(" = ") {
            // A value of an enumeration; its names are the whole package's in protobuf.
            let Ok(number) = number.parse() else { continue };
            let name = format!("{}_{}", snake_case(within), snake_case(name)).to_uppercase();
            schema.entry(within.to_owned()).or_default().insert(number, name);
        } else if let Some(number) = quoted(attribute, "tag").and_then(|tag| tag.parse().ok()) {
            attribute = "";
            let field = line.trim_end_matches(',');
            let (name, rust) = match field.strip_prefix("pub ").and_then(|field| field.split_once(": ")) {
                Some((name, rust)) => (name.to_owned(), rust),
                None => {
                    let (variant, rust) = field.split_once('(').unwrap();
                    (snake_case(variant), rust)
                }
            };
            let rust = rust.trim_end_matches(['>', ')']).rsplit(['<', '(']).next().unwrap();
            schema.entry(within.to_owned()).or_default().insert(number, format!("{rust} {name}"));
        }
    }
    for (oneof, message) in oneofs {
        let variants = schema.remove(oneof).unwrap();
        schema.entry(message.to_owned()).or_default().extend(variants);
    }
    schema
}

/// The source's schema with protobuf's words for types, which stand in the attributes.
fn typed(source: &str) -> Schema {
    let mut schema = schema_of_source(source);
    let (mut within, mut attribute) = ("", "");
    for line in source.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("pub struct ") {
            within = name.trim_end_matches(" {");
        } else if line.starts_with("#[prost(") {
            attribute = line;
        } else if line.starts_with("pub ") && !line.ends_with('{') {
            let Some(number) = quoted(attribute, "tag").and_then(|tag| tag.parse().ok()) else { continue };
            let field = schema.get_mut(within).and_then(|fields| fields.get_mut(&number)).unwrap();
            let (rust, name) = field.split_once(' ').unwrap();
            let word = attribute.trim_start_matches("#[prost(").split([',', ' ']).next().unwrap();
            let word = match word {
                "message" => rust,
                "enumeration" => quoted(attribute, "enumeration").unwrap(),
                word => word,
            };
            let is_message = attribute.starts_with("#[prost(message");
            let label = match () {
                () if attribute.contains(" repeated,") => "repeated ",
                () if attribute.contains(" optional,") && !is_message => "optional ",
                () => "",
            };
            *field = format!("{label}{word} {name}");
        }
    }
    schema
}

#[test]
fn the_described_messages_are_the_programs() {
    let described = schema_of_proto(&read("docs/connmapperl.proto"));
    let real = typed(&read("src/net/wire/messages.rs"));
    assert_eq!(real["Traffic"][&3], "optional uint32 rtt_micros", "the source is understood");
    assert_eq!(real["Snapshot"][&4], "repeated Open connections");
    assert_eq!(real["Change"][&3], "Socket opened");
    assert_eq!(real["Hello"][&7], "Method method");
    assert_eq!(real["Reason"][&9], "REASON_REPLACED");
    assert!(real.len() >= 18, "{:?}", real.keys());
    for (name, fields) in &real {
        assert_eq!(described.get(name), Some(fields), "{name}");
    }
    assert_eq!(described.len(), real.len());
}

#[test]
fn the_described_limits_are_the_programs() {
    let page = read("docs/protocol.md");
    let limits: BTreeMap<&str, i64> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((name, cells.next()?.parse().ok()?))
        })
        .collect();
    let real = BTreeMap::from([
        ("DEFAULT_PORT", i64::from(DEFAULT_PORT)),
        ("PROTOCOL_VERSION", PROTOCOL_VERSION.into()),
        ("OLDEST_PROTOCOL_VERSION", OLDEST_PROTOCOL_VERSION.into()),
        ("MAX_FRAME_BYTES", MAX_FRAME_BYTES as i64),
        ("MAX_FIRST_FRAME_BYTES", MAX_FIRST_FRAME_BYTES as i64),
        ("MAX_FRAME_ITEMS", MAX_FRAME_ITEMS as i64),
        ("FULL_FRAME_BYTES", FULL_FRAME_BYTES as i64),
        ("HEARTBEAT_SECS", HEARTBEAT_SECS as i64),
        ("SILENCE_SECS", SILENCE_SECS as i64),
        ("MAX_NAME_CHARS", MAX_NAME_CHARS as i64),
        ("MAX_PROGRAM_CHARS", MAX_PROGRAM_CHARS as i64),
        ("MAX_NOTES", MAX_NOTES as i64),
        ("MAX_NOTE_CHARS", MAX_NOTE_CHARS as i64),
        ("DICTIONARY_ENTRIES", DICTIONARY_ENTRIES as i64),
        ("DICTIONARY_NUMBERS", DICTIONARY_NUMBERS as i64),
        ("LAST_UNIX_MILLIS", LAST_UNIX_MILLIS),
    ]);
    assert_eq!(limits, real);
}

#[test]
fn all_reasons_are_described() {
    let page = read("docs/protocol.md");
    for (number, name) in &schema_of_proto(&read("docs/connmapperl.proto"))["Reason"] {
        let row = format!("| `{}` ({number}) |", name.trim_start_matches("REASON_"));
        assert!(*number == 0 || page.contains(&row), "{row}");
    }
}
