//! From address to place and ASN, offline. This file owns the question and the order in which sources are asked;
//! the tables themselves, and what reads foreign files, are modules of their own.

pub mod import;
pub mod user_places;

use std::net::IpAddr;

use crate::model::{Asn, Place};

/// A table that answers for addresses. Answers come from memory: no file is read while asking.
pub trait GeoSource: Send + Sync {
    /// The place of an address, or `None` where the table does not know it.
    fn place(&self, address: IpAddr) -> Option<Place>;
    /// The autonomous system that holds an address, or `None`.
    fn asn(&self, address: IpAddr) -> Option<Asn>;
    fn info(&self) -> &SourceInfo;
}

/// What is shown of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// For example `DB-IP City Lite (embedded)` or a file's name.
    pub name: String,
    /// Date of the data as `YYYY-MM-DD`, where the file tells it.
    pub date: Option<String>,
    /// Text that the licence asks to show; may be empty.
    pub attribution: String,
    pub has_places: bool,
    pub has_asns: bool,
}

pub mod date;
pub mod embedded;
pub mod special;
pub mod table;
