//! Every key that the window writes into `settings.toml`: its name, what it may be, and where it lies in [`Preferences`]. The
//! one table that reading, writing and the book's list come from.

use std::{collections::BTreeSet, ops::RangeInclusive};

use toml_edit::{Array, Value};

use super::{Preferences, WindowPlace};
use crate::components::{
    hilbert_view::SpaceColour,
    inspect::{ALWAYS_SHOWN, COLUMN_NAMES},
    map_view::FIRST_SIZE_PX,
    trails::{LapseStyle, length_from_text, length_text},
};

/// A window smaller than this shows no map; larger ones than this are no screen's. Points.
const SMALLEST: i64 = 320;
const LARGEST: i64 = 16_384;
/// Of a place on all screens together, in pixels.
const FARTHEST: i64 = 65_536;
/// Names in one list: nobody has more.
const MOST_NAMES: usize = 1_000;

/// One line of the file.
pub struct Key {
    /// `table.name`, or a bare name.
    pub name: &'static str,
    pub may_be: &'static str,
    pub means: &'static str,
    /// `Err` says what it may be.
    pub(super) take: fn(&mut Preferences, &Value) -> Result<(), String>,
    /// Nothing where there is nothing to say.
    pub(super) value: fn(&Preferences) -> Option<Value>,
}

macro_rules! switch_key {
    ($name:literal, $means:literal, $($field:ident).+) => {
        Key {
            name: $name,
            may_be: "`true`, `false`",
            means: $means,
            take: |it, value| flag(value).map(|on| it.$($field).+ = on),
            value: |it| Some(it.$($field).+.into()),
        }
    };
}

macro_rules! names_key {
    ($name:literal, $means:literal, $field:ident) => {
        Key {
            name: $name,
            may_be: "a list of names",
            means: $means,
            take: |it, value| names(value).map(|names| it.$field = names),
            value: |it| Some(list(&it.$field)),
        }
    };
}

/// In the order in which they stand in the book.
pub static KEYS: [Key; 23] = [
    Key {
        name: "theme",
        may_be: "`\"dark\"`, `\"light\"`",
        means: "colours of map and panels",
        take: |it, value| choice(value, &THEMES).map(|light| it.light = light),
        value: |it| Some(named(it.light, &THEMES)),
    },
    switch_key!("colour_blind", "dots in colours that the colour-blind tell apart", colour_blind),
    switch_key!("reduced_motion", "nothing pulses, flies or glides", reduced_motion),
    switch_key!("texts", "texts beside the dots", texts),
    switch_key!("rings", "rings in the agents' colours", rings),
    switch_key!("circles", "circles where connections were", circles),
    switch_key!("timeline", "the past along the bottom", timeline),
    Key {
        name: "trails",
        may_be: "`\"off\"`, `\"fading\"`, `\"integrating\"`",
        means: "what connections leave that closed",
        take: |it, value| choice(value, &STYLES).map(|style| it.lapse.style = style),
        value: |it| Some(named(it.lapse.style, &STYLES)),
    },
    Key {
        name: "trail_length",
        may_be: "`\"10s\"`, `\"5m\"`, `\"1h\"`, `\"1d\"`, `\"1w\"`",
        means: "how long trails fade",
        take: |it, value| {
            let text = value.as_str().ok_or("a length is text, such as \"1h\"")?;
            length_from_text(text).map(|length| it.lapse.length = length)
        },
        value: |it| Some(length_text(it.lapse.length).into()),
    },
    Key {
        name: "hilbert.color",
        may_be: "`\"octet\"`, `\"rir\"`, `\"country\"`, `\"asn\"`, `\"rule\"`, `\"age\"`",
        means: "what colours of addresses stand for",
        take: |it, value| choice(value, &COLOURS).map(|colour| it.space.colour = colour),
        value: |it| Some(named(it.space.colour, &COLOURS)),
    },
    switch_key!("hilbert.line", "the line along all addresses", space.curve),
    switch_key!("hilbert.transposed", "columns for rows", space.transposed),
    switch_key!("hilbert.ipv6", "IPv6 in place of IPv4", space.ipv6),
    names_key!("rules.hidden", "rules whose dots are hidden, by their text", hidden_rules),
    names_key!("rules.with_text", "rules with texts, whatever the rules file says", rules_with_text),
    names_key!("rules.without_text", "rules without texts, likewise", rules_without_text),
    names_key!("clients.hidden", "agents whose connections are hidden, by name", hidden_clients),
    Key {
        name: "lists.hidden_columns",
        may_be: "a list of names",
        means: "columns that lists of connections leave out",
        take: |it, value| columns(value).map(|names| it.hidden_columns = names),
        value: |it| Some(list(&it.hidden_columns)),
    },
    switch_key!("window.full_screen", "the window takes all of the screen", fullscreen),
    Key {
        name: "window.width",
        may_be: "320 to 16384",
        means: "of the window, in points",
        take: |it, value| number(value, SMALLEST..=LARGEST).map(|width| place(it).width = width as u32),
        value: |it| it.place.map(|place| i64::from(place.width).into()),
    },
    Key {
        name: "window.height",
        may_be: "320 to 16384",
        means: "likewise",
        take: |it, value| number(value, SMALLEST..=LARGEST).map(|height| place(it).height = height as u32),
        value: |it| it.place.map(|place| i64::from(place.height).into()),
    },
    Key {
        name: "window.x",
        may_be: "-65536 to 65536",
        means: "of its left edge, in pixels",
        take: |it, value| number(value, -FARTHEST..=FARTHEST).map(|x| corner(it)[0] = x as i32),
        value: |it| it.place?.position.map(|at| i64::from(at[0]).into()),
    },
    Key {
        name: "window.y",
        may_be: "-65536 to 65536",
        means: "of its upper edge, likewise",
        take: |it, value| number(value, -FARTHEST..=FARTHEST).map(|y| corner(it)[1] = y as i32),
        value: |it| it.place?.position.map(|at| i64::from(at[1]).into()),
    },
];

