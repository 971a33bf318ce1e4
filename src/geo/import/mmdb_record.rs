//! Records of MMDB files, whose makers agree on no schema: nested or flat, coordinates as numbers or text, AS
//! numbers with or without `AS`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    headerless::{asn_from_bytes, degrees_from_bytes, is_unknown},
    table::Details,
    text::country_from_bytes,
};

/// Keys that are read; all others are skipped without being decoded.
const KEYS: [&str; 24] = [
    "as_name",
    "as_number",
    "as_organization",
    "asn",
    "autonomous_system_number",
    "autonomous_system_organization",
    "city",
    "country",
    "country_code",
    "en",
    "iso_code",
    "lat",
    "latitude",
    "lng",
    "location",
    "lon",
    "longitude",
    "name",
    "names",
    "region",
    "registered_country",
    "state1",
    "stateprov",
    "subdivisions",
];
/// Lists are read this far: of subdivisions only the first is used.
const MAX_LIST: usize = 4;

/// A value of a record, as far as it is of use.
#[derive(Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Other,
    Text(String),
    Number(f64),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

impl Value {
    fn get(&self, path: &[&str]) -> Option<&Self> {
        let Some((key, rest)) = path.split_first() else { return Some(self) };
        match self {
            Self::Map(entries) => entries.iter().find(|(known, _)| known == key)?.1.get(rest),
            // The only lists of use are those whose first entry counts.
            Self::List(values) => values.first()?.get(path),
            _ => None,
        }
    }

    /// The text at the first of `paths` that has one.
    fn text(&self, paths: &[&[&str]]) -> Option<&str> {
        paths.iter().find_map(|path| match self.get(path) {
            Some(Self::Text(text)) if !is_unknown(text.as_bytes()) => Some(text.trim()),
            _ => None,
        })
    }

    fn degrees(&self, paths: &[&[&str]], limit: f32) -> Result<Option<f32>, String> {
        let Some(value) = paths.iter().find_map(|path| self.get(path)) else { return Ok(None) };
        let degrees = match value {
            Self::Number(number) => Some(*number as f32).filter(|degrees| degrees.abs() <= limit),
            Self::Text(text) if is_unknown(text.as_bytes()) => return Ok(None),
            Self::Text(text) => degrees_from_bytes(text.as_bytes(), limit),
            _ => None,
        };
        let wanted =
            || format!("{}: expected degrees from -{limit} to {limit}, found {value:?}", paths[0].join("."));
        degrees.map(Some).ok_or_else(wanted)
    }

    fn asn(&self) -> Result<Option<u32>, String> {
        let keys = ["autonomous_system_number", "asn", "as_number"];
        let Some(value) = keys.iter().find_map(|&key| self.get(&[key])) else { return Ok(None) };
        let number = match value {
            Self::Number(number) if (0.0..=f64::from(u32::MAX)).contains(number) => Some(*number as u32),
            Self::Text(text) => asn_from_bytes(text.as_bytes()),
            _ => None,
        };
        let number = number.ok_or_else(|| format!("expected an AS number, found {value:?}"))?;
        Ok((number != 0).then_some(number))
    }

    /// What the record says, or what is wrong with it.
    pub fn details(&self) -> Result<Details<'_>, String> {
        let lat = self.degrees(&[&["location", "latitude"], &["latitude"], &["lat"]], 90.0)?;
        let lon = self.degrees(&[&["location", "longitude"], &["longitude"], &["lon"], &["lng"]], 180.0)?;
        let country = self.text(&[
            &["country", "iso_code"],
            &["country_code"],
            &["registered_country", "iso_code"],
            &["country"],
        ]);
        let organisation =
            self.text(&[&["autonomous_system_organization"], &["as_name"], &["as_organization"], &["name"]]);
        let region = [&["subdivisions", "names", "en"][..], &["state1"], &["region"], &["stateprov"]];
        Ok(Details {
            point: lat.zip(lon),
            city: self.text(&[&["city", "names", "en"], &["city"]]).unwrap_or_default(),
            region: self.text(&region).unwrap_or_default(),
            country: country.and_then(|code| country_from_bytes(code.as_bytes())),
            asn: self.asn()?.map(|number| (number, organisation.unwrap_or_default())),
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of an MMDB record")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f32<E>(self, number: f32) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i32<E>(self, number: i32) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while values.len() < MAX_LIST {
            match access.next_element()? {
                Some(value) => values.push(value),
                None => return Ok(Value::List(values)),
            }
        }
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = access.next_key()? {
            match key {
                Some(key) => entries.push((key, access.next_value()?)),
                None => {
                    access.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Map(entries))
    }
}

/// One of [`KEYS`], or none of them.
struct Key(Option<&'static str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Key, E> {
                self.visit_bytes(text.as_bytes())
            }
            fn visit_bytes<E>(self, name: &[u8]) -> Result<Key, E> {
                let found = KEYS.binary_search_by(|key| key.as_bytes().cmp(name));
                Ok(Key(found.ok().and_then(|index| KEYS.get(index).copied())))
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}
