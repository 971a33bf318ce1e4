//! Lines of CAIDA's as-org2info in its other form: a JSON object each, without tables. An object is one of two types:
//!
//! * `Organization`: `organizationId`, `changed`, `name`, `country`, `source`;
//! * `ASN`: `asn`, `changed`, `name`, `opaqueId`, `organizationId`, `source`.
//!
//! All values are text, the AS number too; `changed` and `opaqueId` are not there where the registry tells none.
//!
//! Format: the lines of 2022 that crate `as2org-rs` is tested with (<https://docs.rs/as2org-rs>), and those of September
//! 2026 that others quote; they are alike. Fields: <https://publicdata.caida.org/datasets/as-organizations/README.txt>

use std::borrow::Cow;

use serde::Deserialize;

use super::Record;

/// A line of either type, with all fields that are read.
#[derive(Debug, Deserialize)]
pub struct JsonLine<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    asn: Option<Cow<'a, str>>,
    #[serde(rename = "organizationId", borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    changed: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    country: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
}

impl<'a> JsonLine<'a> {
    /// # Errors
    /// Where the line is no JSON object, or has other things in these fields.
    pub fn parse(line: &'a str) -> Result<Self, &'static str> {
        let mut line: Self = serde_json::from_str(line).map_err(|_| "no JSON object of as-org2info")?;
        let fields = [&mut line.id, &mut line.changed, &mut line.name, &mut line.country, &mut line.source];
        for field in fields.into_iter().flatten() {
            // The form that an index keeps has bars between fields, and one line.
            if field.contains(|c: char| c == '|' || c.is_control()) {
                *field = Cow::Owned(field.replace(|c: char| c == '|' || c.is_control(), " "));
            }
        }
        Ok(line)
    }

    /// # Errors
    /// Why it cannot be used.
    pub fn record(&self) -> Result<Record<'_>, &'static str> {
        let (id, changed, name, source) =
            (text(&self.id), text(&self.changed), text(&self.name), text(&self.source));
        match &*self.kind {
            "ASN" => {
                let number = text(&self.asn).parse().map_err(|_| "no AS number")?;
                Ok(Record::System { number, changed, name, id, source })
            }
            "Organization" if id.is_empty() => Err("no organisation id"),
            "Organization" => {
                Ok(Record::Organisation { id, changed, name, country: text(&self.country), source })
            }
            _ => Err("the type is none of ASN, Organization"),
        }
    }
}

fn text<'b>(field: &'b Option<Cow<'_, str>>) -> &'b str {
    field.as_deref().unwrap_or_default().trim()
}