const THEMES: [(&str, bool); 2] = [("dark", false), ("light", true)];
const STYLES: [(&str, LapseStyle); 3] =
    [("off", LapseStyle::Dots), ("fading", LapseStyle::Trails), ("integrating", LapseStyle::Integrating)];
/// As `connmapperl hilbert --color` has them.
const COLOURS: [(&str, SpaceColour); 6] = [
    ("octet", SpaceColour::FirstOctet),
    ("rir", SpaceColour::Registry),
    ("country", SpaceColour::Country),
    ("asn", SpaceColour::Asn),
    ("rule", SpaceColour::Rule),
    ("age", SpaceColour::Age),
];

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "this is true or false".to_owned())
}

fn choice<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, String> {
    let text = value.as_str();
    choices.iter().find(|(name, _)| text == Some(name)).map(|(_, choice)| *choice).ok_or_else(|| {
        let names = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>();
        format!("this is one of {}", names.join(", "))
    })
}

fn named<T: Copy + PartialEq>(choice: T, choices: &[(&str, T)]) -> Value {
    choices.iter().find(|(_, known)| *known == choice).map_or("", |(name, _)| name).into()
}

fn number(value: &Value, bounds: RangeInclusive<i64>) -> Result<i64, String> {
    let within = value.as_integer().filter(|number| bounds.contains(number));
    within.ok_or_else(|| format!("this is a whole number from {} to {}", bounds.start(), bounds.end()))
}

fn names(value: &Value) -> Result<BTreeSet<String>, String> {
    let names = value.as_array().filter(|names| names.len() <= MOST_NAMES);
    let texts: Option<BTreeSet<String>> =
        names.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    texts.ok_or_else(|| {
        format!("this is a list of names, such as [\"one\", \"two\"], of {MOST_NAMES} at most")
    })
}

fn columns(value: &Value) -> Result<BTreeSet<String>, String> {
    let names = names(value)?;
    let known = |name: &String| COLUMN_NAMES.contains(&name.as_str()) && name != ALWAYS_SHOWN;
    match names.iter().find(|name| !known(name)) {
        Some(name) if name == ALWAYS_SHOWN => Err(format!("the column {name:?} is always shown")),
        Some(name) => Err(format!("there is no column {name:?}")),
        None => Ok(names),
    }
}

fn list(names: &BTreeSet<String>) -> Value {
    Value::Array(names.iter().take(MOST_NAMES).map(String::as_str).collect::<Array>())
}

/// Where only a part of it is named, the rest is as usual.
fn place(it: &mut Preferences) -> &mut WindowPlace {
    let [width, height] = FIRST_SIZE_PX;
    it.place.get_or_insert(WindowPlace { width, height, position: None })
}

fn corner(it: &mut Preferences) -> &mut [i32; 2] {
    place(it).position.get_or_insert([0; 2])
}
