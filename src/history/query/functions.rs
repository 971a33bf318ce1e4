//! SQL functions for people who ask about addresses and times. All give NULL for what they cannot read.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc};

use ipnet::IpNet;
use rusqlite::{
    Connection, Result,
    functions::{Context, FunctionFlags},
    types::{Value, ValueRef},
};

use super::super::address::{address_from_sql, address_to_sql};
use crate::geo::Geography;

/// Name, arguments, and what it answers; for the help beside the editor.
pub const HELP: [(&str, &str); 7] = [
    ("in_net(ip, '10.0.0.0/8')", "1 where the address lies in that network"),
    ("country(ip)", "two letters, by today's tables"),
    ("asn(ip)", "number of the autonomous system, by today's tables"),
    ("org(ip)", "its organisation, by today's tables"),
    ("ago('6h')", "that long before now, to compare with opened_ms; s, m, h, d, w, y"),
    ("ip_to_int(ip)", "an IPv4 address as a number"),
    ("int_to_ip(number)", "the reverse"),
];

pub fn add(database: &Connection, geography: Arc<Geography>, now_unix_millis: i64) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let scalar = |name: &str, arguments: i32, function: fn(&mut Context<'_>) -> Result<Value>| {
        database.create_scalar_function(name, arguments, flags, function)
    };
    scalar("in_net", 2, |context| {
        let net = context.get_raw(1).as_str().ok().and_then(net_from_text);
        let is_in = address(context.get_raw(0)).zip(net).map(|(address, net)| net.contains(&address));
        Ok(is_in.map_or(Value::Null, |is_in| Value::Integer(is_in.into())))
    })?;
    scalar("ip_to_int", 1, |context| {
        Ok(match address(context.get_raw(0)) {
            Some(address @ IpAddr::V4(_)) => address_to_sql(address),
            _ => Value::Null,
        })
    })?;
    scalar("int_to_ip", 1, |context| {
        let address = address(context.get_raw(0));
        Ok(address.map_or(Value::Null, |address| Value::Text(address.to_string())))
    })?;
    database.create_scalar_function("ago", 1, flags, move |context| {
        let millis = context.get_raw(0).as_str().ok().and_then(millis_from_text);
        Ok(millis.and_then(|millis| now_unix_millis.checked_sub(millis)))
    })?;
    let places = AssertUnwindSafe(Arc::clone(&geography));
    database.create_scalar_function("country", 1, flags, move |context| {
        let place = address(context.get_raw(0)).and_then(|address| places.locate(address).ok());
        Ok(place.and_then(|place| place.country).map(|country| country.to_string()))
    })?;
    let systems = AssertUnwindSafe(Arc::clone(&geography));
    database.create_scalar_function("asn", 1, flags, move |context| {
        Ok(address(context.get_raw(0)).and_then(|address| systems.asn(address)).map(|asn| asn.number))
    })?;
    let systems = AssertUnwindSafe(geography);
    database.create_scalar_function("org", 1, flags, move |context| {
        let asn = address(context.get_raw(0)).and_then(|address| systems.asn(address));
        Ok(asn.map(|asn| asn.organisation.to_string()))
    })
}

/// An address as text, or as the tables keep it.
pub fn address(value: ValueRef<'_>) -> Option<IpAddr> {
    match value {
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        value => address_from_sql(value),
    }
}

/// `10.0.0.0/8`, or one address.
fn net_from_text(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// `90s`, `15m`, `6h`, `3d`, `2w`, `1y`.
fn millis_from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let secs = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    let millis = number.trim().parse::<f64>().ok()? * f64::from(secs) * 1_000.0;
    (millis.is_finite() && millis.abs() < 1e15).then_some(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        assert_eq!(millis_from_text("6h"), Some(21_600_000));
        assert_eq!(millis_from_text(" 1.5 m "), Some(90_000));
        for bad in ["", "6", "h", "6x", "1e300y", "ünd"] {
            assert_eq!(millis_from_text(bad), None, "{bad}");
        }
    }
}
