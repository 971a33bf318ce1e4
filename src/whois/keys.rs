//! What records are found by: ranges of AS numbers and addresses, ids, and words of names; and how such ranges are
//! written in files and by people. Where they are kept is the index's business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Range {
    Asn(u32, u32),
    V4(u32, u32),
    V6(u128, u128),
}

/// What an id names; ids of different kinds never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// `registry|opaque id` of a delegated file.
    Holder = 1,
    /// Organisation in as-org2info: its own record.
    Organisation = 2,
    /// Organisation in as-org2info: records of its autonomous systems.
    Member = 3,
    /// An RPSL object's own key.
    Object = 4,
}

/// Something a record is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Range(Range),
    /// Case does not matter.
    Id(IdKind, &'a str),
    /// Its words are indexed.
    Name(&'a str),
}

/// `AS3333`, `as065537`, `3333`: surrounding blanks and case do not matter.
pub fn parse_asn(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = match text.get(..2) {
        Some(start) if start.eq_ignore_ascii_case("as") => text.get(2..)?,
        _ => text,
    };
    // `parse` takes a plus sign too.
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// An address, `a - b`, a prefix, or a short one as `24.232.16/24`.
///
/// # Errors
/// Why it is none of these.
pub fn parse_range(text: &str) -> Result<Range, &'static str> {
    let text = text.trim();
    if let Some((start, end)) = text.split_once('-') {
        let start = start.trim().parse().map_err(|_| "the start of the range is no address")?;
        let end = end.trim().parse().map_err(|_| "the end of the range is no address")?;
        return match (start, end) {
            (IpAddr::V4(start), IpAddr::V4(end)) if start <= end => Ok(Range::V4(start.into(), end.into())),
            (IpAddr::V6(start), IpAddr::V6(end)) if start <= end => {
                Ok(as_ipv4(Range::V6(start.into(), end.into())))
            }
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                Err("the range ends before it starts")
            }
            _ => Err("the range has ends of different kinds"),
        };
    }
    let Some((address, length)) = text.split_once('/') else {
        return text.parse().map(single).map_err(|_| "this is no address");
    };
    let length: u8 = length.trim().parse().map_err(|_| "the prefix's length is no number")?;
    let address = address.trim();
    if address.contains(':') {
        let address = address.parse().map_err(|_| "this is no address")?;
        return if length <= 128 {
            Ok(as_ipv4(ipv6_range(address, length)))
        } else {
            Err("the prefix is longer than 128")
        };
    }
    if length > 32 {
        return Err("the prefix is longer than 32");
    }
    let address = short_ipv4(address).ok_or("this is no address")?;
    let host = u32::MAX.checked_shr(length.into()).unwrap_or(0);
    Ok(Range::V4(address & !host, address | host))
}

/// The range of one address; IPv4 in the form of IPv6 counts as IPv4.
pub fn single(address: IpAddr) -> Range {
    match address.to_canonical() {
        IpAddr::V4(address) => Range::V4(address.into(), address.into()),
        IpAddr::V6(address) => Range::V6(address.into(), address.into()),
    }
}

/// A range of IPv4 in the form of IPv6 (`::ffff:0:0/96`) as what it is; others as they are.
fn as_ipv4(range: Range) -> Range {
    let mapped = |address| Ipv6Addr::from_bits(address).to_ipv4_mapped();
    match range {
        Range::V6(start, end) => match (mapped(start), mapped(end)) {
            (Some(start), Some(end)) => Range::V4(start.into(), end.into()),
            _ => range,
        },
        Range::V4(..) | Range::Asn(..) => range,
    }
}

/// The range of a prefix; what is set behind it does not count.
pub fn ipv6_range(address: Ipv6Addr, length: u8) -> Range {
    let host = u128::MAX.checked_shr(length.into()).unwrap_or(0);
    Range::V6(u128::from(address) & !host, u128::from(address) | host)
}

/// Octets that are missing at the end are 0.
fn short_ipv4(text: &str) -> Option<u32> {
    let mut octets = [0; 4];
    for (i, part) in text.split('.').enumerate() {
        *octets.get_mut(i)? = part.parse().ok()?;
    }
    Some(u32::from(Ipv4Addr::from(octets)))
}

/// Both ends as text.
pub fn range_text(range: Range) -> (String, String) {
    match range {
        Range::Asn(start, end) => (start.to_string(), end.to_string()),
        Range::V4(start, end) => (Ipv4Addr::from(start).to_string(), Ipv4Addr::from(end).to_string()),
        Range::V6(start, end) => (Ipv6Addr::from(start).to_string(), Ipv6Addr::from(end).to_string()),
    }
}

/// Words of a name in lower case, as they are indexed and asked for.
pub fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_in_the_form_of_ipv6_is_ipv4() {
        for (written, means) in [
            ("::ffff:193.0.0.1", "193.0.0.1"),
            ("::ffff:193.0.0.1/128", "193.0.0.1"),
            ("::ffff:193.0.0.77/117", "193.0.0.0/21"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:193.0.0.0 - ::ffff:193.0.7.255", "193.0.0.0/21"),
        ] {
            assert_eq!(parse_range(written), parse_range(means), "{written}");
        }
        // These reach over it.
        for wider in ["::ffff:0:0/95", "::/0", "::ffff:193.0.0.0-::1:0:0:0"] {
            assert!(matches!(parse_range(wider), Ok(Range::V6(..))), "{wider}");
        }
    }
}
