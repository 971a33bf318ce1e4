//! Preferences as the text of `settings.toml`. A mistake costs the one line that it is in; and of a text that is changed all
//! stays that is not meant: comments, order, what is written by hand, what nobody knows.

use toml_edit::{Document, DocumentMut, Item, Key as TomlKey, Table, TableLike, Value};

use super::{KEYS, Key, Preferences};
use crate::toml_text::{TomlError, place};

/// Read by others, and never written.
const BY_HAND: [&str; 2] = ["weblog", "command"];
/// At the top of a file that was not there.
const HEAD: &str = "\
# What was chosen in connmapperl's window, and what is set here by hand. Everything that may stand here is in the book's
# chapter on settings. The window changes its own lines and leaves all others as they are.

";

/// What the text says, and every line of it that says nothing that is known.
///
/// # Errors
/// When it is no TOML.
pub fn parse(text: &str) -> Result<(Preferences, Vec<TomlError>), TomlError> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        place(text, at, error.message().to_owned())
    })?;
    let mut reader = Reader { text, preferences: Preferences::default(), problems: Vec::new() };
    for (key, item) in entries(document.as_table()) {
        if BY_HAND.contains(&key.get()) {
            continue;
        }
        match item.as_table_like().filter(|_| is_table(key.get())) {
            Some(table) => {
                for (below, item) in entries(table) {
                    reader.take(&format!("{}.{}", key.get(), below.get()), below, item);
                }
            }
            None => reader.take(key.get(), key, item),
        }
    }
    Ok((reader.preferences, reader.problems))
}

struct Reader<'a> {
    text: &'a str,
    preferences: Preferences,
    problems: Vec<TomlError>,
}

impl Reader<'_> {
    fn take(&mut self, name: &str, key: &TomlKey, item: &Item) {
        let what = match KEYS.iter().find(|known| known.name == name) {
            Some(known) => match item.as_value() {
                Some(value) => match (known.take)(&mut self.preferences, value) {
                    Ok(()) => return,
                    Err(what) => format!("{name}: {what}"),
                },
                None => format!("{name} is a value, not a table"),
            },
            None if is_table(name) => format!("{name} is a table: [{name}]"),
            None => format!("there is no setting {name:?}"),
        };
        let at = key.span().map_or(0, |span| span.start);
        self.problems.push(place(self.text, at, what));
    }
}

fn entries(table: &dyn TableLike) -> impl Iterator<Item = (&TomlKey, &Item)> {
    table.iter().filter_map(|(name, _)| table.get_key_value(name))
}

/// Whether there are keys in a table of that name.
fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(table, _)| table == name))
}

/// The text with what differs between two preferences written into it.
///
/// # Errors
/// When it is no TOML: whoever wrote it is not to lose it.
pub fn changed(text: &str, before: &Preferences, after: &Preferences) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let at = error.span().map_or(0, |span| span.start);
        place(text, at, error.message().to_owned())
    })?;
    for key in &KEYS {
        let (old, new) = ((key.value)(before), (key.value)(after));
        if old.as_ref().map(Value::to_string) != new.as_ref().map(Value::to_string) {
            put(document.as_table_mut(), key, new);
        }
    }
    let head = if text.trim().is_empty() && !document.is_empty() { HEAD } else { "" };
    let written = format!("{head}{document}");
    // Lines end as they did.
    Ok(if text.contains("\r\n") { written.replace("\r\n", "\n").replace('\n', "\r\n") } else { written })
}

fn put(document: &mut Table, key: &Key, value: Option<Value>) {
    let (table, name) = match key.name.split_once('.') {
        Some((table, name)) => {
            let table = document.entry(table).or_insert_with(|| Item::Table(Table::new()));
            // Somebody wrote something else there, and is told so at each start.
            let Some(table) = table.as_table_like_mut() else {
                return;
            };
            (table, name)
        }
        None => (document as &mut dyn TableLike, key.name),
    };
    match (table.get_mut(name), value) {
        (Some(Item::Value(known)), Some(mut value)) => {
            // With the comment behind it.
            value.decor_mut().clone_from(known.decor());
            *known = value;
        }
        (_, Some(value)) => drop(table.insert(name, Item::Value(value))),
        (Some(_), None) => drop(table.remove(name)),
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::components::{
        hilbert_view::SpaceColour,
        preferences::{SpaceLook, WindowPlace},
        trails::{LapseStyle, TimeLapse},
    };

    fn other() -> Preferences {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Preferences {
            light: true,
            colour_blind: true,
            reduced_motion: true,
            texts: false,
            rings: false,
            circles: true,
            timeline: true,
            lapse: TimeLapse { style: LapseStyle::Integrating, length: Duration::from_secs(90) },
            space: SpaceLook { colour: SpaceColour::Age, curve: true, transposed: true, ipv6: true },
            hidden_rules: names(&["Web Surfing", "quote \" and \\"]),
            rules_with_text: names(&["SSH"]),
            rules_without_text: names(&["Mail"]),
            hidden_clients: names(&["web1", "ünïcode"]),
            hidden_columns: names(&["RTT"]),
            fullscreen: true,
            place: Some(WindowPlace { width: 800, height: 600, position: Some([-40, 7]) }),
        }
    }

    #[test]
    fn what_is_written_is_read_again_every_key_of_it() {
        let (usual, other) = (Preferences::default(), other());
        let text = changed("", &usual, &other).unwrap();
        assert_eq!(parse(&text), Ok((other.clone(), Vec::new())), "{text}");
        assert!(text.starts_with(HEAD), "{text}");
        for key in &KEYS {
            let (then, now) = ((key.value)(&usual), (key.value)(&other));
            assert_ne!(then.map(|it| it.to_string()), now.map(|it| it.to_string()), "{}", key.name);
        }
        let back = changed(&text, &other, &usual).unwrap();
        assert_eq!(parse(&back), Ok((usual, Vec::new())), "{back}");
    }

    const BY_SOMEBODY: &str = "\
# mine
theme = 'light'   # for the sunny side
weblog = '/var/log/caddy.log'
colour_blnd = true

[[command]]
name = 'ping'
run = ['ping', '{ip}']

[hilbert] # the square
line = 3
of_tomorrow = [1, 2]
";

    #[test]
    fn what_is_not_known_is_told_by_line_and_costs_nothing_else() {
        let (read, problems) = parse(BY_SOMEBODY).unwrap();
        assert!(read.light && !read.colour_blind);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 4, column 1: there is no setting \"colour_blnd\"",
                "line 11, column 1: hilbert.line: this is true or false",
                "line 12, column 1: there is no setting \"hilbert.of_tomorrow\"",
            ]
        );
        assert!(parse("theme = 'light").unwrap_err().to_string().starts_with("line 1, column "));
        let told = parse("hilbert = 1\n[theme]\n").unwrap().1;
        assert_eq!(told[0].what, "hilbert is a table: [hilbert]");
        assert_eq!(told[1].what, "theme is a value, not a table");
    }

    #[test]
    fn a_change_leaves_all_that_is_not_meant() {
        let (read, _) = parse(BY_SOMEBODY).unwrap();
        let mut after = read.clone();
        after.light = false;
        after.space.curve = true;
        after.circles = true;
        let text = changed(BY_SOMEBODY, &read, &after).unwrap();
        let expected = BY_SOMEBODY
            .replace("theme = 'light' ", "theme = \"dark\" ")
            .replace("line = 3", "line = true")
            .replace("colour_blnd = true\n", "colour_blnd = true\ncircles = true\n");
        assert_eq!(text, expected);
        assert!(changed("theme = ", &read, &after).is_err(), "it is left as it is");
        let kept = changed("hilbert = 7\n", &read, &after).unwrap();
        assert!(kept.contains("hilbert = 7\n"), "{kept}");
        assert_eq!(changed(BY_SOMEBODY, &read, &read).unwrap(), BY_SOMEBODY);
        let of_windows = |text: &str| text.replace('\n', "\r\n");
        assert_eq!(changed(&of_windows(BY_SOMEBODY), &read, &after).unwrap(), of_windows(&expected));
    }

    #[test]
    fn the_book_lists_exactly_these() {
        let book = include_str!("../../../docs/book/src/settings.md");
        let table = book
            .split("<!-- settings -->")
            .nth(1)
            .and_then(|rest| rest.split("<!-- /settings -->").next())
            .unwrap();
        let listed: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
        let known = KEYS.iter().map(|key| format!("| `{}` | {} | {} |", key.name, key.may_be, key.means));
        assert_eq!(listed, known.collect::<Vec<_>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_panics_and_what_can_be_read_can_be_changed(
            text in "([a-z_.]{1,8} = [0-9a-z'\"\\[\\]{}, ]{0,12}\n|\\[\\[?[a-z.]{1,8}\\]?\\]\n|hilbert = [0-9{} ]{0,4}\n|# x\n|window.x = [0-9]{1,2}\n){0,6}",
        ) {
            if let Ok((read, _)) = parse(&text) {
                let written = changed(&text, &read, &other()).unwrap();
                let (again, _) = parse(&written).unwrap();
                // Where a table of ours is something else it stays so.
                if !written.contains("hilbert = ") && !text.contains("= {") {
                    prop_assert_eq!(again.place, other().place);
                    prop_assert_eq!(again.space, other().space);
                }
            }
        }
    }
}
